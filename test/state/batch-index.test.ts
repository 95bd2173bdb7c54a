import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommittedBatch } from '../../src/state/batch-index.ts';
import type { BatchItem, SettledSlice } from '../../src/state/batch-item.ts';
import { collect } from '../conformance/collect.ts';
import { interferedWith } from './interference.ts';
import {
  DAY,
  END,
  indexed,
  newFolder,
  openStore,
  PROJECT,
  QUARTER,
  removeFolder,
  type Store,
  sliceOf,
  VERSION,
} from './mini-batches.ts';

let store: Store;
beforeEach(async () => {
  store = await openStore(await newFolder());
});
afterEach(() => removeFolder(store.root));

const PLANNED = Date.UTC(2025, 2, 4, 10, 39);

const itemOf = (miniBatchId: string, sliceEnd: number, revision = 1): BatchItem => ({
  miniBatchId,
  state: revision > 0 ? 'committed' : 'failed',
  revision,
  sliceEnd,
  attemptToken: 't',
  manifest: revision > 0 ? { path: `m/${miniBatchId}`, sha256: 'ab' } : null,
  inputs: {},
  committedAt: revision > 0 ? 0 : null,
  failure: null,
  superseded: [],
  sweptRevision: 0,
  windowContent: revision > 0 ? `c/${miniBatchId}` : '',
  readFrom: 'f',
  standsOn: '',
  affected: null,
});

const committed = (miniBatchId: string, sliceEnd: number): CommittedBatch => {
  const { revision, manifest, windowContent, standsOn, affected } = itemOf(miniBatchId, sliceEnd);
  return { miniBatchId, sliceEnd, revision, manifest: manifest!, windowContent, standsOn, affected };
};

async function put(
  miniBatchId: string,
  sliceEnd: number,
  { revision = 1, range = true, project = PROJECT, version = VERSION } = {},
): Promise<void> {
  const item = itemOf(miniBatchId, sliceEnd, revision);
  if (range) await store.index.enterRange(project, version, item, PLANNED);
  expect(await store.index.record(project, version, item, undefined)).toBe('stored');
}

describe('a slice', () => {
  it('is settled by whoever comes first, for all', async () => {
    const given = [sliceOf('mb-1'), { ...sliceOf('mb-1', END + QUARTER), source: 'last_modified' }];
    const settled = await Promise.all(given.map((slice) => store.index.settle(PROJECT, slice)));
    const [winner] = settled.filter((one) => one.is === 'settled' && one.isNew);
    expect(settled.filter((one) => one.is === 'settled' && one.isNew)).toHaveLength(1);
    const slices = settled.map((one) => (one.is === 'settled' ? one.slice : undefined));
    expect(slices).toEqual([winner, winner].map((one) => (one?.is === 'settled' ? one.slice : undefined)));
    expect(await store.index.settledSlice(PROJECT, 'mb-1')).toEqual(slices[0]);
    expect(await store.index.settledSlice('other', 'mb-1')).toBeUndefined();
  });

  it('is kept as text, to the millisecond', async () => {
    const slice = sliceOf('mb-1');
    expect(await store.index.settle(PROJECT, { ...slice, path: `${slice.path}/` })).toEqual({
      is: 'settled',
      slice,
      isNew: true,
    });
    expect(await indexed(store.items)).toEqual({
      'slice#mb-1': {
        mini_batch_id: 'mb-1',
        ts: '2025-03-04T10:40:05.250Z',
        slice_start_ts: '2025-03-04T10:23:00Z',
        slice_end_ts: '2025-03-04T10:38:00Z',
        batch_start_ts: '2025-03-04T10:38:00Z',
        batch_end_ts: '2025-03-04T10:40:05.250Z',
        source: 'event_time',
        path: 'raw/paloalto/acme/hq/2025/03/04/mb-1',
      },
    });
    expect(await store.index.settle(PROJECT, slice)).toEqual({ is: 'settled', slice, isNew: false });
  });

  it('belongs to one folder', async () => {
    const slice = sliceOf('mb-1');
    await store.index.settle(PROJECT, slice);
    const elsewhere = { ...slice, path: 'raw/paloalto/acme/lab/2025/03/04/mb-1' };
    for (const settlement of [
      await store.index.settle(PROJECT, elsewhere),
      await store.index.resettle(PROJECT, elsewhere, 0),
    ]) {
      expect(settlement).toMatchObject({ is: 'elsewhere', known: slice });
      expect(settlement.is === 'elsewhere' && settlement.fault).toBe(
        'mini-batch mb-1 of project office is known from raw/paloalto/acme/hq/2025/03/04/mb-1, not from ' +
          'raw/paloalto/acme/lab/2025/03/04/mb-1; ids are unique in a project: rename the folder, or set mini_batch_id_template on the route',
      );
    }
    expect(await store.index.settledSlice(PROJECT, 'mb-1')).toEqual(slice);
    expect((await store.index.settle('lab', elsewhere)).is).toBe('settled');
  });

  it('is replaced only on request, which is recorded', async () => {
    const at = (end: number): SettledSlice => ({ ...sliceOf('mb-1', end), source: 'at' });
    await store.index.settle(PROJECT, sliceOf('mb-1'));
    await store.index.resettle(PROJECT, at(END + QUARTER), Date.UTC(2025, 2, 5));
    await store.index.resettle(PROJECT, at(END + 2 * QUARTER), Date.UTC(2025, 2, 6));
    expect(await store.index.settledSlice(PROJECT, 'mb-1')).toEqual(at(END + 2 * QUARTER));
    expect(await store.index.settle(PROJECT, sliceOf('mb-1'))).toMatchObject({
      slice: at(END + 2 * QUARTER),
      isNew: false,
    });
    expect((await indexed(store.items))['slice#mb-1']).toMatchObject({
      source: 'at',
      replaced: [
        { source: 'event_time', slice_end_ts: '2025-03-04T10:38:00Z', replaced_at: '2025-03-05T00:00:00.000Z' },
        { source: 'at', slice_end_ts: '2025-03-04T10:53:00Z', replaced_at: '2025-03-06T00:00:00.000Z' },
      ],
    });
  });

  it('that was given for nothing is taken back, and what was settled before it or since stands', async () => {
    const { index } = store;
    const given: SettledSlice = { ...sliceOf('mb-1', END + QUARTER), source: 'at' };
    await index.resettle(PROJECT, given, 0);
    await index.withdraw(PROJECT, given, undefined, 1);
    expect(await index.settledSlice(PROJECT, 'mb-1')).toBeUndefined();
    await index.withdraw(PROJECT, given, undefined, 1);

    await index.settle(PROJECT, sliceOf('mb-1'));
    await index.withdraw(PROJECT, sliceOf('mb-1'), undefined, 1);
    expect(await index.settledSlice(PROJECT, 'mb-1')).toEqual(sliceOf('mb-1'));
    await index.resettle(PROJECT, given, 2);
    await index.withdraw(PROJECT, { miniBatchId: 'mb-1', ts: given.ts + 1 }, sliceOf('mb-1'), 3);
    expect(await index.settledSlice(PROJECT, 'mb-1')).toEqual(given);
    await index.withdraw(PROJECT, given, sliceOf('mb-1'), 3);
    expect(await index.settledSlice(PROJECT, 'mb-1')).toEqual(sliceOf('mb-1'));
  });

  it('can be given before any notification', async () => {
    expect(await store.index.resettle(PROJECT, sliceOf('mb-1'), 0)).toEqual({
      is: 'settled',
      slice: sliceOf('mb-1'),
      isNew: true,
    });
  });
});

describe('a record', () => {
  it('replaces only the state that its writer knew', async () => {
    const { index } = store;
    const first = itemOf('mb-1', END);
    expect(await index.record(PROJECT, VERSION, first, undefined)).toBe('stored');
    expect(await index.record(PROJECT, VERSION, first, undefined)).toBe('conflict');
    expect(await index.record(PROJECT, VERSION, first, { ...first, revision: 2 })).toBe('conflict');
    expect(await index.record(PROJECT, VERSION, first, { ...first, attemptToken: 'u' })).toBe('conflict');
    const failure = { reason: 'because', at: 1_500 };
    const second = {
      ...first,
      revision: 2,
      attemptToken: 'u',
      failure,
      superseded: [{ path: 'm/old', sha256: 'cd' }],
      inputs: { a: 'e' },
    };
    expect(await index.record(PROJECT, VERSION, second, first)).toBe('stored');
    expect(await index.batch(PROJECT, VERSION, 'mb-1')).toEqual(second);
    expect(await index.batch(PROJECT, 'v2', 'mb-1')).toBeUndefined();
  });

  it('that cannot be read is named, with the attribute', async () => {
    await store.items.put('batch_index', PROJECT, 'v1#batch#mb-1', {
      mini_batch_id: 'mb-1',
      state: 'committed',
      revision: 'one',
    });
    await expect(store.index.batch(PROJECT, VERSION, 'mb-1')).rejects.toThrow(
      'batch_index item office/v1#batch#mb-1: revision is "one", expected a whole number',
    );
  });

  it.each(['', 'slice', 'v1#batch'])('refuses the version %j', async (version) => {
    await expect(async () => store.index.record(PROJECT, version, itemOf('mb-1', END), undefined)).rejects.toThrow(
      'feature spec version',
    );
    await expect(store.index.committedBetween(PROJECT, version, 0, END)).rejects.toThrow('feature spec version');
  });
});

describe('a range', () => {
  it('holds what is committed, open at its start and closed at its end, by slice and id', async () => {
    await put('b', END);
    await put('a', END);
    await put('z', END - QUARTER);
    await put('early', END - 2 * QUARTER);
    await put('late', END + QUARTER);
    await put('failed', END, { revision: 0, range: false });
    await put('other project', END, { project: 'lab' });
    await put('other version', END, { version: 'v2' });
    const found = await store.index.committedBetween(PROJECT, VERSION, END - 2 * QUARTER, END);
    expect(found).toEqual([committed('z', END - QUARTER), committed('a', END), committed('b', END)]);
    expect(await store.index.firstCommitted(PROJECT, VERSION)).toMatchObject({ miniBatchId: 'early' });
    expect(await store.index.firstCommitted('nobody', VERSION)).toBeUndefined();
  });

  it('lacks what was recorded without an entry, until that is entered', async () => {
    await put('a', END, { range: false });
    await put('b', END + QUARTER, { range: false });
    await put('c', END + QUARTER);
    await put('failed', END, { revision: 0, range: false });
    expect(await store.index.committedBetween(PROJECT, VERSION, 0, END + QUARTER)).toMatchObject([
      { miniBatchId: 'c' },
    ]);
    expect(await store.index.enterMissing(PROJECT, VERSION)).toBe(2);
    const keys = (await collect(store.items.query('batch_index', PROJECT))).map(({ sk }) => sk);
    expect(keys.filter((key) => key.includes('range'))).toEqual([
      'v1#range#2025-03-04T10:38:00Z#a',
      'v1#range#2025-03-04T10:53:00Z#b',
      'v1#range#2025-03-04T10:53:00Z#c',
    ]);
    expect(await store.index.firstCommitted(PROJECT, VERSION)).toMatchObject({ miniBatchId: 'a' });
    expect(await store.index.committedBetween(PROJECT, VERSION, END, END + QUARTER)).toMatchObject([
      { miniBatchId: 'b' },
      { miniBatchId: 'c' },
    ]);
    expect(await store.index.enterMissing(PROJECT, VERSION)).toBe(0);
  });

  it('is read without looking at what lies outside, however much that is', async () => {
    const days = 200;
    for (let i = 0; i < days; i++) await put(`mb-${i}`, END + i * 96 * QUARTER);
    for (let i = 0; i < 20; i++)
      await store.index.enterRange(PROJECT, VERSION, { miniBatchId: `planned ${i}`, sliceEnd: END + days * DAY }, 0);
    const calls: string[] = [];
    const { index } = interferedWith(store, async (name, call) => {
      const result = await call();
      calls.push(name === 'items.keys' ? `${name} ${(result as string[]).length}` : name);
      return result;
    });
    const end = END + 150 * DAY;
    expect(await index.committedBetween(PROJECT, VERSION, end - 2 * DAY, end)).toHaveLength(2);
    expect(calls).toEqual(['items.keys 2', 'items.get', 'items.get']);
    calls.length = 0;
    expect(await index.firstCommitted(PROJECT, VERSION)).toMatchObject({ miniBatchId: 'mb-0' });
    expect(calls).toEqual(['items.keys 8', 'items.get']);
    calls.length = 0;
    expect(await index.newestCommitted(PROJECT, VERSION)).toMatchObject({ miniBatchId: 'mb-199' });
    expect(calls.filter((name) => name.startsWith('items.keys'))).toEqual(['items.keys 8', 'items.keys 64']);
    expect(calls.filter((name) => name === 'items.get')).toHaveLength(8 + 14);
  });

  it('believes the mini-batch, not the entry', async () => {
    await put('a', END);
    await store.index.enterRange(PROJECT, VERSION, { miniBatchId: 'a', sliceEnd: END + QUARTER }, 0);
    await store.index.enterRange(PROJECT, VERSION, { miniBatchId: 'never seen', sliceEnd: END }, 0);
    expect(await store.index.committedBetween(PROJECT, VERSION, 0, END + QUARTER)).toMatchObject([
      { miniBatchId: 'a', sliceEnd: END },
    ]);
  });

  it('holds ids with any sign, in code point order', async () => {
    const ids = ['#', '2025#a', 'a/b', 'batch#x', '\u{ff5e}', '\u{1f600}'];
    for (const id of ids.toReversed()) await put(id, END);
    const found = await store.index.committedBetween(PROJECT, VERSION, 0, END);
    expect(found.map(({ miniBatchId }) => miniBatchId)).toEqual(ids);
  });

  it('has any ends', async () => {
    await put('a', END);
    const found = async (from: number, to: number): Promise<number> =>
      (await store.index.committedBetween(PROJECT, VERSION, from, to)).length;
    const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    expect([await found(low, high), await found(low, END), await found(END - 1, END)]).toEqual([1, 1, 1]);
    expect([await found(-5, END + 1), await found(END - 1, 9e15)]).toEqual([1, 1]);
    expect([await found(low, END - 1), await found(END, high), await found(END, END), await found(low, -1)]).toEqual([
      0, 0, 0, 0,
    ]);
    expect([await found(high, low), await found(high, high), await found(low, low)]).toEqual([0, 0, 0]);
  });

  it('tells what is planned in it, since when, and what became of it', async () => {
    const { index } = store;
    const enter = (miniBatchId: string, sliceEnd: number, nowMs = PLANNED): Promise<void> =>
      index.enterRange(PROJECT, VERSION, { miniBatchId, sliceEnd }, nowMs);
    for (const [id, end] of [
      ['in hand', END],
      ['moved', END + QUARTER],
      ['later', END + QUARTER],
    ] as const)
      await index.settle(PROJECT, sliceOf(id, end));
    await put('done', END);
    await put('failed', END, { revision: 0 });
    await enter('in hand', END);
    await enter('in hand', END, PLANNED + 1);
    await enter('moved', END);
    await enter('nobody knows', END);
    await enter('later', END + QUARTER);
    await store.items.put('batch_index', PROJECT, 'v1#range#2025-03-04T10:38:00Z#by 0.1.0', {});
    await index.record(PROJECT, VERSION, itemOf('by 0.1.0', END), undefined);
    expect(await index.planned(PROJECT, VERSION, END - QUARTER, END)).toEqual([
      { miniBatchId: 'by 0.1.0', sliceEnd: END, plannedAt: null, is: 'committed' },
      { miniBatchId: 'done', sliceEnd: END, plannedAt: PLANNED, is: 'committed' },
      { miniBatchId: 'failed', sliceEnd: END, plannedAt: PLANNED, is: 'failed' },
      { miniBatchId: 'in hand', sliceEnd: END, plannedAt: PLANNED, is: 'planned' },
    ]);
    await enter('moved', END + QUARTER);
    expect(await index.planned(PROJECT, VERSION, END, END + QUARTER)).toMatchObject([
      { miniBatchId: 'later', is: 'planned' },
      { miniBatchId: 'moved', is: 'planned' },
    ]);
    expect(await index.planned('nobody', VERSION, 0, END)).toEqual([]);
  });

  it('is what sorting and filtering all mini-batches would give', async () => {
    const batches = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 4, unit: 'grapheme' }),
        slot: fc.nat(5),
        revision: fc.nat(2),
        range: fc.boolean(),
      }),
      { selector: ({ id }) => id, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(6), fc.nat(6), async (known, from, to) => {
        const home = store;
        store = await openStore(await newFolder());
        for (const { id, slot, revision, range } of known) await put(id, END + slot * QUARTER, { revision, range });
        const inOrder = known
          .filter(({ revision }) => revision > 0)
          .sort((a, b) => a.slot - b.slot || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
        for (const isWhole of [false, true]) {
          const all = inOrder.filter(({ range }) => range || isWhole);
          const inside = all.filter(({ slot }) => slot > from && slot <= to);
          const found = await store.index.committedBetween(PROJECT, VERSION, END + from * QUARTER, END + to * QUARTER);
          expect(found.map(({ miniBatchId }) => miniBatchId)).toEqual(inside.map(({ id }) => id));
          expect((await store.index.firstCommitted(PROJECT, VERSION))?.miniBatchId).toBe(all[0]?.id);
          expect((await store.index.newestCommitted(PROJECT, VERSION))?.miniBatchId).toBe(all.at(-1)?.id);
          await store.index.enterMissing(PROJECT, VERSION);
        }
        await removeFolder(store.root);
        store = home;
      }),
      { numRuns: 40 },
    );
  });
});
