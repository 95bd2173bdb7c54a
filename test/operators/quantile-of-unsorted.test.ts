import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quantile, quantileOfUnsorted } from '../../src/operators/quantiles.ts';

it('gives of values in any order what the quantile of the sorted ones is', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer()), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (numbers, q) => {
      expect(quantileOfUnsorted(Float64Array.from(numbers), q)).toBe(quantile(Float64Array.from(numbers).sort(), q));
    }),
  );
});
