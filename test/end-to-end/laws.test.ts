/** What holds for every run over the same traffic: repetition, order, parallelism, no look ahead. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackfillLab, datasetsOf, lakeOf, openLab, writeRaw } from '../support/backfill-lab.ts';
import { DATASETS, filesOf, lastingIndex, PROJECT, readManifests } from '../support/committed-lake.ts';
import { contentOf, traceOf, unfinishedIn } from '../support/folder-content.ts';
import { judgedFaults } from '../support/judged-home.ts';
import { writeMiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 3, hosts: 5, slices: 9, silent: [4], doubled: [2, 6], thin: 4 });

let lab: BackfillLab;
let reference: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  expect(await lab.backfill(reference)).toEqual({ committed: 10, unchanged: 0, skipped: 0, failed: 0 });
});
afterAll(() => lab.close());

describe('laws of a backfill', () => {
  it('gives what the oracle says, mini-batch by mini-batch, two of one slice too', async () => {
    expect(await judgedFaults(reference, miniBatches)).toEqual([]);
  });

  it('gives the same bytes from the same input, manifests and quarantine included', async () => {
    const again = lab.place('again');
    await lab.backfill(again);
    const quarantine = contentOf(join(again, 'quarantine'));
    expect(lakeOf(again)).toEqual(lakeOf(reference));
    expect(quarantine).toEqual(contentOf(join(reference, 'quarantine')));
    expect(Object.keys(quarantine).length).toBeGreaterThan(0);
    expect(lastingIndex(again)).toEqual(lastingIndex(reference));
  });

  it('commits nothing the second time: not one file of the home changes', async () => {
    const before = traceOf(reference);
    expect(await lab.backfill(reference)).toEqual({ committed: 0, unchanged: 0, skipped: 10, failed: 0 });
    expect(traceOf(reference)).toEqual(before);
    expect(unfinishedIn(reference)).toEqual([]);
  });

  it.each([
    { shards: 16, threads: 1 },
    { shards: 1, threads: 4 },
    { shards: 16, threads: 4 },
  ])(
    'gives the same bytes with $shards shards and $threads threads as with one of each',
    async ({ shards, threads }) => {
      const home = lab.place(`shards-${shards}-threads-${threads}`);
      await lab.backfill(home, { settings: { NDR_SHARDS: `${shards}`, NDR_THREADS: `${threads}` } });
      expect(lakeOf(home)).toEqual(lakeOf(reference));
      expect(lastingIndex(home)).toEqual(lastingIndex(reference));
    },
  );

  it('does not depend on the order of lines, nor on how files divide them', async () => {
    const input = lab.place('raw-shuffled');
    for (const miniBatch of miniBatches) {
      const backwards = miniBatch.lines.toReversed();
      const deal = (file: number): string[] => backwards.filter((_, line) => line % 3 === file);
      writeMiniBatch(input, miniBatch, {
        'z.jsonl': deal(0),
        'a.ndjson.gz': deal(1),
        'm.json.gz': deal(2),
        '_ignored.json': ['{}'],
      });
    }
    const home = lab.place('shuffled');
    await lab.backfill(home, { input });
    expect(datasetsOf(home)).toEqual(datasetsOf(reference));
  });

  it('does not depend on the order in which mini-batches arrive', async () => {
    const home = lab.place('unordered');
    const input = lab.place('raw-unordered');
    for (const arrived of [[5], [0, 9, 3], [4, 1], [8, 2, 7], [6]]) {
      writeRaw(
        input,
        arrived.map((n) => miniBatches[n]!),
      );
      await lab.backfill(home, { input });
    }
    const manifests = readManifests(home);
    const named = DATASETS.flatMap((dataset) => filesOf(manifests, dataset)).sort();
    expect(named).toEqual(Object.keys(datasetsOf(reference)).map((path) => `${PROJECT}/${path}`));
  });

  it('looks at nothing that comes later: without it the earlier rows are byte for byte the same', async () => {
    const home = lab.place('cut');
    const input = lab.place('raw-cut');
    writeRaw(input, miniBatches.slice(0, 6));
    await lab.backfill(home, { input });
    const early = Object.entries(datasetsOf(reference)).filter(([path]) =>
      miniBatches.slice(0, 6).some(({ id }) => path.includes(`/batch=${id}/`)),
    );
    expect(datasetsOf(home)).toEqual(Object.fromEntries(early));
  });
});
