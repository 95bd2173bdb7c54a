import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CalendarOptions, calendarOf } from '../../src/operators/calendar.ts';
import { describeInstant } from '../oracle/calendar.ts';

const USUAL: CalendarOptions = {
  timeZone: 'UTC',
  workingHours: [7, 17],
  offHours: [17, 22],
  weekend: [0, 6],
  holidays: [],
};
/** [hour, working, off, night, weekend, band]. */
const look = (instant: string, own: Partial<CalendarOptions> = {}) => {
  const found = calendarOf(Date.parse(instant), { ...USUAL, ...own });
  const { hour_of_day, is_working_hours, is_off_hours, is_night_hours, is_weekend, time_band } = found;
  return [hour_of_day, is_working_hours, is_off_hours, is_night_hours, is_weekend, time_band];
};

describe('the calendar', () => {
  // 2026-03-02 is a Monday.
  it.each([
    ['2026-03-02T06:59:59.999Z', [6, 0, 0, 1, 0, 'off_hours']],
    ['2026-03-02T07:00:00Z', [7, 1, 0, 0, 0, 'working_hours']],
    ['2026-03-02T16:59:59Z', [16, 1, 0, 0, 0, 'working_hours']],
    ['2026-03-02T17:00:00Z', [17, 0, 1, 0, 0, 'off_hours']],
    ['2026-03-02T21:59:59Z', [21, 0, 1, 0, 0, 'off_hours']],
    ['2026-03-02T22:00:00Z', [22, 0, 0, 1, 0, 'off_hours']],
    ['2026-03-02T00:00:00Z', [0, 0, 0, 1, 0, 'off_hours']],
    ['2026-03-06T10:08:00Z', [10, 1, 0, 0, 0, 'working_hours']],
    ['2026-03-07T10:08:00Z', [10, 1, 0, 0, 1, 'off_hours']],
    ['2026-03-08T10:08:00Z', [10, 1, 0, 0, 1, 'off_hours']],
    ['2026-03-08T23:59:59Z', [23, 0, 0, 1, 1, 'off_hours']],
    ['2026-03-09T00:00:00Z', [0, 0, 0, 1, 0, 'off_hours']],
    ['1969-12-31T12:00:00Z', [12, 1, 0, 0, 0, 'working_hours']],
  ])('says of %s in UTC: %j', (instant, expected) => {
    expect(look(instant)).toEqual(expected);
  });

  it.each([
    ['Asia/Kolkata', '2026-03-02T01:29:59Z', [6, 0, 0, 1, 0, 'off_hours']],
    ['Asia/Kolkata', '2026-03-02T01:30:00Z', [7, 1, 0, 0, 0, 'working_hours']],
    ['Asia/Kolkata', '2026-03-06T18:30:00Z', [0, 0, 0, 1, 1, 'off_hours']],
    ['Asia/Kathmandu', '2026-03-02T01:15:00Z', [7, 1, 0, 0, 0, 'working_hours']],
    ['America/New_York', '2026-03-08T03:00:00Z', [22, 0, 0, 1, 1, 'off_hours']],
    // The hour from 02:00 is skipped.
    ['Europe/Berlin', '2026-03-29T00:59:59Z', [1, 0, 0, 1, 1, 'off_hours']],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', [3, 0, 0, 1, 1, 'off_hours']],
    ['Europe/Berlin', '2026-03-27T06:00:00Z', [7, 1, 0, 0, 0, 'working_hours']],
    ['Europe/Berlin', '2026-03-30T05:00:00Z', [7, 1, 0, 0, 0, 'working_hours']],
    // The hour from 02:00 comes twice.
    ['Europe/Berlin', '2026-10-25T00:30:00Z', [2, 0, 0, 1, 1, 'off_hours']],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', [2, 0, 0, 1, 1, 'off_hours']],
    ['Europe/Berlin', '2026-10-25T02:00:00Z', [3, 0, 0, 1, 1, 'off_hours']],
    ['Pacific/Kiritimati', '2025-12-31T10:00:00Z', [0, 0, 0, 1, 0, 'off_hours']],
  ])('says in %s of %s: %j', (timeZone, instant, expected) => {
    expect(look(instant, { timeZone })).toEqual(expected);
  });

  it('takes a holiday, by the date of the zone, for a weekend: hours stay what they are', () => {
    const own = { timeZone: 'America/New_York', holidays: ['2026-07-03'] };
    expect(look('2026-07-03T03:59:59Z', own)).toEqual([23, 0, 0, 1, 0, 'off_hours']);
    expect(look('2026-07-03T04:00:00Z', own)).toEqual([0, 0, 0, 1, 1, 'off_hours']);
    expect(look('2026-07-03T15:00:00Z', own)).toEqual([11, 1, 0, 0, 1, 'off_hours']);
    expect(look('2026-07-04T03:59:00Z', own)).toEqual([23, 0, 0, 1, 1, 'off_hours']);
  });

  it('lets a weekend be Friday, or never', () => {
    expect(look('2026-03-06T10:00:00Z', { weekend: [5] })).toEqual([10, 1, 0, 0, 1, 'off_hours']);
    expect(look('2026-03-08T10:00:00Z', { weekend: [] })).toEqual([10, 1, 0, 0, 0, 'working_hours']);
  });

  it('says what the judge says, of any hour of any zone', () => {
    const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
    const hours = fc.tuple(fc.nat(24), fc.nat(24)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const zones = [
      'UTC',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'America/St_Johns',
      'Europe/Berlin',
      'Pacific/Chatham',
    ];
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
        fc.constantFrom(...zones),
        hours,
        hours,
        fc.subarray([0, 1, 2, 3, 4, 5, 6]),
        fc.subarray(['2026-01-01', '2026-05-01', '2026-10-03', '2026-12-25']),
        (instant, timeZone, workingHours, offHours, weekend, holidays) => {
          const judged = describeInstant(instant, {
            time_zone: timeZone,
            working_hours: workingHours,
            off_hours: offHours,
            weekend: weekend.map((day) => names[day]!),
            holidays,
          });
          const { is_off_hours, ...found } = calendarOf(instant, {
            timeZone,
            workingHours,
            offHours,
            weekend,
            holidays,
          });
          // Hours that are said to be both are working hours.
          expect(found).toEqual({ ...found, ...judged, is_off_hours: undefined } satisfies object);
          expect(is_off_hours).toBe(found.is_working_hours === 1 ? 0 : judged['is_off_hours']);
        },
      ),
      { numRuns: 300 },
    );
  });
});
