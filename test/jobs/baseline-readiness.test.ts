import { describe, expect, it } from 'vitest';
import { describeSliceEnds, isReady, NotReady, readinessOf } from '../../src/jobs/baseline-readiness.ts';

const DAY = 86_400_000;
const SLICE = 900_000;
const start = Date.parse('2026-03-03T00:00:00Z');
const period = { horizon: '7d' as const, ref: start + 9 * DAY, start, end: start + 7 * DAY };
const MINUTES = [8, 23, 38, 53];
const all = Array.from({ length: 7 * 96 }, (_, n) => start + 8 * 60_000 + n * SLICE);

describe('readiness', () => {
  it('expects 96 slices a day at the minutes of the project', () => {
    expect(readinessOf(period, MINUTES, new Set(all))).toEqual({ expected: 672, missing: [] });
    expect(readinessOf(period, [0, 15, 30, 45], new Set()).missing[0]).toBe(start);
    expect(readinessOf(period, [0, 15, 30, 45], new Set()).missing.at(-1)).toBe(period.end - SLICE);
    expect(readinessOf(period, [1, 16, 31, 46], new Set(all)).missing).toHaveLength(672);
  });

  it('refuses above the ratio, not at it', () => {
    const of = (missing: number) => ({ expected: 10, missing: all.slice(0, missing) });
    expect(isReady(of(2), 0.2)).toBe(true);
    expect(isReady(of(3), 0.2)).toBe(false);
    expect(isReady(of(9), 1)).toBe(true);
    expect(isReady(of(10), 1)).toBe(false);
  });

  it('names what is missing, ranges as ranges', () => {
    const readiness = readinessOf(period, MINUTES, new Set(all.filter((_, n) => n !== 3 && (n < 100 || n >= 300))));
    expect(describeSliceEnds(readiness.missing)).toBe(
      '2026-03-03T00:53:00Z, 2026-03-04T01:08:00Z to 2026-03-06T02:53:00Z (200)',
    );
    const { message } = new NotReady(period, 'acme', readiness, 0.2);
    expect(message).toContain('baselines 7d@2026-03-12T00:00:00Z of project acme: 201 of 672 slices');
    expect(message).toContain('2026-03-03T00:53:00Z, 2026-03-04T01:08:00Z to 2026-03-06T02:53:00Z (200)');
    expect(message).toContain('max_missing_ratio');
    const none = { expected: 672, missing: all };
    const began = { sliceEnd: period.end + SLICE, ref: period.ref + 8 * DAY };
    const young = new NotReady(period, 'acme', none, 0.2, began).message;
    expect(young).toContain(
      'The project begins at 2026-03-10T00:15:00Z: its first 7d baselines can be had on 2026-03-20T00:00:00Z',
    );
    expect(young).not.toContain('raise max_missing_ratio');
    const scattered = all.filter((_, n) => n % 2 === 0);
    expect(describeSliceEnds(scattered)).toMatch(/ and 316 more$/);
  });
});
