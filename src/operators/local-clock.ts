import { DAY_MS, HOUR_MS } from './time.ts';

/** Date and hour of the day on the clocks of a zone. */
export interface LocalHour {
  /** Days since 1970-01-01 of the local date. */
  readonly day: number;
  /** 0..23 */
  readonly hour: number;
}

/** Returns the function instant (ms UTC) -> local date and hour in an IANA zone; remembers what it was asked. */
export function createLocalClock(timeZone: string): (instant: number) => LocalHour {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  const known = new Map<number, LocalHour>();
  return (instant) => {
    const before = known.get(instant);
    if (before !== undefined) return before;
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instant)) parts[type] = Number(value);
    const wall = Date.UTC(parts['year']!, parts['month']! - 1, parts['day']!, parts['hour']!);
    const local = { day: Math.floor(wall / DAY_MS), hour: (wall % DAY_MS) / HOUR_MS };
    known.set(instant, local);
    return local;
  };
}
