import { DAY_MS, HOUR_MS } from '../operators/time.ts';

/** How busy the office is at each full hour, UTC; 1 is as busy as it gets. */
const BY_HOUR = [
  0.05, 0.04, 0.04, 0.04, 0.05, 0.08, 0.2, 0.6, 0.95, 1, 1, 0.95, 0.7, 0.85, 0.95, 0.95, 0.9, 0.75, 0.4, 0.2, 0.15, 0.1,
  0.08, 0.06,
] as const;
const WEEKEND = 0.08;

/** Days off, numbered from 1 January 1970. */
export type DaysOff = ReadonlySet<number>;
const NONE: DaysOff = new Set();

/** How busy the office is at an instant (milliseconds UTC): in (0, 1], between two full hours in proportion. */
export function busyness(instant: number, daysOff: DaysOff = NONE): number {
  const hours = (((instant % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS;
  const before = Math.floor(hours);
  const share = hours - before;
  const busy = BY_HOUR[before]! * (1 - share) + BY_HOUR[(before + 1) % 24]! * share;
  return isDayOff(dayOf(instant), daysOff) ? busy * WEEKEND : busy;
}

export const dayOf = (instant: number): number => Math.floor(instant / DAY_MS);

/** 0 is Sunday. */
export function weekdayOf(day: number): number {
  // 1 January 1970 was a Thursday, day 4 of a week that begins on Sunday.
  return (((day + 4) % 7) + 7) % 7;
}

function isDayOff(day: number, daysOff: DaysOff = NONE): boolean {
  const weekday = weekdayOf(day);
  return weekday === 0 || weekday === 6 || daysOff.has(day);
}

/** Whether it is the second Tuesday of its month, when updates come out. */
export function isPatchDay(day: number): boolean {
  const date = new Date(day * DAY_MS).getUTCDate();
  return weekdayOf(day) === 2 && date >= 8 && date <= 14;
}

/** The first working day after at least three days off, not counting the weekend alone. */
export function isReturnDay(day: number, daysOff: DaysOff): boolean {
  if (isDayOff(day, daysOff)) return false;
  let off = 0;
  let holidays = 0;
  while (isDayOff(day - 1 - off, daysOff)) {
    if (daysOff.has(day - 1 - off)) holidays++;
    off++;
  }
  return off >= 3 && holidays >= 2;
}
