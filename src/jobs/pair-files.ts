import { join } from 'node:path';
import type { BatchSpec } from '../config/batch-spec.ts';
import type { ManifestDataset, ManifestFile } from '../state/manifest.ts';
import type { BinReport } from './baseline-bin.ts';
import { type FilePlace, publishTable, rowsIn, type TableFiles } from './baseline-files.ts';
import { type BaselineBatch, fetchRun, runsOf, unitsOf } from './baseline-inputs.ts';
import { boundsOf } from './baseline-layout.ts';
import { pairBinsFor } from './baseline-memory.ts';
import { inThreads } from './baseline-run.ts';
import type { BaselinePeriod } from './baseline-schedule.ts';

interface PairSource {
  readonly batches: readonly BaselineBatch[];
  /** Of FG-A: they say how hosts are spread over addresses. */
  readonly reports: readonly BinReport[];
  /** Rows that are read at once. */
  readonly pairRows: number;
  readonly folder: string;
}

/** Writes the tables of pair rarity, range of owners after range of owners. */
export async function pairFiles(
  { deps, folderOf, progress }: FilePlace,
  spec: BatchSpec,
  period: BaselinePeriod,
  { batches, reports, pairRows, folder }: PairSource,
): Promise<Pick<TableFiles, 'pair/host' | 'pair/segment'>> {
  const { lake, pool } = deps;
  const units = unitsOf(batches, 'pairCounts');
  const runs = runsOf(units, pairRows);
  const bins = pairBinsFor(
    deps.sizes,
    units.reduce((n, { rows }) => n + rows, 0),
  );
  const hostBounds = boundsOf(rowsByHost(reports), bins);
  const segmentBounds = boundsOf(rowsBySegment(reports), bins);
  const paths = runs.map((_, run) => ({
    hostTarget: join(folder, `host-pairs-${run}`),
    segmentTarget: join(folder, `segment-pairs-${run}`),
  }));
  await inThreads(deps, runs, progress, 'reading pair counts', async (run, number) =>
    pool.run('spillPairs', {
      ...paths[number]!,
      batches: await fetchRun(lake, run, 'pair_counts'),
      ...{ hostBounds, segmentBounds },
      hostNetworks: spec.hostNetworks,
      segmentMapping: spec.segmentMapping,
    }),
  );
  const write = async (
    table: 'pair/host' | 'pair/segment',
    owner: 'host_ip' | 'segment_id',
    from: readonly string[],
    ranges: number,
  ): Promise<ManifestDataset> => {
    const folder = folderOf(table);
    const files: ManifestFile[] = [];
    // Files are numbered through, so a range is written once those before it are.
    let before: Promise<unknown> = Promise.resolve();
    await inThreads(
      deps,
      Array.from({ length: ranges }, (_, bin) => bin),
      progress,
      `rating ${table}`,
      async (bin) => {
        const earlier = before;
        const own = (async () => {
          const parts = await pool.run('ratePairs', {
            ...{ runs: from, bin, owner, start: period.start },
            rarityThreshold: spec.baselines.pairCounts.rarityThreshold,
          });
          await earlier;
          files.push(...(await publishTable(lake, folder, parts, files.length)).files);
        })();
        before = own.catch(() => {});
        await own;
      },
    );
    return { folders: [folder], rows: rowsIn(files), files };
  };
  return {
    'pair/host': await write(
      'pair/host',
      'host_ip',
      paths.map(({ hostTarget }) => hostTarget),
      hostBounds.length + 1,
    ),
    'pair/segment': await write(
      'pair/segment',
      'segment_id',
      paths.map(({ segmentTarget }) => segmentTarget),
      segmentBounds.length + 1,
    ),
  };
}

const rowsByHost = (reports: readonly BinReport[]) =>
  reports.flatMap(({ hosts, hostCode, hostRows }) =>
    hostCode.map((code, group) => ({ owner: hosts[code]!, rows: hostRows[group]! })),
  );

const rowsBySegment = (reports: readonly BinReport[]) =>
  reports.flatMap(({ segments, segmentOfHost, hostCode, hostRows }) =>
    hostCode.map((code, group) => ({ owner: segments[segmentOfHost[code]!]!, rows: hostRows[group]! })),
  );
