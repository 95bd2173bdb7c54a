import type { Redis } from 'ioredis';
import { connected, inTime, openClient } from './redis-link.ts';
import { fieldOf, memoryOf } from './redis-room.ts';

/** What a Redis says of itself, as far as window state depends on it. */
export type RedisHealth =
  | { readonly is: 'away'; readonly address: string; readonly fault: string; readonly remedy: string }
  | {
      readonly is: 'reachable';
      readonly address: string;
      readonly version: string;
      readonly usedBytes: number;
      /** null: no bound. */
      readonly maxBytes: number | null;
      readonly policy: string;
      readonly advice: readonly RedisAdvice[];
    };

/** Something to put right. State is kept elsewhere meanwhile, and nothing is lost. */
export interface RedisAdvice {
  readonly what: string;
  readonly remedy: string;
}

/** Host and port of a Redis, without what is secret in its url. */
function addressOf(url: string): string {
  if (!URL.canParse(url)) return 'an address that cannot be read';
  const { hostname, port } = new URL(url);
  return `${hostname || 'localhost'}:${port || '6379'}`;
}

/**
 * Asks a Redis how it is, and puts nothing there.
 * @param ownBound bytes beyond which nothing is put there whatever it says; null: none
 */
export async function examineRedis(url: string, ownBound: number | null = null): Promise<RedisHealth> {
  const address = addressOf(url);
  const redis = openClient(url);
  try {
    return await inTime(connected(redis).then(() => healthOf(redis, address, ownBound)));
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    const remedy = 'check redis.state_url, the network and the server; until then window state is kept in the home';
    return { is: 'away', address, fault, remedy };
  } finally {
    redis.disconnect();
  }
}

async function healthOf(redis: Redis, address: string, ownBound: number | null): Promise<RedisHealth> {
  const info = await redis.info();
  const { used, most } = memoryOf(info);
  const policy = fieldOf(info, 'maxmemory_policy') ?? 'unknown';
  return {
    is: 'reachable',
    address,
    version: fieldOf(info, 'redis_version') ?? 'unknown',
    usedBytes: used,
    maxBytes: Number.isFinite(most) ? most : null,
    policy,
    advice: adviceOn({
      ...{ used, most, policy, address, ownBound },
      role: fieldOf(info, 'role'),
      isCluster: fieldOf(info, 'cluster_enabled') === '1',
    }),
  };
}

interface Facts {
  readonly used: number;
  readonly most: number;
  readonly policy: string;
  readonly role: string | undefined;
  readonly isCluster: boolean;
  readonly address: string;
  readonly ownBound: number | null;
}

function adviceOn({ used, most, policy, role, isCluster, address, ownBound }: Facts): RedisAdvice[] {
  const advice: RedisAdvice[] = [];
  if (policy !== 'noeviction')
    advice.push({
      what: `redis at ${address} evicts keys when it is full (maxmemory-policy ${policy}); blocks that go so are rebuilt from the lake, again and again`,
      remedy: 'set maxmemory-policy noeviction',
    });
  if (!Number.isFinite(most) && ownBound === null)
    advice.push({
      what: `redis at ${address} has no bound of its memory (maxmemory 0)`,
      remedy: 'set maxmemory below what its machine has, or state.max_bytes',
    });
  if (used >= most)
    advice.push({
      what: `redis at ${address} is full: it uses ${used} of ${most} bytes and takes no further block`,
      remedy: 'raise maxmemory, or remove what else is kept there',
    });
  if (isCluster)
    advice.push({
      what: `redis at ${address} runs in cluster mode: a block and its entry in the index may lie on different nodes, so that it takes none`,
      remedy:
        'name a Redis without cluster mode (cluster-enabled no) in redis.state_url; until then window state is kept in the home',
    });
  if (role === 'slave')
    advice.push({
      what: `redis at ${address} is a replica, to which nothing can be written`,
      remedy: 'name the primary in redis.state_url',
    });
  return advice;
}
