/** Window state whose Redis is ill, away, or somebody else's. */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WindowState } from '../../src/state/window-state.ts';
import { blockKey } from '../conformance/window-state-suite.ts';
import { type RedisServer, startRedisServer, until } from '../support/redis-server.ts';
import { large, redisStates } from '../support/redis-states.ts';

const { open, close } = redisStates();
afterEach(close);

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
    close();
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
