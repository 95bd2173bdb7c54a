import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lake, NotFound } from '../../src/state/lake.ts';
import { collect } from './collect.ts';

export interface OpenLake {
  readonly lake: Lake;
  readonly close: () => Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = async (lake: Lake, path: string): Promise<string> => new TextDecoder().decode(await lake.read(path));

/** What every lake promises. `open` gives an empty one. */
export function lakeSuite(name: string, open: () => Promise<OpenLake>): void {
  describe(`${name} keeps the promises of a lake`, () => {
    let opened: OpenLake;
    let lake: Lake;
    beforeAll(async () => {
      opened = await open();
      lake = opened.lake;
    });
    afterAll(() => opened.close());

    it('gives back what was created', async () => {
      expect(await lake.create('round/trip', Uint8Array.of(0, 255, 10, 13, 0))).toBe('created');
      expect([...(await lake.read('round/trip'))]).toEqual([0, 255, 10, 13, 0]);
      expect(await lake.exists('round/trip')).toBe(true);
    });

    it('holds empty files', async () => {
      expect(await lake.create('empty/file', new Uint8Array())).toBe('created');
      expect(await lake.read('empty/file')).toHaveLength(0);
      expect((await collect(lake.list('empty/')))[0]).toMatchObject({ path: 'empty/file', size: 0 });
    });

    it('never overwrites', async () => {
      await lake.create('once/only', bytes('first'));
      expect(await lake.create('once/only', bytes('second, and longer'))).toBe('exists');
      expect(await text(lake, 'once/only')).toBe('first');
    });

    it('lets one of many writers of a path win, and keeps that one whole', async () => {
      const contents = Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + i).repeat(200_000));
      const outcomes = await Promise.all(contents.map((content) => lake.create('raced/path', bytes(content))));
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
      expect(await text(lake, 'raced/path')).toBe(contents[outcomes.indexOf('created')]);
    });

    it('says which path holds nothing', async () => {
      const failure = await lake.read('nowhere/at/all').catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NotFound);
      expect(failure).toMatchObject({ path: 'nowhere/at/all', message: expect.stringContaining('nowhere/at/all') });
      expect(await lake.exists('nowhere/at/all')).toBe(false);
    });

    it('does not take a folder for a file', async () => {
      await lake.create('some/folder/file', bytes('x'));
      expect(await lake.exists('some/folder')).toBe(false);
      await expect(lake.read('some/folder')).rejects.toBeInstanceOf(NotFound);
    });

    it('removes, twice if asked, and can create again', async () => {
      await lake.create('gone/deep/down/file', bytes('old'));
      await lake.remove('gone/deep/down/file');
      await lake.remove('gone/deep/down/file');
      expect(await lake.exists('gone/deep/down/file')).toBe(false);
      expect(await collect(lake.list('gone'))).toEqual([]);
      expect(await lake.create('gone/deep/down/file', bytes('new'))).toBe('created');
      expect(await text(lake, 'gone/deep/down/file')).toBe('new');
    });

    it('lists by code point of the whole path, with sizes', async () => {
      // Between folder and neighbour decides the slash: `-` < `/` < `0`. Astral signs come after all others.
      const paths = ['s/a-b', 's/a/z', 's/a/y/deep/er', 's/a0', 's/B', 's/é', 's/\u{ff5e}', 's/\u{1f600}'];
      for (const path of paths.toReversed()) await lake.create(path, bytes(path));
      const listed = await collect(lake.list('s/'));
      expect(listed.map(({ path }) => path)).toEqual([
        's/B',
        's/a-b',
        's/a/y/deep/er',
        's/a/z',
        's/a0',
        's/é',
        's/\u{ff5e}',
        's/\u{1f600}',
      ]);
      expect(listed.map(({ size }) => size)).toEqual(listed.map(({ path }) => bytes(path).length));
    });

    it('lists what begins with the text of the prefix, whole parts or not', async () => {
      for (const path of ['p/dt=2025-01-01/a', 'p/dt=2025-01-02/b', 'p/dt=2025-02-01/c', 'pp/d', 'p.txt'])
        await lake.create(path, bytes('x'));
      const paths = async (prefix: string): Promise<string[]> =>
        (await collect(lake.list(prefix))).map(({ path }) => path);
      expect(await paths('p/dt=2025-01')).toEqual(['p/dt=2025-01-01/a', 'p/dt=2025-01-02/b']);
      expect(await paths('p/dt=2025-01-02/b')).toEqual(['p/dt=2025-01-02/b']);
      expect(await paths('p')).toEqual(expect.arrayContaining(['p.txt', 'p/dt=2025-01-01/a', 'pp/d']));
      expect(await paths('p/')).not.toContain('pp/d');
      expect(await paths('q')).toEqual([]);
    });

    it('tells when a file came into being', async () => {
      await lake.create('timed/file', bytes('x'));
      const [entry] = await collect(lake.list('timed/'));
      expect(Math.abs(entry!.modifiedMs - Date.now())).toBeLessThan(60_000);
      expect(Number.isInteger(entry!.modifiedMs)).toBe(true);
    });

    it('holds the signs that partition values are escaped with', async () => {
      const path = 'signs/batch=a%2Fb%20 c+d&e$%3D/part-00000-0123456789ab.parquet';
      await lake.create(path, bytes('x'));
      expect((await collect(lake.list('signs/'))).map((entry) => entry.path)).toEqual([path]);
    });

    it.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', './a', 'a/.', '_tmp/a', 'a\0b', 'a\ud800'])(
      'refuses the path %j',
      async (path) => {
        await expect(async () => lake.create(path, bytes('x'))).rejects.toThrow('lake path');
        await expect(async () => lake.read(path)).rejects.toThrow('lake path');
        await expect(async () => lake.remove(path)).rejects.toThrow('lake path');
      },
    );

    it('refuses to list outside itself', async () => {
      await expect(async () => collect(lake.list('../'))).rejects.toThrow('lake path');
      await expect(async () => collect(lake.list('a/../../'))).rejects.toThrow('lake path');
    });

    it('lists and removes while others create and remove', async () => {
      const churn = Array.from({ length: 30 }, async (_, i) => {
        await lake.create(`churn/${i % 5}/${i}`, bytes('x'.repeat(1000)));
        if (i % 2 === 0) await lake.remove(`churn/${i % 5}/${i}`);
      });
      const looks = Array.from({ length: 10 }, () => collect(lake.list('churn/')));
      for (const seen of await Promise.all(looks)) for (const { size } of seen) expect(size).toBe(1000);
      await Promise.all(churn);
      expect(await collect(lake.list('churn/'))).toHaveLength(15);
    });
  });
}
