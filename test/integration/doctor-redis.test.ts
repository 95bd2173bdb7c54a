/** `ndr doctor` on a home whose window state lies in a real Redis. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { runCommand } from '../support/command-run.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

let home: string;
let redis: RedisServer;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'ndr-doctor-redis-'));
  redis = await startRedisServer({ args: ['--maxmemory', '64mb'] });
});
afterEach(async () => {
  await redis.close();
  rmSync(home, { recursive: true });
});

async function examine(settings: Readonly<Record<string, string>> = {}) {
  const all = { NDR_REDIS_STATE_URL: redis.url, ...settings };
  const { code, results } = await runCommand(doctor, { home, settings: all });
  expect(code).toBe(0);
  return results.filter(({ check, severity }) => check === 'redis' && severity !== 'info').map(({ remedy }) => remedy);
}

it('finds nothing where Redis is as it should be', async () => {
  expect(await examine()).toEqual([]);
});

it('finds what Redis would do to window state, once each', async () => {
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect(await examine()).toEqual(['set maxmemory-policy noeviction']);
  await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
  await redis.client.config('SET', 'maxmemory', '0');
  expect(await examine()).toEqual(['set maxmemory below what its machine has, or state.max_bytes']);
  expect(await examine({ NDR_STATE_MAX_BYTES: '50000000' })).toEqual([]);
});

it('finds a Redis in cluster mode, which answers and keeps nothing', async () => {
  const cluster = await startRedisServer({ args: ['--maxmemory', '64mb', '--cluster-enabled', 'yes'] });
  try {
    expect(await examine({ NDR_REDIS_STATE_URL: cluster.url })).toEqual([
      expect.stringContaining('name a Redis without cluster mode'),
    ]);
  } finally {
    await cluster.close();
  }
});

it('says where it is away, and nothing of what is secret', async () => {
  await redis.client.config('SET', 'requirepass', 'right');
  const { results } = await runCommand(doctor, {
    home,
    settings: { NDR_REDIS_STATE_URL: `redis://:hunter2@127.0.0.1:${redis.port}` },
  });
  const told = results.filter(({ check }) => check === 'redis');
  expect(told).toMatchObject([{ severity: 'warning', what: expect.stringContaining('WRONGPASS') }]);
  expect(JSON.stringify(results)).not.toMatch(/hunter2|right/);
});
