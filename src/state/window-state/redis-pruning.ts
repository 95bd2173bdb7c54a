import type { Redis } from 'ioredis';
import { sliceEndOf, valueKey } from './redis-keys.ts';
import { AWAY, type RedisLink } from './redis-link.ts';

/**
 * Member of an index that names every value there is. It comes with a search of all keys and goes with the index, which
 * Redis may evict like any key: then values are left that no index names, and the next search finds them.
 */
const COMPLETE = '';
const SEARCH_PAUSE_MS = 3_600_000;
const PRUNED_AT_ONCE = 500;
const SCANNED_AT_ONCE = 1000;

/** Removes an index that names nothing any more. */
const REMOVE_EMPTY_INDEX = `
if redis.call('ZCARD', KEYS[1]) == 1 and redis.call('ZSCORE', KEYS[1], ARGV[1]) then redis.call('DEL', KEYS[1]) end
return 1`;

export interface Pruning {
  /** Removes the values of an index whose slices end at `sliceEnd` or before. What a Redis that is away keeps goes the next time. */
  prune(index: string, sliceEnd: number): Promise<void>;
}

export function createPruning(link: RedisLink, expiryMs: number): Pruning {
  const searchedAt = new Map<string, number>();

  /** Names in the index whatever it does not. */
  const complete = async (index: string): Promise<void> => {
    const isDue = performance.now() - (searchedAt.get(index) ?? Number.NEGATIVE_INFINITY) >= SEARCH_PAUSE_MS;
    if (!isDue || (await link.call((redis) => redis.zscore(index, COMPLETE))) !== null) return;
    let cursor = '0';
    do {
      const next = await link.call((redis) => nameNext(redis, index, cursor, expiryMs));
      if (next === AWAY) return;
      cursor = next;
    } while (cursor !== '0');
    const added = await link.call((redis) =>
      redis.multi().zadd(index, '+inf', COMPLETE).pexpire(index, expiryMs).exec(),
    );
    if (added !== AWAY) searchedAt.set(index, performance.now());
  };

  return {
    async prune(index, sliceEnd) {
      await complete(index);
      for (;;) {
        const removed = await link.call((redis) => removeNext(redis, index, sliceEnd));
        if (removed === AWAY || removed === 0) break;
      }
      await link.call((redis) => redis.eval(REMOVE_EMPTY_INDEX, 1, index, COMPLETE));
    },
  };
}

/** Looks through some of all keys for values of the index and names them there; returns where to go on, '0' at the end. */
async function nameNext(redis: Redis, index: string, cursor: string, expiryMs: number): Promise<string> {
  const beginning = valueKey(index, '');
  const [next, keys] = await redis.scan(cursor, 'MATCH', `${beginning}*`, 'COUNT', SCANNED_AT_ONCE);
  const names = keys.map((key) => key.slice(beginning.length)).filter((name) => !Number.isNaN(sliceEndOf(name)));
  if (names.length > 0) {
    const entries = names.flatMap((name) => [sliceEndOf(name), name]);
    await redis
      .multi()
      .zadd(index, ...entries)
      .pexpire(index, expiryMs)
      .exec();
  }
  return next;
}

/** Removes some of the values of slices that end at `sliceEnd` or before; returns how many. */
async function removeNext(redis: Redis, index: string, sliceEnd: number): Promise<number> {
  const names = await redis.zrangebyscore(index, '-inf', sliceEnd, 'LIMIT', 0, PRUNED_AT_ONCE);
  if (names.length === 0) return 0;
  const keys = names.map((name) => valueKey(index, name));
  const results = await redis
    .multi()
    .unlink(...keys)
    .zrem(index, ...names)
    .exec();
  for (const [error] of results ?? []) if (error !== null) throw error;
  return names.length;
}
