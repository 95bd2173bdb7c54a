import { describe, expect, it } from 'vitest';
import { createLocalClock } from '../../src/operators/local-clock.ts';

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000;

describe('the clocks of a zone', () => {
  it.each([
    ['UTC', '2026-03-12T23:53:00Z', '2026-03-12', 23],
    ['Europe/Berlin', '2026-03-12T23:53:00Z', '2026-03-13', 0],
    ['America/New_York', '2026-03-01T02:08:00Z', '2026-02-28', 21],
    // Half an hour beside the others.
    ['Asia/Kolkata', '2026-03-12T18:23:00Z', '2026-03-12', 23],
    ['Asia/Kolkata', '2026-03-12T18:38:00Z', '2026-03-13', 0],
    // The night on which two o'clock is left out, and the one that has it twice.
    ['Europe/Berlin', '2026-03-29T00:53:00Z', '2026-03-29', 1],
    ['Europe/Berlin', '2026-03-29T01:08:00Z', '2026-03-29', 3],
    ['Europe/Berlin', '2026-10-25T00:23:00Z', '2026-10-25', 2],
    ['Europe/Berlin', '2026-10-25T01:23:00Z', '2026-10-25', 2],
    ['Europe/Berlin', '2026-10-25T02:23:00Z', '2026-10-25', 3],
  ])('in %s show at %s the date %s and hour %i', (zone, instant, date, hour) => {
    const clock = createLocalClock(zone);
    expect(clock(Date.parse(instant))).toEqual({ day: dayOf(date), hour });
    expect(clock(Date.parse(instant))).toEqual({ day: dayOf(date), hour });
  });
});
