import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clearScratchFolders, scratchFolderIn } from '../../src/state/scratch-folders.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ndr-scratch-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('removes the folders of processes that have ended, and of no other', async () => {
  const own = scratchFolderIn(root);
  // No process has a number beyond the system's limit, and none began at tick 1.
  for (const folder of [own, join(root, '4194303-1-left'), join(root, 'of-somebody-else')]) {
    await mkdir(join(folder, 'windows'), { recursive: true });
    await writeFile(join(folder, 'windows', 'x.block'), 'x');
  }
  await clearScratchFolders(root);
  expect((await readdir(root)).sort()).toEqual([own.slice(root.length + 1), 'of-somebody-else'].sort());
});

it('gives each asker a folder of its own, and needs none to be there', async () => {
  expect(scratchFolderIn(root)).not.toBe(scratchFolderIn(root));
  await clearScratchFolders(join(root, 'not', 'there'));
  expect(await readdir(root)).toEqual([]);
});
