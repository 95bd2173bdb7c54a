import { Worker } from 'node:worker_threads';
import type { ShardName } from '../state/window-state.ts';
import type { BackingNews } from './backing-watch.ts';
import { type CrossingError, unpackError } from './crossing-errors.ts';
import { MOST_HELD_BYTES } from './held-days.ts';
import type { StageName, Stages } from './stages.ts';

/** One call of a stage, as it crosses to a thread. */
export interface StageCall {
  readonly id: number;
  readonly stage: StageName;
  readonly input: unknown;
}

export type StageAnswer = (
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: CrossingError }
) & {
  /** What the thread heard meanwhile. */
  readonly news?: BackingNews | undefined;
};

/** What a worker thread is started with. */
export interface WorkerOptions<Backing> {
  /** What it opens its stores from, as plain data: connections do not cross. */
  readonly backing: Backing;
  /** Most bytes of the days of blocks that it keeps in memory. */
  readonly heldBytes?: number;
}

export interface WorkPool extends Stages {
  close(): Promise<void>;
}

/** Runs the stages in this thread. */
export function inlinePool(stages: Stages): WorkPool {
  return { ...stages, close: async () => {} };
}

interface StageThread {
  readonly thread: Worker;
  readonly pending: Map<number, Pending>;
}

interface Pending {
  readonly resolve: (output: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs the stages in worker threads. Work on one shard always goes to the same thread, which keeps its blocks open;
 * other work goes to the thread that has least to do. `heldBytes` is of all threads together. Sealed data crosses as shared memory.
 *
 * @param onNews hears what threads heard of what they stand on
 */
export function threadPool<Backing>(
  threads: number,
  worker: URL,
  options: WorkerOptions<Backing>,
  onNews: (news: BackingNews) => void = () => {},
): WorkPool {
  const heldBytes = (options.heldBytes ?? MOST_HELD_BYTES) / threads;
  const workerData: WorkerOptions<Backing> = { ...options, heldBytes };
  const workers: (StageThread | undefined)[] = new Array(threads).fill(undefined);
  let lastId = 0;

  const start = (place: number): StageThread => {
    const thread = new Worker(worker, { workerData });
    const pending = new Map<number, Pending>();
    const failAll = (error: unknown): void => {
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    };
    thread.on('message', (answer: StageAnswer) => {
      if (answer.news !== undefined) onNews(answer.news);
      const call = pending.get(answer.id);
      pending.delete(answer.id);
      if ('error' in answer) call?.reject(unpackError(answer.error));
      else call?.resolve(answer.output as never);
    });
    thread.on('error', failAll);
    thread.on('exit', (code) => {
      failAll(new Error(`worker thread ended with code ${code} before it answered; the mini-batch can be run again`));
      // The next call starts another.
      workers[place] = undefined;
    });
    return { thread, pending };
  };

  const idlest = (): number => {
    const waiting = workers.map((worker) => worker?.pending.size ?? 0);
    return waiting.indexOf(Math.min(...waiting));
  };

  const call = <T>(stage: StageName, input: unknown, shard?: ShardName): Promise<T> => {
    const place = shard === undefined ? idlest() : typeof shard === 'number' ? shard % threads : 0;
    workers[place] ??= start(place);
    const { thread, pending } = workers[place];
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      thread.postMessage({ id, stage, input } satisfies StageCall);
    });
  };

  return {
    read: (input) => call('read', input),
    advance: (input) => call('advance', input, input.shard),
    emit: (input) => call('emit', input, input.shard),
    survey: (input) => call('survey', input, input.key.shard),
    rollUp: (input) => call('rollUp', input, input.key.shard),
    mergeDays: (input) => call('mergeDays', input, input.key.shard),
    establish: (input) => call('establish', input, input.key.shard),
    seal: (input) => call('seal', input, input.key.shard),
    deviate: (input) => call('deviate', input, input.shard),
    knownHosts: (input) => call('knownHosts', input),
    hostStatistics: (input) => call('hostStatistics', input),
    keepHosts: (input) => call('keepHosts', input),
    packSegments: (input) => call('packSegments', input),
    pairsOf: (input) => call('pairsOf', input),
    keepPairs: (input) => call('keepPairs', input),
    encode: (input) => call('encode', input),
    encodeFgC: (input) => call('encodeFgC', input),
    async close() {
      await Promise.all(workers.map((worker) => worker?.thread.terminate()));
    },
  };
}
