import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededDice } from '../../src/simulation/seeded-dice.ts';

const throws = (count: number, act: () => number) => Array.from({ length: count }, act);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('seeded dice', () => {
  it('throw the same for the same seed and labels, and other numbers for others', () => {
    const ten = (...labels: (string | number)[]) => throws(10, seededDice(1, ...labels).fraction);
    expect(ten('a', 1)).toEqual(ten('a', 1));
    expect(ten('a', 1)).not.toEqual(ten('a', 2));
    expect(ten('a', 1)).not.toEqual(ten('b', 1));
  });

  it('throw these very numbers on every machine', () => {
    const dice = seededDice(42, 'test');
    expect(throws(5, () => dice.between(0, 999_999))).toEqual([9039, 699750, 166069, 408078, 509310]);
  });

  it('stay within their ends, both included', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 0, max: 1000 }),
        (seed, low, width) => {
          const dice = seededDice(seed, 'range');
          for (const value of throws(20, () => dice.between(low, low + width)).concat(
            throws(20, () => dice.skewed(low, low + width)),
          )) {
            expect(Number.isInteger(value)).toBe(true);
            expect(value).toBeGreaterThanOrEqual(low);
            expect(value).toBeLessThanOrEqual(low + width);
          }
        },
      ),
    );
  });

  it('are fair: means are where they belong', () => {
    const dice = seededDice(9, 'fair');
    expect(mean(throws(20_000, dice.fraction))).toBeCloseTo(0.5, 1);
    expect(mean(throws(20_000, () => dice.between(0, 10)))).toBeCloseTo(5, 0);
    expect(mean(throws(20_000, () => dice.count(7)))).toBeCloseTo(7, 0);
    expect(mean(throws(20_000, () => dice.count(0.25)))).toBeCloseTo(0.25, 1);
    expect(mean(throws(20_000, () => Number(dice.chance(0.1))))).toBeCloseTo(0.1, 1);
  });

  it('count nothing for a rate of nothing, and pick from nothing with a word about it', () => {
    const dice = seededDice(1, 'empty');
    expect(throws(100, () => dice.count(0))).toEqual(new Array(100).fill(0));
    expect(() => dice.pick([])).toThrow('nothing to pick from');
  });
});
