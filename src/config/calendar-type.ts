import { z } from 'zod';
import { daysOf } from '../operators/time.ts';
import type { CalendarSpec, HourRange } from './batch-spec.ts';
import { suggestion } from './nearest-key.ts';
import { show } from './shown-value.ts';
import { listOf, unreadable, value } from './value-types.ts';

/** An IANA time zone that this runtime knows. */
export const timeZone: z.ZodType<string> = value('an IANA time zone such as Europe/Paris', (raw) => {
  if (typeof raw !== 'string' || !/^[A-Za-z]/.test(raw.trim())) return undefined;
  const name = raw.trim();
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return name;
  } catch {
    const known = Intl.supportedValuesOf('timeZone');
    return unreadable(`is ${show(raw)}, which is no IANA time zone${suggestion(name, known)}`);
  }
});

const hourRange: z.ZodType<HourRange> = value('[start, end] in whole hours, 0 <= start <= end <= 24', (raw) => {
  if (!Array.isArray(raw) || raw.length !== 2) return undefined;
  const [start, end] = raw.map(Number);
  const whole = Number.isInteger(start) && Number.isInteger(end);
  return whole && start! >= 0 && start! <= end! && end! <= 24 ? ([start!, end!] as const) : undefined;
});

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const weekday: z.ZodType<number> = value('a day such as Sat, or 0 (Sunday) .. 6 (Saturday)', (raw) => {
  if (typeof raw === 'number') return Number.isInteger(raw) && raw >= 0 && raw <= 6 ? raw : undefined;
  if (typeof raw !== 'string') return undefined;
  const word = raw.trim().toLowerCase();
  const day = word.length < 3 ? -1 : DAYS.findIndex((name) => name.startsWith(word));
  return day < 0 ? undefined : day;
});

const date: z.ZodType<string> = value('a calendar date, YYYY-MM-DD', (raw) => {
  const match = typeof raw === 'string' ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(raw.trim()) : null;
  if (match === null) return undefined;
  return Number.isNaN(daysOf(Number(match[1]), Number(match[2]), Number(match[3]))) ? undefined : match[0];
});

/** The end of the default off hours; they begin where the working hours end. */
const OFF_HOURS_END = 22;

export const calendar = z
  .strictObject({
    time_zone: timeZone.default('UTC').meta({ doc: 'Zone in which hours, days and weekends are told.' }),
    working_hours: hourRange
      .default([7, 17])
      .meta({ doc: 'start <= hour < end; on working days they are the time band working_hours.' }),
    off_hours: hourRange.optional().meta({
      doc: 'Hours of is_off_hours; must not overlap working_hours.',
      usual: `from the end of working_hours to ${OFF_HOURS_END}`,
    }),
    weekend: listOf(weekday).default([6, 0]).meta({ doc: 'Days of the weekend.' }),
    holidays: listOf(date).default([]).meta({ doc: 'Dates that count as weekend.' }),
  })
  .transform((given, context): CalendarSpec => {
    const [start, end] = given.working_hours;
    const offHours = given.off_hours ?? [end, Math.max(end, OFF_HOURS_END)];
    if (Math.max(start, offHours[0]) < Math.min(end, offHours[1])) {
      const message = `is [${offHours}], which overlaps working_hours [${given.working_hours}]`;
      context.addIssue({ code: 'custom', path: ['off_hours'], message });
    }
    return {
      timeZone: given.time_zone,
      workingHours: given.working_hours,
      offHours: [offHours[0], offHours[1]],
      weekend: [...new Set(given.weekend)].sort((a, b) => a - b),
      holidays: [...new Set(given.holidays)].sort(),
    };
  });
