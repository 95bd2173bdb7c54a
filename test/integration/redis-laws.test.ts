/** Window state in Redis changes no byte of the lake, whatever becomes of Redis meanwhile. */

import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BackfillLab, lakeOf, openLab } from '../support/backfill-lab.ts';
import { filesBelow } from '../support/folder-content.ts';
import { ID_PATTERN } from '../support/mini-batch-folders.ts';
import { startNdr } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const miniBatches = officeMiniBatches({ seed: 29, hosts: 3, slices: 23, silent: [6], doubled: [3, 17], thin: 8 });
const HALF = 12;
const SHARDS = 3;

let lab: BackfillLab;
let reference: string;
let server: RedisServer;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  await run(reference, { settings: {} });
});
afterAll(() => lab.close());
beforeEach(async () => {
  server = await startRedisServer();
});
afterEach(() => server.close());

interface Run {
  /** Default 2. */
  readonly threads?: number;
  /** Default: window state in Redis. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly to?: string;
  /** Done while the process runs on, when so many mini-batches are committed. */
  readonly meanwhile?: { readonly at: number; readonly does: () => unknown };
}

const inRedis = (): Readonly<Record<string, string>> => ({ NDR_REDIS_STATE_URL: server.url });

/** A backfill in a process of its own, to its end. */
async function run(home: string, { threads = 2, settings = inRedis(), to, meanwhile }: Run): Promise<void> {
  let committed = 0;
  let meant: unknown;
  const args = ['backfill', '--home', home, '--input', lab.raw, '--json', ...(to === undefined ? [] : ['--to', to])];
  const env = {
    NDR_INPUT_ID_PATTERN: ID_PATTERN,
    NDR_SHARDS: `${SHARDS}`,
    NDR_THREADS: `${threads}`,
    ...settings,
  };
  const child = startNdr(args, env, (line) => {
    if (line.includes('"outcome":"committed"') && ++committed === meanwhile?.at) meant = meanwhile.does();
  });
  const { code, stderr } = await child.ended;
  await meant;
  // That some lie outside --to is the only thing it may have to say.
  const said =
    to === undefined
      ? ''
      : `${miniBatches.length - HALF} of ${miniBatches.length} mini-batches lie outside --from, --to\n`;
  expect({ code, stderr }).toEqual({ code: 0, stderr: said });
  if (meanwhile !== undefined) expect(committed).toBeGreaterThan(meanwhile.at);
}

const half = new Date(miniBatches[HALF]!.sliceEnd).toISOString();
const statOf = async (name: string): Promise<number> =>
  Number(new RegExp(`${name}:(\\d+)`).exec(await server.client.info('stats'))?.[1]);
/** Blocks in the home that Redis did not take. */
const spiltIn = (home: string): string[] =>
  ['windows', 'timings'].flatMap((store) => filesBelow(join(home, 'state', store)));
const blocksIn = async (): Promise<string[]> => server.client.keys('ndr:*:*:*:*');

describe('a backfill over Redis', () => {
  it.each([1, 2])('gives the lake of one without it, and keeps no window in the home (%i threads)', async (threads) => {
    const home = lab.place(`redis-${threads}`);
    await run(home, { threads, to: half });
    const blocks = await blocksIn();
    expect(blocks.filter((key) => key.startsWith('ndr:windows:default:v1:'))).toHaveLength(HALF * (SHARDS + 1));
    expect(blocks.filter((key) => key.startsWith('ndr:timings:default:v1:'))).toHaveLength(HALF * SHARDS);
    const before = await statOf('keyspace_hits');
    await run(home, { threads });
    expect((await statOf('keyspace_hits')) - before).toBeGreaterThan(HALF * SHARDS);
    expect(lakeOf(home)).toEqual(lakeOf(reference));
    expect(spiltIn(home)).toEqual([]);
  });

  it.each([1, 2])(
    'is rebuilt where Redis forgot everything, within a run and between two (%i threads)',
    async (threads) => {
      const home = lab.place(`flushed-${threads}`);
      await run(home, { threads, to: half, meanwhile: { at: 5, does: () => server.client.flushall() } });
      expect((await blocksIn()).length).toBeGreaterThan(0);
      await server.client.flushall();
      await run(home, { threads });
      expect(lakeOf(home)).toEqual(lakeOf(reference));
    },
  );

  it('keeps in the home what Redis may not take', async () => {
    const home = lab.place('tiny');
    const settings = { ...inRedis(), NDR_STATE_MAX_BYTES: '1' };
    await run(home, { settings, to: half });
    await run(home, { settings });
    expect(await blocksIn()).toEqual([]);
    expect(spiltIn(home).length).toBeGreaterThan(HALF * SHARDS);
    expect(lakeOf(home)).toEqual(lakeOf(reference));
  });

  it('goes on where Redis is killed and never comes back', async () => {
    const home = lab.place('killed');
    await run(home, { to: half, meanwhile: { at: 4, does: () => server.kill() } });
    expect(spiltIn(home).length).toBeGreaterThan(0);
    await run(home, {});
    expect(lakeOf(home)).toEqual(lakeOf(reference));
  });

  it('goes on where Redis freezes, and wakes', async () => {
    const home = lab.place('frozen');
    await run(home, { to: half, meanwhile: { at: 4, does: () => server.pause() } });
    server.resume();
    await run(home, {});
    expect(lakeOf(home)).toEqual(lakeOf(reference));
  });

  it('goes on where Redis evicts what is needed', async () => {
    const home = lab.place('evicted');
    const used = Number(/used_memory:(\d+)/.exec(await server.client.info('memory'))![1]);
    await server.client.config('SET', 'maxmemory-policy', 'allkeys-random');
    await server.client.config('SET', 'maxmemory', `${Math.floor(used / 0.85) + 3_000_000}`);
    let isDone = false;
    const others = (async () => {
      for (let n = 0; !isDone; n++) await server.client.set(`other:${n % 90}`, Buffer.alloc(100_000));
    })();
    try {
      await run(home, { to: half });
      await run(home, {});
    } finally {
      isDone = true;
      await others;
    }
    expect(await statOf('evicted_keys')).toBeGreaterThan(0);
    expect(lakeOf(home)).toEqual(lakeOf(reference));
  });

  it('shares no key with another project', async () => {
    await run(lab.place('one'), { to: half });
    const keys = await blocksIn();
    await run(lab.place('other'), { settings: { ...inRedis(), NDR_PROJECT: 'elsewhere' }, to: half });
    const both = await blocksIn();
    expect(both.filter((key) => key.includes(':elsewhere:'))).toHaveLength(keys.length);
    expect(both).toHaveLength(2 * keys.length);
  });
});
