import { Worker } from 'node:worker_threads';
import type { BackingNews } from './backing-watch.ts';
import { type CrossingError, unpackError } from './crossing-errors.ts';

/** One call of a stage, as it crosses to a thread. */
export interface StageCall {
  readonly id: number;
  readonly stage: string;
  readonly input: unknown;
}

export type StageAnswer = (
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: CrossingError }
) & {
  /** What the thread heard meanwhile. */
  readonly news?: BackingNews | undefined;
};

export interface StageThreads {
  /** In the thread of a place, or in the one that has least to do. */
  call<T>(stage: string, input: unknown, place?: number): Promise<T>;
  close(): Promise<void>;
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
 * Worker threads that run stages. Each is started by its first call; one that ends fails what it had in hand, and the next call starts
 * another in its place.
 *
 * @param onNews hears what threads heard of what they stand on
 */
export function startThreads(
  threads: number,
  worker: URL,
  workerData: unknown,
  onNews: (news: BackingNews) => void = () => {},
): StageThreads {
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
      failAll(new Error(`worker thread ended with code ${code} before it answered; the same can be run again`));
      workers[place] = undefined;
    });
    return { thread, pending };
  };

  const idlest = (): number => {
    const waiting = workers.map((worker) => worker?.pending.size ?? 0);
    return waiting.indexOf(Math.min(...waiting));
  };

  return {
    call(stage, input, place = idlest()) {
      workers[place] ??= start(place);
      const { thread, pending } = workers[place];
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve: resolve as Pending['resolve'], reject });
        thread.postMessage({ id, stage, input } satisfies StageCall);
      });
    },
    async close() {
      await Promise.all(workers.map((worker) => worker?.thread.terminate()));
    },
  };
}
