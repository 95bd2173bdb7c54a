import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPresent, type RawFile, type RawFiles } from '../../src/state/raw-files.ts';
import { collect } from './collect.ts';

export interface OpenRawFiles {
  readonly rawFiles: RawFiles;
  /** A folder of the place that nobody uses yet. */
  readonly root: string;
  /** Delivers a file, `path` below the root, as somebody else would; replaces the one that is there. */
  deliver(path: string, bytes: Uint8Array): Promise<void>;
  withdraw(path: string): Promise<void>;
  readonly close: () => Promise<void>;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 0xff);

/** What every place of raw files promises. */
export function rawFilesSuite(name: string, open: () => Promise<OpenRawFiles>): void {
  describe(`${name} keeps the promises of raw files`, () => {
    let place: OpenRawFiles;
    beforeAll(async () => {
      place = await open();
    });
    afterAll(() => place.close());

    const folder = (path: string): string => `${place.root}/${path}`;
    const contentOf = async (file: RawFile, from?: number): Promise<Buffer> =>
      Buffer.concat(await collect(place.rawFiles.read(file, from)));
    const only = async (path: string): Promise<RawFile> => {
      const [file, ...others] = await place.rawFiles.list(folder(path));
      expect(others).toEqual([]);
      return file!;
    };

    it('lists the data files that lie directly in a folder, by name', async () => {
      const names = ['b.json.gz', 'a.jsonl', 'c.ndjson', 'd.json', 'E.JSON.GZ', 'a b+c&d=%2F.json.gz', 'ü.json'];
      const others = ['notes.txt', '_SUCCESS', '_a.json.gz', '.b.json.gz', 'deeper/f.json.gz', 'deeper/still/g.json'];
      for (const path of [...names, ...others]) await place.deliver(`listed/${path}`, text(path));
      const files = await place.rawFiles.list(folder('listed'));
      expect(files.map((file) => file.name)).toEqual(names.toSorted());
      for (const { name: own, path, size, modifiedMs, arrivedMs, fault } of files) {
        expect(path).toBe(`${folder('listed')}/${own}`);
        expect(size).toBe(text(own).length);
        expect(fault).toBeUndefined();
        for (const ms of [modifiedMs, arrivedMs]) expect(Math.abs(ms - Date.now())).toBeLessThan(60_000);
      }
      expect(await place.rawFiles.list(`${folder('listed')}/`)).toHaveLength(names.length);
    });

    it('does not take a folder for one whose name begins alike', async () => {
      await place.deliver('alike/x.json', text('{}'));
      await place.deliver('alike-too/y.json', text('{}'));
      expect((await place.rawFiles.list(folder('alike'))).map((file) => file.name)).toEqual(['x.json']);
      expect(await listPresent(place.rawFiles, folder('ali'))).toEqual([]);
    });

    it('names the folders in a folder', async () => {
      for (const path of ['2025/01/02/mb-1/a.json', '2025/01/02/mb-2/a.json', '2025/01/10/mb 3+/a.json', '2025/x.json'])
        await place.deliver(`tree/${path}`, text('{}'));
      const folders = (path: string): Promise<string[]> => place.rawFiles.folders(folder(path));
      expect(await folders('tree')).toEqual(['2025']);
      expect(await folders('tree/2025')).toEqual(['01']);
      expect(await folders('tree/2025/01/')).toEqual(['02', '10']);
      expect(await folders('tree/2025/01/02')).toEqual(['mb-1', 'mb-2']);
      expect(await folders('tree/2025/01/10')).toEqual(['mb 3+']);
      expect(await folders('tree/2025/01/02/mb-1')).toEqual([]);
      expect(await folders('tree/2026')).toEqual([]);
    });

    it('reads a file whole, and from any byte on', async () => {
      const bytes = noise(700_001);
      await place.deliver('read/a.json', bytes);
      const file = await only('read');
      expect((await contentOf(file)).equals(bytes)).toBe(true);
      for (const from of [1, 262_144, 700_000])
        expect((await contentOf(file, from)).equals(bytes.subarray(from))).toBe(true);
    });

    it('reads an empty file', async () => {
      await place.deliver('empty/a.json', new Uint8Array());
      expect((await only('empty')).size).toBe(0);
      expect(await contentOf(await only('empty'))).toHaveLength(0);
    });

    it('may be left in the middle of a file', async () => {
      await place.deliver('left/a.json', noise(2_000_000));
      const file = await only('left');
      for (let i = 0; i < 100; i++) for await (const chunk of place.rawFiles.read(file)) if (chunk.length > 0) break;
      expect(await contentOf(file)).toHaveLength(2_000_000);
    });

    it('tells content from content', async () => {
      const etags: string[] = [];
      for (const content of ['one', 'two', 'one']) {
        await place.deliver('etag/a.json', text(content));
        etags.push(await place.rawFiles.etag(await only('etag')));
      }
      expect(etags[1]).not.toBe(etags[0]);
      expect(etags[2]).toBe(etags[0]);
    });

    it('throws where a file went away since it was listed', async () => {
      await place.deliver('gone/a.json', text('x'));
      const file = await only('gone');
      await place.withdraw('gone/a.json');
      await expect(contentOf(file)).rejects.toThrow(/\ba\.json\b|is not there/);
    });

    it('knows markers', async () => {
      await place.deliver('marked/_SUCCESS', new Uint8Array());
      expect(await place.rawFiles.has(folder('marked'), '_SUCCESS')).toBe(true);
      expect(await place.rawFiles.has(folder('marked'), '_OTHER')).toBe(false);
      expect(await place.rawFiles.has(folder('not/there'), '_SUCCESS')).toBe(false);
    });
  });
}
