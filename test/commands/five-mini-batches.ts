/** Five mini-batches of a tiny office below a folder of their own, and the places beside it for homes. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderOf, ID_PATTERN, type MiniBatch, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { type Ended, runNdr } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

/** In the order of their slices, which is not that of their names. */
export const FIVE: readonly MiniBatch[] = officeMiniBatches({ seed: 3, hosts: 4, slices: 5, thin: 3 }).map(
  (miniBatch, n) => ({ ...miniBatch, id: `${'edcba'[n]}-${miniBatch.id}` }),
);
export const IDS: readonly string[] = FIVE.map(({ id }) => id);

/** Slices by the folders' names, and one thread: so small a thing starts faster without further ones. */
export const SETTINGS = { NDR_INPUT_ID_PATTERN: ID_PATTERN, NDR_THREADS: '1' };

export interface Place {
  /** Root of the mini-batches. */
  readonly logs: string;
  readonly folder: string;
  at(...path: string[]): string;
  miniBatch(n: number): string;
  remove(): void;
}

export function fiveMiniBatches(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'ndr-commands-'));
  const logs = join(folder, 'logs');
  for (const miniBatch of FIVE) writeMiniBatch(logs, miniBatch);
  return {
    logs,
    folder,
    at: (...path) => join(folder, ...path),
    miniBatch: (n) => folderOf(logs, FIVE[n]!),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const ndr = (...args: string[]): Promise<Ended> => runNdr(args, SETTINGS);

/** Every line of standard output, which has to be JSON. */
export const results = ({ stdout }: Ended): Record<string, unknown>[] =>
  stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
