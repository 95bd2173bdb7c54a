import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { basisOf } from '../../src/state/batch-item.ts';
import { commitBatch, failBatch } from '../../src/state/commit.ts';
import type { Items } from '../../src/state/items.ts';
import { type Manifest, readManifest, sha256Hex } from '../../src/state/manifest.ts';
import { collect } from '../conformance/collect.ts';
import { runChild } from './child.ts';
import { Crash, crashAt, interferedWith } from './interference.ts';
import {
  commit,
  commitOf,
  contents,
  END,
  indexed,
  newFolder,
  openStore,
  PROJECT,
  QUARTER,
  removeFolder,
  type Sketch,
  type Store,
  sliceOf,
  VERSION,
} from './mini-batches.ts';

let root: string;
let store: Store;
beforeEach(async () => {
  root = await newFolder();
  store = await openStore(root);
});
afterEach(() => removeFolder(root));

const current = async ({ index, lake }: Store, miniBatchId = 'mb-1'): Promise<Manifest> =>
  readManifest(lake, (await index.batch(PROJECT, VERSION, miniBatchId))!.manifest!);

/** Every file that the index names is there and is what the manifest says; returns their number. */
async function verify({ index, lake }: Store): Promise<number> {
  let files = 0;
  for (const { manifest } of await index.committedBetween(PROJECT, VERSION, 0, Number.MAX_SAFE_INTEGER / 2)) {
    for (const { files: named } of Object.values((await readManifest(lake, manifest)).datasets)) {
      for (const { path, bytes, sha256 } of named) {
        const content = await lake.read(path);
        expect([content.length, sha256Hex(content)]).toEqual([bytes, sha256]);
        files++;
      }
    }
  }
  return files;
}

describe('a commit', () => {
  it('writes files, manifest, index item and range entry', async () => {
    const outcome = await commit(store, {
      nowMs: 1_741_084_805_500,
      datasets: { delta: ['d0', 'd1'], fg_a: ['a0'], pair_counts: [] },
    });
    const day = 'feature_spec_version=v1/dt=2025-03-04';
    const d0 = `office/delta/${day}/hh=10/mm=23/batch=mb-1/part-00000-${sha256Hex('d0').slice(0, 12)}.parquet`;
    const d1 = `office/delta/${day}/hh=10/mm=23/batch=mb-1/part-00001-${sha256Hex('d1').slice(0, 12)}.parquet`;
    const a0 = `office/fg_a/${day}/hh=10/mm=38/batch=mb-1/part-00000-${sha256Hex('a0').slice(0, 12)}.parquet`;
    const files = [d0, d1, a0].map((path, i) => ({
      path,
      rows: 2,
      bytes: 2,
      sha256: sha256Hex(['d0', 'd1', 'a0'][i]!),
    }));
    expect(outcome).toEqual({ is: 'committed', revision: 1, files });

    const item = (await store.index.batch(PROJECT, VERSION, 'mb-1'))!;
    const written = await contents(store.lake);
    expect(item.manifest!.path).toMatch(
      /^_batches\/office\/feature_spec_version=v1\/dt=2025-03-04\/hh=10\/mm=38\/batch=mb-1\/_batch-1-[0-9a-f]{12}\.json$/,
    );
    expect(item.manifest!.path).toContain(`_batch-1-${item.manifest!.sha256.slice(0, 12)}.json`);
    expect(sha256Hex(written[item.manifest!.path]!)).toBe(item.manifest!.sha256);
    expect(written).toEqual({ [d0]: 'd0', [d1]: 'd1', [a0]: 'a0', [item.manifest!.path]: expect.any(String) });
    expect(await current(store)).toEqual({
      manifest_version: 1,
      project_name: 'office',
      feature_spec_version: 'v1',
      mini_batch_id: 'mb-1',
      revision: 1,
      slice: {
        mini_batch_id: 'mb-1',
        ts: '2025-03-04T10:40:05.250Z',
        slice_start_ts: '2025-03-04T10:23:00Z',
        slice_end_ts: '2025-03-04T10:38:00Z',
        batch_start_ts: '2025-03-04T10:38:00Z',
        batch_end_ts: '2025-03-04T10:40:05.250Z',
        source: 'event_time',
        path: 'raw/paloalto/acme/hq/2025/03/04/mb-1',
      },
      datasets: {
        delta: { folders: [d0.slice(0, d0.lastIndexOf('/'))], rows: 4, files: files.slice(0, 2) },
        fg_a: { folders: [a0.slice(0, a0.lastIndexOf('/'))], rows: 2, files: files.slice(2) },
        pair_counts: { folders: [a0.slice(0, a0.lastIndexOf('/')).replace('fg_a', 'pair_counts')], rows: 0, files: [] },
      },
      inputs: [{ key: 'raw/paloalto/acme/hq/2025/03/04/mb-1/a.json.gz', size: 10, etag: 'e' }],
      window_inputs: [],
      baseline_refs: [],
      lookback_days: {},
      spec_digests: { delta_builder: 'ab' },
      code_version: '0.1.0',
      dq: { not_json: 0 },
      fallbacks: {},
      health: { is_degraded: false },
    });
    expect(await indexed(store.items)).toEqual({
      'v1#batch#mb-1': {
        mini_batch_id: 'mb-1',
        state: 'committed',
        revision: 1,
        slice_end_ts: '2025-03-04T10:38:00Z',
        attempt_token: 't',
        manifest_path: item.manifest!.path,
        manifest_sha256: item.manifest!.sha256,
        inputs: { 'a.json.gz': 'e' },
        committed_at: '2025-03-04T10:40:05.500Z',
        failure: null,
        superseded: [],
        swept_revision: 0,
        window_content: sha256Hex(
          JSON.stringify(['2025-03-04T10:38:00Z', [sha256Hex('d0'), sha256Hex('d1')], []]),
        ).slice(0, 16),
        stands_on: sha256Hex('[]').slice(0, 16),
        read_from: expect.stringMatching(/^[0-9a-f]{16}$/),
        affected: null,
      },
      'v1#range#2025-03-04T10:38:00Z#mb-1': {
        mini_batch_id: 'mb-1',
        slice_end_ts: '2025-03-04T10:38:00Z',
        planned_at: '2025-03-04T10:40:05.500Z',
      },
    });
  });

  it('gives equal bytes for equal content, whatever the order in which it is told and whoever commits', async () => {
    const other = await openStore(await newFolder());
    await commit(store, { token: 'one', nowMs: 1 });
    const attempt = await commitOf(other, { token: 'two', nowMs: 2 });
    await commitBatch({ ...attempt, outputs: attempt.outputs.toReversed() });
    expect(await contents(other.lake)).toEqual(await contents(store.lake));
    await removeFolder(other.root);
  });

  it('writes nothing where nothing changed', async () => {
    await commit(store);
    const before = [await collect(store.lake.list('')), await indexed(store.items), await stateFiles()];
    expect(await commit(store, { token: 'later', nowMs: 99 })).toEqual({ is: 'unchanged', revision: 1 });
    expect([await collect(store.lake.list('')), await indexed(store.items), await stateFiles()]).toEqual(before);
  });

  async function stateFiles(): Promise<string[]> {
    return (await readdir(join(root, 'state'), { recursive: true })).sort();
  }

  it('is unchanged also for an attempt that began before the equal one', async () => {
    const early = await commitOf(store, { token: 'early' });
    await commit(store, { token: 'late' });
    expect(await commitBatch(early)).toEqual({ is: 'unchanged', revision: 1 });
  });

  it('makes a further revision of other content and keeps the files that are the same', async () => {
    await commit(store);
    const before = await collect(store.lake.list(''));
    const first = (await store.index.batch(PROJECT, VERSION, 'mb-1'))!;
    const outcome = await commit(store, { token: 'u', datasets: { delta: ['d0', 'other'], fg_a: ['a0'] }, etag: 'f' });
    expect(outcome).toMatchObject({ is: 'committed', revision: 2 });
    expect(await store.index.batch(PROJECT, VERSION, 'mb-1')).toMatchObject({
      revision: 2,
      attemptToken: 'u',
      inputs: { 'a.json.gz': 'f' },
      superseded: [first.manifest],
    });
    const after = await collect(store.lake.list(''));
    expect(after).toHaveLength(before.length + 2);
    expect(after).toEqual(expect.arrayContaining(before));
  });

  it('makes no further revision of equal files, whatever they were computed from', async () => {
    await commit(store);
    const before = await contents(store.lake);
    expect(await commit(store, { etag: 'f' })).toEqual({ is: 'unchanged', revision: 1 });
    expect(await contents(store.lake)).toEqual(before);
  });

  it('writes again what is missing of a revision that counts', async () => {
    await commit(store);
    const before = await contents(store.lake);
    for (const path of Object.keys(before).filter((path) => path.includes('delta'))) await store.lake.remove(path);
    await store.items.remove('batch_index', PROJECT, 'v1#range#2025-03-04T10:38:00Z#mb-1');
    expect(await commit(store)).toEqual({ is: 'unchanged', revision: 1 });
    expect(await contents(store.lake)).toEqual(before);
    expect(await indexed(store.items)).toHaveProperty('v1#range#2025-03-04T10:38:00Z#mb-1');
  });

  it('moves with its slice', async () => {
    await commit(store);
    await commit(store, { sliceEnd: END + QUARTER });
    expect(Object.keys(await indexed(store.items))).toEqual(['v1#batch#mb-1', 'v1#range#2025-03-04T10:53:00Z#mb-1']);
    expect(await store.index.committedBetween(PROJECT, VERSION, END - 1, END)).toEqual([]);
    expect(await store.index.committedBetween(PROJECT, VERSION, END, END + QUARTER)).toMatchObject([{ revision: 2 }]);
  });
});

describe('of several attempts', () => {
  it('the one that began before another wrote has lost, and hears to whom', async () => {
    const slow = await commitOf(store, { token: 'slow', datasets: { delta: ['stale'] } });
    await commit(store, { token: 'quick' });
    expect(await commitBatch(slow)).toEqual({
      is: 'lost',
      to: { revision: 1, attemptToken: 'quick', state: 'committed' },
    });
    expect(Object.values(await contents(store.lake))).not.toContain('stale');
  });

  it('one wins each revision', async () => {
    for (let revision = 1; revision <= 5; revision++) {
      const attempts = await Promise.all(
        [0, 1, 2, 3].map((n) =>
          commitOf(store, { token: `${revision}-${n}`, datasets: { delta: [`${revision} by ${n}`], fg_a: ['a'] } }),
        ),
      );
      const outcomes = await Promise.all(attempts.map(commitBatch));
      expect(outcomes.filter(({ is }) => is === 'committed')).toEqual([expect.objectContaining({ revision })]);
      const won = outcomes.findIndex(({ is }) => is === 'committed');
      for (const outcome of outcomes.filter(({ is }) => is !== 'committed'))
        expect(outcome).toEqual({
          is: 'lost',
          to: { revision, attemptToken: `${revision}-${won}`, state: 'committed' },
        });
      expect((await current(store)).datasets['delta']!.files[0]!.sha256).toBe(sha256Hex(`${revision} by ${won}`));
    }
    expect(await verify(store)).toBe(2);
  });

  it('all agree where they hold the same', async () => {
    const attempts = await Promise.all([0, 1, 2, 3].map((n) => commitOf(store, { token: `t${n}` })));
    const outcomes = await Promise.all(attempts.map(commitBatch));
    expect(outcomes.map(({ is }) => is).sort()).toEqual(['committed', 'unchanged', 'unchanged', 'unchanged']);
    expect(await verify(store)).toBe(3);
  });

  it('one wins each revision, of two processes', async () => {
    const won = await Promise.all(['one', 'two'].map((name) => runChild('committer.ts', [root, name, '12'])));
    expect(
      won
        .flat()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(await store.index.batch(PROJECT, VERSION, 'mb-1')).toMatchObject({ revision: 12 });
    expect(await verify(store)).toBe(2);
  });
});

describe('a failure', () => {
  const fail = async (token: string) =>
    failBatch({ ...(await commitOf(store, { token })), reason: 'too many rejected lines' });

  it('is recorded where nothing was committed, and forgotten by a commit', async () => {
    expect(await fail('f')).toEqual({ is: 'failed' });
    const item = (await store.index.batch(PROJECT, VERSION, 'mb-1'))!;
    expect(item).toMatchObject({
      state: 'failed',
      revision: 0,
      manifest: null,
      failure: { reason: 'too many rejected lines', at: 0 },
    });
    expect(await store.index.committedBetween(PROJECT, VERSION, 0, END)).toEqual([]);
    expect(await commit(store)).toMatchObject({ is: 'committed', revision: 1 });
    expect(await store.index.batch(PROJECT, VERSION, 'mb-1')).toMatchObject({ state: 'committed', failure: null });
  });

  it('leaves a committed revision valid', async () => {
    await commit(store);
    await fail('f');
    expect(await store.index.batch(PROJECT, VERSION, 'mb-1')).toMatchObject({
      state: 'committed',
      revision: 1,
      failure: { at: 0 },
    });
    expect(await store.index.committedBetween(PROJECT, VERSION, 0, END)).toMatchObject([{ revision: 1 }]);
  });

  it('loses to what was written since it began, and what began before it loses to it', async () => {
    const stale = await commitOf(store, { token: 'stale' });
    await fail('f');
    expect(await commitBatch(stale)).toEqual({ is: 'lost', to: { revision: 0, attemptToken: 'f', state: 'failed' } });
    await commit(store, { token: 'c' });
    expect(await failBatch({ ...stale, reason: 'late' })).toEqual({
      is: 'lost',
      to: { revision: 1, attemptToken: 'c', state: 'committed' },
    });
  });
});

describe('a crash at any write', () => {
  const lives: Record<string, readonly Sketch[]> = {
    'of the first commit': [{}],
    'of a further revision': [{}, { token: 'u', datasets: { delta: ['d0', 'other'], fg_a: [] }, etag: 'f' }],
    'of a commit whose slice moved': [{}, { token: 'u', sliceEnd: END + QUARTER }],
    'of a commit after a failure': [{ token: 'f', datasets: {} }, { token: 'u' }],
  };

  /** Commits all but the last sketch undisturbed, and the last one until it goes through. */
  async function play(sketches: readonly Sketch[], crashes: readonly ReturnType<typeof crashAt>[]): Promise<Store> {
    const home = await newFolder();
    for (const sketch of sketches.slice(0, -1)) await commit(await openStore(home), sketch);
    for (const crash of crashes) {
      const before = (await (await openStore(home)).index.batch(PROJECT, VERSION, 'mb-1'))?.revision ?? 0;
      const crashing = interferedWith(await openStore(home), crash.interfere);
      await commit(crashing, sketches.at(-1)!).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
      const reopened = await openStore(home);
      const item = await reopened.index.batch(PROJECT, VERSION, 'mb-1');
      // A reader sees the revision before or the new one, whole.
      expect([before, sketches.length]).toContain(item?.revision ?? 0);
      expect(await reopened.index.committedBetween(PROJECT, VERSION, 0, END + QUARTER)).toHaveLength(
        (item?.revision ?? 0) > 0 ? 1 : 0,
      );
      await verify(reopened);
      expect(await readdir(join(home, 'lake', '_tmp')).catch(() => [])).toEqual([]);
    }
    const last = await openStore(home);
    expect(['committed', 'unchanged']).toContain((await commit(last, sketches.at(-1)!)).is);
    return last;
  }

  /** A range entry of a slice that was left may stay behind, unseen. */
  const visible = async ({ lake, index }: Store): Promise<unknown> => [
    await contents(lake),
    await index.batch(PROJECT, VERSION, 'mb-1'),
    await index.committedBetween(PROJECT, VERSION, 0, END + QUARTER),
  ];

  it.each(Object.entries(lives))('%s costs nothing', async (_, sketches) => {
    const undisturbed = await play(sketches, []);
    const expected = await visible(undisturbed);
    await removeFolder(undisturbed.root);
    for (let n = 0, isBehind = false; !isBehind; n++) {
      for (const moment of ['before', 'after'] as const) {
        const crash = crashAt(n, moment);
        const survivor = await play(sketches, [crash, crashAt(Math.max(0, n - 1), moment)]);
        expect(await visible(survivor)).toEqual(expected);
        expect(await commit(survivor, sketches.at(-1)!)).toEqual({ is: 'unchanged', revision: sketches.length });
        await removeFolder(survivor.root);
        isBehind = crash.steps() <= n;
      }
    }
  });
});

it('is entered under its slice before it counts: no process can die in between and leave it unseen', async () => {
  const attempt = await commitOf(store, {});
  const dying = interferedWith(store, async (name, call) => {
    const result = await call();
    if (name === 'items.put') throw new Crash(name);
    return result;
  });
  await expect(commitBatch({ ...attempt, index: dying.index })).rejects.toBeInstanceOf(Crash);
  expect(Object.keys(await indexed(store.items))).toEqual(['v1#range#2025-03-04T10:38:00Z#mb-1']);
  expect(await store.index.committedBetween(PROJECT, VERSION, END - QUARTER, END)).toEqual([]);
  expect(await commitBatch(attempt)).toMatchObject({ is: 'committed', revision: 1 });
  const found = await store.index.committedBetween(PROJECT, VERSION, END - QUARTER, END);
  expect(found).toMatchObject([{ miniBatchId: 'mb-1', sliceEnd: END, revision: 1 }]);
});

it('finds again what a program committed that entered afterwards, and died in between', async () => {
  const items: Items = {
    ...store.items,
    put: async (table, pk, sk, ...rest) =>
      sk.includes('#range#') ? 'stored' : store.items.put(table, pk, sk, ...rest),
  };
  await commit({ lake: store.lake, index: openBatchIndex(items) });
  expect(Object.keys(await indexed(store.items))).toEqual(['v1#batch#mb-1']);
  expect(await store.index.committedBetween(PROJECT, VERSION, END - QUARTER, END)).toEqual([]);
  expect(await store.index.enterMissing(PROJECT, VERSION)).toBe(1);
  const found = await store.index.committedBetween(PROJECT, VERSION, END - QUARTER, END);
  expect(found).toMatchObject([{ miniBatchId: 'mb-1', sliceEnd: END, revision: 1 }]);
});

it('begins from what the index says', async () => {
  expect(basisOf(undefined)).toEqual({ revision: 0, attemptToken: '' });
  await commit(store, { token: 'x' });
  expect(basisOf(await store.index.batch(PROJECT, VERSION, 'mb-1'))).toEqual({ revision: 1, attemptToken: 'x' });
  expect(sliceOf('mb-1').path).toBe('raw/paloalto/acme/hq/2025/03/04/mb-1');
});
