import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRawFile } from '../../src/state/raw-file-reader.ts';
import { openDirectoryRawFiles } from '../../src/state/raw-files/directory.ts';
import { DamagedFile, type RawFile } from '../../src/state/raw-files.ts';

const rawFiles = openDirectoryRawFiles();
const { list: listRawFiles, etag: etagOf } = rawFiles;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-raw-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (content: Uint8Array | string, name = 'a.json.gz'): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** As it is listed, or as it was before it went. */
const rawFileAt = (path: string): RawFile => {
  const { size, mtimeMs, ctimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0, ctimeMs: 0 };
  return { name: basename(path), path, size, modifiedMs: mtimeMs, arrivedMs: ctimeMs };
};

async function contentOf(path: string, maxBytes = 1e9): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readRawFile(rawFiles, rawFileAt(path), maxBytes)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What became of reading a file: its bytes, or what is wrong with it. */
const readingOf = (path: string, maxBytes?: number): Promise<Buffer | string> =>
  contentOf(path, maxBytes).catch((error: unknown) => {
    if (error instanceof DamagedFile) return error.message;
    throw error;
  });

const TEXT = Array.from({ length: 40 }, (_, n) => `{"line":${n},"app":"web-${(n * 7919) % 101}"}\n`).join('');

describe('a gzip file', () => {
  it('cut anywhere is damaged, except within zeros that follow it', async () => {
    const whole = gzipSync(TEXT);
    for (let length = 2; length < whole.length; length++) {
      expect(await readingOf(put(whole.subarray(0, length)))).toMatch(
        /^it ends in the middle of its gzip data, at byte/,
      );
    }
    for (const zeros of [0, 1, 600, 300_000]) {
      expect(await contentOf(put(Buffer.concat([whole, Buffer.alloc(zeros)])))).toEqual(Buffer.from(TEXT));
    }
  });

  it('with one byte that is another never gives other data', async () => {
    const whole = gzipSync(TEXT);
    let damaged = 0;
    for (let at = 2; at < whole.length; at++) {
      for (const mask of [1, 0x80, 0xff]) {
        const copy = Buffer.from(whole);
        copy[at]! ^= mask;
        const reading = await readingOf(put(copy));
        if (typeof reading === 'string') damaged++;
        else expect(reading).toEqual(Buffer.from(TEXT));
      }
    }
    expect(damaged).toBeGreaterThan(2.5 * (whole.length - 12));
  });

  it.each([
    ['garbage', Buffer.from('garbage')],
    ['half a header', Buffer.of(0x1f, 0x8b)],
    ['one byte', Buffer.of(0x1f)],
    ['a line feed', Buffer.from('\n')],
    ['zeros, then a byte', Buffer.concat([Buffer.alloc(400_000), Buffer.of(1)])],
    ['a zero, then a member', Buffer.concat([Buffer.alloc(1), gzipSync(TEXT)])],
  ])('with %s behind it is damaged', async (_, tail) => {
    const member = gzipSync(TEXT);
    // Behind a member that ends with a chunk of the file as well as within one.
    for (const content of [member, gzipSync(randomBytes(1 << 18), { level: 0 })]) {
      expect(await readingOf(put(Buffer.concat([content, tail])))).toMatch(
        /gzip data(?: is damaged)?, (?:at|from) byte|it ends in the middle/,
      );
    }
  });

  it('of many members is their data in a row', async () => {
    const lines = TEXT.split('\n').map((line) => `${line}\n`);
    const members = lines.flatMap((line) => [gzipSync(line.slice(0, 5)), gzipSync(''), gzipSync(line.slice(5))]);
    expect((await contentOf(put(Buffer.concat(members)))).toString()).toBe(lines.join(''));
  });

  it('may inflate as far as a log does, and to 64 MiB in any case', async () => {
    const free = 64 << 20;
    expect((await contentOf(put(gzipSync(Buffer.alloc(free))))).length).toBe(free);
    const bomb = await readingOf(put(gzipSync(Buffer.alloc(free + 1))));
    expect(bomb).toMatch(/^its 6\d{4} bytes inflate to more than 67108864, and no log inflates to more than 150 times/);
  });
});

/** Noise without a package: what does not compress. */
function randomBytes(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

describe('the bytes that a file may hold', () => {
  it.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzip', (text: string) => gzipSync(text)],
  ])('are counted as they are read, %s', async (_, pack) => {
    const path = put(pack(TEXT));
    expect((await contentOf(path, TEXT.length)).length).toBe(TEXT.length);
    expect(await readingOf(path, TEXT.length - 1)).toBe(
      `it holds more than ${TEXT.length - 1} bytes, the most that input.max_file_bytes lets one file hold; split it, or raise the setting`,
    );
  });
});

describe('what has the name of a data file and is none', () => {
  it('stands in the list with its fault, and an etag that changes with it', async () => {
    put('{}\n', 'good.jsonl');
    mkdirSync(join(folder, 'folder.json.gz'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link.json.gz'));
    symlinkSync(join(folder, 'circle.json.gz'), join(folder, 'circle.json.gz'));
    symlinkSync('/dev/zero', join(folder, 'zero.json.gz'));
    symlinkSync(join(folder, 'good.jsonl'), join(folder, 'other.jsonl'));
    put('', '_hidden.json.gz');
    put('', 'notes.txt');
    const files = await listRawFiles(folder);
    expect(files.map(({ name, size, fault }) => [name, size, fault])).toEqual([
      ['circle.json.gz', 0, 'it is a link that leads in a circle; deliver the file itself (ELOOP)'],
      ['folder.json.gz', 0, 'it is a folder; deliver a file'],
      ['good.jsonl', 3, undefined],
      ['link.json.gz', 0, 'it is not there, or a link that leads nowhere; deliver it again (ENOENT)'],
      ['other.jsonl', 3, undefined],
      ['zero.json.gz', 0, 'it is no regular file; deliver one'],
    ]);
    const etags = await Promise.all(files.map(etagOf));
    expect(etags.filter((etag) => /^[0-9a-f]{64}$/.test(etag))).toHaveLength(2);
    expect(etags[1]).toBe('unreadable: it is a folder');
    rmSync(join(folder, 'folder.json.gz'), { recursive: true });
    put('{}\n', 'folder.json.gz');
    expect(await etagOf((await listRawFiles(folder))[1]!)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('costs the file where this user may not read it', async () => {
    const path = put('{}\n');
    chmodSync(path, 0);
    chmodSync(folder, 0o755);
    // Nothing keeps root from reading: it becomes somebody else for a while.
    const isRoot = process.getuid!() === 0;
    if (isRoot) process.seteuid!(65_534);
    try {
      expect(await readingOf(path)).toBe('this user may not read it; change its permissions (EACCES)');
      expect(await etagOf((await listRawFiles(folder))[0]!)).toBe('unreadable: this user may not read it');
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  });

  it('costs the file also where reading finds it out', async () => {
    mkdirSync(join(folder, 'folder.json.gz'));
    expect(await readingOf(join(folder, 'folder.json.gz'))).toBe('it is a folder; deliver a file');
    expect(await readingOf(join(folder, 'nowhere.json.gz'))).toMatch(/^it is not there/);
    if (process.platform === 'linux')
      expect(await readingOf('/proc/self/mem')).toContain('its storage reports an error');
  });
});

describe('reading', () => {
  const firstChunkOf = async (path: string): Promise<void> => {
    for await (const chunk of readRawFile(rawFiles, rawFileAt(path), 1e9)) if (chunk.length > 0) return;
  };

  it('leaves no file open, however it ends', async () => {
    const whole = gzipSync(TEXT);
    const paths = [
      put(whole),
      put(TEXT, 'b.jsonl'),
      put(whole.subarray(0, 40), 'c.json.gz'),
      put(Buffer.concat([whole, Buffer.from('x')]), 'd.json.gz'),
    ];
    mkdirSync(join(folder, 'e.json.gz'));
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let round = 0; round < 20; round++) {
      for (const path of [...paths, join(folder, 'e.json.gz')]) {
        await readingOf(path);
        await readingOf(path, 10);
        await firstChunkOf(path).catch(() => {});
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open()).toBeLessThan(before + 5);
  });

  it('hands on what is not the fault of the file', async () => {
    const path = put(TEXT);
    await expect(
      (async () => {
        for await (const chunk of readRawFile(rawFiles, rawFileAt(path), 1e9))
          throw new TypeError(`of the reader: ${chunk.length > 0}`);
      })(),
    ).rejects.toThrow(TypeError);
  });

  it('gives the same etag for the same bytes', async () => {
    const path = put(TEXT);
    const [file] = await listRawFiles(folder);
    const etag = await etagOf(file!);
    utimesSync(path, 1, 1);
    expect(await etagOf((await listRawFiles(folder))[0]!)).toBe(etag);
    put(`${TEXT} `);
    expect(await etagOf(file!)).not.toBe(etag);
  });
});
