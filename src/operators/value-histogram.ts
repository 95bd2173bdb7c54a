import { MAD, MEDIAN, P25, P75, P95, P99 } from './quantile-selection.ts';

/** Whole values up to here are counted; a greater one makes walking over the histogram dearer than selecting. */
const MOST = 8_191;
/** Walking over an empty place costs less than selecting a value. */
const PLACES_PER_VALUE = 4;

const QUANTILES = [
  [P25, 0.25],
  [MEDIAN, 0.5],
  [P75, 0.75],
  [P95, 0.95],
  [P99, 0.99],
] as const;

const counts = new Int32Array(MOST + 2);

/**
 * What `figuresBySelection` gives of whole numbers (>= 0) that are small for their count: by counting, in one pass. False,
 * and nothing written, where a value is none of these. `greatest` is the greatest of the values [0, n).
 */
export function figuresByCounting(
  values: Float64Array,
  n: number,
  zeros: number,
  greatest: number,
  out: Float64Array,
): boolean {
  if (greatest > MOST || greatest > PLACES_PER_VALUE * (n + zeros)) return false;
  counts[0] = zeros;
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    const place = value | 0;
    if (place !== value) {
      counts.fill(0, 0, greatest + 1);
      return false;
    }
    counts[place]!++;
  }
  let place = 0;
  let upTo = counts[0]!;
  for (const [figure, p] of QUANTILES) {
    const wanted = p * (zeros + n - 1);
    const rank = Math.floor(wanted);
    while (upTo <= rank) upTo += counts[++place]!;
    const share = wanted - rank;
    let above = place;
    if (share > 0 && upTo === rank + 1) while (counts[++above] === 0);
    out[figure] = place + (above - place) * share;
  }
  out[MAD] = deviationOf(zeros + n, out[MEDIAN]!, greatest);
  counts.fill(0, 0, greatest + 1);
  return true;
}

/** The median distance from the median, by walking away from it to both sides at once. */
function deviationOf(n: number, median: number, greatest: number): number {
  const rank = (n - 1) >>> 1;
  const isEven = (n & 1) === 0;
  let low = Math.floor(median);
  let high = low + 1;
  let passed = 0;
  let below = 0;
  for (;;) {
    const toLow = low >= 0 ? median - low : Infinity;
    const toHigh = high <= greatest ? high - median : Infinity;
    const distance = toLow <= toHigh ? toLow : toHigh;
    const count = toLow <= toHigh ? counts[low--]! : counts[high++]!;
    if (count === 0) continue;
    if (passed > rank) return (below + distance) / 2;
    passed += count;
    if (passed <= rank) continue;
    if (!isEven || passed > rank + 1) return distance;
    below = distance;
  }
}
