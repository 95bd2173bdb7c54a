import type { Horizon } from '../../src/operators/baseline-metrics.ts';

/** When things happen, in every office: 31 days of history as features, 7 as lines, 14 live days. All half-open, ms UTC. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const SLICE = 15 * 60_000;
const MINUTE = 60_000;
/** The slice that ends eight minutes past midnight is the first of its day. */
const FIRST_SLICE = -7 * MINUTE;

export interface Span {
  readonly start: number;
  readonly end: number;
}

const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`);

const HISTORY = midnight('2026-03-27');
/** A Monday, when the weekly baselines are due. */
const WEEK = midnight('2026-04-27');
const LIVE = WEEK + 7 * DAY;
const END = LIVE + 14 * DAY;

export const DAYS: Readonly<Record<'history' | 'week' | 'live', Span>> = {
  history: { start: HISTORY, end: WEEK },
  /** The last days of history: what is usual is read off them. */
  week: { start: WEEK, end: LIVE },
  live: { start: LIVE, end: END },
};

/** A long weekend in the history, another one in the live days, each with its busy return; the live days hold a patch day too. */
export const HOLIDAYS = ['2026-04-03', '2026-04-06', '2026-05-07', '2026-05-08'] as const;
/** The forwarder is out, then catches up. The first one stays clear of the first 30-day baseline, which has just enough days. */
export const OUTAGES = ['2026-04-22T08:53:00Z/3', '2026-05-13T08:53:00Z/3'] as const;

/** Start of the first slice of a midnight's day. */
export const firstSlice = (day: number): number => day + FIRST_SLICE;
export const iso = (instant: number): string => new Date(instant).toISOString();
export const dateOf = (instant: number): string => iso(instant).slice(0, 10);

/** The midnights of a span. */
export function midnights({ start, end }: Span): number[] {
  return Array.from({ length: Math.round((end - start) / DAY) }, (_, day) => start + day * DAY);
}

const MONDAY = 1;
/** Nightly the week's baselines, on Mondays the month's as well. */
export function baselinesDue(day: number): Horizon[] {
  return new Date(day).getUTCDay() === MONDAY ? ['30d', '7d'] : ['7d'];
}
