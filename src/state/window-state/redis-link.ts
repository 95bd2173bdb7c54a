import { Redis } from 'ioredis';

/** The answer of a Redis that gives none. */
export const AWAY = Symbol('away');

/** A connection that is opened when it is first needed, and that never keeps anybody waiting for long. */
export interface RedisLink {
  /**
   * What `commands` give, or AWAY: they threw, no answer came in time, or Redis is being left alone after that.
   *
   * @param bytes how much the commands carry, which takes its time
   */
  call<T>(commands: Commands<T>, bytes?: number): Promise<T | typeof AWAY>;
  close(): void;
}

type Commands<T> = (redis: Redis) => Promise<T>;

interface Connection {
  readonly redis: Redis;
  readonly ready: Promise<void>;
  /** It has answered before: that it is lost does not mean that another would be. */
  isProven: boolean;
}

const TICK_MS = 100;
const PATIENCE_TICKS = 20;
const BYTES_PER_TICK = 1 << 20;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 30_000;

/**
 * A connection of its own that is lost (an idle one cut, a server restarted) is replaced once and at once. Whatever else
 * goes wrong closes it, and Redis is left alone: first for half a second, then for twice as long each time, with jitter, so
 * that many workers do not come back in step. After a rest one call goes ahead; the others wait for how it fares, as AWAY.
 */
export function openRedisLink(url: string): RedisLink {
  let connection: Connection | undefined;
  let failures = 0;
  let restsUntil = Number.NEGATIVE_INFINITY;
  let isProbing = false;
  let isClosed = false;

  const drop = (lost: Connection): void => {
    if (connection !== lost) return;
    connection = undefined;
    lost.redis.disconnect();
  };
  const rest = (): void => {
    const ms = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** failures++);
    restsUntil = performance.now() + ms * (0.5 + Math.random() / 2);
  };

  const attempt = async <T>(commands: Commands<T>, ticks: number, isAgain = false): Promise<T> => {
    connection ??= connect(url);
    const used = connection;
    const wasProven = used.isProven;
    try {
      const answer = await inTime(
        used.ready.then(() => commands(used.redis)),
        ticks,
      );
      used.isProven = true;
      if (connection === used) failures = 0;
      return answer;
    } catch (error) {
      const wasCut = wasProven && !(error instanceof LateAnswer) && !isReply(error);
      const isResting = performance.now() < restsUntil;
      // Calls that were under way together fail together: that is one failure.
      const isFirst = connection === used;
      drop(used);
      if (wasCut && !isAgain && !isResting && !isClosed) return attempt(commands, ticks, true);
      if (isFirst) rest();
      throw error;
    }
  };

  return {
    async call(commands, bytes = 0) {
      if (isClosed || isProbing || performance.now() < restsUntil) return AWAY;
      const isProbe = failures > 0;
      isProbing = isProbe;
      try {
        return await attempt(commands, PATIENCE_TICKS + Math.ceil(bytes / BYTES_PER_TICK));
      } catch {
        return AWAY;
      } finally {
        if (isProbe) isProbing = false;
      }
    },
    close() {
      isClosed = true;
      if (connection !== undefined) drop(connection);
    },
  };
}

function connect(url: string): Connection {
  const redis = openClient(url);
  return { redis, ready: connected(redis), isProven: false };
}

/** A client behind whose back nothing is queued, sent again or connected anew. It does not connect by itself. */
export function openClient(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    disableClientInfo: true,
    connectionName: 'ndr-state',
  });
}

/** Connects; throws what kept it from that. */
export async function connected(redis: Redis): Promise<void> {
  let fault: unknown;
  // The client tells here why a connection closed, and also that the database of the url is not there, but goes on with another.
  redis.on('error', (error) => {
    fault ??= error;
  });
  await redis.connect().catch((error: unknown) => {
    throw fault ?? error;
  });
  if (fault !== undefined) throw fault;
}

/** Redis answered, if only that it will not do it. */
const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';

class LateAnswer extends Error {
  override readonly name = 'LateAnswer';
}

/**
 * Waits for an answer. Time is counted in ticks of this thread: while it computes for seconds on end, answers lie unread in
 * the socket, and are not late.
 */
export async function inTime<T>(answer: Promise<T>, most = PATIENCE_TICKS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    let ticks = 0;
    timer = setInterval(() => {
      if (++ticks === most) reject(new LateAnswer(`no answer from Redis within ${most * TICK_MS} ms`));
    }, TICK_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearInterval(timer);
  }
}
