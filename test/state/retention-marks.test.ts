import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPastRetention, raiseRetentionMark, readRetentionMarks } from '../../src/state/retention-marks.ts';
import { collect } from '../conformance/collect.ts';
import { newFolder, openStore, removeFolder, type Store } from './mini-batches.ts';

let store: Store;
beforeEach(async () => {
  store = await openStore(await newFolder());
});
afterEach(() => removeFolder(store.root));

const HOUR = 3_600_000;
const raise = (dataset: string, hours: number): Promise<void> =>
  raiseRetentionMark(store.lake, 'p', 'v1', dataset, hours * HOUR);

describe('retention marks', () => {
  it('are the greatest ever set, by dataset, in whatever order they were', async () => {
    let run = 0;
    const marks = fc.array(fc.tuple(fc.constantFrom('delta', 'fg_a'), fc.nat(1000)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(marks, async (given) => {
        const version = `v${++run}`;
        for (const [dataset, hours] of given) await raiseRetentionMark(store.lake, 'p', version, dataset, hours * HOUR);
        const expected = new Map<string, number>();
        for (const [dataset, hours] of given) expected.set(dataset, Math.max(hours * HOUR, expected.get(dataset) ?? 0));
        expect(new Map(await readRetentionMarks(store.lake, 'p', version))).toEqual(expected);
        const files = await collect(store.lake.list(`_batches/p/feature_spec_version=${version}/`));
        expect(files).toHaveLength(expected.size);
      }),
      { numRuns: 25 },
    );
  });

  it('concern their project, version and dataset, up to their instant', async () => {
    await raise('delta', 5);
    const marks = await readRetentionMarks(store.lake, 'p', 'v1');
    const answers = [5, 6].map((hours) => isPastRetention(marks, 'delta', hours * HOUR));
    expect([...answers, isPastRetention(marks, 'fg_a', 0)]).toEqual([true, false, false]);
    expect(await readRetentionMarks(store.lake, 'p', 'v2')).toEqual(new Map());
    expect(await readRetentionMarks(store.lake, 'q', 'v1')).toEqual(new Map());
  });
});
