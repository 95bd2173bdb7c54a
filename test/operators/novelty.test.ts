import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBlock, encodeBlock } from '../../src/state/block-codec.ts';
import { judge, type OracleMiniBatch } from '../oracle/oracle.ts';
import { allFaults } from './agreement.ts';
import { QUARTER } from './product-options.ts';
import { runHistory } from './product-run.ts';
import { FIRST_END, miniBatchAt } from './random-traffic.ts';

const DAY = 86_400_000;

/** Slices at the ends of every lookback: the same quarter and midnight, a day, 30 and 31 days on, give or take one. */
const instant = fc
  .tuple(fc.constantFrom(0, 0, 1, 2, 7, 28, 29, 30, 31, 32), fc.constantFrom(0, 0, 0, -32, -31, -33, 1, -1, 4, 32, 95))
  .map(([days, quarters]) => FIRST_END + 2 * DAY + days * DAY + quarters * QUARTER);

const longHistory = fc
  .uniqueArray(instant, { minLength: 2, maxLength: 8 })
  .chain((ends) => fc.tuple(...ends.map((end) => miniBatchAt(end, 14))))
  .map((history): OracleMiniBatch[] => history.map((miniBatch, n) => ({ ...miniBatch, id: `mb-${n}` })));

const rules = fc.record({
  minDays: fc.constantFrom(0, 0, 0, 1, 7),
  rareThresholds: fc.record({ peer: fc.constantFrom(1, 2, 0), port: fc.constantFrom(1, 3, 0) }),
  pairCap: fc.constantFrom(65_536, 3),
});

describe('what looks back over weeks', () => {
  it('is what the judge says, in any number of shards, also when it was sealed meanwhile', () => {
    const how = fc.record({ shards: fc.constantFrom(1, 3), isSealed: fc.boolean() });
    fc.assert(
      fc.property(longHistory, rules, how, (history, parameters, { shards, isSealed }) => {
        const expected = judge(parameters, history);
        const reopened = {
          day: (rollup: never) => decodeBlock('day', encodeBlock('day', rollup)),
          base: (base: never) => decodeBlock('base', encodeBlock('base', base)),
        };
        const actual = runHistory(parameters, history, {
          shards,
          ...(isSealed ? { reopened: reopened as never } : {}),
        });
        expect(expected.flatMap((output, i) => allFaults(output, actual[i]!))).toEqual([]);
      }),
      { numRuns: Number(process.env['NOVELTY_RUNS'] ?? 60) },
    );
  });
});
