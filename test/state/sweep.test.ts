import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitBatch } from '../../src/state/commit.ts';
import { readManifest, sha256Hex } from '../../src/state/manifest.ts';
import { type SweepReport, sweepSuperseded } from '../../src/state/sweep.ts';
import { collect } from '../conformance/collect.ts';
import { Crash, crashAt, interferedWith } from './interference.ts';
import {
  commit,
  commitOf,
  contents,
  END,
  MINUTE,
  newFolder,
  openStore,
  PROJECT,
  QUARTER,
  removeFolder,
  type Store,
  VERSION,
} from './mini-batches.ts';

const HOUR = 60 * MINUTE;

let root: string;
let store: Store;
/** Between the commits of a test and an hour after them. */
let soon: number;
let later: number;
beforeEach(async () => {
  root = await newFolder();
  store = await openStore(root);
  soon = Date.now() + HOUR / 2;
  later = Date.now() + 2 * HOUR;
});
afterEach(() => removeFolder(root));

const sweep = (nowMs: number, { lake, index }: Pick<Store, 'lake' | 'index'> = store): Promise<SweepReport> =>
  sweepSuperseded({ lake, index, project: PROJECT, version: VERSION, nowMs, graceMs: HOUR });

/** Paths that the index names, the manifest's among them. */
async function named({ lake, index }: Store): Promise<string[]> {
  const { manifest } = (await index.batch(PROJECT, VERSION, 'mb-1'))!;
  const { datasets } = await readManifest(lake, manifest!);
  return [manifest!.path, ...Object.values(datasets).flatMap(({ files }) => files.map(({ path }) => path))].sort();
}
const paths = async ({ lake }: Store): Promise<string[]> =>
  (await collect(lake.list(''))).map(({ path }) => path).sort();

const first = { datasets: { delta: ['d0', 'd1'], fg_a: ['a0'], pair_counts: ['p0'] } };
const second = { datasets: { delta: ['d0', 'other'], fg_a: ['a0'], pair_counts: [] }, token: 'u' };

describe('a sweep', () => {
  it('leaves everything while the grace lasts, counted from the supersession', async () => {
    await commit(store, { ...first, nowMs: 0 });
    await commit(store, { ...second, nowMs: soon });
    const before = await paths(store);
    expect(await sweep(soon + HOUR - 1)).toEqual({ removed: [], faults: [] });
    expect(await paths(store)).toEqual(before);
  });

  it('of what came after a slice leaves the others alone', async () => {
    const older = { miniBatchId: 'mb-0', sliceEnd: END - QUARTER };
    for (const sketch of [first, second]) {
      await commit(store, { ...sketch, ...older, nowMs: 0 });
      await commit(store, { ...sketch, nowMs: 0 });
    }
    const asked = { lake: store.lake, index: store.index, project: PROJECT, version: VERSION, graceMs: HOUR };
    const recent = await sweepSuperseded({ ...asked, nowMs: later, after: END - QUARTER });
    expect(recent.removed).toHaveLength(3);
    expect(await store.index.batch(PROJECT, VERSION, 'mb-1')).toMatchObject({ sweptRevision: 2 });
    expect(await store.index.batch(PROJECT, VERSION, 'mb-0')).toMatchObject({ sweptRevision: 0 });
    const { removed } = await sweep(later);
    expect(removed).toHaveLength(3);
    expect(removed.every((path) => path.includes('mb-0'))).toBe(true);
  });

  it('removes what the index does not name, data before manifests, and then has nothing to do', async () => {
    await commit(store, { ...first, nowMs: 0 });
    await commit(store, { ...second, nowMs: 0 });
    const { removed, faults } = await sweep(later);
    expect(faults).toEqual([]);
    expect(
      removed.map((path) =>
        path
          .split('/')
          .at(-1)!
          .replace(/[0-9a-f]{12}/, 'X'),
      ),
    ).toEqual(['part-00001-X.parquet', 'part-00000-X.parquet', '_batch-1-X.json']);
    expect(await paths(store)).toEqual(await named(store));
    expect(await store.index.batch(PROJECT, VERSION, 'mb-1')).toMatchObject({ superseded: [], sweptRevision: 2 });
    expect(await sweep(later)).toEqual({ removed: [], faults: [] });
    expect(await commit(store, second)).toEqual({ is: 'unchanged', revision: 2 });
  });

  it('removes what an attempt left that never committed', async () => {
    const dying = crashAt(2, 'after');
    await expect(commit(interferedWith(store, dying.interfere), first)).rejects.toBeInstanceOf(Crash);
    await commit(store, second);
    await sweep(later);
    expect(await paths(store)).toEqual(await named(store));
  });

  it('removes what a loser left after the winner had been swept', async () => {
    const loser = await commitOf(store, first);
    await commit(store, second);
    await sweep(later);
    const held = interferedWith(store, async (name, call) => {
      // The loser looked at the index before the winner wrote it, and then slept.
      if (name === 'items.get' && isFirstLook) {
        isFirstLook = false;
        return undefined;
      }
      return call();
    });
    let isFirstLook = true;
    expect(await commitBatch({ ...loser, index: held.index })).toMatchObject({ is: 'lost', to: { attemptToken: 'u' } });
    expect(await paths(store)).not.toEqual(await named(store));
    await sweep(later);
    expect(await paths(store)).toEqual(await named(store));
  });

  it('spares files that are young: an attempt may be about to commit them', async () => {
    await commit(store, { ...first, nowMs: Date.now() - 10 * HOUR });
    await commit(store, { ...second, nowMs: Date.now() - 10 * HOUR });
    expect(await sweep(soon)).toEqual({ removed: [], faults: [] });
    expect((await sweep(later)).removed).toHaveLength(3);
  });

  it('follows a mini-batch that moved to another slice', async () => {
    await commit(store, first);
    await commit(store, { ...first, sliceEnd: END + QUARTER });
    expect((await sweep(later)).removed).toHaveLength(5);
    expect(await paths(store)).toEqual(await named(store));
  });

  it('touches no other mini-batch, dataset or version', async () => {
    await commit(store, { miniBatchId: 'mb-10' });
    await commit(store, first);
    await commit(store, second);
    const stranger = `office/delta/feature_spec_version=v2/dt=2025-03-04/hh=10/mm=23/batch=mb-1/part-00000-0123456789ab.parquet`;
    await store.lake.create(stranger, Uint8Array.of(1));
    const others = (await paths(store)).filter((path) => path.includes('mb-10') || path === stranger);
    await sweep(later);
    expect(await paths(store)).toEqual(expect.arrayContaining(others));
  });

  it('goes on past a mini-batch that it cannot read, and names it', async () => {
    await commit(store, { ...first, miniBatchId: 'mb-0' });
    const { manifest } = (await store.index.batch(PROJECT, VERSION, 'mb-0'))!;
    await store.lake.remove(manifest!.path);
    await commit(store, first);
    await commit(store, second);
    const { removed, faults } = await sweep(later);
    expect(removed).toHaveLength(3);
    expect(faults).toEqual([expect.stringMatching(/mini-batch mb-0 of office, v1.*_batch-1-/)]);
  });

  it('costs nothing where it dies at any write', async () => {
    for (let n = 0, isBehind = false; !isBehind; n++) {
      for (const moment of ['before', 'after'] as const) {
        const home = await newFolder();
        const one = await openStore(home);
        await commit(one, first);
        await commit(one, second);
        const crash = crashAt(n, moment);
        await sweep(later, interferedWith(one, crash.interfere)).catch((error: unknown) =>
          expect(error).toBeInstanceOf(Crash),
        );
        expect(await paths(one)).toEqual(expect.arrayContaining(await named(one)));
        await sweep(later, await openStore(home));
        expect(await paths(one)).toEqual(await named(one));
        await removeFolder(home);
        isBehind = crash.steps() <= n;
      }
    }
  });
});

/** Every call of a port in its turn has `meanwhile` happen just before it; `check` sees the stores afterwards. */
async function atEveryCall(
  act: (busy: Store) => Promise<unknown>,
  meanwhile: (quiet: Store) => Promise<unknown>,
  check: (quiet: Store) => Promise<void>,
): Promise<number> {
  for (let n = 0; ; n++) {
    const home = await newFolder();
    const quiet = await openStore(home);
    await commit(quiet, first);
    await commit(quiet, second);
    let calls = 0;
    await act(
      interferedWith(quiet, async (_, call) => {
        if (calls++ === n) await meanwhile(quiet);
        return call();
      }),
    );
    await check(quiet);
    await removeFolder(home);
    if (calls <= n) return n;
  }
}

async function nothingNamedIsGone(quiet: Store): Promise<void> {
  const files = await contents(quiet.lake);
  for (const path of await named(quiet)) {
    expect(files).toHaveProperty([path]);
    expect(path).toContain(sha256Hex(files[path]!).slice(0, 12));
  }
}

describe('a return to content whose files are being swept', () => {
  const back = { ...first, token: 'back' };

  it('keeps its files where it slips into a sweep', async () => {
    const calls = await atEveryCall(
      (busy) => sweep(later, busy),
      (quiet) => commit(quiet, back),
      nothingNamedIsGone,
    );
    expect(calls).toBeGreaterThan(10);
  });

  it('keeps its files where a sweep slips into it', async () => {
    const calls = await atEveryCall(
      (busy) => commit(busy, back),
      (quiet) => sweep(later, quiet),
      nothingNamedIsGone,
    );
    expect(calls).toBeGreaterThan(10);
  });

  it('keeps its files where a sweep slips into a sweep and it follows', async () => {
    const both = async (quiet: Store): Promise<void> => {
      await sweep(later, quiet);
      await commit(quiet, back);
    };
    await atEveryCall((busy) => sweep(later, busy), both, nothingNamedIsGone);
  });
});

it('sweeps and commits in any interleaving never leave the index naming a file that is gone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const home = await newFolder();
      const quiet = await openStore(home);
      await commit(quiet, first);
      await commit(quiet, second);
      // A return to the first revision's content relies on files that the sweeps are about to remove.
      const step = (name: string, call: () => Promise<unknown>): Promise<unknown> =>
        scheduler.schedule(Promise.resolve(), name).then(call);
      const busy = interferedWith(quiet, step);
      const back = { ...(await commitOf(quiet, { ...first, token: 'back' })), lake: busy.lake, index: busy.index };
      const again = {
        ...(await commitOf(quiet, { ...first, etag: 'f', token: 'again' })),
        lake: busy.lake,
        index: busy.index,
      };
      const running = Promise.all([sweep(later, busy), sweep(later, busy), commitBatch(back), commitBatch(again)]);
      await scheduler.waitFor(running);
      const [, , one, two] = await running;
      // Both bring the same files: who comes second finds them standing, or lost the race to write them.
      expect([one.is, two.is].sort()).toEqual(['committed', expect.stringMatching(/^(lost|unchanged)$/)]);
      await nothingNamedIsGone(quiet);
      await sweep(later, quiet);
      expect(await paths(quiet)).toEqual(await named(quiet));
      await removeFolder(home);
    }),
    { numRuns: 40 },
  );
});
