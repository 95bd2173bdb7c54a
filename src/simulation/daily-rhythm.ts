const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How busy the office is at each full hour, UTC; 1 is as busy as it gets. */
const BY_HOUR = [
  0.05, 0.04, 0.04, 0.04, 0.05, 0.08, 0.2, 0.6, 0.95, 1, 1, 0.95, 0.7, 0.85, 0.95, 0.95, 0.9, 0.75, 0.4, 0.2, 0.15, 0.1,
  0.08, 0.06,
] as const;
const WEEKEND = 0.08;

/** How busy the office is at an instant (milliseconds UTC): in (0, 1], between two full hours in proportion. */
export function busyness(instant: number): number {
  const hours = (((instant % DAY) + DAY) % DAY) / HOUR;
  const before = Math.floor(hours);
  const share = hours - before;
  const busy = BY_HOUR[before]! * (1 - share) + BY_HOUR[(before + 1) % 24]! * share;
  return isWeekend(instant) ? busy * WEEKEND : busy;
}

function isWeekend(instant: number): boolean {
  // 1 January 1970 was a Thursday, day 4 of a week that begins on Sunday.
  const day = (((Math.floor(instant / DAY) + 4) % 7) + 7) % 7;
  return day === 0 || day === 6;
}
