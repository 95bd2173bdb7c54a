/** What becomes of blocks of window state when a real Redis is full. */

import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blockKey } from '../conformance/window-state-suite.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { large, redisStates } from '../support/redis-states.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.close());
beforeEach(() => server.client.flushall());
const { open, close } = redisStates();
afterEach(close);

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
