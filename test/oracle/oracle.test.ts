import { describe, expect, it } from 'vitest';
import { compareRows } from './compare.ts';
import { GOLDEN_PARAMETERS, readGoldenMiniBatches, readGoldenOutputs } from './golden.ts';
import { judge } from './oracle.ts';
import { formatInstant } from './times.ts';

const DATASETS = [
  ['delta', ['host_ip', 'role']],
  ['pair_context', ['host_ip', 'role', 'pair_key']],
  ['pair_counts', ['src_ip', 'dst_ip', 'dst_port']],
  ['fg_a', ['host_ip']],
] as const;

describe('the oracle and the worked example', () => {
  const expected = readGoldenOutputs('expected.json');
  const actual = judge({ ...GOLDEN_PARAMETERS, minDays: 0 }, readGoldenMiniBatches());

  it('judges the same mini-batches in the same order', () => {
    const titles = actual.map((output) => [
      output.mini_batch_id,
      formatInstant(output.slice_start_ts),
      formatInstant(output.slice_end_ts),
    ]);
    expect(titles).toEqual(
      expected.map((output) => [output.mini_batch_id, output.slice_start_ts, output.slice_end_ts]),
    );
  });

  for (const [index, output] of expected.entries()) {
    for (const [dataset, keys] of DATASETS) {
      it(`agrees on ${dataset} of ${output.mini_batch_id}`, () => {
        expect(compareRows(output[dataset] ?? [], actual[index]![dataset], keys)).toEqual([]);
      });
    }
  }

  it('compares every cell that the example holds', () => {
    const rows = expected.flatMap((output) => DATASETS.flatMap(([dataset]) => output[dataset] ?? []));
    const cells = rows.reduce((sum, row) => sum + Object.keys(row).length, 0);
    expect(cells).toBeGreaterThan(50_000);
  });
});

describe('the oracle and the worked example with min_days 1', () => {
  const expected = readGoldenOutputs('expected-min-days-1.json');
  const actual = judge({ ...GOLDEN_PARAMETERS, minDays: 1 }, readGoldenMiniBatches());

  for (const [index, output] of expected.entries()) {
    it(`agrees on novelty and ages of ${output.mini_batch_id}`, () => {
      expect(actual[index]!.mini_batch_id).toBe(output.mini_batch_id);
      expect(compareRows(output.fg_a, actual[index]!.fg_a, ['host_ip'])).toEqual([]);
    });
  }
});
