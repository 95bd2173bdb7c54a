import { describe, expect, it } from 'vitest';
import { compareRows } from '../oracle/compare.ts';
import { GOLDEN_PARAMETERS, readGoldenMiniBatches, readGoldenOutputs } from '../oracle/golden.ts';
import { judge } from '../oracle/oracle.ts';
import { allFaults } from './agreement.ts';
import { runHistory } from './product-run.ts';

describe('the worked example', () => {
  const miniBatches = readGoldenMiniBatches();
  const expected = readGoldenOutputs('expected.json');
  const judged = judge(GOLDEN_PARAMETERS, miniBatches);

  for (const shards of [1, 4]) {
    const actual = runHistory(GOLDEN_PARAMETERS, miniBatches, { shards, files: shards });

    it.each(expected.map((output, i) => [output.mini_batch_id, i] as const))(
      `is met by %s in ${shards} shards`,
      (_, i) => {
        const { delta = [], pair_context = [], pair_counts = [], fg_a } = expected[i]!;
        expect(compareRows(delta, actual[i]!.delta, ['host_ip', 'role'])).toEqual([]);
        expect(compareRows(pair_context, actual[i]!.pair_context, ['host_ip', 'role', 'pair_key'])).toEqual([]);
        expect(compareRows(pair_counts, actual[i]!.pair_counts, ['src_ip', 'dst_ip', 'dst_port'])).toEqual([]);
        expect(compareRows(fg_a, actual[i]!.fg_a, ['host_ip'])).toEqual([]);
        expect(allFaults(judged[i]!, actual[i]!)).toEqual([]);
      },
    );
  }

  it('is met where nothing counts as new on the first day', () => {
    const later = readGoldenOutputs('expected-min-days-1.json');
    const actual = runHistory({ ...GOLDEN_PARAMETERS, minDays: 1 }, miniBatches, { shards: 2 });
    expect(later).toHaveLength(actual.length);
    expect(later.flatMap(({ fg_a }, i) => compareRows(fg_a, actual[i]!.fg_a, ['host_ip']))).toEqual([]);
  });
});
