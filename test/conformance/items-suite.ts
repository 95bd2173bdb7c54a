import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginningWith, type Item, type Items } from '../../src/state/items.ts';
import { collect } from './collect.ts';

export interface OpenItems {
  readonly items: Items;
  readonly close: () => Promise<void>;
}

/** What every store of items promises. `open` gives an empty one that knows the table `things`. */
export function itemsSuite(name: string, open: () => Promise<OpenItems>): void {
  describe(`${name} keeps the promises of items`, () => {
    const T = 'things';
    let opened: OpenItems;
    let items: Items;
    beforeAll(async () => {
      opened = await open();
      items = opened.items;
    });
    afterAll(() => opened.close());
    const query = async (pk: string, from?: string, to?: string): Promise<string[]> => {
      const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
      return (await collect(items.query(T, pk, range))).map(({ sk }) => sk);
    };

    it('gives back what was put, and nothing where nothing was', async () => {
      const item: Item = {
        text: 'é "quoted"\n',
        whole: 12,
        part: 0.1,
        yes: true,
        none: null,
        empty: '',
        numbers: [-0.1, 2 ** 53 + 2, -1e21, 5e-9, 1 / 3, 0],
        list: [1, { a: 'b' }],
        map: { k: [], 'a.b/c': { '': '' } },
        project_name: 'its own',
        sk: 7,
        '=sk': null,
        put_token: true,
      };
      expect(await items.get(T, 'p', 'round')).toBeUndefined();
      expect(await items.put(T, 'p', 'round', item)).toBe('stored');
      expect(await items.get(T, 'p', 'round')).toEqual(item);
      expect(await items.get(T, 'q', 'round')).toBeUndefined();
    });

    it('puts without condition over whatever is there, and keeps no attribute of it', async () => {
      await items.put(T, 'p', 'over', { a: 1, b: 2 });
      await items.put(T, 'p', 'over', { b: 3 });
      expect(await items.get(T, 'p', 'over')).toEqual({ b: 3 });
    });

    it('puts where nothing is only where nothing is', async () => {
      expect(await items.put(T, 'p', 'first', { n: 1 }, { absent: true })).toBe('stored');
      expect(await items.put(T, 'p', 'first', { n: 2 }, { absent: true })).toBe('conflict');
      expect(await items.get(T, 'p', 'first')).toEqual({ n: 1 });
    });

    it('puts where the named attributes match, all of them', async () => {
      await items.put(T, 'p', 'match', { revision: 1, token: 'a', other: 'x' });
      expect(await items.put(T, 'p', 'match', { revision: 9 }, { matches: { revision: 2, token: 'a' } })).toBe(
        'conflict',
      );
      expect(await items.put(T, 'p', 'match', { revision: 9 }, { matches: { revision: '1' } })).toBe('conflict');
      expect(await items.put(T, 'p', 'match', { revision: 9 }, { matches: { missing: 1 } })).toBe('conflict');
      expect(await items.put(T, 'p', 'match', { revision: 2 }, { matches: { revision: 1, token: 'a' } })).toBe(
        'stored',
      );
      expect(await items.get(T, 'p', 'match')).toEqual({ revision: 2 });
    });

    it('matches lists and maps by what they hold', async () => {
      await items.put(T, 'p', 'deep', { list: [1, { a: 'b', c: null }] });
      expect(await items.put(T, 'p', 'deep', { ok: 1 }, { matches: { list: [1, { a: 'b' }] } })).toBe('conflict');
      expect(await items.put(T, 'p', 'deep', { ok: 1 }, { matches: { list: [1, { c: null, a: 'b' }] } })).toBe(
        'stored',
      );
    });

    it('matches nothing where nothing is', async () => {
      expect(await items.put(T, 'p', 'nothing', { n: 1 }, { matches: { n: 1 } })).toBe('conflict');
      expect(await items.put(T, 'p', 'nothing', { n: 1 }, { matches: {} })).toBe('conflict');
      expect(await items.get(T, 'p', 'nothing')).toBeUndefined();
    });

    it('removes, twice if asked; what comes after is new', async () => {
      await items.put(T, 'p', 'gone', { n: 1 });
      await items.remove(T, 'p', 'gone');
      await items.remove(T, 'p', 'gone');
      await items.remove(T, 'p', 'never there');
      expect(await items.get(T, 'p', 'gone')).toBeUndefined();
      expect(await items.put(T, 'p', 'gone', { n: 2 }, { matches: { n: 1 } })).toBe('conflict');
      expect(await items.put(T, 'p', 'gone', { n: 2 }, { absent: true })).toBe('stored');
      expect(await items.get(T, 'p', 'gone')).toEqual({ n: 2 });
    });

    it('queries by sort key in code point order, both ends included', async () => {
      const keys = ['B', 'a', 'a-b', 'a/z', 'a0', 'b', 'é', '\u{ff5e}', '\u{1f600}'];
      for (const sk of keys.toReversed()) await items.put(T, 'order', sk, { sk });
      expect(await query('order')).toEqual(keys);
      expect(await query('order', 'a', 'b')).toEqual(['a', 'a-b', 'a/z', 'a0', 'b']);
      expect(await query('order', 'a0')).toEqual(['a0', 'b', 'é', '\u{ff5e}', '\u{1f600}']);
      expect(await query('order', undefined, 'a')).toEqual(['B', 'a']);
      expect(await query('order', 'x', 'c')).toEqual([]);
      expect(await query('nobody')).toEqual([]);
    });

    it('queries what begins alike, and never what was removed', async () => {
      for (const sk of ['v1#batch#b', 'v1#batch#a', 'v1#range#a', 'v10#batch#a', 'slice#a', 'v1#batch'])
        await items.put(T, 'prefix', sk, { sk });
      const { from, to } = beginningWith('v1#batch#');
      expect(await query('prefix', from, to)).toEqual(['v1#batch#a', 'v1#batch#b']);
      expect(await items.keys(T, 'prefix', { from: 'v1#batch#', to: beginningWith('v1#range#').to! })).toEqual([
        'v1#batch#a',
        'v1#batch#b',
        'v1#range#a',
      ]);
      await items.remove(T, 'prefix', 'v1#batch#a');
      expect(await query('prefix', from, to)).toEqual(['v1#batch#b']);
    });

    it('gives keys from either end, as many as are asked for', async () => {
      const keys = Array.from({ length: 9 }, (_, i) => `k${i}`);
      for (const sk of keys) await items.put(T, 'ends', sk, {});
      const range = { from: 'k2', to: 'k7' };
      expect(await items.keys(T, 'ends', range, { limit: 2 })).toEqual(['k2', 'k3']);
      expect(await items.keys(T, 'ends', range, { reverse: true })).toEqual(keys.slice(2, 8).toReversed());
      expect(await items.keys(T, 'ends', range, { reverse: true, limit: 3 })).toEqual(['k7', 'k6', 'k5']);
      expect(await items.keys(T, 'ends', range, { limit: 100 })).toEqual(keys.slice(2, 8));
      expect(await items.keys(T, 'ends', undefined, { reverse: true, limit: 1 })).toEqual(['k8']);
      expect(await items.keys(T, 'ends', { from: 'z' }, { reverse: true, limit: 1 })).toEqual([]);
    });

    it('matches the attributes that are named like keys', async () => {
      await items.put(T, 'p', 'named', { sk: 1, project_name: '', none: null });
      expect(await items.put(T, 'p', 'named', { n: 1 }, { matches: { sk: 'named' } })).toBe('conflict');
      expect(await items.put(T, 'p', 'named', { n: 1 }, { matches: { none: '' } })).toBe('conflict');
      expect(await items.put(T, 'p', 'named', { n: 1 }, { matches: { sk: 1, project_name: '', none: null } })).toBe(
        'stored',
      );
    });

    it('queries more than one answer of a server can hold, and gives its keys', async () => {
      const filler = 'x'.repeat(300_000);
      for (let i = 0; i < 8; i++) await items.put(T, 'large', `k${i}`, { i, filler });
      const found = await collect(items.query(T, 'large'));
      expect(found.map(({ sk, item }) => [sk, item['i'], (item['filler'] as string).length])).toEqual(
        Array.from({ length: 8 }, (_, i) => [`k${i}`, i, 300_000]),
      );
      expect(await items.keys(T, 'large', {}, { reverse: true, limit: 7 })).toHaveLength(7);
      expect(await items.keys(T, 'large')).toHaveLength(8);
    });

    it('gives the items with their keys', async () => {
      await items.put(T, 'pairs', 'k', { n: 1 });
      expect(await collect(items.query(T, 'pairs'))).toEqual([{ sk: 'k', item: { n: 1 } }]);
      expect(await items.keys(T, 'pairs')).toEqual(['k']);
    });

    it.each([
      'plain',
      'slice#2025/01/01 10:38',
      '.',
      '..',
      '_tmp',
      '.hidden',
      '%41',
      "it's (not) *safe*!~",
      'ÄÖ\u{1f600}\\:?"<>|',
      'line\nbreak',
      '__proto__',
    ])('holds the key %j as any other', async (key) => {
      expect(await items.put(T, key, key, { key }, { absent: true })).toBe('stored');
      expect(await items.get(T, key, key)).toEqual({ key });
      expect(await query(key)).toEqual([key]);
    });

    it('refuses empty keys', async () => {
      await expect(async () => items.put(T, '', 'sk', {})).rejects.toThrow('is empty');
      await expect(async () => items.put(T, 'pk', '', {})).rejects.toThrow('is empty');
    });

    it('lets one of many first writers win', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, n) => items.put(T, 'race', 'first', { n }, { absent: true })),
      );
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      expect(await items.get(T, 'race', 'first')).toEqual({ n: outcomes.indexOf('stored') });
    });

    it('loses no update of writers that compare and swap', async () => {
      await items.put(T, 'race', 'count', { n: 0 });
      const add = async (): Promise<void> => {
        for (;;) {
          const n = (await items.get(T, 'race', 'count'))!['n'] as number;
          if ((await items.put(T, 'race', 'count', { n: n + 1 }, { matches: { n } })) === 'stored') return;
        }
      };
      await Promise.all(
        Array.from({ length: 6 }, async () => {
          for (let i = 0; i < 10; i++) await add();
        }),
      );
      expect(await items.get(T, 'race', 'count')).toEqual({ n: 60 });
    });

    it('shows readers whole items only, never older than one they saw', async () => {
      const filler = 'x'.repeat(20_000);
      await items.put(T, 'race', 'big', { n: 0, filler });
      let isDone = false;
      const read = async (): Promise<void> => {
        for (let last = 0; !isDone; ) {
          const seen = await items.get(T, 'race', 'big');
          expect(seen).toMatchObject({ filler });
          expect(seen!['n'] as number).toBeGreaterThanOrEqual(last);
          last = seen!['n'] as number;
        }
      };
      const readers = [read(), read()];
      for (let n = 1; n <= 60; n++) await items.put(T, 'race', 'big', { n, filler });
      isDone = true;
      await Promise.all(readers);
    });

    it('queries a thousand items whole and in order', async () => {
      const keys = Array.from({ length: 1000 }, (_, i) => `v1#batch#mb-${String(i).padStart(5, '0')}`);
      for (let i = 0; i < keys.length; i += 50)
        await Promise.all(keys.slice(i, i + 50).map((sk) => items.put(T, 'many', sk, { sk })));
      const seen = await collect(items.query(T, 'many', beginningWith('v1#batch#')));
      expect(seen.map(({ sk }) => sk)).toEqual(keys);
      expect(seen.every(({ sk, item }) => item['sk'] === sk)).toBe(true);
    });
  });
}
