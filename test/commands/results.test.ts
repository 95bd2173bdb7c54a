/** What the commands do and print, as whole processes, over five mini-batches. */

import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, filesBelow, traceOf } from '../support/folder-content.ts';
import { folderOf, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { FIVE, fiveMiniBatches, IDS, ndr, type Place, results } from './five-mini-batches.ts';

let place: Place;
beforeAll(() => {
  place = fiveMiniBatches();
});
afterAll(() => place.remove());

const outcomes = (lines: readonly Record<string, unknown>[]): unknown[] =>
  lines.slice(0, -1).map((line) => [line['mini_batch_id'], line['outcome'], line['revision']]);
const summary = (lines: readonly Record<string, unknown>[]): unknown => lines.at(-1)?.['summary'];
const NONE = { committed: 0, unchanged: 0, skipped: 0, failed: 0 };
const noise = (n: number): string[] => Array.from({ length: n }, (_, line) => `noise ${line}`);

describe('backfill', () => {
  it('prints one JSON line a mini-batch, in order, then the summary, and nothing else', async () => {
    const home = place.at('in-order');
    const end = await ndr('backfill', '--input', place.logs, '--home', home, '--json');
    expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
    const lines = results(end);
    expect(outcomes(lines)).toEqual(IDS.map((id) => [id, 'committed', 1]));
    expect(summary(lines)).toEqual({ ...NONE, committed: 5 });

    const before = traceOf(home);
    const again = results(await ndr('backfill', '--input', place.logs, '--home', home, '--json'));
    expect(outcomes(again)).toEqual(IDS.map((id) => [id, 'skipped', 1]));
    expect(summary(again)).toEqual({ ...NONE, skipped: 5 });
    expect(traceOf(home)).toEqual(before);

    const people = await ndr('backfill', '--input', place.logs, '--home', home);
    expect(people.stdout).toEqual(['0 committed, 5 stood already, 0 failed', `lake: ${join(home, 'lake')}`]);
  });

  it('takes slices that end at --from or later and before --to', async () => {
    const [from, to] = [FIVE[1]!, FIVE[3]!].map(({ sliceEnd }) => new Date(sliceEnd).toISOString());
    const args = [
      'backfill',
      '--input',
      place.logs,
      '--home',
      place.at('range'),
      '--json',
      '--from',
      from!,
      '--to',
      to!,
    ];
    const end = await ndr(...args);
    expect(outcomes(results(end))).toEqual([
      [IDS[1], 'committed', 1],
      [IDS[2], 'committed', 1],
    ]);
    expect(end.stderr).toBe('3 of 5 mini-batches lie outside --from, --to\n');
  });

  it('goes on where one fails, and says so by its exit code', async () => {
    const logs = place.at('logs-with-faults');
    cpSync(place.logs, logs, { recursive: true });
    writeMiniBatch(logs, { ...FIVE[2]!, lines: noise(150) });
    const dated = join(logs, '2026/02/30/b1');
    mkdirSync(dated, { recursive: true });
    writeFileSync(join(dated, 'part-0.jsonl'), `${FIVE[0]!.lines.join('\n')}\n`);
    mkdirSync(join(logs, '2026/03/02/untimely'));
    writeFileSync(join(logs, '2026/03/02/untimely/part-0.jsonl'), '{}\n');
    const end = await ndr('backfill', '--input', logs, '--home', place.at('with-faults'), '--json');
    const lines = results(end);
    expect(end.code).toBe(1);
    expect(outcomes(lines)).toEqual([
      ['b1', 'poison', undefined],
      ['untimely', 'poison', undefined],
      ...IDS.map((id, n) => (n === 2 ? [id, 'poison', undefined] : [id, 'committed', 1])),
    ]);
    expect(lines[0]!['why']).toContain('is dated 2026-02-30, which is no date of the calendar');
    expect(lines[1]!['why']).toContain('does not hold input.id_pattern');
    expect(lines[4]!['why']).toContain('150 of 150 lines were rejected');
    expect(summary(lines)).toEqual({ ...NONE, committed: 4, failed: 3 });

    // A slice that cannot be settled lies outside --from, --to as far as its path's day does.
    const args = ['backfill', '--input', logs, '--home', place.at('with-faults'), '--json', '--from', '2026-03-10'];
    expect(outcomes(results(await ndr(...args)))).toEqual([['b1', 'poison', undefined]]);
  });

  it('takes no file of a home for a log, but logs in its inbox', async () => {
    const root = place.at('around');
    const home = join(root, 'home');
    cpSync(place.logs, join(home, 'inbox'), { recursive: true });
    mkdirSync(join(home, 'specs'), { recursive: true });
    writeFileSync(join(home, 'specs', 'project_parameters.json'), '{"spec": {}}');
    writeMiniBatch(join(home, 'inbox'), { ...FIVE[4]!, lines: [...FIVE[4]!.lines, 'noise'] });
    const run = async (input: string) => {
      const lines = results(await ndr('backfill', '--input', input, '--home', home, '--json'));
      return [lines.length, summary(lines)];
    };
    expect(await run(root)).toEqual([6, { ...NONE, committed: 5 }]);
    expect(filesBelow(join(home, 'quarantine')).length).toBeGreaterThan(0);
    expect(await run(join(home, 'inbox'))).toEqual([6, { ...NONE, skipped: 5 }]);
  });

  it('follows links to folders, but not in circles', async () => {
    const root = place.at('linked');
    mkdirSync(root);
    symlinkSync(place.logs, join(root, 'logs'));
    symlinkSync(root, join(root, 'circle'));
    const lines = results(await ndr('backfill', '--input', root, '--home', place.at('of-links'), '--json'));
    expect(outcomes(lines)).toEqual(IDS.map((id) => [id, 'committed', 1]));
  });

  it('ends after a few errors in a row, which are not the fault of single mini-batches', async () => {
    const home = place.at('blocked');
    mkdirSync(join(home, 'lake'), { recursive: true });
    writeFileSync(join(home, 'lake', 'default'), 'a file where a folder should be');
    const end = await ndr('backfill', '--input', place.logs, '--home', home, '--json');
    const lines = results(end);
    expect(end.code).toBe(1);
    expect(outcomes(lines)).toEqual(IDS.slice(0, 3).map((id) => [id, 'error', undefined]));
    expect(lines[0]!['why']).toMatch(/cannot create .*: a part of the path is a file/);
    expect(end.stderr).toContain('ended after 3 errors in a row; remove their cause, then run the same command again');

    rmSync(join(home, 'lake', 'default'));
    const again = await ndr('backfill', '--input', place.logs, '--home', home, '--json');
    expect([again.code, summary(results(again))]).toEqual([0, { ...NONE, committed: 5 }]);
  });
});

describe('run-batch', () => {
  it('commits one mini-batch, and gives the slice that --at says', async () => {
    const args = ['run-batch', '--input', place.miniBatch(0), '--home', place.at('single'), '--json'];
    const slices = [];
    for (const further of [[], [], ['--at', '2026-03-02T12:00:00Z']]) {
      const end = await ndr(...args, ...further);
      expect({ code: end.code, stderr: end.stderr, lines: end.stdout.length }).toEqual({
        code: 0,
        stderr: '',
        lines: 1,
      });
      const [line] = results(end);
      slices.push([line!['outcome'], line!['slice_end_ts'], line!['revision']]);
    }
    expect(slices).toEqual([
      ['committed', '2026-03-02T10:23:00Z', 1],
      ['skipped', '2026-03-02T10:23:00Z', 1],
      ['committed', '2026-03-02T11:53:00Z', 2],
    ]);
  });

  it('says why a mini-batch fails, and ends with 1', async () => {
    const input = folderOf(place.at('noise'), FIVE[0]!);
    writeMiniBatch(place.at('noise'), { ...FIVE[0]!, lines: noise(150) });
    const { code, stdout, stderr } = await ndr('run-batch', '--input', input, '--home', place.at('of-noise'));
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toEqual([
      expect.stringMatching(/^e-20260302T1023: failed: .*150 of 150 lines were rejected.*correct /),
    ]);
  });
});

describe('catalog', () => {
  it('prints Markdown, or JSON lines, or writes Parquet, of the same features', async () => {
    const file = place.at('catalog.parquet');
    const [page, json, parquet] = await Promise.all([
      ndr('catalog'),
      ndr('catalog', '--json'),
      ndr('catalog', '--parquet', file, '--json'),
    ]);
    const features = results(json);
    expect(features.length).toBeGreaterThan(31 + 485 + 16);
    // Statistics of baselines stand on the page once, not once for each metric.
    const lines = features.filter((feature) => !String(feature['group']).startsWith('fg_b_'));
    const listed = page.stdout.slice(0, page.stdout.indexOf('## Keys and context'));
    expect(listed.filter((line) => line.startsWith('| `'))).toHaveLength(lines.length);
    expect(features[0]).toMatchObject({ group: 'delta', name: 'sessions_cnt', unit: 'count', family: 'base_counts' });
    expect(results(parquet)).toEqual([{ file, features: features.length }]);
    expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1');
    expect([page, json, parquet].map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
  });
});

it('nothing but the home is written to', () => {
  expect(Object.keys(contentOf(place.logs)).sort()).toEqual(IDS.map((id) => `2026/03/02/${id}/part-0.json.gz`).sort());
});
