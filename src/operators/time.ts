/** Instants are whole milliseconds since the epoch, UTC; NaN where a time is absent or cannot be read. */

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Days since 1970-01-01 of a proleptic Gregorian date; NaN if the date does not exist. month is 1..12. */
export function daysOf(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** A number is seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else nanoseconds. Rounds half up. */
export function instantOfNumber(value: number): number {
  if (!Number.isFinite(value)) return Number.NaN;
  const size = Math.abs(value);
  if (size < 1e11) return Math.floor(value * 1000 + 0.5);
  if (size < 1e14) return Math.floor(value + 0.5);
  if (size < 1e17) return Math.floor(value / 1000 + 0.5);
  return Math.floor(value / 1_000_000 + 0.5);
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;
const PAN_OS = /^(\d{4})\/(\d{2})\/(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?$/;
const CEF = /^([A-Za-z]{3}) +(\d{1,2}) (\d{4}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?: (Z|UTC|GMT|[+-]\d{2}:?\d{2}))?$/;
export const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** Offset of a zone from UTC in milliseconds at a wall-clock time given as if it were UTC. */
export type ZoneOffset = (wallClock: number) => number;
export const UTC: ZoneOffset = () => 0;

/** Offset of an IANA zone. A wall-clock time that a DST change skips or repeats takes the offset in force before the change. */
export function zoneOffset(timeZone: string): ZoneOffset {
  if (timeZone === 'UTC') return UTC;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (instant: number): number => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instant)) parts[type] = Number(value);
    const wall =
      daysOf(parts['year']!, parts['month']!, parts['day']!) * DAY_MS +
      (parts['hour']! * 3600 + parts['minute']! * 60 + parts['second']!) * 1000;
    return wall - Math.floor(instant / 1000) * 1000;
  };
  return (wallClock) => {
    const before = offsetAt(wallClock - DAY_MS);
    if (offsetAt(wallClock - before) === before) return before;
    const after = offsetAt(wallClock + DAY_MS);
    return offsetAt(wallClock - after) === after ? after : before;
  };
}

/** Reads ISO 8601, PAN-OS `YYYY/MM/DD HH:MM:SS`, CEF `MMM DD YYYY HH:MM:SS`, or a decimal number as text. */
export function instantOfText(text: string, zone: ZoneOffset): number {
  let match = ISO.exec(text);
  if (match) return assemble(Number(match[1]), Number(match[2]), match[3]!, match, 4, match[8], zone);
  match = PAN_OS.exec(text);
  if (match) return assemble(Number(match[1]), Number(match[2]), match[3]!, match, 4, undefined, zone);
  match = CEF.exec(text);
  if (match) {
    const month = MONTHS.indexOf(match[1]!.toLowerCase()) + 1;
    const named = match[8] !== undefined && /^[A-Z]/.test(match[8]);
    return assemble(Number(match[3]), month, match[2]!, match, 4, named ? 'Z' : match[8], zone);
  }
  return DECIMAL.test(text) ? instantOfNumber(Number(text)) : Number.NaN;
}

function assemble(
  year: number,
  month: number,
  dayText: string,
  match: RegExpExecArray,
  clock: number,
  offset: string | undefined,
  zone: ZoneOffset,
): number {
  const days = daysOf(year, month, Number(dayText));
  const hour = Number(match[clock] ?? 0);
  const minute = Number(match[clock + 1] ?? 0);
  const second = Number(match[clock + 2] ?? 0);
  if (Number.isNaN(days) || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const wall = days * DAY_MS + (hour * 3600 + minute * 60 + second) * 1000;
  const rounded = wall + roundFraction(match[clock + 3] ?? '');
  return rounded - (offset === undefined ? zone(wall) : offsetOfText(offset));
}

/** Milliseconds of a decimal fraction given by its digits, half up. */
function roundFraction(digits: string): number {
  const milliseconds = Number(digits.slice(0, 3).padEnd(3, '0'));
  return digits.length > 3 && digits.charCodeAt(3) >= 53 ? milliseconds + 1 : milliseconds;
}

function offsetOfText(text: string): number {
  if (text === 'Z' || text === 'z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2)) * (text.length > 3 ? 1 : 0);
  return (text[0] === '-' ? -minutes : minutes) * 60_000;
}

/** `YYYY-MM-DDTHH:MM:SSZ`, as in ids and paths. */
export function formatInstant(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}
