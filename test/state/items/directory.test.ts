import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDirectoryItems } from '../../../src/state/items/directory.ts';
import { itemsSuite } from '../../conformance/items-suite.ts';
import { runChild, startChild } from '../child.ts';

itemsSuite('a directory', async () => {
  const home = await mkdtemp(join(tmpdir(), 'items-'));
  return { items: await openDirectoryItems(join(home, 'items')), close: () => rm(home, { recursive: true }) };
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'items-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('keeps one version of an item, in a folder named after its key', async () => {
  const items = await openDirectoryItems(root);
  for (let n = 1; n <= 3; n++) await items.put('batch_index', 'office', 'v1#batch#2025/a', { n });
  expect(await readdir(join(root, 'batch_index/office/v1%23batch%232025%2Fa'))).toEqual(['00000003.json']);
  expect(await readdir(join(root, '_tmp'))).toEqual([]);
});

it('says which key is too long for a file name', async () => {
  const items = await openDirectoryItems(root);
  await expect(async () => items.get('things', 'p', 'é'.repeat(60))).rejects.toThrow(/takes 360 bytes.*at most 255/);
});

it('ignores what others put into its folders', async () => {
  const items = await openDirectoryItems(root);
  await items.put('things', 'p', 'a', { n: 1 });
  await writeFile(join(root, 'things/p/.DS_Store'), 'x');
  await writeFile(join(root, 'things/p/a/notes.txt'), 'x');
  expect(await items.keys('things', 'p')).toEqual(['a']);
  expect(await items.get('things', 'p', 'a')).toEqual({ n: 1 });
});

it('names the file of an item that is not JSON', async () => {
  const items = await openDirectoryItems(root);
  await items.put('things', 'p', 'a', { n: 1 });
  await writeFile(join(root, 'things/p/a/00000002.json'), '{');
  await expect(items.get('things', 'p', 'a')).rejects.toThrow('things/p/a/00000002.json is not JSON');
});

/** Does what other writers would: gives the item in `folder` further versions, each removing the one before. */
function overtake(folder: string, items: readonly unknown[]): void {
  for (const item of items) {
    const [newest] = readdirSync(folder).sort().toReversed();
    const before = JSON.parse(readFileSync(join(folder, newest!), 'utf8')) as { token: string; lineage: string[] };
    const seq = Number.parseInt(newest!, 10) + 1;
    const version = { token: `other-${seq}`, lineage: [...before.lineage, before.token], item };
    writeFileSync(join(folder, `${String(seq).padStart(8, '0')}.json`), JSON.stringify(version));
    rmSync(join(folder, newest!));
  }
}

/** A condition in whose judgement, after the item was read and before anything is written, `meanwhile` happens once. */
function conditionWith(
  matches: { readonly n: number },
  meanwhile: () => void,
): { readonly matches: { readonly n: number } } {
  let isFirst = true;
  return {
    get matches() {
      if (isFirst) meanwhile();
      isFirst = false;
      return matches;
    },
  };
}

it.each([1, 2, 3, 100])(
  'is not fooled by a number that came free while the writer slept: %i versions',
  async (versions) => {
    const items = await openDirectoryItems(root);
    const folder = join(root, 'things/p/a');
    await items.put('things', 'p', 'a', { n: 1 });
    const others = Array.from({ length: versions }, (_, i) => ({ n: 2 + i }));
    const outcome = await items.put(
      'things',
      'p',
      'a',
      { n: -1 },
      conditionWith({ n: 1 }, () => overtake(folder, others)),
    );
    expect(outcome).toBe('conflict');
    expect(await items.get('things', 'p', 'a')).toEqual({ n: versions + 1 });
  },
);

it('is not fooled by an item that was removed and came back while the writer slept', async () => {
  const items = await openDirectoryItems(root);
  const folder = join(root, 'things/p/a');
  await items.put('things', 'p', 'a', { n: 1 });
  const condition = conditionWith({ n: 1 }, () => overtake(folder, [null, { n: 5 }]));
  expect(await items.put('things', 'p', 'a', { n: -1 }, condition)).toBe('conflict');
  expect(await items.get('things', 'p', 'a')).toEqual({ n: 5 });
});

it('stores after all where the item became what the condition asks for', async () => {
  const items = await openDirectoryItems(root);
  const folder = join(root, 'things/p/a');
  await items.put('things', 'p', 'a', { n: 1 });
  const condition = conditionWith({ n: 1 }, () => overtake(folder, [{ n: 2 }, { n: 1, again: true }]));
  expect(await items.put('things', 'p', 'a', { n: -1 }, condition)).toBe('stored');
  expect(await items.get('things', 'p', 'a')).toEqual({ n: -1 });
});

it('loses no update of several processes', async () => {
  await Promise.all(Array.from({ length: 4 }, () => runChild('items/counter.ts', [root, '40'])));
  const items = await openDirectoryItems(root);
  expect(await items.get('things', 'p', 'count')).toEqual({ n: 160 });
});

it('loses nothing, and is held up by nothing, where writers are killed', async () => {
  let acknowledged = 0;
  const lives = 6;
  const survivor = runChild('items/counter.ts', [root, '60']);
  for (let life = 0; life < lives; life++) {
    const child = startChild('items/counter.ts', [root, '100000']);
    for await (const line of child.lines) {
      if (line === 'ready') setTimeout(() => child.process.kill('SIGKILL'), 20 + life * 7);
      else acknowledged++;
    }
    await child.ended;
  }
  acknowledged += (await survivor).filter((line) => line === 'added').length;
  const items = await openDirectoryItems(root);
  const { n } = (await items.get('things', 'p', 'count')) as { n: number };
  expect(n).toBeGreaterThanOrEqual(acknowledged);
  // What a process wrote just before it was killed may count without having been acknowledged.
  expect(n).toBeLessThanOrEqual(acknowledged + lives);
  expect(await readdir(join(root, '_tmp'))).toEqual([]);
});
