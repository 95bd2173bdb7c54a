import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresBySelection } from '../../src/operators/quantile-selection.ts';
import { figuresByTally } from '../../src/operators/weighted-histogram.ts';
import { figuresByWeight, noTie, type Tie } from '../../src/operators/weighted-quantiles.ts';

type Weighted = readonly [value: number, weight: number];
interface Prepared {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly n: number;
  readonly zeros: Tie;
}

/** Values other than zero first, the weights of zeros behind theirs. */
function prepared(sample: readonly Weighted[]): Prepared {
  const others = sample.filter(([value]) => value !== 0);
  const zeros = sample.filter(([value]) => value === 0).map(([, weight]) => weight);
  const values = new Float64Array(sample.length);
  values.set(others.map(([value]) => value));
  const tie = noTie();
  if (zeros.length > 0) {
    tie.count = zeros.length;
    tie.weight = zeros.reduce((sum, weight) => sum + weight, 0);
    tie.lightest = Math.min(...zeros);
    tie.heaviest = Math.max(...zeros);
  }
  const weights = Float64Array.from([...others.map(([, weight]) => weight), ...zeros]);
  return { values, weights, n: others.length, zeros: tie };
}

function figuresOf(sample: readonly Weighted[]): number[] {
  const { values, weights, n, zeros } = prepared(sample);
  const out = new Float64Array(6);
  figuresByWeight(values, weights, n, zeros, out);
  return [...out];
}

function talliedOf(sample: readonly Weighted[]): number[] | undefined {
  const { values, weights, n, zeros } = prepared(sample);
  const out = new Float64Array(6);
  const greatest = Math.max(0, ...sample.map(([value]) => value));
  return n > 0 && figuresByTally(values, weights, n, zeros, greatest, out) ? [...out] : undefined;
}

/** Sorted by (value, weight); p_k = (C_k - w_k / 2 - w_1 / 2) / (C_n - w_n / 2 - w_1 / 2); linear between. */
function naive(sample: readonly Weighted[], p: number): number {
  const sorted = sample.toSorted(([a, v], [b, w]) => a - b || v - w);
  if (sorted.length === 1) return sorted[0]![0];
  const half = sorted[0]![1] / 2;
  let passed = 0;
  const at = sorted.map(([, weight]) => {
    passed += weight;
    return passed - weight / 2 - half;
  });
  const wanted = p * at.at(-1)!;
  const next = Math.max(
    1,
    at.findIndex((place) => place >= wanted),
  );
  const share = (wanted - at[next - 1]!) / (at[next]! - at[next - 1]!);
  return sorted[next - 1]![0] + (sorted[next]![0] - sorted[next - 1]![0]) * share;
}
function naiveFigures(sample: readonly Weighted[]): number[] {
  const median = naive(sample, 0.5);
  const distances = sample.map(
    ([value, weight]): Weighted => [Number(Math.abs(value - median).toPrecision(12)), weight],
  );
  return [...[0.5, 0.25, 0.75, 0.95, 0.99].map((p) => naive(sample, p)), naive(distances, 0.5)];
}

const near = (want: readonly number[]) => want.map((number) => expect.closeTo(number, 9) as number);
// Weights and values that binary fractions hold, so that sums come out the same in any order.
const weight = fc.constantFrom(1, 0.5, 0.125, 0.0625);
const value = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 4_000 }).map((n) => n / 64),
);
const samples = fc.array(fc.tuple(value, weight), { minLength: 1, maxLength: 150 });

describe('weighted figures: median, p25, p75, p95, p99, MAD', () => {
  it('stand where half of their weight has passed', () => {
    // Places (0, 0.55, 1.1) / 1.1: the median is the middle value, p75 half way behind it, p95 nine tenths.
    expect(
      figuresOf([
        [1, 1],
        [2, 0.1],
        [3, 1],
      ]),
    ).toEqual(near([2, 1.5, 2.5, 2.9, 2.98, 1]));
    // Places (0, 1, 1.55) / 1.55: half is 0.775, p95 1.4725. Distances .225 .775 98.225 at (0, 1, 1.55) / 1.55.
    const [median, , , p95] = figuresOf([
      [1, 1],
      [2, 1],
      [100, 0.1],
    ]);
    expect([median, p95]).toEqual(near([1.775, 2 + 98 * ((1.4725 - 1) / 0.55)]));
  });

  it('of one value are the value', () => {
    expect(figuresOf([[5.5, 0.1]])).toEqual([5.5, 5.5, 5.5, 5.5, 5.5, 0]);
    expect(figuresOf([[0, 0.1]])).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('are those of sorting by value and weight', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        expect(figuresOf(sample)).toEqual(near(naiveFigures(sample)));
      }),
      { numRuns: 300 },
    );
  });

  it('of equal weights are the unweighted ones', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 150 }), weight, (values, own) => {
        const out = new Float64Array(6);
        figuresBySelection(Float64Array.from(values), values.length, 0, out);
        expect(figuresOf(values.map((x) => [x, own]))).toEqual(near([...out]));
      }),
    );
  });

  it('do not hang on the order of rows, nor on the size of all weights', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const want = near(figuresOf(sample));
        expect(figuresOf(sample.toReversed())).toEqual(want);
        expect(figuresOf(sample.map(([x, own]) => [x, own * 8]))).toEqual(want);
      }),
    );
  });

  it('grow with the values', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const want = near(figuresOf(sample).map((figure) => figure * 4));
        expect(figuresOf(sample.map(([x, own]) => [x * 4, own]))).toEqual(want);
      }),
    );
  });

  it('are the same by tallying whole numbers', () => {
    const whole = fc.array(fc.tuple(fc.nat(9), weight), { minLength: 25, maxLength: 200 });
    fc.assert(
      fc.property(whole, (sample) => {
        const tallied = talliedOf(sample);
        fc.pre(tallied !== undefined);
        expect(tallied).toEqual(near(naiveFigures(sample)));
      }),
      { numRuns: 300 },
    );
    expect(
      talliedOf([
        [1.5, 1],
        [1, 1],
      ]),
    ).toBeUndefined();
  });

  it('of many values are right too', () => {
    const many = Array.from(
      { length: 30_000 },
      (_, i): Weighted => [((i * 7_919) % 30_011) / 64, i % 3 === 0 ? 0.125 : 1],
    );
    expect(figuresOf(many)).toEqual(near(naiveFigures(many)));
  });
});
