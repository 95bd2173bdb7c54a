import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysOf, formatInstant, instantOfNumber, instantOfText, UTC, zoneOffset } from '../../src/operators/time.ts';
import { readInstant } from '../oracle/times.ts';

const AT = Date.UTC(2026, 2, 2, 8, 7, 6);
const read = (text: string, zone = 'UTC') => instantOfText(text, zoneOffset(zone));

describe('an instant', () => {
  it.each([
    ['2026-03-02T08:07:06Z', AT],
    ['2026-03-02T08:07:06z', AT],
    ['2026-03-02 08:07:06Z', AT],
    ['2026-03-02T08:07:06', AT],
    ['2026-03-02t08:07:06z', AT],
    ['2026-03-02 09:07:06 +01:00', AT],
    ['2026-03-02T08:07Z', AT - 6000],
    ['2026-03-02', Date.UTC(2026, 2, 2)],
    ['2026-03-02T09:07:06+01:00', AT],
    ['2026-03-02T03:07:06-0500', AT],
    ['2026-03-02T13:37:06+05:30', AT],
    ['2026-03-01T20:07:06-12', AT],
    ['2026-03-02T08:07:06-00:00', AT],
    ['2026-03-03T08:06:06+23:59', AT],
    ['2026/03/02 08:07:06', AT],
    ['2026/03/02 08:07:06.5', AT + 500],
    ['Mar 02 2026 08:07:06', AT],
    ['mar 2 2026 08:07:06', AT],
    ['MAR 2 2026 08:07:06.25', AT + 250],
    ['Mar 02 2026 08:07:06 UTC', AT],
    ['Mar 02 2026 08:07:06 GMT', AT],
    ['Mar  2 2026 08:07:06', AT],
    ['Mar 02 2026 09:07:06 +01:00', AT],
    ['Mar 02 2026 03:07:06 -0500', AT],
    ['Dec 31 2025 23:59:59', Date.UTC(2025, 11, 31, 23, 59, 59)],
    [`${AT}`, AT],
    [`${AT / 1000}`, AT],
    [`${AT / 1000}.25`, AT + 250],
    ['-1', -1000],
    ['1970-01-01T00:00:00Z', 0],
    ['1969-12-31T23:59:59.999Z', -1],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['9999-12-31T23:59:59Z', 253_402_300_799_000],
  ])('is read from %j', (text, instant) => {
    expect(read(text)).toBe(instant);
  });

  it.each([
    ['.0', 0],
    ['.1', 100],
    ['.12', 120],
    ['.123', 123],
    ['.1234', 123],
    ['.1235', 124],
    ['.12349', 123],
    ['.123499', 123],
    ['.1234999', 123],
    ['.12350000', 124],
    ['.123999999', 124],
    ['.9994', 999],
    ['.9995', 1000],
    ['.0005', 1],
    ['.00049999999999999999', 0],
    [',5', 500],
  ])('with the fraction %s rounds half up to %i ms', (fraction, ms) => {
    expect(read(`2026-03-02T08:07:06${fraction}Z`)).toBe(AT + ms);
    expect(read(`2026-03-02T08:07:06${fraction}+00:00`)).toBe(AT + ms);
    if (fraction.startsWith('.')) expect(read(`2026/03/02 08:07:06${fraction}`)).toBe(AT + ms);
  });

  it.each([
    ...['', ' ', 'now', '2026-03', '2026-3-2', '20260302T080706Z', '2026-03-02T08', '2026-03-02T8:07:06Z'],
    ...[
      '2026-02-29T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '1900-02-29T00:00:00Z',
      '2026-04-31T00:00:00Z',
      '2026-00-01T00:00:00Z',
    ],
    ...[
      '2026-13-01T00:00:00Z',
      '2026-01-00T00:00:00Z',
      '2026-01-32T00:00:00Z',
      '2026/02/30 00:00:00',
      'Feb 30 2026 00:00:00',
    ],
    ...[
      '2026-03-02T24:00:00Z',
      '2026-03-02T08:60:00Z',
      '2026-03-02T08:07:60Z',
      '2026/03/02 24:00:00',
      'Mar 02 2026 08:60:00',
    ],
    ...[
      '2026-03-02T08:07:06.Z',
      '2026-03-02T08:07:06Zz',
      ' 2026-03-02T08:07:06Z',
      '2026-03-02T08:07:06Z ',
      '2026/3/2 08:07:06',
    ],
    ...[
      '2026/03/02T08:07:06',
      '2026-03-02T08:07:06+1',
      '2026-03-02T08:07:06 CET',
      'Mär 02 2026 08:07:06',
      'Foo 02 2026 08:07:06',
    ],
    ...['Mar 02 26 08:07:06', '1e', '0x10', 'Infinity', 'NaN', '1_000', '--1', '1,5', '+-1', '.', '２０２６'],
  ])('is none in %j', (text) => {
    expect(read(text)).toBeNaN();
    expect(readInstant(text, 'UTC')).toBeNull();
  });

  it.each([
    ['2024-02-29T12:00:00Z', Date.UTC(2024, 1, 29, 12)],
    ['2000-02-29T12:00:00Z', Date.UTC(2000, 1, 29, 12)],
    ['Feb 29 2024 12:00:00', Date.UTC(2024, 1, 29, 12)],
    ['2024/02/29 12:00:00', Date.UTC(2024, 1, 29, 12)],
  ])('lies on the leap day: %s', (text, instant) => {
    expect(read(text)).toBe(instant);
  });
});

describe('a number', () => {
  it.each([
    [0, 0],
    [1, 1000],
    [1.0005, 1001],
    [1.0004, 1000],
    [99_999_999_999, 99_999_999_999_000],
    [100_000_000_000, 100_000_000_000],
    [1_772_438_826, 1_772_438_826_000],
    [1_772_438_826.25, 1_772_438_826_250],
    [1_772_438_826_123, 1_772_438_826_123],
    [1_772_438_826_123.5, 1_772_438_826_124],
    [99_999_999_999_999, 99_999_999_999_999],
    [100_000_000_000_000, 100_000_000_000],
    [1_772_438_826_123_499, 1_772_438_826_123],
    [1_772_438_826_123_500, 1_772_438_826_124],
    [99_999_999_999_999_000, 99_999_999_999_999],
    [100_000_000_000_000_000, 100_000_000_000],
    [1_772_438_826_123_456_000, 1_772_438_826_123],
    [-1, -1000],
    [-0.0005, 0],
    [-0.0006, -1],
    [-1.5, -1500],
    [-99_999_999_999, -99_999_999_999_000],
    [-100_000_000_000, -100_000_000_000],
    [-1_772_438_826_123_500, -1_772_438_826_123],
  ])('%d is an instant by its size', (given, instant) => {
    expect(instantOfNumber(given)).toBe(instant);
    expect(readInstant(given, 'UTC')).toBe(instant);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d is none', (given) => {
    expect(instantOfNumber(given)).toBeNaN();
  });
});

describe('a time that names no zone', () => {
  it.each([
    ['2026/01/15 12:00:00', 'Europe/Berlin', Date.UTC(2026, 0, 15, 11)],
    ['2026/07/15 12:00:00', 'Europe/Berlin', Date.UTC(2026, 6, 15, 10)],
    ['Jan 15 2026 12:00:00', 'Asia/Kolkata', Date.UTC(2026, 0, 15, 6, 30)],
    ['2026-01-15T12:00:00.5', 'Asia/Kathmandu', Date.UTC(2026, 0, 15, 6, 15, 0, 500)],
    ['2026-01-15', 'America/New_York', Date.UTC(2026, 0, 15, 5)],
    ['2026/01/01 00:00:00', 'Pacific/Kiritimati', Date.UTC(2025, 11, 31, 10)],
    ['2026-01-15T12:00:00Z', 'Europe/Berlin', Date.UTC(2026, 0, 15, 12)],
    ['2026-01-15T12:00:00+01:00', 'Asia/Kolkata', Date.UTC(2026, 0, 15, 11)],
    ['Jan 15 2026 12:00:00 UTC', 'Asia/Kolkata', Date.UTC(2026, 0, 15, 12)],
    ['1768478400', 'Asia/Kolkata', Date.UTC(2026, 0, 15, 12)],
    // The night without 02:00 to 03:00: clocks go on as if they had not been put forward.
    ['2026/03/29 01:59:59', 'Europe/Berlin', Date.UTC(2026, 2, 29, 0, 59, 59)],
    ['2026/03/29 02:00:00', 'Europe/Berlin', Date.UTC(2026, 2, 29, 1)],
    ['2026/03/29 02:30:00', 'Europe/Berlin', Date.UTC(2026, 2, 29, 1, 30)],
    ['2026/03/29 03:00:00', 'Europe/Berlin', Date.UTC(2026, 2, 29, 1)],
    // The night with 02:00 to 03:00 twice: the first.
    ['2026/10/25 01:59:59', 'Europe/Berlin', Date.UTC(2026, 9, 24, 23, 59, 59)],
    ['2026/10/25 02:00:00', 'Europe/Berlin', Date.UTC(2026, 9, 25, 0)],
    ['2026/10/25 02:59:59', 'Europe/Berlin', Date.UTC(2026, 9, 25, 0, 59, 59)],
    ['2026/10/25 03:00:00', 'Europe/Berlin', Date.UTC(2026, 9, 25, 2)],
    ['2026/03/08 02:30:00', 'America/New_York', Date.UTC(2026, 2, 8, 7, 30)],
    ['2026/11/01 01:30:00', 'America/New_York', Date.UTC(2026, 10, 1, 5, 30)],
    // Half an hour back at 02:00, in the southern autumn.
    ['2026/04/05 01:45:00', 'Australia/Lord_Howe', Date.UTC(2026, 3, 4, 14, 45)],
    ['2026/04/05 02:15:00', 'Australia/Lord_Howe', Date.UTC(2026, 3, 4, 15, 45)],
  ])('%s in %s', (text, zone, instant) => {
    expect(new Date(read(text, zone)).toISOString()).toBe(new Date(instant).toISOString());
  });

  it('is what the judge says, in any zone, around every change of the clocks', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'America/St_Johns',
    ];
    const offsets = new Map(zones.map((zone) => [zone, zoneOffset(zone)]));
    const changes = [
      [2, 8, 2],
      [2, 29, 2],
      [3, 5, 2],
      [9, 4, 2],
      [9, 25, 2],
      [10, 1, 1],
    ] as const;
    const wallClocks = fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -10_800, max: 10_800 }))
      .map(([[month, day, hour], seconds]) => Date.UTC(2026, month, day, hour) + seconds * 1000);
    fc.assert(
      fc.property(wallClocks, fc.constantFrom(...zones), (wall, zone) => {
        const text = new Date(wall).toISOString().slice(0, 19);
        expect(instantOfText(text, offsets.get(zone)!)).toBe(readInstant(text, zone));
      }),
      { numRuns: 1000 },
    );
  });
});

it('agrees with the judge on every way to put the parts of a time together', () => {
  const dates = ['2026-03-02', '2026/03/02', '2026/3/2', 'Mar 02 2026', 'mar 2 2026', '2026-02-29', '2024-02-29', ''];
  const clocks = ['08:07:06', '08:07', '8:07:06', '24:00:00', '23:59:59', '08:07:60', ''];
  const fractions = ['', '.5', ',1239', '.99951', '.', '.1234567890123'];
  const zones = ['', 'Z', 'z', '+01:00', '-0530', '+14', ' UTC', ' GMT', 'UTC'];
  const any = fc.tuple(
    ...[dates, ['T', ' ', ''], clocks, fractions, zones].map((parts) => fc.constantFrom(...parts)),
    fc.constantFrom('', '', '', '', 'x'),
  );
  fc.assert(
    fc.property(any, (parts) => {
      const instant = instantOfText(parts.join(''), UTC);
      expect(Number.isNaN(instant) ? null : instant).toBe(readInstant(parts.join(''), 'UTC'));
    }),
    { numRuns: 4000 },
  );
});

describe('days', () => {
  it('are those of the calendar for a thousand years', () => {
    for (let day = Date.UTC(1600, 0, 1); day < Date.UTC(2600, 0, 1); day += 86_400_000 * 13) {
      const date = new Date(day);
      expect(daysOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(day / 86_400_000);
    }
  });

  it.each([
    [2026, 2, 29],
    [1900, 2, 29],
    [2026, 0, 1],
    [2026, 13, 1],
    [2026, 6, 31],
    [2026, 6, 0],
  ])('are none: %i-%i-%i', (year, month, day) => {
    expect(daysOf(year, month, day)).toBeNaN();
  });
});

it('is written to the second', () => {
  expect(formatInstant(AT + 999)).toBe('2026-03-02T08:07:06Z');
  expect(formatInstant(0)).toBe('1970-01-01T00:00:00Z');
});
