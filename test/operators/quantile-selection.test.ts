import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresBySelection } from '../../src/operators/quantile-selection.ts';
import { figuresByCounting } from '../../src/operators/value-histogram.ts';

const figuresOf = (values: readonly number[], zeros = 0): number[] => {
  const room = new Float64Array(values.length + zeros);
  room.set(values);
  const out = new Float64Array(6);
  figuresBySelection(room, values.length, zeros, out);
  return [...out];
};
const countedOf = (values: readonly number[], zeros: number): number[] | undefined => {
  const out = new Float64Array(6);
  const isCounted = figuresByCounting(Float64Array.from(values), values.length, zeros, Math.max(0, ...values), out);
  return isCounted ? [...out] : undefined;
};
const near = (want: readonly number[]) => want.map((number) => expect.closeTo(number, 9) as number);

/** As a textbook has it: sorted, and linear between the two nearest ranks. */
const naive = (values: readonly number[], p: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const place = p * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low]! + (sorted[Math.min(low + 1, sorted.length - 1)]! - sorted[low]!) * (place - low);
};
const naiveFigures = (values: readonly number[]): number[] => {
  const median = naive(values, 0.5);
  const quantiles = [0.5, 0.25, 0.75, 0.95, 0.99].map((p) => naive(values, p));
  return [
    ...quantiles,
    naive(
      values.map((value) => Math.abs(value - median)),
      0.5,
    ),
  ];
};

describe('figures of values that weigh the same: median, p25, p75, p95, p99, MAD', () => {
  it("are numpy's", () => {
    // np.percentile([3, 1, 4, 1, 5, 9, 2, 6], [50, 25, 75, 95, 99]); the distances from 3.5 are .5 .5 1.5 1.5 2.5 2.5 2.5 5.5
    expect(figuresOf([3, 1, 4, 1, 5, 9, 2, 6])).toEqual(near([3.5, 1.75, 5.25, 7.95, 8.79, 2]));
    // np.percentile([0.5, 0.25, 2, 8, 0.125], ...)
    expect(figuresOf([0.5, 0.25, 2, 8, 0.125])).toEqual(near([0.5, 0.25, 2, 6.8, 7.76, 0.375]));
  });

  it('of one value are the value', () => {
    expect(figuresOf([7.25])).toEqual([7.25, 7.25, 7.25, 7.25, 7.25, 0]);
    expect(figuresOf([], 1)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('count zeros that stand nowhere', () => {
    expect(figuresOf([4, 2], 2)).toEqual(near([1, 0, 2.5, 3.7, 3.94, 1]));
    expect(figuresOf([4, 2], 7)).toEqual(near([0, 0, 0, 3.2, 3.84, 0]));
  });

  it('are those of sorting, whatever the values', () => {
    const value = fc.oneof(
      fc.double({ min: 0.001, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 1_000 }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 120 }), fc.nat(60), (values, zeros) => {
        fc.pre(values.length + zeros > 0);
        const want = naiveFigures([...values, ...Array<number>(zeros).fill(0)]);
        const scale = Math.max(1, ...values);
        figuresOf(values, zeros).forEach((got, i) => {
          expect(Math.abs(got - want[i]!)).toBeLessThanOrEqual(1e-12 * scale);
        });
      }),
    );
  });
});

describe('counting small whole numbers', () => {
  it('gives what selection gives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 300 }),
        fc.nat(90),
        (values, zeros) => {
          const counted = countedOf(values, zeros);
          fc.pre(counted !== undefined);
          expect(counted).toEqual(near(figuresOf(values, zeros)));
        },
      ),
    );
  });

  it('leaves fractions and numbers that are large for their count alone, and forgets them', () => {
    expect(countedOf([1, 2.5], 0)).toBeUndefined();
    expect(countedOf([1, 9], 0)).toBeUndefined();
    expect(countedOf([8_192, ...Array<number>(9_000).fill(1)], 0)).toBeUndefined();
    expect(countedOf([1, 2, 3], 0)).toEqual(near([2, 1.5, 2.5, 2.9, 2.98, 1]));
  });
});
