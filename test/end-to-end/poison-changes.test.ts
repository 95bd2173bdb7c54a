/** Files that change, go away or come right while mini-batches are computed from them. */

import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/commands/command.ts';
import { type Home, openHome } from '../../src/commands/home.ts';
import { readSettings } from '../../src/config/read-settings.ts';
import { runMiniBatch } from '../../src/consumers/mini-batch.ts';
import { miniBatchFolderOf } from '../../src/consumers/settle-slice.ts';
import { readManifests } from '../support/committed-lake.ts';
import { filesBelow } from '../support/folder-content.ts';
import { folderOf } from '../support/mini-batch-folders.ts';
import { readQuarantine } from '../support/poison-case.ts';
import { bytesOf, SLICE_END, writeFiles } from '../support/poison-files.ts';

let root = '';
let input = '';
let home: Home;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ndr-changes-'));
  input = folderOf(root, { id: 'one', sliceEnd: SLICE_END });
  writeFiles(input, { 'a.json.gz': [{ gzip: [{ flow: {}, times: 3 }] }], 'b.jsonl': [{ flow: {}, times: 2 }] });
  const context: CommandContext = {
    settings: readSettings({ env: { NDR_THREADS: '1' }, overrides: { home: join(root, 'home') } }),
    flags: {},
    terminal: { out: () => {}, note: () => {}, progress: () => {} },
    clock: Date.now,
    codeVersion: 'test',
    cores: 2,
    worker: new URL('../../src/worker.ts', import.meta.url),
    stop: new AbortController().signal,
  };
  home = await openHome(context, () => {});
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Read = Home['deps']['pool']['read'];

/** Runs the mini-batch; `meddle` stands in the way of reading. */
function run(meddle: (read: Read) => Read = (read) => read) {
  const { deps, spec, sliceRules } = home;
  const pool = { ...deps.pool, read: meddle(deps.pool.read) };
  const request = { spec, sliceRules, folder: miniBatchFolderOf(input), at: SLICE_END };
  return runMiniBatch({ ...deps, pool }, request);
}

const isEmpty = (): void => {
  expect(filesBelow(join(root, 'home', 'lake'))).toEqual([]);
  expect(filesBelow(join(root, 'home', 'quarantine'))).toEqual([]);
};

describe('a file', () => {
  it('that goes away before it is read is no data of the next attempt, and of this one nothing stands', async () => {
    const gone = run((read) => async (task) => {
      if (task.file.name === 'a.json.gz') unlinkSync(task.file.path);
      return read(task);
    });
    await expect(gone).rejects.toThrow(/changed while they were read; run it again when they are complete/);
    isEmpty();
    expect(await run()).toMatchObject({ is: 'committed', lines: 2, dq: { damaged_files: 0 } });
  });

  it('that grows while it is read spoils the attempt, not the mini-batch', async () => {
    const growing = run((read) => async (task) => {
      const answer = await read(task);
      if (task.file.name === 'b.jsonl') writeFileSync(task.file.path, bytesOf([{ flow: {} }]), { flag: 'a' });
      return answer;
    });
    await expect(growing).rejects.toThrow(/changed while they were read/);
    isEmpty();
    expect(await run()).toMatchObject({ is: 'committed', lines: 6 });
  });

  it('that cannot be opened for want of handles is tried again, not left out', async () => {
    const failing = run(() => async () => {
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    });
    await expect(failing).rejects.toThrow('too many open files');
    isEmpty();
    expect(await run()).toMatchObject({ is: 'committed', lines: 5 });
  });

  it('that was damaged and is delivered again makes a revision with all there is', async () => {
    const sound = bytesOf([{ gzip: [{ flow: {}, times: 3 }] }]);
    writeFileSync(join(input, 'a.json.gz'), sound.subarray(0, 60));
    expect(await run()).toMatchObject({ is: 'committed', revision: 1, lines: 2, dq: { damaged_files: 1 } });
    expect(await run()).toMatchObject({ is: 'skipped', revision: 1 });
    writeFileSync(join(input, 'a.json.gz'), sound);
    expect(await run()).toMatchObject({ is: 'committed', revision: 2, lines: 5, warnings: [] });
    const [manifest] = readManifests(join(root, 'home'));
    expect(manifest!.dq).toMatchObject({ lines: 5, damaged_files: 0 });
    expect(readQuarantine(join(root, 'home'), 'one').damaged).toHaveLength(1);
  });

  it('in whose place a folder stood makes a revision once it is a file', async () => {
    rmSync(join(input, 'a.json.gz'));
    writeFiles(input, { 'a.json.gz': { is: 'a folder' } });
    expect(await run()).toMatchObject({ is: 'committed', revision: 1, lines: 2 });
    rmSync(join(input, 'a.json.gz'), { recursive: true });
    writeFiles(input, { 'a.json.gz': [] });
    expect(await run()).toMatchObject({ is: 'unchanged', revision: 1, dq: { damaged_files: 0, empty_files: 1 } });
  });
});

it('lines beyond those that quarantine keeps are counted, and said to be missing', async () => {
  const long = { text: `${'x'.repeat(15_000)} {n}\n`, times: 2000 };
  writeFiles(input, { 'c.jsonl': [{ flow: {}, times: 2100 }, long] });
  const outcome = await run();
  expect(outcome).toMatchObject({ is: 'committed', rejected: 2000, dq: { malformed_json: 2000 } });
  const { rejected } = readQuarantine(join(root, 'home'), 'one');
  const kept = rejected.slice(0, -1);
  expect(kept.map(({ line }) => line)).toEqual(kept.map((_, n) => 2101 + n));
  expect(kept.reduce((sum, line) => sum + JSON.stringify(line).length + 1, 0)).toBeLessThan(16 * 1024 * 1024 + 20_000);
  expect(rejected.at(-1)).toMatchObject({ line: 2101 + kept.length, reason: 'not_kept', text: '' });
  expect(rejected.at(-1)!.detail).toContain(`${2000 - kept.length} more rejected lines from here on are counted`);
});
