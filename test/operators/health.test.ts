import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healthOf, lagOf } from '../../src/operators/health.ts';
import { quantile as judge } from '../oracle/numbers.ts';
import { sliceOf } from './product-run.ts';
import { FIRST_END, miniBatchOf } from './random-traffic.ts';

const QUARTER = 900_000;
const MINUTE = 60_000;
/** Slices by how many quarters of an hour they lie before the current one. */
const health = (quartersAgo: readonly number[], lag = 0) =>
  healthOf(FIRST_END, new Set(quartersAgo.map((n) => FIRST_END - n * QUARTER)), lag);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('coverage', () => {
  it.each([
    [[0], 1],
    [range(96), 96],
    [range(200), 96],
    [[0, 95], 2],
    [[0, 96], 1],
    [[0, 1, 2, 50], 4],
  ])('is the share of the slices of a day: %j', (quartersAgo, slices) => {
    expect(health(quartersAgo).coverage_24h).toBe(slices / 96);
  });
});

describe('a mini-batch', () => {
  it.each([
    ['the first of a project', [0], 0],
    ['the fourth, with gaps', [0, 20, 40, 60], 0],
    ['the fifth, with three of the hour', [0, 1, 3, 60, 61], 0],
    ['the fifth, with two of the hour', [0, 1, 59, 60, 61], 1],
    ['the fifth, alone in its hour', [0, 4, 5, 6, 7], 1],
    ['one that follows all others', range(96), 0],
    ['one after a night without', [0, 40, 41, 42, 43, 44], 1],
  ])('is degraded where its hour is sparse: %s', (_, quartersAgo, expected) => {
    expect(health(quartersAgo).is_degraded).toBe(expected);
  });

  it.each([
    [30 * MINUTE, 0],
    [30 * MINUTE + 1, 1],
    [-MINUTE, 0],
    [Number.NaN, 0],
  ])('is degraded where its records came late: p95 of %d ms', (lag, expected) => {
    expect(health(range(96), lag).is_degraded).toBe(expected);
  });
});

describe('the lag', () => {
  const FLOW = { source_ip: '10.0.0.1', destination_ip: '10.0.0.2', destination_port: 443 };
  const lagOfEnds = (records: readonly object[]): number => {
    const miniBatch = miniBatchOf(
      'a',
      FIRST_END,
      records.map((own) => ({ ...FLOW, ...own })),
    );
    return lagOf(sliceOf(miniBatch).batch.flows, FIRST_END + MINUTE);
  };

  it('is the 95th percentile over the records that have an end, threats too, repeats once', () => {
    const minutesAgo = (n: number) => ({ event_end: FIRST_END - n * MINUTE });
    expect(lagOfEnds([])).toBeNaN();
    expect(lagOfEnds([{ event_start: FIRST_END }, { event_end: 0 }])).toBeNaN();
    expect(lagOfEnds([minutesAgo(9)])).toBe(10 * MINUTE);
    expect(
      lagOfEnds([
        { ...minutesAgo(9), repeat_count: 99 },
        { ...minutesAgo(29), event_name: 'THREAT' },
      ]),
    ).toBe(29 * MINUTE);
    expect(lagOfEnds([{}, ...range(21).map(minutesAgo)])).toBe(20 * MINUTE);
  });

  it('is what the judge says', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -QUARTER, max: QUARTER }), { minLength: 1, maxLength: 50 }), (offsets) => {
        const expected = judge(
          offsets.map((ms) => MINUTE - ms),
          0.95,
        )!;
        expect(lagOfEnds(offsets.map((ms) => ({ event_end: FIRST_END + ms })))).toBeCloseTo(expected, 6);
      }),
      { numRuns: 50 },
    );
  });
});
