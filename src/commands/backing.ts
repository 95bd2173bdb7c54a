import { openDirectoryRawFiles } from '../state/raw-files/directory.ts';
import type { RawFiles } from '../state/raw-files.ts';
import { openDirectoryBlockStores } from '../state/window-state/directory.ts';
import type { RedisStateOptions } from '../state/window-state/redis-block-stores.ts';
import type { BlockStores, StateObserver } from '../state/window-state.ts';

/** What the stages stand on, as plain data: the program and each of its threads open it for themselves. */
export interface BackingOptions {
  /** Folder of the block stores; where windows lie in Redis, of those that it does not take. */
  readonly state: string;
  /** Folder of the rolled-up days and baselines, if they are shared with another state. */
  readonly days?: string;
  /** null: windows lie in the folder, too. */
  readonly redis: RedisStateOptions | null;
}

export interface Backing {
  readonly stores: BlockStores;
  readonly rawFiles: RawFiles;
  readonly close: () => void;
}

/** @param observe hears what becomes of each block that goes to or comes from Redis, or its folder. */
export async function openBacking({ state, days, redis }: BackingOptions, observe?: StateObserver): Promise<Backing> {
  const rawFiles = openDirectoryRawFiles();
  const local = openDirectoryBlockStores(state, days);
  if (redis === null) return { stores: local, rawFiles, close: () => {} };
  // Loaded where it is used: every start and every thread would pay for it.
  const { openRedisBlockStores } = await import('../state/window-state/redis-block-stores.ts');
  return { rawFiles, ...openRedisBlockStores(local, redis, observe) };
}
