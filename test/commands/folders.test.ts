import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeStrays, findMiniBatchFolders } from '../../src/commands/folders.ts';
import { readSettings } from '../../src/config/read-settings.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ndr-folders-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('tells of files that nobody reads, beside data and alone, but not of markers and hidden ones', async () => {
  const files = ['b1/a.json.gz', 'b1/b.json.zst', 'b1/c.log', 'b2/x.log', 'b3/a.gz', 'b3/DONE', 'b3/_SUCCESS', 'b3/.x'];
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  const settings = readSettings({ env: { NDR_COMPLETENESS_MARKER: 'DONE' }, overrides: { home: join(root, 'home') } });
  const { folders, strays } = await findMiniBatchFolders({ settings }, root);
  expect(folders).toEqual(['b1', 'b3'].map((name) => join(root, name)));
  expect(strays).toEqual([
    { folder: join(root, 'b1'), files: 2, first: join(root, 'b1/b.json.zst') },
    { folder: join(root, 'b2'), files: 1, first: join(root, 'b2/x.log') },
  ]);
  expect(describeStrays(strays[0]!)).toMatch(/b1: 2 files are not read, the first: b\.json\.zst; only \*\.gz/);
  expect(describeStrays(strays[1]!)).toMatch(/b2: a file is not read: x\.log; /);
});
