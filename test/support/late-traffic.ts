/** Homes into which mini-batches come late: what they are told, and whether their rows end as if all had come in order. */

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replay } from '../../src/commands/replay.ts';
import { runBatch } from '../../src/commands/run-batch.ts';
import { type CommandEnd, runCommand } from './command-run.ts';
import { DATASETS, filesOf, PROJECT, readIndex, readManifests } from './committed-lake.ts';
import { filesBelow } from './folder-content.ts';
import { folderOf, ID_PATTERN, type MiniBatch } from './mini-batch-folders.ts';

export const SETTINGS = { NDR_INPUT_ID_PATTERN: ID_PATTERN };

/** `ndr run-batch` of a mini-batch that lies below `raw`. */
export const runOne = (
  home: string,
  raw: string,
  miniBatch: Pick<MiniBatch, 'id' | 'sliceEnd'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<CommandEnd> =>
  runCommand(runBatch, { home, flags: { input: folderOf(raw, miniBatch) }, settings: { ...SETTINGS, ...settings } });

export const runReplay = (
  home: string,
  flags: Readonly<Record<string, string | boolean>>,
  settings: Readonly<Record<string, string>> = {},
): Promise<CommandEnd> => runCommand(replay, { home, flags, settings: { ...SETTINGS, ...settings } });

/** `<id> <outcome> <revision>` of every result that is of one mini-batch. */
export const outcomesOf = ({ results }: CommandEnd): string[] =>
  results.flatMap((line) =>
    line['outcome'] === undefined
      ? []
      : [`${line['mini_batch_id']} ${line['outcome']} ${line['revision'] ?? ''}`.trim()],
  );

/** Mini-batch → its mark, of those that have one. */
export function marksOf(home: string): Record<string, unknown> {
  const marked = [...readIndex(home).values()].filter((item) => (item['affected'] ?? null) !== null);
  return Object.fromEntries(marked.map((item) => [String(item['mini_batch_id']), item['affected']]));
}

/** Every file that counts in a home, below its project: equal for equal rows. */
export function countingFiles(home: string): string[] {
  const manifests = readManifests(home);
  const named = DATASETS.flatMap((dataset) => filesOf(manifests, dataset));
  return named.map((path) => path.slice(PROJECT.length + 1)).sort();
}

/** Folders of scratch states that were left behind. */
export const scratchLeft = (home: string): string[] => filesBelow(join(home, 'state', 'scratch'));

/** A home as it stood, to be disturbed again and again. */
export function copyOfHome(home: string, copy: string): string {
  rmSync(copy, { recursive: true, force: true });
  cpSync(home, copy, { recursive: true });
  return copy;
}
