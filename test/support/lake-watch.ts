/** Looks at a home while others write it, or after they were killed, and says what no reader should ever see. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Manifest, ManifestFile } from '../../src/state/manifest.ts';
import { fileScan, readIndex, readManifests } from './committed-lake.ts';
import { filesBelow, unfinishedIn } from './folder-content.ts';

export interface LakeWatch {
  /** Follows the index to the files and reads, with DuckDB, those not read before. To be called beside a running writer. */
  readAsReader(): Promise<void>;
  /** Looks at every file, named by the index or not. To be called when no writer runs. */
  inspectFiles(): void;
  /** Files that an attempt left which never came to count: unfinished ones, and those that no committed manifest names. */
  leftovers(): string[];
  readonly report: WatchReport;
}

export interface WatchReport {
  readonly faults: string[];
  looks: number;
  filesRead: number;
}

export function watchLake(home: string, reader: DuckDBConnection): LakeWatch {
  const lake = join(home, 'lake');
  const read = new Set<string>();
  const inspected = new Set<string>();
  const report: WatchReport = { faults: [], looks: 0, filesRead: 0 };

  const wholeFiles = (): string[] => filesBelow(lake).filter((path) => !path.startsWith('_tmp/'));

  const manifestsNow = (): Manifest[] => {
    try {
      return readManifests(home);
    } catch (error) {
      report.faults.push(`the manifests that the index names cannot be read: ${String(error)}`);
      return [];
    }
  };

  const countRows = async ({ path, rows }: ManifestFile): Promise<void> => {
    // The hash of whole rows makes DuckDB decode every page of every column.
    const query = `SELECT count(*) AS n, bit_xor(hash(t)) FROM ${fileScan(home, [path])} AS t`;
    try {
      const [row] = (await reader.runAndReadAll(query)).getRowObjectsJS();
      if (Number(row?.['n']) !== rows)
        report.faults.push(`${path} holds ${row?.['n']} rows, its manifest says ${rows}`);
    } catch (error) {
      report.faults.push(`${path} cannot be read: ${String(error)}`);
    }
  };

  return {
    report,
    async readAsReader() {
      report.looks++;
      for (const file of manifestsNow().flatMap(namedFiles)) {
        if (read.has(file.path)) continue;
        read.add(file.path);
        report.filesRead++;
        await countRows(file);
      }
    },
    leftovers() {
      const manifests = [...readIndex(home).values()].map((item) => item['manifest_path']);
      const named = new Set([
        ...manifests,
        ...readManifests(home)
          .flatMap(namedFiles)
          .map(({ path }) => path),
      ]);
      const unnamed = wholeFiles().filter((path) => !named.has(path));
      return [...unfinishedIn(home), ...unnamed];
    },
    inspectFiles() {
      for (const path of wholeFiles()) {
        if (inspected.has(path)) continue;
        inspected.add(path);
        const bytes = readFileSync(join(lake, path));
        const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
        if (!basename(path).includes(`-${digest}.`))
          report.faults.push(`${path} is not what its name says (${digest})`);
        else if (path.endsWith('.json')) {
          const named = namedFiles(JSON.parse(bytes.toString('utf8')) as Manifest);
          for (const file of named.filter((each) => !existsSync(join(lake, each.path))))
            report.faults.push(`${path} names ${file.path}, which is not there`);
        }
      }
    },
  };
}

const namedFiles = ({ datasets }: Manifest): ManifestFile[] => Object.values(datasets).flatMap(({ files }) => files);
