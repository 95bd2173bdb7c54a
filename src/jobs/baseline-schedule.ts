import { HORIZON_DAYS, type Horizon } from '../operators/baseline-metrics.ts';
import { DAY_MS, daysOf } from '../operators/time.ts';

/** 1970-01-05 was a Monday. */
const MONDAY = 4 * DAY_MS;
const WEEK = 7 * DAY_MS;

/** How often a horizon's baselines are made: nightly, and in the night to Monday; 00:00 UTC. */
const EVERY: Readonly<Record<Horizon, { readonly ms: number; readonly first: number }>> = {
  '7d': { ms: DAY_MS, first: 0 },
  '30d': { ms: WEEK, first: MONDAY },
};

/** The newest scheduled instant at or before `instant`, ms UTC. */
export function newestScheduled(horizon: Horizon, instant: number): number {
  const { ms, first } = EVERY[horizon];
  return first + Math.floor((instant - first) / ms) * ms;
}

/** Scheduled instants in [start, end). */
export function scheduledBetween(horizon: Horizon, start: number, end: number): number[] {
  const { ms } = EVERY[horizon];
  const refs: number[] = [];
  for (let ref = newestScheduled(horizon, start - 1) + ms; ref < end; ref += ms) refs.push(ref);
  return refs;
}

/**
 * The first instant of a month, YYYY-MM (YYYY/MM is read too).
 * @throws {Error} FG_B_BASELINE_MONTH_INVALID
 */
export function refOfMonth(month: string): number {
  const match = /^(\d{4})[-/](\d{2})$/.exec(month.trim());
  const [year, number] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || year < 1970 || number < 1 || number > 12)
    throw new Error(
      `FG_B_BASELINE_MONTH_INVALID: the reference month is ${JSON.stringify(month)}; write it as YYYY-MM, such as 2026-03`,
    );
  return daysOf(year, number, 1) * DAY_MS;
}

/** The history behind a reference instant: [start, end), ms UTC. */
export interface BaselinePeriod {
  readonly horizon: Horizon;
  readonly ref: number;
  readonly start: number;
  readonly end: number;
}

/** The first scheduled instant whose history begins at `start` at the earliest, but for `maxMissingRatio` of it. */
export function firstRefAfter(
  start: number,
  horizon: Horizon,
  headDays: Readonly<Record<Horizon, number>>,
  maxMissingRatio: number,
): number {
  const length = HORIZON_DAYS[horizon] * DAY_MS;
  const earliest = start + (1 - maxMissingRatio) * length + headDays[horizon] * DAY_MS;
  const { ms } = EVERY[horizon];
  return newestScheduled(horizon, Math.ceil(earliest) - 1) + ms;
}

/** A history of full length that ends `headDays` before the reference instant. */
export function periodOf(horizon: Horizon, ref: number, headDays: Readonly<Record<Horizon, number>>): BaselinePeriod {
  const end = ref - headDays[horizon] * DAY_MS;
  return { horizon, ref, start: end - HORIZON_DAYS[horizon] * DAY_MS, end };
}
