import { Worker } from 'node:worker_threads';
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

interface Pending {
  readonly resolve: (output: never) => void;
  readonly reject: (error: unknown) => void;
}
interface BaselineThread {
  readonly thread: Worker;
  readonly pending: Map<number, Pending>;
}
type Answer = { readonly id: number } & ({ readonly output: unknown } | { readonly error: unknown });

/** Runs the stages in worker threads, each call in the one that has least to do. `options` are what the worker opens itself by. */
export function baselineThreads<Backing>(threads: number, worker: URL, options: WorkerOptions<Backing>): BaselinePool {
  let lastId = 0;
  const start = (): BaselineThread => {
    const thread = new Worker(worker, { workerData: options });
    const pending = new Map<number, Pending>();
    const failAll = (error: unknown): void => {
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    };
    thread.on('message', (answer: Answer) => {
      const call = pending.get(answer.id);
      pending.delete(answer.id);
      if ('error' in answer) call?.reject(answer.error);
      else call?.resolve(answer.output as never);
    });
    thread.on('error', failAll);
    thread.on('exit', (code) => failAll(new Error(`worker thread ended with code ${code}; run ndr baselines again`)));
    return { thread, pending };
  };
  const workers = Array.from({ length: threads }, start);
  return {
    threads,
    run: (stage, input) =>
      new Promise((resolve, reject) => {
        const idlest = workers.reduce((least, own) => (own.pending.size < least.pending.size ? own : least));
        const id = ++lastId;
        idlest.pending.set(id, { resolve: resolve as Pending['resolve'], reject });
        idlest.thread.postMessage({ id, stage, input });
      }),
    async close() {
      await Promise.all(workers.map(({ thread }) => thread.terminate()));
    },
  };
}
