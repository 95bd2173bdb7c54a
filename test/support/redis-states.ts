/** Window state in a Redis as a process opens it, with what it says of its calls. */

import { randomBytes } from 'node:crypto';
import { openRedisWindowState } from '../../src/state/window-state/redis.ts';
import { openRedisLink } from '../../src/state/window-state/redis-link.ts';
import { createRedisRoom } from '../../src/state/window-state/redis-room.ts';
import type { StateEvent, WindowState } from '../../src/state/window-state.ts';

export const EXPIRY_MS = 3_600_000;
/** A block of more than two values. */
export const large = (): Buffer => randomBytes(4_500_000);

export interface OpenedState {
  readonly state: WindowState;
  /** What became of the calls since they were last asked for. */
  readonly events: () => StateEvent[];
}

export interface StateOptions {
  readonly maxBytes?: number | null;
  readonly expiryMs?: number;
  readonly store?: string;
}

export interface RedisStates {
  open(url: string, options?: StateOptions): OpenedState;
  /** Closes all that were opened. */
  close(): void;
}

export function redisStates(): RedisStates {
  const closing: (() => void)[] = [];
  return {
    open(url, { maxBytes = null, expiryMs = EXPIRY_MS, store = 'windows' } = {}) {
      const link = openRedisLink(url);
      closing.push(link.close);
      let events: StateEvent[] = [];
      const observe = (_place: string, event: StateEvent): void => void events.push(event);
      return {
        state: openRedisWindowState({ link, room: createRedisRoom(maxBytes), store, expiryMs, observe }),
        events() {
          const told = events;
          events = [];
          return told;
        },
      };
    },
    close() {
      for (const close of closing.splice(0)) close();
    },
  };
}
