/** Mini-batches that are computed again: nothing changes, or exactly what a changed input explains. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/commands/command.ts';
import { openHome } from '../../src/commands/home.ts';
import { type Replayed, replayMiniBatch } from '../../src/consumers/replay-mini-batch.ts';
import type { WorkPool } from '../../src/consumers/work-pool.ts';
import { scope } from '../../src/lifecycle.ts';
import { type BackfillLab, datasetsOf, lakeOf, openLab, writeRaw } from '../support/backfill-lab.ts';
import { runCommand, writeSpecs } from '../support/command-run.ts';
import { lastingIndex } from '../support/committed-lake.ts';
import { contentOf, traceOf } from '../support/folder-content.ts';
import { copyOfHome, countingFiles, outcomesOf, runReplay, SETTINGS, scratchLeft } from '../support/late-traffic.ts';
import { folderOf, type MiniBatch, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const hours = officeMiniBatches({ seed: 41, hosts: 3, slices: 6, doubled: [2], thin: 6 });
/** Five days with a slice every six hours. */
const days = officeMiniBatches({
  seed: 42,
  hosts: 3,
  slices: 5 * 96,
  silent: Array.from({ length: 5 * 96 }, (_, n) => n).filter((n) => n % 24 !== 0),
  thin: 10,
});
const ids = (miniBatches: readonly MiniBatch[]): string[] => miniBatches.map(({ id }) => id);

let lab: BackfillLab;
let inOrder: string;
let daysInOrder: string;
beforeAll(async () => {
  lab = openLab(hours);
  inOrder = lab.place('in-order');
  daysInOrder = lab.place('days-in-order');
  const input = lab.place('raw-days');
  writeRaw(input, days);
  await lab.backfill(inOrder);
  await lab.backfill(daysInOrder, { input });
}, 120_000);
afterAll(() => lab.close(), 60_000);

/** Replays with a pool that is not what it was. */
async function replayWith(home: string, id: string, change: (pool: WorkPool) => Partial<WorkPool>): Promise<Replayed> {
  let replayed: Replayed | undefined;
  const command: Command = {
    summary: '',
    usage: '',
    examples: [],
    flags: {},
    run: (context) =>
      scope(async (onExit) => {
        const { deps, ...others } = await openHome(context, onExit);
        const pool = { ...deps.pool, ...change(deps.pool) };
        replayed = await replayMiniBatch({ ...deps, pool }, others, id, { dry: false });
        return 0;
      }),
  };
  await runCommand(command, { home, settings: SETTINGS });
  return replayed!;
}

describe('a replay', () => {
  it('of an old mini-batch changes nothing at all, and leaves the live state alone', async () => {
    const home = copyOfHome(daysInOrder, lab.place('replayed'));
    // What a killed run would have left.
    const left = join(home, 'state', 'scratch', '4194303-1-left');
    mkdirSync(join(left, 'windows'), { recursive: true });
    writeFileSync(join(left, 'windows', 'x.block'), 'x');
    const [items, lake] = [traceOf(join(home, 'state', 'items')), lakeOf(home)];
    const live = [traceOf(join(home, 'state', 'windows')), traceOf(join(home, 'state', 'lookback'))];
    const old = days[3]!;
    for (const threads of ['1', '2']) {
      const end = await runReplay(home, { 'mini-batch': old.id }, { NDR_THREADS: threads });
      expect(end).toMatchObject({ code: 0, notes: [] });
      expect(end.results).toEqual([
        {
          outcome: 'unchanged',
          mini_batch_id: old.id,
          slice_end_ts: new Date(old.sliceEnd).toISOString().replace('.000', ''),
          revision: 1,
          changed: [],
          differences: [],
        },
        { summary: { unchanged: 1, committed: 0, would_commit: 0, unequal: 0, failed: 0 } },
      ]);
    }
    expect([traceOf(join(home, 'state', 'windows')), traceOf(join(home, 'state', 'lookback'))]).toEqual(live);
    expect(traceOf(join(home, 'state', 'items'))).toEqual(items);
    expect(lakeOf(home)).toEqual(lake);
    expect(scratchLeft(home)).toEqual([]);
  }, 60_000);

  it('of a range takes the slices that end in it, in order', async () => {
    const home = copyOfHome(inOrder, lab.place('ranged'));
    const instant = (n: number): string => new Date(hours[n]!.sliceEnd).toISOString();
    const { results } = await runReplay(home, { from: instant(2), to: instant(5) });
    expect(results.slice(0, -1).map((line) => line['mini_batch_id'])).toEqual(ids(hours.slice(2, 5)));
    expect(results.at(-1)).toEqual({ summary: { unchanged: 3, committed: 0, would_commit: 0, unequal: 0, failed: 0 } });
  });

  it('names raw files that are gone and what to do, and touches nothing', async () => {
    const home = copyOfHome(inOrder, lab.place('gone-home'));
    const raw = lab.place('gone-raw');
    writeRaw(raw, hours);
    const own = lab.place('own-home');
    await lab.backfill(own, { input: raw });
    const before = lastingIndex(own);
    rmSync(join(folderOf(raw, hours[2]!), 'part-1.json.gz'));
    rmSync(folderOf(raw, hours[3]!), { recursive: true });
    const chosen = `${hours[2]!.id},${hours[3]!.id},${hours[4]!.id}`;
    const end = await runReplay(own, { 'mini-batch': chosen });
    expect(end.code).toBe(1);
    expect(outcomesOf(end)).toEqual([
      `${hours[2]!.id} refused`,
      `${hours[3]!.id} refused`,
      `${hours[4]!.id} unchanged 1`,
    ]);
    expect(end.results[0]!['why']).toContain('part-1.json.gz went away');
    expect(end.results[1]!['why']).toContain('part-0.json.gz, part-1.json.gz went away');
    expect(end.results[1]!['why']).toContain(`ndr run-batch --input ${folderOf(raw, hours[3]!)}`);
    expect(lastingIndex(own)).toEqual(before);
    expect(datasetsOf(home)).toEqual(datasetsOf(own));
  });

  it('tells what a changed spec would change, then changes just that, and back', async () => {
    const home = copyOfHome(inOrder, lab.place('other-spec'));
    const before = [lakeOf(home), lastingIndex(home)];
    const [first] = hours as [MiniBatch];
    writeSpecs(home, { fg_a_builder: { high_risk_segments: ['198.51.100.0/24'] } });
    const flags = { 'mini-batch': hours.at(-1)!.id };
    const dry = await runReplay(home, { ...flags, 'dry-run': true });
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
    const spec = { input: 'spec', name: 'fg_a_builder', was: digest, is: digest, matters: true };
    expect(dry.results).toMatchObject([
      { outcome: 'would_commit', revision: 1, changed: ['fg_a'], differences: [spec] },
      { summary: { would_commit: 1 } },
    ]);
    expect([lakeOf(home), lastingIndex(home)]).toEqual(before);

    const { code, results } = await runReplay(home, flags);
    expect(code).toBe(0);
    expect(results[0]).toMatchObject({ outcome: 'committed', revision: 2, changed: ['fg_a'], differences: [spec] });
    // Windows read delta and pair context alone, which it left as they were.
    expect(results[0]).not.toHaveProperty('affects');

    // Nothing of it shows here: the inputs differ, the files do not.
    writeSpecs(home, { fg_a_builder: { high_risk_segments: ['240.0.0.0/8'] } });
    const unfelt = await runReplay(home, { 'mini-batch': first.id });
    expect(unfelt.results[0]).toMatchObject({ outcome: 'unchanged', revision: 1, changed: [], differences: [spec] });

    writeSpecs(home, { fg_a_builder: {} });
    await runReplay(home, flags);
    expect(countingFiles(home)).toEqual(countingFiles(inOrder));
  });

  it('names the raw files that changed, came and made later mini-batches stale', async () => {
    const [home, raw] = [lab.place('raw-changed-home'), lab.place('raw-changed')];
    writeRaw(raw, hours);
    await lab.backfill(home, { input: raw });
    const [changed] = hours as [MiniBatch];
    writeMiniBatch(raw, changed, {
      'part-0.json.gz': changed.lines.slice(0, 10),
      'part-2.json.gz': changed.lines.slice(10, 20),
    });
    const end = await runReplay(home, { 'mini-batch': changed.id });
    const { differences, affects } = end.results[0] as {
      differences: { name: string; was: unknown }[];
      affects: string[];
    };
    expect(differences.map(({ name, was }) => [name, was !== null])).toEqual([
      ['part-0.json.gz', true],
      ['part-2.json.gz', false],
    ]);
    expect(affects).toEqual(ids(hours.slice(1)));
    expect(end.notes.join()).toContain(`${hours.length - 1} mini-batches after them are affected now`);
  });

  it('that gives other files from equal inputs says so, fails, and commits nothing', async () => {
    const home = copyOfHome(inOrder, lab.place('unequal'));
    const before = [lakeOf(home), lastingIndex(home)];
    const replayed = await replayWith(home, hours[4]!.id, ({ encode }) => ({
      async encode(input) {
        const { rows, bytes } = await encode(input);
        return { rows, bytes: Buffer.concat([bytes, Buffer.of(0)]) };
      },
    }));
    expect(replayed).toMatchObject({ is: 'unequal', revision: 1, differences: [] });
    expect(replayed).toHaveProperty('changed', expect.arrayContaining(['delta', 'fg_a']));
    expect([lakeOf(home), lastingIndex(home)]).toEqual(before);
  });
});

describe('repeats', () => {
  it('under another version of the specs leave everything of the first as it is', async () => {
    const home = copyOfHome(inOrder, lab.place('versions'));
    const ofFirst = (content: Readonly<Record<string, unknown>>): unknown =>
      Object.fromEntries(Object.entries(content).filter(([key]) => !/feature_spec_version=v2|^v2#/.test(key)));
    const before = [lakeOf(home), lastingIndex(home)].map(ofFirst);
    const settings = { NDR_FEATURE_SPEC_VERSION: 'v2' };
    expect(await lab.backfill(home, { settings })).toMatchObject({ committed: hours.length });
    expect([lakeOf(home), lastingIndex(home)].map(ofFirst)).toEqual(before);
    const both = contentOf(join(home, 'lake', 'default'));
    expect(Object.keys(both)).toHaveLength(2 * Object.keys(datasetsOf(inOrder)).length);
    const trace = traceOf(home);
    expect(await lab.backfill(home)).toMatchObject({ committed: 0, skipped: hours.length });
    expect(await lab.backfill(home, { settings })).toMatchObject({ committed: 0, skipped: hours.length });
    expect(traceOf(home)).toEqual(trace);
  });

  it('refuse what was never committed, and ids that nobody knows', async () => {
    const home = copyOfHome(inOrder, lab.place('unknown'));
    await expect(runReplay(home, { 'mini-batch': `${hours[0]!.id},nobody` })).rejects.toThrow(/knows no nobody/);
    await expect(runReplay(home, {})).rejects.toThrow(/--affected: are missing/);
    await expect(runReplay(home, { affected: true, 'mini-batch': 'x' })).rejects.toThrow(/stand together/);
    await expect(runReplay(home, { from: '2026-03-02' })).rejects.toThrow(/--to: is missing/);
  });
});
