import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCountHistogram, ratio } from '../../src/operators/distribution.ts';
import { entropy as judge } from '../oracle/metrics.ts';

const histogram = createCountHistogram();
const entropyOf = (counts: readonly number[]): number => {
  for (const count of counts) histogram.add(count);
  return histogram.takeEntropy(counts.reduce((sum, count) => sum + count, 0));
};
/** Small counts meet often; those of 256 and more take another way. */
const counts = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(254, 255, 256, 257), fc.integer({ min: 1, max: 1_000_000 })),
  { minLength: 1, maxLength: 60, size: 'max' },
);

describe('an entropy', () => {
  it.each([
    [[], 0],
    [[1], 0],
    [[1_000_000], 0],
    [[1, 1], Math.LN2],
    [[300, 300], Math.LN2],
    [[7, 7, 7, 7], Math.log(4)],
    [[1, 3], 0.25 * Math.log(4) + 0.75 * Math.log(4 / 3)],
    [[1, 1, 2], 1.5 * Math.LN2],
    [[256, 1], Math.log(257) - (256 / 257) * Math.log(256)],
  ])('of the counts %j is %d', (given, expected) => {
    expect(entropyOf(given)).toBeCloseTo(expected, 14);
    expect(Object.is(entropyOf(given), -0)).toBe(false);
  });

  it('is -Σ p ln p, between 0 and the logarithm of their number', () => {
    fc.assert(
      fc.property(counts, (given) => {
        const total = given.reduce((sum, count) => sum + count, 0);
        const plain = given.reduce((sum, count) => sum - (count / total) * Math.log(count / total), 0);
        const found = entropyOf(given);
        expect(found).toBeCloseTo(plain, 10);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(Math.log(given.length) + 1e-12);
        expect(found).toBe(judge(given));
      }),
      { numRuns: 300 },
    );
  });

  it('has the same bits in whatever order the counts come', () => {
    const shuffled = counts.chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
    );
    fc.assert(
      fc.property(shuffled, ([given, other]) => {
        expect(entropyOf(other)).toBe(entropyOf(given));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves nothing behind', () => {
    entropyOf([1, 2, 255, 256, 1000]);
    expect(entropyOf([5, 5])).toBeCloseTo(Math.LN2, 15);
  });
});

it.each([
  [1, 4, 0.25],
  [0, 5, 0],
  [5, 0, 0],
  [0, 0, 0],
  [-3, 2, -1.5],
])('the ratio of %d to %d is %d', (a, b, expected) => {
  expect(ratio(a, b)).toBe(expected);
});
