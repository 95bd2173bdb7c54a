import { startThreads } from '../consumers/stage-threads.ts';
import type { WorkerOptions } from '../consumers/work-pool.ts';
import { prepareBin } from './baseline-bin.ts';
import { measureColumns } from './baseline-columns.ts';
import { encodeStatistics, encodeTable } from './baseline-tables.ts';
import { ratePairs } from './pair-rarities.ts';
import { spillFeatures } from './spill-features.ts';
import { spillPairs } from './spill-pairs.ts';

/** The parts of the baselines job that cost CPU. Each takes and gives plain data; what is large lies in scratch files. */
export const BASELINE_STAGES = {
  spillFeatures,
  spillPairs,
  prepareBin,
  measureColumns,
  encodeStatistics,
  encodeTable,
  ratePairs,
} as const;
export type BaselineStages = typeof BASELINE_STAGES;
export type BaselineStageName = keyof BaselineStages;

export interface BaselinePool {
  readonly threads: number;
  run<S extends BaselineStageName>(
    stage: S,
    input: Parameters<BaselineStages[S]>[0],
  ): Promise<ReturnType<BaselineStages[S]>>;
  close(): Promise<void>;
}

/** Runs the stages in this thread. */
export const inlineBaselinePool = (): BaselinePool => ({
  threads: 1,
  run: async (stage, input) => BASELINE_STAGES[stage](input as never) as never,
  close: async () => {},
});

/** Runs the stages in worker threads, each call in the one that has least to do. `options` are what the worker opens itself by. */
export function baselineThreads<Backing>(threads: number, worker: URL, options: WorkerOptions<Backing>): BaselinePool {
  const { call, close } = startThreads(threads, worker, options);
  return { threads, run: (stage, input) => call(stage, input), close };
}
