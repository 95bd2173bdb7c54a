/** Window state in a real Redis: its promises, its keys, damaged blocks, pruning. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WindowState } from '../../src/state/window-state.ts';
import { blockKey, windowStateSuite } from '../conformance/window-state-suite.ts';
import { type RedisServer, startRedisServer, until } from '../support/redis-server.ts';
import { EXPIRY_MS, large, redisStates } from '../support/redis-states.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.close());
beforeEach(() => server.client.flushall());
const { open, close } = redisStates();
afterEach(close);

windowStateSuite('Redis', async () => {
  const own = await startRedisServer();
  const states = redisStates();
  return {
    state: states.open(own.url).state,
    kept: () => own.client.keys('*'),
    async close() {
      states.close();
      await own.close();
    },
  };
});

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
    const { state } = open(server.url, { expiryMs: 5 * EXPIRY_MS });
    await state.put(blockKey(), large());
    await sleep(30);
    await state.put(blockKey({ shard: 1 }), Uint8Array.of(1));
    await state.prune('office', 'v1', 0);
    const keys = await server.client.keys('*');
    expect(keys).toHaveLength(5);
    const left = new Map<string, number>();
    for (const key of keys) left.set(key, await server.client.pexpiretime(key));
    const last = Math.max(...left.values());
    expect(Math.min(...left.values())).toBeGreaterThan(Date.now() + 4 * EXPIRY_MS);
    expect(last).toBeLessThanOrEqual(Date.now() + 5 * EXPIRY_MS);
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
