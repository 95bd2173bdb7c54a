import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile, sortAscending } from '../../src/operators/quantiles.ts';
import { quantile as judge } from '../oracle/numbers.ts';

const of = (q: number, ...sorted: readonly number[]): number => quantile(Float64Array.from(sorted), q);

describe('a quantile', () => {
  // As numpy.quantile gives them.
  it.each([
    [0.5, [1, 2, 3, 4], 2.5],
    [0.25, [1, 2, 3, 4], 1.75],
    [0.75, [1, 2, 3, 4], 3.25],
    [0.95, [10, 20, 30], 29],
    [0.99, [0, 100], 99],
    [0, [3, 5, 7], 3],
    [1, [3, 5, 7], 7],
    [0.5, [42], 42],
    [0.99, [42], 42],
    [0.25, [-4, 0], -3],
  ])('%d of %j is %d', (q, sorted, expected) => {
    expect(of(q, ...sorted)).toBeCloseTo(expected, 12);
  });

  it('lies between its neighbours, and is what the judge says', () => {
    const values = fc.array(fc.oneof(fc.integer(), fc.double({ min: -1e12, max: 1e12, noNaN: true })), {
      minLength: 1,
      maxLength: 80,
      size: 'max',
    });
    fc.assert(
      fc.property(values, fc.constantFrom(0.25, 0.5, 0.75, 0.95, 0.99), (given, q) => {
        const sorted = Float64Array.from(given).sort();
        const found = quantile(sorted, q);
        const expected = judge(given, q)!;
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected));
        const place = q * (sorted.length - 1);
        expect(found).toBeGreaterThanOrEqual(sorted[Math.floor(place)]!);
        expect(found).toBeLessThanOrEqual(sorted[Math.ceil(place)]!);
      }),
      { numRuns: 400 },
    );
  });
});

it('sorting puts numbers in order, however many', () => {
  const numbers = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true })), {
    maxLength: 70,
    size: 'max',
  });
  fc.assert(
    fc.property(numbers, (given) => {
      const values = Float64Array.from(given, (value) => value + 0);
      sortAscending(values);
      expect([...values]).toEqual([...given].map((value) => value + 0).sort((a, b) => a - b));
    }),
    { numRuns: 400 },
  );
});
