import { describe, expect, it } from 'vitest';
import { newestScheduled, periodOf, refOfMonth, scheduledBetween } from '../../src/jobs/baseline-schedule.ts';

const at = (text: string): number => Date.parse(text);
const text = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

describe('the schedule of baselines', () => {
  it('is nightly for a week, and Mondays for a month, at midnight UTC', () => {
    expect(text(newestScheduled('7d', at('2026-03-12T07:08:00Z')))).toBe('2026-03-12T00:00');
    expect(text(newestScheduled('7d', at('2026-03-12T00:00:00Z')))).toBe('2026-03-12T00:00');
    // 2026-03-09 is a Monday.
    expect(text(newestScheduled('30d', at('2026-03-12T07:08:00Z')))).toBe('2026-03-09T00:00');
    expect(text(newestScheduled('30d', at('2026-03-08T23:53:00Z')))).toBe('2026-03-02T00:00');
  });

  it('includes the start of a range and not its end', () => {
    const nights = scheduledBetween('7d', at('2026-03-09T00:00:00Z'), at('2026-03-11T00:00:00Z'));
    expect(nights.map(text)).toEqual(['2026-03-09T00:00', '2026-03-10T00:00']);
    const mondays = scheduledBetween('30d', at('2026-03-02T00:00:01Z'), at('2026-03-16T00:00:01Z'));
    expect(mondays.map(text)).toEqual(['2026-03-09T00:00', '2026-03-16T00:00']);
  });

  it('reads a month, and refuses what is none by its name', () => {
    expect(text(refOfMonth('2026-03'))).toBe('2026-03-01T00:00');
    expect(text(refOfMonth('2026/12'))).toBe('2026-12-01T00:00');
    for (const month of ['2026-13', '2026-3', 'March', ''])
      expect(() => refOfMonth(month)).toThrow(/^FG_B_BASELINE_MONTH_INVALID: .*YYYY-MM/);
  });

  it('puts the gap between history and instant', () => {
    const { start, end } = periodOf('7d', at('2026-03-12T00:00:00Z'), { '7d': 2, '30d': 7 });
    expect([start, end].map(text)).toEqual(['2026-03-03T00:00', '2026-03-10T00:00']);
  });
});
