/** `ndr retain` over a home of fifty days: what goes, what stays, and that nobody takes it for damage. */

import { cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { rebuildIndex } from '../../src/commands/rebuild-index.ts';
import { replay } from '../../src/commands/replay.ts';
import { retain } from '../../src/commands/retain.ts';
import { type BackfillLab, datasetsOf, lakeOf, openLab } from '../support/backfill-lab.ts';
import { type CommandEnd, runCommand } from '../support/command-run.ts';
import { filesOf, lastingIndex, readManifests } from '../support/committed-lake.ts';
import { filesBelow } from '../support/folder-content.ts';
import { ID_PATTERN, idOf, type MiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const DAY = 86_400_000;
const DAYS = [0, 4, 5, 6, 49, 50];
const END = Date.UTC(2026, 2, 2, 10, 23);
const [office] = officeMiniBatches({ seed: 3, hosts: 4, slices: 1, thin: 6 });

/** The same lines again and again; those that lie too far back lose their times, which matters little here. */
const miniBatches: readonly MiniBatch[] = DAYS.map((day) => {
  const sliceEnd = END + day * DAY;
  return { id: idOf(sliceEnd), sliceEnd, lines: office!.lines };
});
/** 45 days before the newest, and before that. */
const PAST = miniBatches.slice(0, 3);

let lab: BackfillLab;
let reference: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  await lab.backfill(reference);
});
afterAll(() => lab.close());

let copies = 0;
function copyHome(): string {
  const home = lab.place(`copy-${copies++}`);
  cpSync(reference, home, { recursive: true, preserveTimestamps: true });
  return home;
}

const run = (
  home: string,
  options: { flags?: Record<string, boolean>; settings?: Record<string, string>; clock?: () => number } = {},
): Promise<CommandEnd> => runCommand(retain, { home, clock: () => END + 51 * DAY, ...options });

const filesTold = ({ results }: CommandEnd): Record<string, unknown> =>
  Object.fromEntries(results.map((line) => [line['dataset'] ?? line['what'], line['files']]));

/** Dataset → mini-batches that have files of it. */
function present(home: string, dataset: 'delta' | 'pair_context' | 'pair_counts' | 'fg_a' | 'fg_a_pair_context') {
  const there = new Set(filesBelow(join(home, 'lake')));
  const manifests = readManifests(home);
  return manifests
    .filter((one) => filesOf([one], dataset).every((path) => there.has(path)))
    .map((one) => one.mini_batch_id);
}

describe('retain', () => {
  it('removes what is past its retention, measured against the newest slice, and nothing else', async () => {
    const home = copyHome();
    // Far beyond every retention by the clock: that does not count.
    const end = await run(home, { clock: () => END + 5_000 * DAY });
    expect(end.code).toBe(0);
    expect(filesTold(end)).toMatchObject({ delta: 3, pair_context: 3, fg_a_pair_context: 3, pair_counts: 0, fg_a: 0 });
    const [all, kept] = [miniBatches.map(({ id }) => id), miniBatches.slice(3).map(({ id }) => id)];
    for (const dataset of ['delta', 'pair_context', 'fg_a_pair_context'] as const)
      expect(present(home, dataset), dataset).toEqual(kept);
    for (const dataset of ['pair_counts', 'fg_a'] as const) expect(present(home, dataset), dataset).toEqual(all);
  });

  it('tells beforehand what would go, and removes nothing then', async () => {
    const home = copyHome();
    const lake = lakeOf(home);
    const dry = await run(home, { flags: { 'dry-run': true } });
    expect(lakeOf(home)).toEqual(lake);
    const { superseded: _, ...wet } = filesTold(await run(home));
    expect(filesTold(dry)).toEqual(wet);
    expect(filesTold(await run(home))).toMatchObject({ delta: 0, pair_context: 0 });
  });

  it('is no reason to compute anything again, nor damage', async () => {
    const home = copyHome();
    await run(home);
    const lake = lakeOf(home);
    expect(await lab.backfill(home)).toEqual({ committed: 0, unchanged: 0, skipped: 6, failed: 0 });
    expect(lakeOf(home)).toEqual(lake);
    const { code, results } = await runCommand(doctor, { home, flags: { deep: true } });
    expect({ code, summary: results.at(-1)!['summary'] }).toMatchObject({ code: 0, summary: { error: 0, warning: 0 } });
  });

  it('leaves an index that can be restored', async () => {
    const home = copyHome();
    await run(home);
    rmSync(join(home, 'state'), { recursive: true });
    expect((await runCommand(rebuildIndex, { home })).code).toBe(0);
    expect(lastingIndex(home)).toEqual(lastingIndex(reference));
  });

  it('does not hide files that are missing for another reason', async () => {
    const home = copyHome();
    await run(home);
    const [file] = filesOf(readManifests(home).slice(4, 5), 'delta');
    rmSync(join(home, 'lake', file!));
    expect((await runCommand(doctor, { home })).code).toBe(1);
    expect(await lab.backfill(home)).toMatchObject({ unchanged: 1, skipped: 5 });
    expect(present(home, 'delta')).toContain(miniBatches[4]!.id);
  });

  it('is named where something that reads what went is to be computed again', async () => {
    const home = copyHome();
    await run(home);
    const [file] = filesOf(readManifests(home).slice(3, 4), 'delta');
    rmSync(join(home, 'lake', file!));
    rmSync(join(home, 'state', 'windows'), { recursive: true });
    rmSync(join(home, 'state', 'lookback'), { recursive: true, force: true });
    const { code, results } = await lab.tryBackfill(home);
    expect(code).toBe(1);
    const failed = results.find((line) => line['outcome'] === 'error');
    expect(failed!['why']).toMatch(/its delta was past retention.delta_days and removed; .* ndr replay --mini-batch/);
  });

  it('can be undone by replaying from the beginning, as long as the raw files are there', async () => {
    const home = copyHome();
    await run(home);
    const flags = { from: '2026-03-01', to: '2026-06-01' };
    const { code } = await runCommand(replay, { home, flags, settings: { NDR_INPUT_ID_PATTERN: ID_PATTERN } });
    expect(code).toBe(0);
    expect(datasetsOf(home)).toEqual(datasetsOf(reference));
  });

  it('goes on where it was killed', async () => {
    const home = copyHome();
    // As if killed behind its first file: the mark is there, two of three files are too.
    await run(home, { flags: {} });
    const removed = PAST.slice(1).flatMap(({ id }) =>
      filesOf(
        readManifests(reference).filter((one) => one.mini_batch_id === id),
        'delta',
      ),
    );
    for (const path of removed) cpSync(join(reference, 'lake', path), join(home, 'lake', path));
    expect(await lab.backfill(home)).toMatchObject({ skipped: 6 });
    expect(filesTold(await run(home))).toMatchObject({ delta: 2 });
    expect(present(home, 'delta')).toEqual(miniBatches.slice(3).map(({ id }) => id));
  });

  it('refuses to take what the specs still read, and says how much that is', async () => {
    const home = copyHome();
    const lake = lakeOf(home);
    const settings = { NDR_RETENTION_PAIR_CONTEXT_DAYS: '20', NDR_RETENTION_DELTA_DAYS: '20' };
    await expect(run(home, { settings })).rejects.toThrow(
      /pair_context_days: is 20, but 33 days .* set .* to 33 or more/,
    );
    expect(lakeOf(home)).toEqual(lake);
  });

  it('does not believe a newest slice from the future', async () => {
    const home = copyHome();
    const lake = lakeOf(home);
    await expect(run(home, { clock: () => END + 40 * DAY })).rejects.toThrow(
      /is the newest .* ages that count from it/,
    );
    expect(lakeOf(home)).toEqual(lake);
  });

  it('removes quarantined and unfinished files by the clock', async () => {
    const home = copyHome();
    const now = Date.now();
    const place = (path: string, days: number): void => {
      mkdirSync(join(home, path, '..'), { recursive: true });
      writeFileSync(join(home, path), 'x');
      utimesSync(join(home, path), (now - days * DAY) / 1000, (now - days * DAY) / 1000);
    };
    place('quarantine/default/old/failed-0.json', 31);
    place('quarantine/default/young/failed-0.json', 29);
    place('quarantine/other/old/failed-0.json', 31);
    place('state/scratch/1-1-a/x.block', 3);
    place('state/scratch/1-1-b/x.block', 1);
    const before = filesBelow(home);
    const end = await run(home, { settings: { NDR_RETENTION_SCRATCH_DAYS: '2' }, clock: () => now });
    expect(filesTold(end)).toMatchObject({ quarantine: 1 });
    const left = new Set(filesBelow(home));
    const gone = before.filter(
      (path) => !left.has(path) && !path.startsWith('lake/') && !path.startsWith('state/items'),
    );
    expect(gone.filter((path) => path.startsWith('quarantine'))).toEqual(['quarantine/default/old/failed-0.json']);
    expect(gone).not.toContain('state/windows');
    expect([...left]).not.toContain('state/scratch/1-1-a/x.block');
  });

  it('needs a home', async () => {
    await expect(run(lab.place('nowhere'))).rejects.toThrow('is no home yet');
  });
});
