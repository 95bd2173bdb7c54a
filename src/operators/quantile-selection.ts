/** Quantiles of equally weighted values by selection: nothing is sorted. Values stand in a scratch array [0, n). */

/** Places of a sample's figures in `out`. */
export const MEDIAN = 0;
export const P25 = 1;
export const P75 = 2;
export const P95 = 3;
export const P99 = 4;
export const MAD = 5;
export const FIGURES = 6;

/** Below this many values insertion sort is faster than partitioning. */
const FEW = 12;

function sortFew(values: Float64Array, left: number, right: number): void {
  for (let i = left + 1; i <= right; i++) {
    const value = values[i]!;
    let j = i - 1;
    while (j >= left && values[j]! > value) {
      values[j + 1] = values[j]!;
      j--;
    }
    values[j + 1] = value;
  }
}

/** Puts the value of rank k at place k of [left, right], none greater before it, none smaller behind it. */
export function selectWithin(values: Float64Array, left: number, right: number, k: number): number {
  let low = left;
  let high = right;
  while (high - low > FEW) {
    const middle = (low + high) >>> 1;
    const a = values[low]!;
    const b = values[middle]!;
    const c = values[high]!;
    const pivot = a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else return values[k]!;
  }
  sortFew(values, low, high);
  return values[k]!;
}

function leastWithin(values: Float64Array, left: number, right: number): number {
  let least = values[left]!;
  for (let i = left + 1; i <= right; i++) if (values[i]! < least) least = values[i]!;
  return least;
}

/**
 * Quantile p of `zeros` zeros and the values [0, n). Ranks up to `done` have been selected before, as has `end` (n: none),
 * so that only those between are looked at; none of these three is moved.
 */
function quantileBetween(values: Float64Array, zeros: number, n: number, done: number, end: number, p: number): number {
  const place = p * (zeros + n - 1);
  const rank = Math.floor(place);
  const share = place - rank;
  const k = rank - zeros;
  const below = k < 0 ? 0 : k <= done || k === end ? values[k]! : selectWithin(values, done + 1, end - 1, k);
  if (share === 0 || k < -1) return below;
  const above = leastWithin(values, Math.max(k, -1) + 1, Math.min(end, n - 1));
  return below + (above - below) * share;
}

/** The median of |x - median| of the same sample; overwrites the values, which have room for n + zeros. */
function deviationOf(values: Float64Array, zeros: number, n: number, median: number): number {
  for (let i = 0; i < n; i++) values[i] = Math.abs(values[i]! - median);
  const all = n + zeros;
  values.fill(median, n, all);
  return quantileBetween(values, 0, all, -1, all, 0.5);
}

/**
 * Median, p25, p75, p95, p99 (linear between ranks, numpy's default) and the median absolute deviation of `zeros` zeros and
 * the values [0, n), all of equal weight and none below 0 where there are zeros. Rearranges and overwrites the values, which
 * need room for n + zeros. At least one value or zero.
 */
export function figuresBySelection(values: Float64Array, n: number, zeros: number, out: Float64Array): void {
  const last = zeros + n - 1;
  // The rank among the values up to which a quantile leaves them selected; -1: it lies among the zeros.
  const rankOf = (p: number): number => Math.max(-1, Math.floor(p * last) - zeros);
  const middle = rankOf(0.5);
  const median = quantileBetween(values, zeros, n, -1, n, 0.5);
  out[MEDIAN] = median;
  out[P25] = quantileBetween(values, zeros, n, -1, middle < 0 ? n : middle, 0.25);
  out[P75] = quantileBetween(values, zeros, n, middle, n, 0.75);
  const third = rankOf(0.75);
  out[P95] = quantileBetween(values, zeros, n, third, n, 0.95);
  out[P99] = quantileBetween(values, zeros, n, rankOf(0.95), n, 0.99);
  // At least half are 0: so are their deviations.
  out[MAD] = zeros > 0 && median === 0 ? 0 : deviationOf(values, zeros, n, median);
}
