import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockKey, WindowState } from '../../src/state/window-state.ts';

export interface OpenWindowState {
  readonly state: WindowState;
  /** Everything that is kept, by whatever name: to see that nothing is left. */
  readonly kept: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const QUARTER = 900_000;
const T0 = Date.UTC(2026, 2, 2, 10, 8);

export const blockKey = (changes: Partial<BlockKey> = {}): BlockKey => ({
  project: 'office',
  version: 'v1',
  shards: 4,
  shard: 0,
  sliceEnd: T0,
  miniBatchId: '20260302T1008',
  manifest: 'ab12'.repeat(16),
  ...changes,
});

/** Ids as forwarders and people make them up. */
const ODD_IDS = [
  'a:b',
  'a:b:1',
  'a%3Ab',
  'a/b',
  '../up',
  '.',
  '..',
  '*',
  'a?[b]^\\',
  'ünï/cödé ☃',
  'with space\tand\nlines',
  'x'.repeat(150),
];

/** What every place of window state promises. `open` gives an empty one. */
export function windowStateSuite(name: string, open: () => Promise<OpenWindowState>): void {
  describe(`${name} keeps the promises of window state`, () => {
    let opened: OpenWindowState;
    let state: WindowState;
    beforeAll(async () => {
      opened = await open();
      state = opened.state;
    });
    afterAll(() => opened.close());
    const far = T0 + 1000 * QUARTER;

    it('gives back what was put, of any size', async () => {
      for (const size of [0, 1, 1999, 1_999_979, 1_999_980, 1_999_981, 2_000_000, 3_999_980, 3_999_981, 7_654_321]) {
        const key = blockKey({ miniBatchId: `of-${size}` });
        const block = randomBytes(size);
        expect(await state.put(key, block)).toBe('stored');
        const found = await state.get(key);
        expect(found === undefined ? undefined : Buffer.compare(found, block), `${size} bytes`).toBe(0);
      }
    });

    it('has nothing where nothing was put', async () => {
      await state.put(blockKey({ project: 'one' }), Uint8Array.of(1));
      const others: Partial<BlockKey>[] = [
        { project: 'two' },
        { version: 'v2' },
        { shards: 5 },
        { shard: 1 },
        { shard: 'project-0a' },
        { sliceEnd: T0 + QUARTER },
        { miniBatchId: 'other' },
        { manifest: 'cd34'.repeat(16) },
      ];
      for (const other of others) expect(await state.get(blockKey({ project: 'one', ...other }))).toBeUndefined();
    });

    it('puts over what was there, be it larger or smaller', async () => {
      const key = blockKey({ miniBatchId: 'over' });
      for (const size of [10, 4_500_000, 2_500_000, 3]) {
        const block = randomBytes(size);
        await state.put(key, block);
        expect(Buffer.compare((await state.get(key))!, block)).toBe(0);
      }
    });

    it('keeps projects, versions and odd ids apart', async () => {
      const keys = ODD_IDS.flatMap((id) => [
        blockKey({ project: 'odd', miniBatchId: id }),
        blockKey({ project: 'odd', version: 'v2', miniBatchId: id }),
        blockKey({ project: 'odd-2', miniBatchId: id }),
      ]);
      for (const [n, key] of keys.entries()) await state.put(key, Uint8Array.of(n));
      for (const [n, key] of keys.entries()) expect([...((await state.get(key)) ?? [])], key.miniBatchId).toEqual([n]);
    });

    it('shows a block whole or not at all while others put over it', async () => {
      const key = blockKey({ miniBatchId: 'race' });
      const blocks = Array.from({ length: 6 }, (_, n) => Buffer.alloc(2_400_000 + n * 700_000, n + 1));
      let isDone = false;
      const reader = (async () => {
        let seen = 0;
        while (!isDone) {
          const found = await state.get(key);
          if (found === undefined) continue;
          seen++;
          expect(Buffer.compare(found, blocks[found[0]! - 1]!)).toBe(0);
        }
        return seen;
      })();
      for (let round = 0; round < 3; round++) await Promise.all(blocks.map((block) => state.put(key, block)));
      isDone = true;
      expect(await reader).toBeGreaterThan(0);
      const last = await state.get(key);
      expect(Buffer.compare(last!, blocks[last![0]! - 1]!)).toBe(0);
    });

    it('forgets the slices that end by an instant, of one project and version', async () => {
      const ends = [0, 1, 2, 3, 4].map((n) => T0 + n * QUARTER);
      const places = [
        { project: 'prune' },
        { project: 'prune', version: 'v2' },
        { project: 'prune-2' },
        { project: 'prun' },
      ];
      for (const place of places)
        for (const sliceEnd of ends) await state.put(blockKey({ ...place, sliceEnd }), Uint8Array.of(7));
      await state.prune('prune', 'v1', ends[2]!);
      for (const place of places) {
        for (const [n, sliceEnd] of ends.entries()) {
          const isGone = place === places[0] && n <= 2;
          expect((await state.get(blockKey({ ...place, sliceEnd }))) === undefined).toBe(isGone);
        }
      }
    });

    it('prunes what is not there', async () => {
      await state.prune('never-seen', 'v1', far);
      expect(await opened.kept()).not.toContainEqual(expect.stringContaining('never-seen'));
    });

    it('prunes while others put, and takes what they put later', async () => {
      const old = Array.from({ length: 40 }, (_, n) => blockKey({ project: 'busy', miniBatchId: `old-${n}` }));
      const young = Array.from({ length: 40 }, (_, n) =>
        blockKey({ project: 'busy', miniBatchId: `young-${n}`, sliceEnd: T0 + QUARTER }),
      );
      const puts = Promise.all([...old, ...young].map((key) => state.put(key, randomBytes(5000))));
      await Promise.all([puts, state.prune('busy', 'v1', T0), state.prune('busy', 'v1', T0)]);
      await state.prune('busy', 'v1', T0);
      for (const key of old) expect(await state.get(key)).toBeUndefined();
      for (const key of young) expect(await state.get(key)).toHaveLength(5000);
    });

    it('leaves nothing behind when all is pruned', async () => {
      for (const project of ['office', 'one', 'odd', 'odd-2', 'prune', 'prune-2', 'prun', 'busy'])
        for (const version of ['v1', 'v2']) await state.prune(project, version, far);
      expect(await opened.kept()).toEqual([]);
    });
  });
}
