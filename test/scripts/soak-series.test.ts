import { describe, expect, it } from 'vitest';
import { dayOnDay, halfDays, settledSlope } from '../../scripts/prove/soak-series.ts';

const DAY = 96;
/** As much as there are slices, each from its number. */
const series = (slices: number, of: (slice: number) => number): number[] =>
  Array.from({ length: slices }, (_, slice) => of(slice));
const hourly = (slice: number): number => 300 + 100 * Math.sin((2 * Math.PI * slice) / DAY);

describe('day on day', () => {
  it('sees no growth in what only follows the time of day, however little of the last day there is', () => {
    for (const slices of [3 * DAY + 1, 3 * DAY + 48, 4 * DAY])
      expect(dayOnDay(series(slices, hourly), 3 * DAY).change).toBeCloseTo(0, 12);
  });

  it('takes no notice of a rise that ends before the day it compares with', () => {
    const rising = series(4 * DAY, (slice) => hourly(slice) + Math.min(slice, 2 * DAY));
    expect(dayOnDay(rising, 3 * DAY).change).toBeCloseTo(0, 12);
    expect(dayOnDay(rising, 2 * DAY).change).toBeGreaterThan(0.05);
  });

  it('finds a leak beneath the time of day', () => {
    const { mean, change } = dayOnDay(
      series(4 * DAY, (slice) => hourly(slice) + (slice * 50) / DAY),
      3 * DAY,
    );
    expect(change).toBeCloseTo(50 / (mean - 50), 12);
  });
});

describe('the settled slope', () => {
  it('is what the line gains from the first to the last slice, by its mean', () => {
    const { mean, change } = settledSlope(
      series(2 * DAY, (slice) => (slice < DAY ? 7 : 1000 + 2 * slice)),
      DAY,
    );
    expect(mean).toBeCloseTo(1000 + DAY + 2 * DAY - 1, 9);
    expect(change).toBeCloseTo((2 * (DAY - 1)) / mean, 12);
  });

  it('is none where nothing changes', () => {
    expect(settledSlope(new Array(2 * DAY).fill(5), DAY)).toEqual({ mean: 5, change: 0 });
  });
});

it('means of half days come in order, the begun one last', () => {
  expect(halfDays(series(DAY + 2, (slice) => Math.floor(slice / 48)))).toEqual([0, 1, 2]);
});
