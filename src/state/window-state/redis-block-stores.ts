import type { BlockStores, StateObserver, WindowState } from '../window-state.ts';
import { windowStateWithSpill } from '../window-state-with-spill.ts';
import { openRedisWindowState } from './redis.ts';
import { openRedisLink } from './redis-link.ts';
import { createRedisRoom } from './redis-room.ts';

/** Plain data, so that each thread can open a connection of its own. */
export interface RedisStateOptions {
  /** Secret. */
  readonly url: string;
  /** Memory, as Redis reports it, beyond which it is given no further block; null: its own bound counts alone. */
  readonly maxBytes: number | null;
  readonly expiryMs: number;
}

export interface RedisBlockStores {
  readonly stores: BlockStores;
  close(): void;
}

/**
 * The blocks that every mini-batch reads in Redis, backed by the local ones. Days, bases and baselines stay local: they are
 * large, read once in a while, and named by what they hold.
 */
export function openRedisBlockStores(
  local: BlockStores,
  { url, maxBytes, expiryMs }: RedisStateOptions,
  observe: StateObserver = () => {},
  onUsed: (bytes: number) => void = () => {},
): RedisBlockStores {
  const link = openRedisLink(url);
  const room = createRedisRoom(maxBytes, onUsed);
  const inRedis = (store: 'windows' | 'timings'): WindowState =>
    windowStateWithSpill(openRedisWindowState({ link, room, store, expiryMs, observe }), local[store], observe);
  return {
    stores: { ...local, windows: inRedis('windows'), timings: inRedis('timings') },
    close: () => link.close(),
  };
}
