/** What a wall clock and a calendar say about the end of a window. */

import type { Row } from './metrics.ts';
import type { OracleCalendar } from './parameters.ts';
import { wallClock } from './times.ts';

/** The five calendar features and the time band. */
export function describeInstant(instant: number, calendar: Required<OracleCalendar>): Row {
  const clock = wallClock(instant, calendar.time_zone);
  const isWithin = ([first, end]: readonly [number, number]): boolean => clock.hour >= first && clock.hour < end;
  const isWorking = isWithin(calendar.working_hours);
  const isOff = isWithin(calendar.off_hours);
  const date = [
    String(clock.year).padStart(4, '0'),
    String(clock.month).padStart(2, '0'),
    String(clock.day).padStart(2, '0'),
  ].join('-');
  const isWeekendDay = calendar.weekend.some((day) => day.slice(0, 3).toLowerCase() === clock.weekday.toLowerCase());
  const isWeekend = isWeekendDay || calendar.holidays.includes(date);
  return {
    hour_of_day: clock.hour,
    is_working_hours: Number(isWorking),
    is_off_hours: Number(isOff),
    is_night_hours: Number(!isWorking && !isOff),
    is_weekend: Number(isWeekend),
    time_band: isWorking && !isWeekend ? 'working_hours' : 'off_hours',
  };
}
