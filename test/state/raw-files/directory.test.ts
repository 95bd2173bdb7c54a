import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openDirectoryRawFiles } from '../../../src/state/raw-files/directory.ts';
import { rawFilesSuite } from '../../conformance/raw-files-suite.ts';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'ndr-raw-'));

rawFilesSuite('a directory', async () => {
  const root = await newFolder();
  return {
    rawFiles: openDirectoryRawFiles(),
    root,
    async deliver(path, bytes) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), bytes);
    },
    withdraw: (path) => rm(join(root, path)),
    close: () => rm(root, { recursive: true }),
  };
});

it('follows links to folders', async () => {
  const root = await newFolder();
  await mkdir(join(root, 'a'));
  await symlink(join(root, 'a'), join(root, 'b'));
  await symlink(join(root, 'nowhere'), join(root, 'c'));
  await writeFile(join(root, 'd'), '');
  await symlink(join(root, 'd'), join(root, 'e'));
  expect(await openDirectoryRawFiles().folders(root)).toEqual(['a', 'b']);
  await rm(root, { recursive: true });
});
