/** What comes late: the mini-batches whose windows it changes are published again, and end as if all had come in order. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/commands/run-batch.ts';
import { type BackfillLab, openLab, writeRaw } from '../support/backfill-lab.ts';
import { runCommand } from '../support/command-run.ts';
import { lastingIndex, readManifests } from '../support/committed-lake.ts';
import { traceOf } from '../support/folder-content.ts';
import { judgedFaults } from '../support/judged-home.ts';
import {
  countingFiles,
  marksOf,
  outcomesOf,
  runOne,
  runReplay,
  SETTINGS,
  scratchLeft,
} from '../support/late-traffic.ts';
import { folderOf, type MiniBatch, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

/** Ten slices in a row, two of them in two mini-batches. */
const hours = officeMiniBatches({ seed: 31, hosts: 4, slices: 10, doubled: [2, 6], thin: 8 });
/** Four days with a slice every six hours. */
const days = officeMiniBatches({
  seed: 32,
  hosts: 4,
  slices: 4 * 96,
  silent: Array.from({ length: 4 * 96 }, (_, n) => n).filter((n) => n % 24 !== 0),
  thin: 12,
});
const HOUR = 3_600_000;
const ids = (miniBatches: readonly MiniBatch[]): string[] => miniBatches.map(({ id }) => id);
const without = (miniBatches: readonly MiniBatch[], ...gone: readonly number[]): MiniBatch[] =>
  miniBatches.filter((_, n) => !gone.includes(n));

let lab: BackfillLab;
let inOrder: string;
let daysRaw: string;
let daysInOrder: string;
beforeAll(async () => {
  lab = openLab(hours);
  inOrder = lab.place('in-order');
  daysRaw = lab.place('raw-days');
  daysInOrder = lab.place('days-in-order');
  writeRaw(daysRaw, days);
  await lab.backfill(inOrder);
  await lab.backfill(daysInOrder, { input: daysRaw });
}, 120_000);
afterAll(() => lab.close(), 60_000);

/** A home that has all mini-batches but some, with their raw files below a root of their own. */
async function homeWithout(name: string, all: readonly MiniBatch[], ...gone: readonly number[]) {
  const [home, raw] = [lab.place(`${name}-home`), lab.place(`${name}-raw`)];
  writeRaw(raw, without(all, ...gone));
  await lab.backfill(home, { input: raw });
  return { home, raw };
}

describe('a whole mini-batch that comes late', () => {
  it('within two hours makes the later ones anew at once, each once, and nothing else', async () => {
    const { home, raw } = await homeWithout('whole', hours, 4);
    const late = hours[4]!;
    writeRaw(raw, [late]);
    const end = await runOne(home, raw, late);
    expect(end.code).toBe(0);
    const later = hours.slice(5);
    expect(outcomesOf(end)).toEqual([`${late.id} committed 1`, ...later.map(({ id }) => `${id} committed 2`)]);
    expect(end.results[0]).toMatchObject({
      affects: ids(later),
      late_seconds: (hours.at(-1)!.sliceEnd - late.sliceEnd) / 1000,
    });
    for (const result of end.results.slice(1)) expect(result).not.toHaveProperty('affects');
    expect(marksOf(home)).toEqual({});
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
    expect(await judgedFaults(home, hours)).toEqual([]);

    const index = lastingIndex(home);
    expect(outcomesOf(await runOne(home, raw, late))).toEqual([`${late.id} skipped 1`]);
    expect(await lab.backfill(home, { input: raw })).toMatchObject({
      committed: 0,
      unchanged: 0,
      skipped: hours.length,
    });
    expect(lastingIndex(home)).toEqual(index);
  });

  it('of a slice that has another one already changes the greater name alone in that slice', async () => {
    const { home, raw } = await homeWithout('first-half', hours, 2);
    const [late, other] = [hours[2]!, hours[3]!];
    expect([late.id, other.id]).toEqual([other.id.replace('-b', '-a'), other.id]);
    writeRaw(raw, [late]);
    const end = await runOne(home, raw, late);
    expect(outcomesOf(end)[1]).toBe(`${other.id} committed 2`);
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
  });

  it('without a line counts too: it is a slice that was delivered', async () => {
    const empty: MiniBatch = { ...hours[4]!, lines: [] };
    const { home, raw } = await homeWithout('empty', hours, 4);
    writeMiniBatch(raw, empty);
    const end = await runOne(home, raw, empty);
    expect(outcomesOf(end)).toHaveLength(1 + hours.length - 5);
    expect(await judgedFaults(home, [...hours.slice(0, 4), empty, ...hours.slice(5)])).toEqual([]);
  });

  it('is marked and told, not published again, where that is switched off; replay does it then', async () => {
    const { home, raw } = await homeWithout('off', hours, 7);
    const late = hours[7]!;
    writeRaw(raw, [late]);
    const end = await runOne(home, raw, late, { NDR_ORDER_REPROCESS_AFFECTED: 'false' });
    const later = ids(hours.slice(8));
    expect(outcomesOf(end)).toEqual([`${late.id} committed 1`]);
    expect(end.notes.join('\n')).toMatch(
      new RegExp(`${later.length} mini-batches \\(${later[0]} to ${later.at(-1)}\\).*ndr replay --affected`),
    );
    const lateMs = hours.at(-1)!.sliceEnd - late.sliceEnd;
    expect(marksOf(home)).toEqual(Object.fromEntries(later.map((id) => [id, { by: late.id, late_ms: lateMs }])));

    const replayed = await runReplay(home, { affected: true });
    expect(replayed.code).toBe(0);
    expect(outcomesOf(replayed)).toEqual(later.map((id) => `${id} committed 2`));
    expect(marksOf(home)).toEqual({});
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
    expect(outcomesOf(await runReplay(home, { affected: true }))).toEqual([]);
  });
});

describe('several late mini-batches', () => {
  it('in one backfill leave every later one as in order, and marked no more', async () => {
    const { home, raw } = await homeWithout('several', hours, 1, 4, 5, 9);
    writeRaw(raw, hours);
    await lab.backfill(home, { input: raw });
    expect(marksOf(home)).toEqual({});
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
    // In the pass, each was computed once: those before the first late one not at all.
    const revisions = readManifests(home).map(({ revision }) => revision);
    expect(revisions).toEqual(hours.map((_, n) => (n <= 1 || [4, 5, 9].includes(n) ? 1 : 2)));
  });

  it('coalesce: what several affect bears one mark and is published again once', async () => {
    const { home, raw } = await homeWithout('coalesce', hours, 3, 5, 6);
    writeRaw(raw, hours);
    const off = { NDR_ORDER_REPROCESS_AFFECTED: 'false' };
    for (const n of [6, 3, 5]) await runOne(home, raw, hours[n]!, off);
    // The last to come, hours[5], has seen the others.
    const affected = ids(without(hours, 0, 1, 2, 3, 5));
    expect(Object.keys(marksOf(home)).sort()).toEqual(affected.toSorted());
    const replayed = await runReplay(home, { affected: true });
    expect(replayed.results.slice(0, -1).map((line) => line['mini_batch_id'])).toEqual(affected);
    expect(marksOf(home)).toEqual({});
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
  });

  it('below a root of their own are followed by what they affect, though that lies elsewhere', async () => {
    const { home } = await homeWithout('elsewhere', hours, 4);
    const input = lab.place('late-alone');
    writeRaw(input, [hours[4]!]);
    expect(await lab.backfill(home, { input })).toMatchObject({ committed: 1 + hours.length - 5, failed: 0 });
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
  });
});

describe('a file that comes late', () => {
  it('by an hour makes a new revision of its mini-batch and of those behind it', async () => {
    const { home, raw } = await homeWithout('file', hours, 5);
    const late = hours[5]!;
    const half = late.lines.length >> 1;
    writeMiniBatch(raw, late, { 'part-0.json.gz': late.lines.slice(0, half) });
    await runOne(home, raw, late);
    const before = readManifests(home).map(({ revision }) => revision);
    writeMiniBatch(raw, late, { 'part-1.json.gz': late.lines.slice(half) });
    const end = await runOne(home, raw, late);
    expect(outcomesOf(end)).toEqual(hours.slice(5).map(({ id }, n) => `${id} committed ${before[5 + n]! + 1}`));
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
    expect(await judgedFaults(home, hours)).toEqual([]);
  });

  it('that adds nothing to windows marks nothing', async () => {
    const { home, raw } = await homeWithout('nothing', hours);
    writeMiniBatch(raw, hours[3]!, { 'part-2.json.gz': [] });
    expect(outcomesOf(await runOne(home, raw, hours[3]!))).toEqual([`${hours[3]!.id} unchanged 1`]);
    expect(marksOf(home)).toEqual({});
  });
});

describe('a mini-batch that is given another slice', () => {
  it('changes those that covered it, and those that cover it now', async () => {
    const { home, raw } = await homeWithout('moved', hours);
    const [from, to] = [hours[1]!, hours[6]!];
    const at = new Date(to.sliceEnd + 60_000).toISOString();
    const end = await runCommand(runBatch, { home, flags: { input: folderOf(raw, from), at }, settings: SETTINGS });
    expect(end.code).toBe(0);
    expect(outcomesOf(end)).toEqual([from, ...hours.slice(2)].map(({ id }) => `${id} committed 2`));
    const moved = { ...from, sliceEnd: to.sliceEnd };
    const all = [...without(hours, 1), moved].sort((a, b) => a.sliceEnd - b.sliceEnd || (a.id < b.id ? -1 : 1));
    expect(await judgedFaults(home, all)).toEqual([]);
    expect(marksOf(home)).toEqual({});
  });
});

describe('what comes days late', () => {
  const LATE = 5;

  it('marks a day of later ones and is told; a replay on a scratch state publishes them, and only them', async () => {
    const { home, raw } = await homeWithout('days', days, LATE);
    const late = days[LATE]!;
    writeRaw(raw, [late]);
    const live = traceOf(join(home, 'state', 'windows'));
    const end = await runOne(home, raw, late);
    const later = days.filter(({ sliceEnd }) => sliceEnd > late.sliceEnd && sliceEnd < late.sliceEnd + 24 * HOUR);
    expect(outcomesOf(end)).toEqual([`${late.id} committed 1`]);
    expect(end.notes.join('\n')).toContain('ndr replay --affected');
    expect(Object.keys(marksOf(home)).sort()).toEqual(ids(later).sort());

    const index = lastingIndex(home);
    const dry = await runReplay(home, { affected: true, 'dry-run': true });
    expect(outcomesOf(dry)).toEqual(ids(later).map((id) => `${id} would_commit 1`));
    for (const result of dry.results.slice(0, -1)) {
      const differences = result['differences'] as { input: string; name: string }[];
      expect(differences).toContainEqual({
        input: 'window_input',
        name: late.id,
        was: null,
        is: 'revision 1',
        matters: true,
      });
    }
    expect(lastingIndex(home)).toEqual(index);

    expect(outcomesOf(await runReplay(home, { affected: true }))).toEqual(ids(later).map((id) => `${id} committed 2`));
    expect(traceOf(join(home, 'state', 'windows'))).toEqual(live);
    expect(scratchLeft(home)).toEqual([]);
    expect(marksOf(home)).toEqual({});
    expect(countingFiles(home)).toEqual(countingFiles(daysInOrder));
    expect(await judgedFaults(home, days)).toEqual([]);
  }, 60_000);

  it('in a backfill is followed by the day behind it', async () => {
    const { home } = await homeWithout('days-backfill', days, LATE, LATE + 1);
    const input = lab.place('late-days');
    writeRaw(input, days.slice(LATE, LATE + 2));
    await lab.backfill(home, { input });
    expect(marksOf(home)).toEqual({});
    expect(countingFiles(home)).toEqual(countingFiles(daysInOrder));
  }, 60_000);
});
