import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchSpec } from '../config/batch-spec.ts';
import { type BaselinePublications, nameOfPublication, publicationFolder } from '../state/baseline-publications.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import { namesIn } from '../state/durable-file.ts';
import type { Lake } from '../state/lake.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { datasetPrefix } from '../state/publish.ts';
import type { BaselineSizes } from './baseline-memory.ts';
import type { BaselinePeriod } from './baseline-schedule.ts';
import type { BaselinePool } from './baseline-stages.ts';

export interface BaselineDeps {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly baselines: BaselinePublications;
  readonly pool: BaselinePool;
  /** Where unfinished work is kept, so that a run that was stopped goes on. */
  readonly workFolder: string;
  readonly memoryMb: number;
  readonly sizes: BaselineSizes;
  readonly codeVersion: string;
  readonly onProgress: (what: string) => void;
  readonly stop: AbortSignal;
}

/** The program was asked to stop: what is finished stays in the work folder. */
export class Stopped extends Error {}

/** Folder of a table of a publication in the lake. */
export const folderOf = (
  { outputs, project, featureSpecVersion }: BatchSpec,
  { horizon, ref }: BaselinePeriod,
  table: string,
) => publicationFolder(datasetPrefix(outputs.fg_b, project, 'fg_b'), table, featureSpecVersion, horizon, ref);

export type Progress = (what: string, done: number, of: number) => void;
export const progressOf =
  ({ onProgress }: BaselineDeps, period: BaselinePeriod): Progress =>
  (what, done, of) =>
    onProgress(`baselines ${nameOfPublication(period)}: ${what}, ${done} of ${of}`);

/** Works through a list with all threads, telling how far it is; ends early where the program is asked to stop. */
export async function inThreads<T, R>(
  { pool, stop }: Pick<BaselineDeps, 'pool' | 'stop'>,
  list: readonly T[],
  progress: Progress,
  what: string,
  work: (value: T, number: number) => Promise<R>,
): Promise<R[]> {
  let done = 0;
  const numbers = [...list.keys()];
  return mapInOrder(numbers, pool.threads, async (number) => {
    if (stop.aborted) throw new Stopped();
    const result = await work(list[number]!, number);
    progress(what, ++done, list.length);
    return result;
  });
}

/** The folder of this very work; what was left of the same baselines from other inputs goes. */
export async function workFolder(root: string, period: BaselinePeriod, key: string): Promise<string> {
  const own = `${workName(period)}${key}`;
  await clearWork(root, period, own);
  await mkdir(join(root, own), { recursive: true });
  return join(root, own);
}

/** Removes what was worked out for these baselines, except the folder `kept`. */
export async function clearWork(root: string, period: BaselinePeriod, kept?: string): Promise<void> {
  for (const other of await namesIn(root))
    if (other !== kept && other.startsWith(workName(period)))
      await rm(join(root, other), { recursive: true, force: true });
}

const workName = (period: BaselinePeriod): string => `${nameOfPublication(period).replaceAll(':', '')}-`;
