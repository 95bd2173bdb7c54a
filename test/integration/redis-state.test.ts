/** Window state in a real Redis: its promises, and what becomes of blocks when Redis is full, ill, away or somebody else's. */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRedisWindowState } from '../../src/state/window-state/redis.ts';
import { openRedisLink } from '../../src/state/window-state/redis-link.ts';
import { createRedisRoom } from '../../src/state/window-state/redis-room.ts';
import type { StateEvent, WindowState } from '../../src/state/window-state.ts';
import { blockKey, windowStateSuite } from '../conformance/window-state-suite.ts';
import { type RedisServer, startRedisServer, until } from '../support/redis-server.ts';

const HOUR = 3_600_000;

interface Opened {
  readonly state: WindowState;
  /** What became of the calls since they were last asked for. */
  readonly events: () => StateEvent[];
}

const closing: (() => void)[] = [];
function open(url: string, { maxBytes = null as number | null, expiryMs = HOUR, store = 'windows' } = {}): Opened {
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
}

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.close());
beforeEach(() => server.client.flushall());
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

windowStateSuite('Redis', async () => {
  const own = await startRedisServer();
  const link = openRedisLink(own.url);
  return {
    state: openRedisWindowState({
      link,
      room: createRedisRoom(null),
      store: 'windows',
      expiryMs: HOUR,
      observe: () => {},
    }),
    kept: () => own.client.keys('*'),
    async close() {
      link.close();
      await own.close();
    },
  };
});

const large = (): Buffer => randomBytes(4_500_000);
const INDEX = 'ndr:windows:office:v1';
const FIRST = `${INDEX}:2026-03-02T10:08:00Z:20260302T1008.ab12ab12ab12.0-of-4`;

describe('the keys of window state in Redis', () => {
  it('are one for each value of at most 2 MB, and an index', async () => {
    const { state } = open(server.url);
    await state.put(blockKey(), large());
    expect((await server.client.keys('*')).sort()).toEqual([INDEX, FIRST, `${FIRST}:1`, `${FIRST}:2`]);
    for (const key of [FIRST, `${FIRST}:1`, `${FIRST}:2`])
      expect(await server.client.strlen(key)).toBeLessThanOrEqual(2_000_000);
  });

  it('of two stores differ', async () => {
    const [windows, timings] = [open(server.url), open(server.url, { store: 'timings' })];
    await windows.state.put(blockKey(), Uint8Array.of(1));
    expect(await timings.state.get(blockKey())).toBeUndefined();
    await timings.state.prune('office', 'v1', blockKey().sliceEnd);
    expect([...(await windows.state.get(blockKey()))!]).toEqual([1]);
  });

  it('all expire, the index not before what it names', async () => {
    const { state } = open(server.url, { expiryMs: 5 * HOUR });
    await state.put(blockKey(), large());
    await sleep(30);
    await state.put(blockKey({ shard: 1 }), Uint8Array.of(1));
    await state.prune('office', 'v1', 0);
    const keys = await server.client.keys('*');
    expect(keys).toHaveLength(5);
    const left = new Map<string, number>();
    for (const key of keys) left.set(key, await server.client.pexpiretime(key));
    const last = Math.max(...left.values());
    expect(Math.min(...left.values())).toBeGreaterThan(Date.now() + 4 * HOUR);
    expect(last).toBeLessThanOrEqual(Date.now() + 5 * HOUR);
    expect(left.get(INDEX)).toBe(last);
  });

  it('are gone after their time', async () => {
    const { state } = open(server.url, { expiryMs: 50 });
    await state.put(blockKey(), large());
    await until('all keys expire', async () => (await server.client.keys('*')).length === 0);
    expect(await state.get(blockKey())).toBeUndefined();
    await state.prune('office', 'v1', blockKey().sliceEnd);
    expect(await server.client.dbsize()).toBe(0);
  });
});

describe('a block in Redis', () => {
  const flipped = (value: Buffer, at: number): Buffer => {
    const other = Buffer.from(value);
    other[at] = other[at]! ^ 0x10;
    return other;
  };
  const DAMAGE: Readonly<Record<string, () => Promise<unknown>>> = {
    'of an unknown format': () => server.client.setrange(FIRST, 0, 'NDRV9999'),
    'that is something else altogether': () => server.client.set(FIRST, 'hello'),
    'that is no text': async () => {
      await server.client.del(FIRST);
      await server.client.lpush(FIRST, 'a');
    },
    'that is empty': () => server.client.set(FIRST, ''),
    'cut within its header': async () =>
      server.client.set(FIRST, (await server.client.getBuffer(FIRST))!.subarray(0, 15)),
    'whose header tells of more values': async () =>
      server.client.set(FIRST, flipped((await server.client.getBuffer(FIRST))!, 8)),
    'whose header tells another length': async () =>
      server.client.set(FIRST, flipped((await server.client.getBuffer(FIRST))!, 12)),
    'whose header has another checksum': async () =>
      server.client.set(FIRST, flipped((await server.client.getBuffer(FIRST))!, 17)),
    'with another byte in its first value': async () =>
      server.client.set(FIRST, flipped((await server.client.getBuffer(FIRST))!, 1_000_000)),
    'with another byte in a later value': async () =>
      server.client.set(`${FIRST}:1`, flipped((await server.client.getBuffer(`${FIRST}:1`))!, 77)),
    'without its last value': () => server.client.del(`${FIRST}:2`),
    'without its first value': () => server.client.del(FIRST),
    'with a value of another one': () => server.client.copy(`${FIRST}:1`, `${FIRST}:2`, 'REPLACE'),
    'with a value cut short': async () =>
      server.client.set(`${FIRST}:2`, (await server.client.getBuffer(`${FIRST}:2`))!.subarray(1)),
  };
  it.each(Object.keys(DAMAGE))('%s is a miss, and may be put again', async (what) => {
    const { state } = open(server.url);
    const block = large();
    await state.put(blockKey(), block);
    await DAMAGE[what]!();
    expect(await state.get(blockKey())).toBeUndefined();
    await until('it is taken again', async () => (await state.put(blockKey(), block)) === 'stored');
    expect(Buffer.compare((await state.get(blockKey()))!, block)).toBe(0);
  });
});

describe('pruning Redis', () => {
  const put = async (state: WindowState, slices: number): Promise<void> => {
    for (let n = 0; n < slices; n++)
      await state.put(blockKey({ sliceEnd: blockKey().sliceEnd + n * 900_000 }), n === 0 ? large() : Uint8Array.of(n));
  };
  const all = blockKey().sliceEnd + 1000 * 900_000;

  it('removes also what no index names, because it was evicted', async () => {
    const { state } = open(server.url);
    await put(state, 5);
    await server.client.del(INDEX);
    // A later block makes another index, which knows nothing of the earlier ones.
    await state.put(blockKey({ shard: 3 }), Uint8Array.of(1));
    await state.prune('office', 'v1', blockKey().sliceEnd + 900_000);
    const left = await server.client.keys('*');
    expect(left).toHaveLength(4);
    expect(await state.get(blockKey({ sliceEnd: blockKey().sliceEnd + 2 * 900_000 }))).toEqual(Buffer.of(2));
    await state.prune('office', 'v1', all);
    expect(await server.client.dbsize()).toBe(0);
  });

  it('searches all keys once, not each time', async () => {
    const { state } = open(server.url);
    const scans = async (): Promise<number> => {
      const calls = /cmdstat_scan:calls=(\d+)/.exec(await server.client.info('commandstats'));
      return Number(calls?.[1] ?? 0);
    };
    await put(state, 6);
    const before = await scans();
    for (let n = 0; n < 5; n++) await state.prune('office', 'v1', blockKey().sliceEnd + n * 900_000);
    expect((await scans()) - before).toBe(1);
  });

  it('forgets entries whose blocks went before', async () => {
    const { state } = open(server.url);
    await put(state, 5);
    await server.client.unlink(FIRST, `${FIRST}:1`);
    await state.prune('office', 'v1', all);
    expect(await server.client.dbsize()).toBe(0);
  });

  it('leaves alone what is not its own', async () => {
    const { state } = open(server.url);
    const foreign = ['ndr:windows:office:v1:notes', 'ndr:windows:office:v12', 'bull:queue:1', `x${FIRST}`];
    for (const key of foreign) await server.client.set(key, 'x');
    await put(state, 3);
    await state.prune('office', 'v1', all);
    expect((await server.client.keys('*')).sort()).toEqual([...foreign].sort());
  });

  it('takes thousands of values', async () => {
    const { state } = open(server.url);
    for (let n = 0; n < 1300; n++) await state.put(blockKey({ miniBatchId: `mb-${n}` }), Uint8Array.of(1));
    await state.prune('office', 'v1', all);
    expect(await server.client.dbsize()).toBe(0);
  });
});

describe('a Redis that is full', () => {
  it('beyond max_bytes is given nothing, and keeps no old block under a refused key', async () => {
    await open(server.url).state.put(blockKey(), Uint8Array.of(1));
    const { state, events } = open(server.url, { maxBytes: 1000 });
    expect(await state.get(blockKey())).toEqual(Buffer.of(1));
    expect(await state.put(blockKey(), Uint8Array.of(2))).toBe('refused');
    expect(await state.get(blockKey())).toBeUndefined();
    expect(events()).toEqual(['hit', 'refused', 'miss']);
  });

  it('takes what fits below max_bytes, and no more, however quickly it is given', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await server.client.info('memory'))![1]);
    const { state } = open(server.url, { maxBytes: used + 20_000_000 });
    const puts = Array.from({ length: 12 }, (_, n) => state.put(blockKey({ shard: n }), randomBytes(4_000_000)));
    const stored = (await Promise.all(puts)).filter((outcome) => outcome === 'stored');
    expect(stored.length).toBeGreaterThan(1);
    expect(stored.length).toBeLessThan(6);
  });

  it.each(['noeviction', 'allkeys-lru', 'volatile-ttl'])(
    'by its own maxmemory (%s) refuses, and what it took stays',
    async (policy) => {
      const small = await startRedisServer({ args: ['--maxmemory', '80mb', '--maxmemory-policy', policy] });
      try {
        const { state } = open(small.url);
        const outcomes: string[] = [];
        for (let shard = 0; shard < 24; shard++) outcomes.push(await state.put(blockKey({ shard }), large()));
        expect(new Set(outcomes)).toEqual(new Set(['stored', 'refused']));
        for (const [shard, outcome] of outcomes.entries())
          expect((await state.get(blockKey({ shard }))) !== undefined).toBe(outcome === 'stored');
      } finally {
        await small.close();
      }
    },
  );

  it('says OOM, which is a refusal and not an outage', async () => {
    const small = await startRedisServer({ args: ['--maxmemory', '100mb'] });
    try {
      const { state, events } = open(small.url);
      await state.put(blockKey(), large());
      // Its memory was read a moment ago; since then somebody else has filled it.
      await small.client.config('SET', 'maxmemory', '1mb');
      expect(await state.put(blockKey({ shard: 1 }), large())).toBe('refused');
      expect(await state.get(blockKey())).toHaveLength(4_500_000);
      expect(events()).toEqual(['stored', 'refused', 'hit']);
      expect(await small.client.keys('*')).toHaveLength(4);
    } finally {
      await small.close();
    }
  });

  it('evicts blocks for the sake of other keys, which is a miss', async () => {
    const small = await startRedisServer({ args: ['--maxmemory', '30mb', '--maxmemory-policy', 'allkeys-lru'] });
    try {
      const { state, events } = open(small.url);
      const blocks = Array.from({ length: 4 }, large);
      for (const [shard, block] of blocks.entries()) expect(await state.put(blockKey({ shard }), block)).toBe('stored');
      for (let n = 0; n < 40; n++) await small.client.set(`other:${n}`, randomBytes(600_000));
      let misses = 0;
      for (const [shard, block] of blocks.entries()) {
        const found = await state.get(blockKey({ shard }));
        if (found === undefined) misses++;
        else expect(Buffer.compare(found, block)).toBe(0);
      }
      expect(misses).toBeGreaterThan(0);
      expect(events().filter((event) => event === 'miss')).toHaveLength(misses);
      await state.prune('office', 'v1', blockKey().sliceEnd);
      expect((await small.client.keys('ndr:*')).length).toBe(0);
    } finally {
      await small.close();
    }
  });
});

describe('a Redis that goes away', () => {
  let own: RedisServer;
  beforeEach(async () => {
    own = await startRedisServer();
  });
  afterEach(() => own.close());
  const isBack = (state: WindowState) =>
    until('it is used again', async () => (await state.put(blockKey(), Uint8Array.of(9))) === 'stored');

  it('and was never there is a miss and a refusal', async () => {
    await own.kill();
    const { state, events } = open(own.url);
    expect(await state.get(blockKey())).toBeUndefined();
    expect(await state.put(blockKey(), Uint8Array.of(1))).toBe('refused');
    await state.prune('office', 'v1', blockKey().sliceEnd);
    expect(events()).toEqual(['unavailable', 'unavailable']);
  });

  it('killed in mid-use is away until it is back', async () => {
    const { state, events } = open(own.url);
    await state.put(blockKey(), large());
    await own.kill();
    const calls = Array.from({ length: 20 }, (_, shard) =>
      shard % 2 === 0 ? state.get(blockKey({ shard })) : state.put(blockKey({ shard }), large()),
    );
    for (const answer of await Promise.all(calls)) expect([undefined, 'refused']).toContain(answer);
    expect(new Set(events().slice(1))).toEqual(new Set(['unavailable']));
    await own.restart();
    await isBack(state);
    expect(await state.get(blockKey())).toEqual(Buffer.of(9));
  });

  it('restarted between two calls costs the blocks, not a refusal', async () => {
    const { state, events } = open(own.url);
    await state.put(blockKey(), Uint8Array.of(1));
    await own.restart();
    expect(await state.get(blockKey())).toBeUndefined();
    expect(await state.put(blockKey(), Uint8Array.of(2))).toBe('stored');
    expect(events()).toEqual(['stored', 'miss', 'stored']);
  });

  it('but cuts idle connections is used as if it did not', async () => {
    const { state, events } = open(own.url);
    for (let n = 0; n < 5; n++) {
      await state.put(blockKey(), Uint8Array.of(n));
      await own.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      expect(await state.get(blockKey())).toEqual(Buffer.of(n));
    }
    expect(new Set(events())).toEqual(new Set(['stored', 'hit']));
  });

  it('with all it held (FLUSHALL) goes on', async () => {
    const { state } = open(own.url);
    await state.put(blockKey(), large());
    await own.client.flushall();
    expect(await state.get(blockKey())).toBeUndefined();
    expect(await state.put(blockKey(), Uint8Array.of(1))).toBe('stored');
    await state.prune('office', 'v1', blockKey().sliceEnd);
    expect(await own.client.dbsize()).toBe(0);
  });

  it('frozen is a miss once, then left alone', async () => {
    const { state, events } = open(own.url);
    await state.put(blockKey(), large());
    own.pause();
    try {
      expect(await state.get(blockKey())).toBeUndefined();
      // Had each of these to wait for an answer, they would outlast the patience of the test.
      for (let n = 0; n < 1000; n++) expect(await state.get(blockKey({ shard: n }))).toBeUndefined();
      expect(await state.put(blockKey(), Uint8Array.of(1))).toBe('refused');
      await state.prune('office', 'v1', blockKey().sliceEnd);
      expect(new Set(events().slice(1))).toEqual(new Set(['unavailable']));
    } finally {
      own.resume();
    }
    await isBack(state);
  });

  it('frozen before the first call is away', async () => {
    own.pause();
    const { state } = open(own.url);
    try {
      expect(await state.put(blockKey(), large())).toBe('refused');
      expect(await state.get(blockKey())).toBeUndefined();
    } finally {
      own.resume();
    }
    await isBack(state);
  });

  it('is not taken for frozen by a thread that computes for seconds on end', async () => {
    const { state, events } = open(own.url);
    const block = randomBytes(12_000_000);
    await state.put(blockKey(), block);
    for (let n = 0; n < 3; n++) {
      const calls = [state.get(blockKey()), state.put(blockKey({ shard: 1 }), block)];
      await sleep(1);
      const end = Date.now() + 2500;
      while (Date.now() < end);
      await Promise.all(calls);
    }
    expect(new Set(events())).toEqual(new Set(['stored', 'hit']));
  });

  it('is a replica until it is promoted', async () => {
    const primary = open(own.url);
    await primary.state.put(blockKey(), Uint8Array.of(1));
    const follower = await own.replica();
    try {
      const { state, events } = open(follower.url);
      expect(await state.get(blockKey())).toEqual(Buffer.of(1));
      expect(await state.put(blockKey({ shard: 1 }), Uint8Array.of(2))).toBe('refused');
      own.pause();
      await follower.promote();
      await isBack(state);
      expect(events()).toContain('unavailable');
      expect(await state.get(blockKey())).toEqual(Buffer.of(9));
    } finally {
      await follower.close();
      own.resume();
    }
  });

  it('does not keep a closed state busy', async () => {
    const { state } = open(own.url);
    await state.put(blockKey(), Uint8Array.of(1));
    for (const close of closing.splice(0)) close();
    expect(await state.get(blockKey())).toBeUndefined();
    expect(await state.put(blockKey(), Uint8Array.of(1))).toBe('refused');
    await until('its connection is closed', async () => !String(await own.client.client('LIST')).includes('ndr-state'));
  });
});

describe('a Redis that wants to know who comes', () => {
  const secret = 'pa55-%2Fwörd';
  const urlOf = ({ port }: RedisServer, password: string, database = 0): string =>
    `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

  it('is told the password and database of the url', async () => {
    const own = await startRedisServer();
    try {
      await own.client.config('SET', 'requirepass', secret);
      const { state } = open(urlOf(own, secret, 3));
      expect(await state.put(blockKey(), Uint8Array.of(1))).toBe('stored');
      await own.client.auth(secret);
      expect(await own.client.dbsize()).toBe(0);
      await own.client.select(3);
      expect(await own.client.dbsize()).toBe(2);
    } finally {
      await own.close();
    }
  });

  it.each([
    ['without a password', (own: RedisServer) => own.url],
    ['with a wrong one', (own: RedisServer) => urlOf(own, 'guess')],
    ['with a database that is not there', (own: RedisServer) => urlOf(own, secret, 99)],
  ])('is away for whoever comes %s', async (_, url) => {
    const own = await startRedisServer();
    try {
      await own.client.config('SET', 'requirepass', secret);
      const { state, events } = open(url(own));
      expect(await state.put(blockKey(), Uint8Array.of(1))).toBe('refused');
      expect(events()).toEqual(['unavailable']);
    } finally {
      await own.close();
    }
  });
});
