import { quantileOfUnsorted } from './quantiles.ts';
import { HOUR_MS } from './time.ts';

/** How regularly a pair begins sessions. */
export interface Cadence {
  /** Median gap between starts, ms. */
  readonly intervalMs: number;
  /** Above 0 (as of arrivals by chance), up to 1. */
  readonly value: number;
  /** Of bytes sent in a session. */
  readonly medianBytes: number;
}

/** Known starts from which a pair can be judged, repeats included. */
export const FEWEST_STARTS = 8;
const FEWEST_GAPS = 6;
/** Starts closer together are one request of many sessions. */
const LEAST_GAP_MS = 1000;
/** Median absolute deviation of the gaps of a Poisson process, in medians: what chance looks like. */
const POISSON_SPREAD = 0.694;
/** A deviation so many medians wide leaves no regularity, however numbers are rounded. */
const SURELY_CHANCE = 0.695;
const HOURS_OF_HALF_A_DAY = 12;
const SIZE_SHARE = 0.25;
const HOURS_SHARE = 0.25;
const OWN_SHARE = 0.5;

/** What cadenceOf computes, in words. */
export const CADENCE_FORMULA = [
  `regularity * (${OWN_SHARE} + ${SIZE_SHARE} size + ${HOURS_SHARE} hours);`,
  `regularity = max(0, 1 - (MAD / median of the gaps of ${LEAST_GAP_MS / 1000} s or more between consecutive distinct starts) / ${POISSON_SPREAD});`,
  'size = max(0, 1 - MAD / median of the bytes sent in a session, by row of pair_context), 0 if that median is 0;',
  `hours = min(1, distinct UTC hours of the starts / ${HOURS_OF_HALF_A_DAY});`,
  `0 under ${FEWEST_STARTS} starts or ${FEWEST_GAPS} gaps; starts are those of pair_context in 24 h`,
].join(' ');

/**
 * The cadence of a pair, by {@link CADENCE_FORMULA}.
 *
 * @param starts ms UTC, in any order; written over.
 * @param bytes bytes sent per session of each row of the pair, at least one; written over.
 * @returns undefined under 8 starts or 6 gaps, and where the cadence is 0.
 */
export function cadenceOf(starts: Float64Array, bytes: Float64Array): Cadence | undefined {
  if (starts.length < FEWEST_STARTS) return undefined;
  if (!isAscending(starts)) starts.sort();
  let gaps = 0;
  let hours = 1;
  let before = starts[0]!;
  let hourEnd = (Math.floor(before / HOUR_MS) + 1) * HOUR_MS;
  for (let i = 1; i < starts.length; i++) {
    const start = starts[i]!;
    if (start >= hourEnd) {
      hours++;
      hourEnd = (Math.floor(start / HOUR_MS) + 1) * HOUR_MS;
    }
    const gap = start - before;
    before = start;
    // There are fewer gaps than starts that were looked at.
    if (gap >= LEAST_GAP_MS) starts[gaps++] = gap;
  }
  if (gaps < FEWEST_GAPS) return undefined;
  const times = starts.subarray(0, gaps);
  const intervalMs = quantileOfUnsorted(times, 0.5);
  if (becomeDeviations(times, intervalMs, SURELY_CHANCE * intervalMs) * 2 < gaps) return undefined;
  const regularity = Math.max(0, 1 - quantileOfUnsorted(times, 0.5) / intervalMs / POISSON_SPREAD);
  if (regularity === 0) return undefined;
  const medianBytes = quantileOfUnsorted(bytes, 0.5);
  becomeDeviations(bytes, medianBytes, 0);
  const size = medianBytes === 0 ? 0 : Math.max(0, 1 - quantileOfUnsorted(bytes, 0.5) / medianBytes);
  const value = regularity * (OWN_SHARE + SIZE_SHARE * size + HOURS_SHARE * Math.min(1, hours / HOURS_OF_HALF_A_DAY));
  return { intervalMs, value, medianBytes };
}

/** Puts the distance to a center in the place of each value, and counts those below `near`. */
function becomeDeviations(values: Float64Array, center: number, near: number): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = Math.abs(values[i]! - center);
    values[i] = deviation;
    if (deviation < near) count++;
  }
  return count;
}

function isAscending(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) return false;
  return true;
}
