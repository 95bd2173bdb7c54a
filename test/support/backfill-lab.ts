/** A folder of generated raw logs and any number of homes that are filled from it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backfill } from '../../src/commands/backfill.ts';
import { type CommandEnd, runCommand } from './command-run.ts';
import { PROJECT } from './committed-lake.ts';
import { contentOf } from './folder-content.ts';
import { ID_PATTERN, type MiniBatch, writeMiniBatch } from './mini-batch-folders.ts';

export interface BackfillOptions {
  /** Root of raw logs; default the lab's own. */
  readonly input?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, string>>;
}

export interface Summary {
  readonly committed: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
}

export interface BackfillLab {
  readonly raw: string;
  /** A folder below the lab's. */
  place(name: string): string;
  /** Runs a backfill of `home` to its end; throws if a mini-batch failed. */
  backfill(home: string, options?: BackfillOptions): Promise<Summary>;
  /** The same, where some are to fail. */
  tryBackfill(home: string, options?: BackfillOptions): Promise<CommandEnd>;
  close(): void;
}

export function openLab(miniBatches: readonly MiniBatch[]): BackfillLab {
  const folder = mkdtempSync(join(tmpdir(), 'ndr-lab-'));
  const raw = join(folder, 'raw');
  writeRaw(raw, miniBatches);
  const tryBackfill: BackfillLab['tryBackfill'] = (home, { input = raw, settings = {}, flags = {} } = {}) =>
    runCommand(backfill, {
      home,
      flags: { input, ...flags },
      settings: { NDR_INPUT_ID_PATTERN: ID_PATTERN, ...settings },
    });
  return {
    raw,
    place: (name) => join(folder, name),
    tryBackfill,
    async backfill(home, options) {
      const end = await tryBackfill(home, options);
      if (end.code !== 0) throw new Error(`the backfill of ${home} ended with ${end.code}: ${JSON.stringify(end)}`);
      return summaryOf(end);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const summaryOf = ({ results }: CommandEnd): Summary =>
  (results.at(-1) as unknown as { summary: Summary }).summary;

/** Writes mini-batches below a root, each as two files. */
export function writeRaw(root: string, miniBatches: readonly MiniBatch[]): void {
  for (const miniBatch of miniBatches) {
    const half = miniBatch.lines.length >> 1;
    writeMiniBatch(root, miniBatch, {
      'part-0.json.gz': miniBatch.lines.slice(0, half),
      'part-1.json.gz': miniBatch.lines.slice(half),
    });
  }
}

/** Path → digest of everything in the lake. */
export const lakeOf = (home: string): Record<string, string> => contentOf(join(home, 'lake'));

/** The same without manifests, which name the raw files and so differ with them. */
export const datasetsOf = (home: string): Record<string, string> => contentOf(join(home, 'lake', PROJECT));
