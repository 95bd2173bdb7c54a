import type { StateEvent, StateObserver, StatePlace } from '../state/window-state.ts';

/** Hears what goes on below the stages, where no outcome tells of it. */
export interface BackingWatch {
  readonly blocks: StateObserver;
  /** Memory that Redis says it uses. */
  stateBytes(bytes: number): void;
  /** Requests to S3 that were made again. */
  s3Retried(times: number): void;
}

export const UNHEARD: BackingWatch = { blocks() {}, stateBytes() {}, s3Retried() {} };

/** What a thread heard since it told last, as plain data. */
export interface BackingNews {
  readonly blocks: readonly { readonly place: StatePlace; readonly event: StateEvent; readonly times: number }[];
  /** null: not asked. */
  readonly stateBytes: number | null;
  readonly s3Retries: number;
}

/** Adds up what is heard until somebody takes it: a message per block would cost more than the block. */
export function collectNews(): { readonly watch: BackingWatch; take(): BackingNews | undefined } {
  const blocks = new Map<string, { place: StatePlace; event: StateEvent; times: number }>();
  let stateBytes: number | null = null;
  let s3Retries = 0;
  return {
    watch: {
      blocks(place, event, times = 1) {
        const key = `${place} ${event}`;
        const known = blocks.get(key) ?? { place, event, times: 0 };
        blocks.set(key, { ...known, times: known.times + times });
      },
      stateBytes(bytes) {
        stateBytes = bytes;
      },
      s3Retried(times) {
        s3Retries += times;
      },
    },
    take() {
      if (blocks.size === 0 && stateBytes === null && s3Retries === 0) return undefined;
      const news = { blocks: [...blocks.values()], stateBytes, s3Retries };
      blocks.clear();
      stateBytes = null;
      s3Retries = 0;
      return news;
    },
  };
}

/** Tells what a thread heard. */
export function passOn({ blocks, stateBytes, s3Retries }: BackingNews, watch: BackingWatch): void {
  for (const { place, event, times } of blocks) watch.blocks(place, event, times);
  if (stateBytes !== null) watch.stateBytes(stateBytes);
  if (s3Retries > 0) watch.s3Retried(s3Retries);
}
