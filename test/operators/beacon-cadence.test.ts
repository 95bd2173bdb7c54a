import { describe, expect, it } from 'vitest';
import { cadenceOf } from '../../src/operators/beacon-cadence.ts';

const NOON = Date.UTC(2026, 2, 2, 12);
const SECOND = 1000;
const cadence = (starts: readonly number[], bytes: readonly number[] = [100]) =>
  cadenceOf(Float64Array.from(starts), Float64Array.from(bytes));
const every = (period: number, count: number): number[] => Array.from({ length: count }, (_, n) => NOON + n * period);

/** Starts with these seconds between them. */
function apart(...gaps: readonly number[]): number[] {
  const starts = [NOON];
  for (const gap of gaps) starts.push(starts.at(-1)! + gap * SECOND);
  return starts;
}

describe('cadence', () => {
  it('of a clock is full where its messages are alike and half a day is covered', () => {
    expect(cadence(every(3600 * SECOND, 12))).toEqual({ intervalMs: 3600 * SECOND, value: 1, medianBytes: 100 });
    expect(cadence(every(60 * SECOND, 8))!.value).toBeCloseTo(0.5 + 0.25 + 0.25 / 12, 12);
    expect(cadence(every(60 * SECOND, 8), [0, 0])!.value).toBeCloseTo(0.5 + 0.25 / 12, 12);
    // Median 200, deviations 100, 0, 200.
    expect(cadence(every(60 * SECOND, 8), [100, 200, 400])!.value).toBeCloseTo(0.5 + 0.125 + 0.25 / 12, 12);
  });

  it('is not told from fewer than eight starts, or six gaps of a second', () => {
    expect(cadence(every(60 * SECOND, 7))).toBeUndefined();
    expect(cadence([...every(60 * SECOND, 6), NOON, NOON])).toBeUndefined();
    expect(cadence([...every(60 * SECOND, 7), NOON])).toMatchObject({ intervalMs: 60 * SECOND });
    expect(cadence(every(999, 20))).toBeUndefined();
    expect(cadence(every(1000, 8))).toMatchObject({ intervalMs: 1000 });
  });

  it('leaves out the gaps below a second, and asks for no order', () => {
    const bursts = every(60 * SECOND, 8).flatMap((start) => [start, start + 999]);
    // From the second of a burst to the next burst.
    expect(cadence(bursts.toReversed())).toMatchObject({ intervalMs: 59_001 });
  });

  it('is nothing where gaps spread as by chance', () => {
    expect(cadence(apart(1, 1, 1, 10, 10, 10, 19, 19, 19))).toBeUndefined();
    // Median 10, median deviation 6.94: exactly what chance looks like.
    expect(cadence(apart(10, 10, 10, 16.94, 3.06, 16.94, 3.06))).toBeUndefined();
    expect(cadence(apart(10, 10, 10, 16.9, 3.1, 16.9, 3.1))!.value).toBeCloseTo(
      (1 - 6.9 / 10 / 0.694) * (0.75 + 0.25 / 12),
      12,
    );
  });
});
