import { expect, it } from 'vitest';
import type { RawFile, RawFiles } from '../../src/state/raw-files.ts';
import { rawFilesByAddress } from '../../src/state/raw-files-by-address.ts';
import { collect } from '../conformance/collect.ts';

/** A place that answers everything with its own name. */
const place = (name: string): RawFiles => ({
  list: async (folder) => [fileAt(`${name} lists ${folder}`)],
  folders: async (folder) => [`${name} has folders in ${folder}`],
  etag: async (file) => `${name} tells ${file.path}`,
  async *read(file, from) {
    yield new TextEncoder().encode(`${name} reads ${file.path} from ${from}`);
  },
  has: async (folder, marker) => folder.length > 0 && marker === name,
});
const fileAt = (path: string): RawFile => ({ name: 'a.json', path, size: 1, modifiedMs: 0, arrivedMs: 0 });

it.each([
  ['s3', 's3://ingestion/2025/01/02/mb'],
  ['directory', '/data/2025/01/02/mb'],
  ['directory', 'data/s3:/2025/01/02/mb'],
])('%s is asked about %s', async (name, folder) => {
  const rawFiles = rawFilesByAddress(async () => place('s3'), place('directory'));
  const file = fileAt(`${folder}/a.json`);
  expect((await rawFiles.list(folder)).map(({ path }) => path)).toEqual([`${name} lists ${folder}`]);
  expect(await rawFiles.folders(folder)).toEqual([`${name} has folders in ${folder}`]);
  expect(await rawFiles.etag(file)).toBe(`${name} tells ${file.path}`);
  expect(Buffer.concat(await collect(rawFiles.read(file, 7))).toString()).toBe(`${name} reads ${file.path} from 7`);
  expect(await rawFiles.has(folder, name)).toBe(true);
});
