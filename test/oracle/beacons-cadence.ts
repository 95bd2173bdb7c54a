/** How regular the sessions of a pair are. */

import type { PairContextRow } from './beacons.ts';
import { quantile } from './numbers.ts';
import { HOUR, SECOND } from './times.ts';

const [LEAST_STARTS, LEAST_GAPS] = [8, 6];
/** MAD over median of the gaps of sessions that come by chance. */
const BY_CHANCE = 0.694;

/** Null where too little is known. `rows`: of one pair; starts up to `after` do not count. */
export function cadenceOf(
  rows: readonly PairContextRow[],
  after: number,
): { readonly cadence: number; readonly intervalMs: number } | null {
  const starts = rows
    .flatMap(({ starts: listed, firstEvent }) => listed ?? (firstEvent === null ? [] : [firstEvent]))
    .filter((start) => start > after);
  if (starts.length < LEAST_STARTS) return null;
  const distinct = [...new Set(starts)].sort((a, b) => a - b);
  const gaps = distinct
    .slice(1)
    .map((start, n) => start - distinct[n]!)
    .filter((gap) => gap >= SECOND);
  if (gaps.length < LEAST_GAPS) return null;
  const intervalMs = median(gaps);
  const regularity = Math.max(0, 1 - madOf(gaps) / intervalMs / BY_CHANCE);
  const sizes = sentPerSession(rows);
  const middle = median(sizes);
  const size = middle === 0 ? 0 : Math.max(0, 1 - madOf(sizes) / middle);
  const hours = Math.min(1, new Set(distinct.map((start) => Math.floor(start / HOUR))).size / 12);
  return { cadence: regularity * (0.5 + 0.25 * size + 0.25 * hours), intervalMs };
}

/** Bytes that a session of each row sent on average. */
export const sentPerSession = (rows: readonly PairContextRow[]): number[] =>
  rows.map(({ bytesSent, sessions }) => bytesSent / sessions);

export const median = (values: readonly number[]): number => quantile(values, 0.5)!;

function madOf(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}
