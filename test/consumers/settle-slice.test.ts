import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NoEventEnd, SliceRules } from '../../src/config/slice-time.ts';
import { miniBatchFolderOf, type SliceLookups, settleMiniBatch } from '../../src/consumers/settle-slice.ts';
import { newFolder, openStore, removeFolder, type Store } from '../state/mini-batches.ts';

const PROJECT = 'office';
const NOW = Date.UTC(2026, 2, 10, 12, 0);
const QUARTER = 900_000;
const RULES: SliceRules = { sliceTime: 'auto', idPattern: null, floorMinutes: [8, 23, 38, 53], now: NOW };
const FOLDER = miniBatchFolderOf('raw/paloalto/acme/hq/2026/03/02/mb-1');

let store: Store;
/** What was looked up, in order. */
let asked: string[];
beforeEach(async () => {
  asked = [];
  store = await openStore(await newFolder());
});
afterEach(() => removeFolder(store.root));

function lookups({
  modified = [] as number[],
  maxEventEnd = { none: 'none from 2026-03-02' } as number | NoEventEnd,
} = {}): SliceLookups {
  const files = modified.map((modifiedMs, n) => ({
    name: `${n}`,
    path: `${n}`,
    size: 1,
    modifiedMs,
    arrivedMs: modifiedMs,
  }));
  return {
    get files() {
      asked.push('files');
      return files;
    },
    async maxEventEnd(from, to) {
      asked.push(
        `events of ${new Date(from).toISOString().slice(0, 10)} to ${new Date(to).toISOString().slice(0, 10)}`,
      );
      return maxEventEnd;
    },
  };
}

const settle = (
  own: { folder?: typeof FOLDER; rules?: Partial<SliceRules>; look?: SliceLookups; at?: number | null } = {},
) =>
  settleMiniBatch(store.index, PROJECT, own.folder ?? FOLDER, { ...RULES, ...own.rules }, own.look ?? lookups(), {
    at: own.at ?? null,
  });

describe('a folder', () => {
  it.each([
    ['raw/paloalto/acme/hq/2026/03/02/mb-1', '2026-03-02', 'raw/paloalto/acme/hq/2026/03/02/mb-1'],
    ['raw/2024/02/29/mb-1///', '2024-02-29', 'raw/2024/02/29/mb-1'],
    ['2026/03/02/mb-1', '2026-03-02', '2026/03/02/mb-1'],
    ['somewhere/else/mb-1', null, 'somewhere/else/mb-1'],
    ['mb-1/', null, 'mb-1'],
  ])('%s is known by its name and its date', (path, date, plain) => {
    expect(miniBatchFolderOf(path)).toEqual({ path: plain, name: 'mb-1', miniBatchId: 'mb-1', date });
  });

  it('under a date that does not exist is a fault that says so', () => {
    expect(() => miniBatchFolderOf('raw/2026/02/30/mb-1')).toThrow('2026-02-30');
  });
});

describe('a slice', () => {
  it('of an old folder is that of its newest event, and the files are read for it once', async () => {
    const look = lookups({ maxEventEnd: Date.UTC(2026, 2, 2, 10, 38, 0) });
    const first = await settle({ look });
    expect(first).toMatchObject({
      is: 'settled',
      slice: {
        ...{ miniBatchId: 'mb-1', path: FOLDER.path, source: 'max_event_end' },
        ...{ sliceStart: Date.UTC(2026, 2, 2, 10, 23), sliceEnd: Date.UTC(2026, 2, 2, 10, 38) },
      },
    });
    expect(asked).toEqual(['events of 2026-03-01 to 2026-03-04']);
    expect(await settle({ look })).toEqual(first);
    expect(asked).toHaveLength(1);
  });

  it('of a folder of today is that of its newest file', async () => {
    const folder = miniBatchFolderOf('raw/2026/03/10/mb-1');
    const look = lookups({ modified: [NOW - QUARTER, NOW - 60_000, NOW - 3 * QUARTER] });
    const outcome = await settle({ folder, look });
    expect(outcome).toMatchObject({
      slice: { source: 'last_modified', batchEnd: NOW - 60_000, sliceEnd: Date.UTC(2026, 2, 10, 11, 53) },
    });
    expect(new Set(asked)).toEqual(new Set(['files']));
  });

  it('is that of the name, without a look at the files, where the rules say how to read it', async () => {
    const folder = miniBatchFolderOf('raw/2026/03/02/fw-20260302T1040');
    const outcome = await settle({ folder, rules: { idPattern: '{yyyy}{mm}{dd}T{HH}{MM}' } });
    expect(outcome).toMatchObject({
      slice: { source: 'id_pattern', batchEnd: Date.UTC(2026, 2, 2, 10, 40), sliceEnd: Date.UTC(2026, 2, 2, 10, 38) },
    });
    expect(asked).toEqual([]);
  });

  it('stays what it was first, whatever the rules and the files say later', async () => {
    const first = await settle({ look: lookups({ maxEventEnd: Date.UTC(2026, 2, 2, 10, 38) }) });
    const later = await settle({
      rules: { sliceTime: 'last_modified', now: NOW + 1e9 },
      look: lookups({ modified: [Date.UTC(2026, 2, 2, 20, 0)], maxEventEnd: Date.UTC(2026, 2, 2, 22, 0) }),
    });
    expect(later).toEqual(first);
  });

  it('is one for all who settle it at once', async () => {
    const ends = [1, 2, 3, 4].map((hour) => Date.UTC(2026, 2, 2, hour, 8));
    const outcomes = await Promise.all(ends.map((maxEventEnd) => settle({ look: lookups({ maxEventEnd }) })));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
  });

  it('is replaced by a time that is given, and by nothing else', async () => {
    await settle({ look: lookups({ maxEventEnd: Date.UTC(2026, 2, 2, 10, 38) }) });
    const at = Date.UTC(2026, 2, 2, 15, 0);
    const given = await settle({ at });
    expect(given).toMatchObject({ slice: { source: 'at', ts: at, sliceEnd: Date.UTC(2026, 2, 2, 14, 53) } });
    expect(await settle()).toEqual(given);
  });

  it('of another folder with the same name is a fault that names both', async () => {
    const look = lookups({ maxEventEnd: Date.UTC(2026, 2, 3, 10, 38) });
    const other = miniBatchFolderOf('raw/paloalto/acme/hq/2026/03/03/mb-1');
    await settle({ look });
    for (const at of [null, NOW]) {
      const outcome = await settle({ folder: other, look, at });
      expect(outcome).toMatchObject({ is: 'fault', why: expect.stringContaining(other.path) });
      expect(outcome).toMatchObject({ why: expect.stringContaining(FOLDER.path) });
    }
  });

  it.each([
    ['has no event near its date', {}, lookupsOf(null), '2026-03-02'],
    ['has no file', { sliceTime: 'last_modified' as const }, lookupsOf(null), 'mb-1'],
    ['was written on another day', { sliceTime: 'last_modified' as const }, lookupsOf(NOW), '2026-03-10T12:00:00Z'],
    ['has a name without a time', { idPattern: '{HH}{MM}' }, lookupsOf(null), 'mb-1'],
    ['has no pattern', { sliceTime: 'id_pattern' as const }, lookupsOf(null), 'input.id_pattern'],
  ])('is a fault where the folder %s, and is not settled', async (_, rules, modified, says) => {
    const outcome = await settle({ rules, look: lookups({ modified }) });
    expect(outcome).toMatchObject({ is: 'fault', why: expect.stringContaining(says) });
    expect(await store.index.settledSlice(PROJECT, 'mb-1')).toBeUndefined();
  });
});

function lookupsOf(modified: number | null): number[] {
  return modified === null ? [] : [modified];
}
