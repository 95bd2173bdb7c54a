import type { ShardName } from '../state/window-state.ts';
import type { BackingNews } from './backing-watch.ts';
import { MOST_HELD_BYTES } from './held-days.ts';
import { startThreads } from './stage-threads.ts';
import type { StageName, Stages } from './stages.ts';

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
  const running = startThreads(threads, worker, workerData, onNews);
  const call = <T>(stage: StageName, input: unknown, shard?: ShardName): Promise<T> => {
    const place = shard === undefined ? undefined : typeof shard === 'number' ? shard % threads : 0;
    return running.call(stage, input, place);
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
    close: running.close,
  };
}
