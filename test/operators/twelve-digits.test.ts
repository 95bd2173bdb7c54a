import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundToTwelveDigits } from '../../src/operators/twelve-digits.ts';

describe('rounding to twelve significant digits', () => {
  it('makes numbers that differ in their last bits one', () => {
    expect(roundToTwelveDigits(0.1 + 0.2)).toBe(0.3);
    expect(roundToTwelveDigits(1.1 * 3)).toBe(3.3);
    expect(roundToTwelveDigits(0.1234567890124)).toBe(0.123456789012);
    expect(roundToTwelveDigits(9.9999999999999)).toBe(10);
    expect(roundToTwelveDigits(123456789012.7)).toBe(123456789013);
  });

  it('leaves whole and half numbers as they are', () => {
    for (const number of [0, 1, 0.5, 99999999999.5, 123456789012]) expect(roundToTwelveDigits(number)).toBe(number);
  });

  it('rounds numbers of every size', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e300, noNaN: true }), (number) => {
        const rounded = roundToTwelveDigits(number);
        expect(Math.abs(rounded - number)).toBeLessThanOrEqual(5.0001e-12 * number);
        expect(roundToTwelveDigits(rounded)).toBe(rounded);
      }),
    );
    expect(roundToTwelveDigits(1 / 3e20)).toBe(3.33333333333e-21);
    expect(roundToTwelveDigits(2e200 / 3)).toBe(6.66666666667e199);
  });

  it('keeps the order', () => {
    const number = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, number, (a, b) => {
        if (a <= b) expect(roundToTwelveDigits(a)).toBeLessThanOrEqual(roundToTwelveDigits(b));
      }),
    );
  });
});
