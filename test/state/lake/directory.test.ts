import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDirectoryLake } from '../../../src/state/lake/directory.ts';
import { ownLife } from '../../../src/state/process-life.ts';
import { collect } from '../../conformance/collect.ts';
import { lakeSuite } from '../../conformance/lake-suite.ts';
import { startChild } from '../child.ts';

lakeSuite('a directory', async () => {
  const home = await mkdtemp(join(tmpdir(), 'lake-'));
  return { lake: await openDirectoryLake(join(home, 'lake')), close: () => rm(home, { recursive: true }) };
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lake-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('comes into being with its first file', async () => {
  const lake = await openDirectoryLake(join(root, 'not/yet'));
  expect(await collect(lake.list(''))).toEqual([]);
  expect(await readdir(root)).toEqual([]);
  await lake.create('a', Uint8Array.of(1));
  expect(await readdir(join(root, 'not/yet'))).toEqual(['_tmp', 'a']);
});

it('keeps no folder that holds nothing', async () => {
  const lake = await openDirectoryLake(root);
  await lake.create('a/b/c/file', Uint8Array.of(1));
  await lake.create('a/other', Uint8Array.of(1));
  await lake.remove('a/b/c/file');
  expect(await readdir(join(root, 'a'))).toEqual(['other']);
});

it('clears what dead processes left unfinished, and nothing that is being written', async () => {
  await mkdir(join(root, '_tmp'));
  const [pid, start] = ownLife().split('-');
  const names = {
    'no such process': `4194305-1-aaaa`,
    'an earlier process of our pid': `${pid}-${Number(start) - 1}-bbbb`,
    'ourselves, in another thread': `${pid}-${start}-cccc`,
    'not ours': 'notes.txt',
  };
  for (const name of Object.values(names)) await writeFile(join(root, '_tmp', name), 'x');
  await openDirectoryLake(root);
  expect(await readdir(join(root, '_tmp'))).toEqual([names['ourselves, in another thread'], names['not ours']].sort());
});

it('writes on where unfinished files and folders are cleared away under it', async () => {
  const lake = await openDirectoryLake(root);
  let isDone = false;
  const vandal = (async () => {
    while (!isDone) {
      for (const name of await readdir(join(root, '_tmp')).catch(() => []))
        await rm(join(root, '_tmp', name), { force: true });
      await new Promise((go) => setTimeout(go, 5));
    }
  })();
  for (let i = 0; i < 10; i++) expect(await lake.create(`f${i}`, new Uint8Array(100_000))).toBe('created');
  isDone = true;
  await vandal;
  expect((await collect(lake.list(''))).map(({ size }) => size)).toEqual(new Array(10).fill(100_000));
});

it('says what is in the way', async () => {
  const lake = await openDirectoryLake(root);
  await lake.create('a', Uint8Array.of(1));
  await lake.create('b/c', Uint8Array.of(1));
  await expect(lake.create('a/b', Uint8Array.of(1))).rejects.toThrow('a part of the path is a file');
  await expect(lake.create('b', Uint8Array.of(1))).rejects.toThrow('a folder of that name is there');
  await expect(lake.create(`batch=${'x'.repeat(300)}/f`, Uint8Array.of(1))).rejects.toThrow('255 bytes');
  expect(await readdir(join(root, '_tmp'))).toEqual([]);
});

it('holds whole files only, whenever its writers are killed, and no garbage once opened again', async () => {
  const seen: string[] = [];
  for (let life = 0; life < 6; life++) {
    const writer = startChild('lake/writer.ts', [root, String(life)]);
    for await (const line of writer.lines) {
      if (line === 'ready') setTimeout(() => writer.process.kill('SIGKILL'), 15 + life * 9);
      else seen.push(line);
      const lake = await openDirectoryLake(root);
      for await (const { size } of lake.list('')) expect(size).toBe(3_000_000);
    }
    await writer.ended;
  }
  const lake = await openDirectoryLake(root);
  expect(await readdir(join(root, '_tmp'))).toEqual([]);
  const paths = (await collect(lake.list(''))).map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(seen));
  for (const path of paths) {
    const [, i] = /-(\d+)\/file$/.exec(path)!;
    const content = await lake.read(path);
    expect(content).toHaveLength(3_000_000);
    expect(content.every((byte) => byte === Number(i) % 251)).toBe(true);
  }
});
