import type { Redis } from 'ioredis';
import type { BlockKey, StateObserver, WindowState } from '../window-state.ts';
import { type BlockHeader, cutBlock, headerOf, joinBlock } from './redis-chunks.ts';
import { indexKey, valueKey, valueName } from './redis-keys.ts';
import { AWAY, type RedisLink } from './redis-link.ts';
import { createPruning } from './redis-pruning.ts';
import type { RedisRoom } from './redis-room.ts';

export interface RedisStore {
  readonly link: RedisLink;
  readonly room: RedisRoom;
  /** Name of the store, as part of its keys. */
  readonly store: string;
  /** How long a key lives at most. A net below `prune`, for what nobody prunes any more. */
  readonly expiryMs: number;
  readonly observe: StateObserver;
}

/**
 * Window state in Redis. A block is one value, or several where it is large; the key of its nth value is
 * `ndr:<store>:<project>:<version>:<slice end>:<mini-batch>.<manifest>.<shard>-of-<shards>[:<n>]`. Nothing that Redis does
 * or leaves undone is an error: where it is away or full, a block is not there, or not taken.
 */
export function openRedisWindowState({ link, room, store, expiryMs, observe }: RedisStore): WindowState {
  const pruning = createPruning(link, expiryMs);
  const indexOf = ({ project, version }: Pick<BlockKey, 'project' | 'version'>): string =>
    indexKey(store, project, version);

  return {
    async get(key) {
      const keyOf = (n: number): string => valueKey(indexOf(key), valueName(key, n));
      const first = await link.call((redis) => redis.getBuffer(keyOf(0)));
      const header = first === AWAY || first === null ? undefined : headerOf(first);
      const others = header === undefined ? [] : await othersOf(header, keyOf, link);
      if (first === AWAY || others === AWAY) {
        observe('redis', 'unavailable');
        return undefined;
      }
      const block = first === null || header === undefined ? undefined : joinBlock(header, first, others);
      observe('redis', block === undefined ? 'miss' : 'hit');
      return block;
    },
    async put(key, block) {
      const index = indexOf(key);
      const values = cutBlock(block);
      const outcome = await link.call(async (redis): Promise<'stored' | 'refused'> => {
        if (await room.take(redis, block.length)) {
          const isStored = await storeAll(redis, index, key, values, expiryMs);
          if (isStored) return 'stored';
          room.close();
        }
        // An old format may lie there, which would hide the block from whoever keeps it now.
        await redis.unlink(valueKey(index, valueName(key, 0)));
        return 'refused';
      }, block.length);
      observe('redis', outcome === AWAY ? 'unavailable' : outcome);
      return outcome === AWAY ? 'refused' : outcome;
    },
    prune: (project, version, sliceEnd) => pruning.prune(indexOf({ project, version }), sliceEnd),
  };
}

async function othersOf(
  { values, length }: BlockHeader,
  keyOf: (n: number) => string,
  link: RedisLink,
): Promise<(Buffer | null)[] | typeof AWAY> {
  if (values === 1) return [];
  const keys = Array.from({ length: values - 1 }, (_, n) => keyOf(n + 1));
  return link.call((redis) => redis.mgetBuffer(keys), length);
}

/** Stores all values of a block with their entries in the index, or none; false if the memory of Redis does not hold them. */
async function storeAll(
  redis: Redis,
  index: string,
  key: BlockKey,
  values: readonly Buffer[],
  expiryMs: number,
): Promise<boolean> {
  const names = values.map((_, n) => valueName(key, n));
  const transaction = redis.multi();
  for (const [n, value] of values.entries()) transaction.set(valueKey(index, names[n]!), value, 'PX', expiryMs);
  transaction.zadd(index, ...names.flatMap((name) => [key.sliceEnd, name]));
  // It outlives every value that it names.
  transaction.pexpire(index, expiryMs);
  try {
    for (const [error] of (await transaction.exec()) ?? []) if (error !== null) throw error;
    return true;
  } catch (error) {
    if (isOutOfMemory(error)) return false;
    throw error;
  }
}

/** Of a transaction that was given up, the errors of its commands tell why. */
function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const causes = 'previousErrors' in error && Array.isArray(error.previousErrors) ? error.previousErrors : [];
  return error.message.startsWith('OOM') || causes.some(isOutOfMemory);
}
