/** What changes when inputs or specs do, and that nothing else does. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/commands/run-batch.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import type { Manifest } from '../../src/state/manifest.ts';
import { type SweepReport, sweepSuperseded } from '../../src/state/sweep.ts';
import { type BackfillLab, datasetsOf, lakeOf, openLab, summaryOf, writeRaw } from '../support/backfill-lab.ts';
import { runCommand, writeSpecs } from '../support/command-run.ts';
import { DATASETS, filesOf, lastingIndex, PROJECT, readManifests, VERSION } from '../support/committed-lake.ts';
import { contentOf, filesBelow } from '../support/folder-content.ts';
import { judgedFaults } from '../support/judged-home.ts';
import { folderOf, ID_PATTERN, type MiniBatch, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 5, hosts: 4, slices: 7, silent: [3], doubled: [1], thin: 3 });
const HOUR = 3_600_000;

let lab: BackfillLab;
let reference: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  await lab.backfill(reference);
});
afterAll(() => lab.close());

const revisions = (manifests: readonly Manifest[]): string[] =>
  manifests.map(({ mini_batch_id: id, revision }) => `${id} ${revision}`);
const namedFiles = (manifests: readonly Manifest[]): string[] =>
  DATASETS.flatMap((dataset) => filesOf(manifests, dataset)).sort();

async function sweep(home: string, nowMs: number): Promise<SweepReport> {
  const lake = await openDirectoryLake(join(home, 'lake'));
  const index = openBatchIndex(await openDirectoryItems(join(home, 'state', 'items')));
  return sweepSuperseded({ lake, index, project: PROJECT, version: VERSION, nowMs, graceMs: HOUR });
}

describe('a changed raw file', () => {
  let home: string;
  let changed: readonly MiniBatch[];
  let before: readonly Manifest[];
  beforeAll(async () => {
    home = lab.place('changed');
    const input = lab.place('raw-changed');
    changed = miniBatches.map((miniBatch, n) =>
      n === 3 ? { ...miniBatch, lines: miniBatch.lines.slice(0, -20) } : miniBatch,
    );
    writeRaw(input, changed);
    await lab.backfill(home, { input });
    before = readManifests(home);
    writeRaw(input, miniBatches);
    expect(await lab.backfill(home, { input })).toEqual({ committed: 4, unchanged: 0, skipped: 3, failed: 0 });
  });

  it('makes a second revision of its mini-batch and of those whose windows hold it, and of no other', async () => {
    const now = readManifests(home);
    expect(revisions(now)).toEqual(miniBatches.map(({ id }, n) => `${id} ${n < 3 ? 1 : 2}`));
    expect(now.slice(0, 3)).toEqual(before.slice(0, 3));
  });

  it('leaves the rows as if it had been so from the start', async () => {
    expect(namedFiles(readManifests(home))).toEqual(namedFiles(readManifests(reference)));
    expect(await judgedFaults(home, miniBatches)).toEqual([]);
  });

  it('keeps superseded files for the grace period and then no longer', async () => {
    const now = Date.now();
    const lake = lakeOf(home);
    expect(namedFiles(before).every((path) => path in lake)).toBe(true);
    expect(await sweep(home, now)).toEqual({ removed: [], faults: [] });
    expect(lakeOf(home)).toEqual(lake);

    const { removed, faults } = await sweep(home, now + 2 * HOUR);
    expect(faults).toEqual([]);
    expect(removed.length).toBeGreaterThan(4);
    expect(datasetsOf(home)).toEqual(datasetsOf(reference));
    expect(filesBelow(join(home, 'lake', '_batches'))).toHaveLength(miniBatches.length);
    expect(await sweep(home, now + 3 * HOUR)).toEqual({ removed: [], faults: [] });
  });
});

describe('a changed spec', () => {
  const highRiskSegments = ['198.51.100.0/24'];

  it('makes a new revision of everything, and writes only what it changes', async () => {
    const home = lab.place('other-spec');
    await lab.backfill(home);
    const before = readManifests(home);
    const files = datasetsOf(home);
    writeSpecs(home, { fg_a_builder: { high_risk_segments: highRiskSegments } });
    expect(await lab.backfill(home)).toMatchObject({ committed: miniBatches.length, skipped: 0 });
    const after = readManifests(home);
    expect(revisions(after)).toEqual(miniBatches.map(({ id }) => `${id} 2`));
    for (const dataset of ['delta', 'pair_context', 'pair_counts', 'fg_a_pair_context'] as const)
      expect(filesOf(after, dataset)).toEqual(filesOf(before, dataset));
    expect(filesOf(after, 'fg_a')).not.toEqual(filesOf(before, 'fg_a'));
    expect(await judgedFaults(home, miniBatches, { highRiskSegments })).toEqual([]);
    const added = Object.keys(datasetsOf(home)).filter((path) => !(path in files));
    expect(added.every((path) => path.startsWith('fg_a/'))).toBe(true);

    writeSpecs(home, { fg_a_builder: { high_risk_segments: [] } });
    await lab.backfill(home);
    const back = readManifests(home);
    expect(revisions(back)).toEqual(miniBatches.map(({ id }) => `${id} 3`));
    expect(namedFiles(back)).toEqual(namedFiles(before));
  });
});

describe('a mini-batch', () => {
  it('without a line commits, and counts as a slice that was delivered', async () => {
    const input = lab.place('raw-empty');
    const sliceEnd = miniBatches[0]!.sliceEnd + 3 * 900_000;
    const empty: MiniBatch = { id: '20260302T1108', sliceEnd, lines: [] };
    const all = [...miniBatches, empty].sort((a, b) => a.sliceEnd - b.sliceEnd || (a.id < b.id ? -1 : 1));
    writeRaw(input, miniBatches);
    writeMiniBatch(input, empty);
    const home = lab.place('with-empty');
    expect(await lab.backfill(home, { input })).toMatchObject({ committed: all.length });
    const manifest = readManifests(home).find(({ mini_batch_id: id }) => id === empty.id)!;
    expect(Object.keys(manifest.datasets).sort()).toEqual([...DATASETS].sort());
    expect(Object.values(manifest.datasets).map(({ rows, files }) => [rows, files.length])).toEqual(
      DATASETS.map(() => [0, 0]),
    );
    expect(await judgedFaults(home, all)).toEqual([]);
  });

  it('that fails stops none of the others, and counts nowhere', async () => {
    const input = lab.place('raw-noise');
    const sliceEnd = miniBatches[0]!.sliceEnd + 3 * 900_000;
    writeRaw(input, miniBatches);
    writeMiniBatch(input, { id: '20260302T1108', sliceEnd, lines: Array.from({ length: 200 }, () => 'noise') });
    const home = lab.place('with-noise');
    const end = await lab.tryBackfill(home, { input });
    expect(end.code).toBe(1);
    expect(summaryOf(end)).toEqual({ committed: miniBatches.length, unchanged: 0, skipped: 0, failed: 1 });
    expect(datasetsOf(home)).toEqual(datasetsOf(reference));
    expect(Object.keys(contentOf(join(home, 'quarantine'))).filter((path) => path.includes('failed-'))).toHaveLength(1);
  });

  it('whose files went missing from the lake gets them back as they were, without a new revision', async () => {
    const home = lab.place('holes');
    await lab.backfill(home);
    const whole = lakeOf(home);
    const index = lastingIndex(home);
    const [first, second] = Object.keys(datasetsOf(home));
    for (const path of [first!, second!]) rmSync(join(home, 'lake', PROJECT, path));
    expect(await lab.backfill(home)).toMatchObject({ committed: 0, failed: 0 });
    expect(lakeOf(home)).toEqual(whole);
    expect(lastingIndex(home)).toEqual(index);
  });

  it('that is given another slice moves there, and leaves its old place', async () => {
    const home = lab.place('moved');
    await lab.backfill(home);
    const last = miniBatches.at(-1)!;
    const sliceEnd = last.sliceEnd + 4 * 900_000;
    const input = folderOf(lab.raw, last);
    const at = new Date(sliceEnd + 60_000).toISOString();
    const settings = { NDR_INPUT_ID_PATTERN: ID_PATTERN };
    const { results } = await runCommand(runBatch, { home, flags: { input, at }, settings });
    expect(results).toMatchObject([{ outcome: 'committed', revision: 2 }]);
    const moved = { ...last, sliceEnd };
    expect(await lab.backfill(home)).toMatchObject({ committed: 0, skipped: miniBatches.length });
    await sweep(home, Date.now() + 2 * HOUR);
    expect(await judgedFaults(home, [...miniBatches.slice(0, -1), moved])).toEqual([]);
    expect(Object.keys(datasetsOf(home)).sort()).toEqual(
      namedFiles(readManifests(home))
        .map((path) => path.slice('default/'.length))
        .sort(),
    );
  });
});
