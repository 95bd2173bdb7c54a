import type { Redis } from 'ioredis';

const READING_MS = 1000;

/** Whether Redis has room for more, by what it reports now and then and what it was given since. */
export interface RedisRoom {
  /** Takes the room for so many bytes; false if there is none. */
  take(redis: Redis, bytes: number): Promise<boolean>;
  /** Redis has said that it is full: until the next reading it is. */
  close(): void;
}

/** Of its own bound a server needs a part for what is on its way to and from it. */
const USABLE_PART = 0.9;

/**
 * The bound is the lower one of `maxBytes` and of what is usable of the server's own maxmemory. A server that evicts would
 * take a block beyond that as well, and let go of others that are needed as much.
 *
 * @param onUsed hears what it reports that it uses
 */
export function createRedisRoom(maxBytes: number | null, onUsed: (bytes: number) => void = () => {}): RedisRoom {
  let free = 0;
  let readUntil = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const read = async (redis: Redis): Promise<void> => {
    const { used, most } = memoryOf(await redis.info('memory'));
    onUsed(used);
    free = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, most * USABLE_PART) - used;
    readUntil = performance.now() + READING_MS;
  };
  return {
    async take(redis, bytes) {
      if (performance.now() >= readUntil) {
        reading ??= read(redis).finally(() => {
          reading = undefined;
        });
        await reading;
      }
      if (bytes > free) return false;
      free -= bytes;
      return true;
    },
    close() {
      free = 0;
    },
  };
}

/** Bytes that a server uses, and the most it may. */
export function memoryOf(info: string): { readonly used: number; readonly most: number } {
  const most = Number(fieldOf(info, 'maxmemory'));
  // Without any bound it reports 0.
  return { used: Number(fieldOf(info, 'used_memory')), most: most > 0 ? most : Number.POSITIVE_INFINITY };
}

/** A field of what INFO answers; undefined where it is not there. */
export function fieldOf(info: string, name: string): string | undefined {
  const line = info.split('\r\n').find((one) => one.startsWith(`${name}:`));
  return line?.slice(name.length + 1);
}
