/** A user's week: hours are whole, [start, end); the weekend and the holidays are dates in the zone. */
export interface CalendarOptions {
  /** IANA zone. */
  readonly timeZone: string;
  readonly workingHours: readonly [start: number, end: number];
  readonly offHours: readonly [start: number, end: number];
  /** 0 = Sunday. */
  readonly weekend: readonly number[];
  /** YYYY-MM-DD. */
  readonly holidays: readonly string[];
}

export interface CalendarFeatures {
  readonly hour_of_day: number;
  readonly is_working_hours: 0 | 1;
  readonly is_off_hours: 0 | 1;
  readonly is_night_hours: 0 | 1;
  readonly is_weekend: 0 | 1;
  readonly time_band: 'working_hours' | 'off_hours';
}

/** The five calendar columns, with what computes them in words. */
export const CALENDAR_FEATURES = {
  hour_of_day: { formula: 'hour of window_end_ts in calendar.time_zone', doc: 'Hour of the day, 0..23.' },
  is_working_hours: {
    formula: '1 if hour_of_day in calendar.working_hours else 0',
    doc: 'Working hours, by the hour alone.',
  },
  is_off_hours: { formula: '1 if hour_of_day in calendar.off_hours else 0', doc: 'Off hours, by the hour alone.' },
  is_night_hours: {
    formula: '1 if neither is_working_hours nor is_off_hours else 0',
    doc: 'Night, by the hour alone.',
  },
  is_weekend: {
    formula: '1 if the date of window_end_ts is a weekend day or a holiday else 0',
    doc: 'Weekend or holiday.',
  },
} as const;

/** Where an instant (ms UTC) lies in the user's week. */
export function calendarOf(instant: number, calendar: CalendarOptions): CalendarFeatures {
  const parts: Record<string, string> = {};
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: calendar.timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  for (const { type, value } of format.formatToParts(instant)) parts[type] = value;
  const hour = Number(parts['hour']);
  const date = `${parts['year']}-${parts['month']}-${parts['day']}`;
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  const within = ([start, end]: readonly [number, number]): boolean => hour >= start && hour < end;
  const isWorking = within(calendar.workingHours);
  const isOff = !isWorking && within(calendar.offHours);
  const isWeekend = calendar.weekend.includes(weekday) || calendar.holidays.includes(date);
  return {
    hour_of_day: hour,
    is_working_hours: isWorking ? 1 : 0,
    is_off_hours: isOff ? 1 : 0,
    is_night_hours: isWorking || isOff ? 0 : 1,
    is_weekend: isWeekend ? 1 : 0,
    time_band: isWorking && !isWeekend ? 'working_hours' : 'off_hours',
  };
}
