import type { S3Options } from '../state/aws/s3-client.ts';
import { openDirectoryRawFiles } from '../state/raw-files/directory.ts';
import type { RawFiles } from '../state/raw-files.ts';
import { rawFilesByAddress } from '../state/raw-files-by-address.ts';
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
  /** How raw files at s3:// addresses are reached; null: there are none. */
  readonly s3: S3Options | null;
}

export interface Backing {
  readonly stores: BlockStores;
  readonly rawFiles: RawFiles;
  readonly close: () => void;
}

/** @param observe hears what becomes of each block that goes to or comes from Redis, or its folder. */
export async function openBacking(
  { state, days, redis, s3 }: BackingOptions,
  observe?: StateObserver,
): Promise<Backing> {
  const raw = openRawFiles(s3);
  const local = openDirectoryBlockStores(state, days);
  if (redis === null) return { stores: local, ...raw };
  // Loaded where it is used: every start and every thread would pay for it.
  const { openRedisBlockStores } = await import('../state/window-state/redis-block-stores.ts');
  const { stores, close } = openRedisBlockStores(local, redis, observe);
  return {
    stores,
    rawFiles: raw.rawFiles,
    close() {
      close();
      raw.close();
    },
  };
}

/** Raw files in folders and, from the first address that says so on, in S3. */
export function openRawFiles(options: S3Options | null): Pick<Backing, 'rawFiles' | 'close'> {
  if (options === null) return { rawFiles: openDirectoryRawFiles(), close: () => {} };
  let close = (): void => {};
  const open = async (): Promise<RawFiles> => {
    const { openS3 } = await import('../state/aws/s3-client.ts');
    const { openS3RawFiles } = await import('../state/raw-files/s3.ts');
    const s3 = openS3(options);
    close = () => s3.destroy();
    return openS3RawFiles(s3);
  };
  return { rawFiles: rawFilesByAddress(open, openDirectoryRawFiles()), close: () => close() };
}
