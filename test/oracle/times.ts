/** Reading the instants of a log: ISO 8601, the two firewall formats, and numbers. All instants are epoch milliseconds. */

import { readNumber } from './numbers.ts';

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;
const PAN_OS = /^(\d{4})\/(\d{2})\/(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?$/;
const CEF = /^([A-Za-z]{3}) +(\d{1,2}) (\d{4}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?: (Z|UTC|GMT|[+-]\d{2}:?\d{2}))?$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The instant that a raw value names, or null where it names none. */
export function readInstant(value: unknown, timeZone: string): number | null {
  const number = readNumber(value);
  if (number !== null) return instantOfNumber(number);
  if (typeof value !== 'string') return null;
  const iso = ISO.exec(value);
  if (iso) return instantOfParts(iso[1], iso[2], iso[3], iso[4], iso[5], iso[6], iso[7], iso[8], timeZone);
  const panOs = PAN_OS.exec(value);
  if (panOs)
    return instantOfParts(panOs[1], panOs[2], panOs[3], panOs[4], panOs[5], panOs[6], panOs[7], undefined, timeZone);
  const cef = CEF.exec(value);
  if (cef) {
    const month = MONTHS.indexOf(cef[1]!.toLowerCase()) + 1;
    return instantOfParts(cef[3], String(month), cef[2], cef[4], cef[5], cef[6], cef[7], cef[8], timeZone);
  }
  return null;
}

/** Seconds, milliseconds, microseconds or nanoseconds, told apart by size. */
function instantOfNumber(value: number): number {
  const size = Math.abs(value);
  if (size < 1e11) return Math.floor(value * 1_000 + 0.5);
  if (size < 1e14) return Math.floor(value + 0.5);
  if (size < 1e17) return Math.floor(value / 1_000 + 0.5);
  return Math.floor(value / 1_000_000 + 0.5);
}

function instantOfParts(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
  zone: string | undefined,
  timeZone: string,
): number | null {
  const parts = [year, month, day, hour, minute, second].map((part) => Number(part ?? 0));
  const [y, mo, d, h, mi, s] = parts as [number, number, number, number, number, number];
  const local = Date.UTC(y, mo - 1, d, h, mi, s);
  const back = new Date(local);
  const isReal =
    back.getUTCFullYear() === y &&
    back.getUTCMonth() === mo - 1 &&
    back.getUTCDate() === d &&
    back.getUTCHours() === h &&
    back.getUTCMinutes() === mi &&
    back.getUTCSeconds() === s;
  if (!isReal) return null;
  const whole = zone === undefined ? instantOfLocal(local, timeZone) : local - offsetOfZone(zone);
  return whole + millisecondsOfFraction(fraction ?? '');
}

/** Decimal digits to milliseconds, half up: the fourth digit alone decides. */
function millisecondsOfFraction(digits: string): number {
  const padded = digits.padEnd(4, '0');
  return Number(padded.slice(0, 3)) + (Number(padded[3]) >= 5 ? 1 : 0);
}

function offsetOfZone(zone: string): number {
  if (/^(z|utc|gmt)$/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0');
  return (zone.startsWith('-') ? -1 : 1) * minutes * MINUTE;
}

/** A wall clock's reading in a zone to the instant: the first of two in an autumn night, pushed forward in a spring gap. */
function instantOfLocal(local: number, timeZone: string): number {
  if (timeZone === 'UTC') return local;
  const before = offsetAt(local - DAY, timeZone);
  const after = offsetAt(local + DAY, timeZone);
  const candidates = [local - before, local - after].filter(
    (instant) => instant + offsetAt(instant, timeZone) === local,
  );
  return candidates.length > 0 ? Math.min(...candidates) : local - before;
}

function offsetAt(instant: number, timeZone: string): number {
  const wall = wallClock(instant, timeZone);
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  return asUtc - Math.floor(instant / SECOND) * SECOND;
}

export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Sun, Mon, ... */
  readonly weekday: string;
}

/** What a clock on the wall of that zone shows at an instant. */
export function wallClock(instant: number, timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(instant).map((part) => [part.type, part.value]));
  return {
    year: Number(parts.get('year')),
    month: Number(parts.get('month')),
    day: Number(parts.get('day')),
    hour: Number(parts.get('hour')),
    minute: Number(parts.get('minute')),
    second: Number(parts.get('second')),
    weekday: parts.get('weekday') ?? '',
  };
}

/** YYYY-MM-DDTHH:MM:SSZ. */
export function formatInstant(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}
