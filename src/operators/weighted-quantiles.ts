import { MAD, MEDIAN, P25, P75, P95, P99 } from './quantile-selection.ts';
import { roundToTwelveDigits } from './twelve-digits.ts';

/** Equal values by what their weights come to. */
export interface Tie {
  count: number;
  weight: number;
  lightest: number;
  heaviest: number;
}
export const noTie = (): Tie => ({ count: 0, weight: 0, lightest: Infinity, heaviest: 0 });

/** The quantiles of a sample, and where their figures stand. */
export const LEVELS = [0.25, 0.5, 0.75, 0.95, 0.99] as const;
export const FIGURE_OF_LEVEL = [P25, MEDIAN, P75, P95, P99] as const;
const HALF = [0.5] as const;

/** Ranges this short are sorted. */
const FEW = 14;
/** Values that are looked at to guess a pivot near a target. */
const GUESSES = 15;

// What one sample is solved with; none of it outlives a call.
const targets = new Float64Array(LEVELS.length);
const results = new Float64Array(LEVELS.length);
const guesses = new Float64Array(GUESSES);

/**
 * Median, p25, p75, p95, p99 and the weighted median of |x - median| (deviations rounded to twelve digits) of the zeros and
 * the values [0, n) with their weights (> 0); no value is below 0 where there are zeros. Sorted by (value, weight), with
 * cumulative weights C, value k stands at (C_k - w_k / 2 - w_1 / 2) / (C_n - w_n / 2 - w_1 / 2), and quantiles are linear
 * in between: equal weights give numpy's default. Found by partitioning around pivots: of equal values only the total, the
 * least and the greatest weight matter.
 *
 * Rearranges and overwrites both arrays; the weights of the zeros stand at [n, n + zeros.count). At least one value or zero.
 */
export function figuresByWeight(
  values: Float64Array,
  weights: Float64Array,
  n: number,
  zeros: Tie,
  out: Float64Array,
): void {
  const total = solve(values, weights, n, zeros, LEVELS);
  FIGURE_OF_LEVEL.forEach((figure, i) => {
    out[figure] = results[i]!;
  });
  const median = out[MEDIAN]!;
  // However the greatest deviations tie, the middle of the weight lies among the zeros.
  if (median === 0 && zeros.count > 0 && zeros.weight - zeros.heaviest / 2 > total / 2 + zeros.lightest / 4) {
    out[MAD] = 0;
    return;
  }
  const all = n + zeros.count;
  for (let i = 0; i < n; i++) values[i] = roundToTwelveDigits(Math.abs(values[i]! - median));
  values.fill(roundToTwelveDigits(Math.abs(median)), n, all);
  solve(values, weights, all, noTie(), HALF);
  out[MAD] = results[0]!;
}

/** Sets `results` to the quantiles at the levels; returns the weight of all. */
function solve(values: Float64Array, weights: Float64Array, n: number, zeros: Tie, levels: readonly number[]): number {
  let inside = 0;
  let least = Infinity;
  let lightest = Infinity;
  let greatest = -Infinity;
  let heaviest = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    const weight = weights[i]!;
    inside += weight;
    if (value <= least) {
      lightest = value < least || weight < lightest ? weight : lightest;
      least = value;
    }
    if (value >= greatest) {
      heaviest = value > greatest || weight > heaviest ? weight : heaviest;
      greatest = value;
    }
  }
  if (zeros.count > 0) lightest = zeros.lightest;
  if (n === 0) heaviest = zeros.heaviest;
  const total = zeros.weight + inside;
  const span = total - heaviest / 2 - lightest / 2;
  const lastZero = zeros.count > 0 ? zeros.weight - zeros.heaviest / 2 : -Infinity;
  let from = 0;
  levels.forEach((level, i) => {
    targets[i] = level * span + lightest / 2;
    if (targets[i]! > lastZero && n > 0) return;
    results[i] = 0;
    from = i + 1;
  });
  const range = { values, weights };
  locate(range, 0, n - 1, zeros.weight, inside, 0, lastZero, 0, Infinity, from, levels.length);
  return total;
}

interface Range {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** Result `i`, between the values before and behind it and the weights at which these stand. */
function interpolate(i: number, before: number, beforeAt: number, behind: number, behindAt: number): void {
  if (behindAt === Infinity) results[i] = before;
  else if (beforeAt === -Infinity) results[i] = behind;
  else {
    const share = (targets[i]! - beforeAt) / (behindAt - beforeAt);
    results[i] = before + (behind - before) * Math.min(1, Math.max(0, share));
  }
}

/**
 * Finds targets [from, to) among the values at [left, right], which weigh `inside` and in front of which `passed` has
 * been passed; the value before the range stands at the weight `beforeAt`, the one behind it at `behindAt`.
 */
function locate(
  range: Range,
  left: number,
  right: number,
  passed: number,
  inside: number,
  before: number,
  beforeAt: number,
  behind: number,
  behindAt: number,
  from: number,
  to: number,
): void {
  if (from >= to) return;
  if (right - left < FEW) {
    walk(range, left, right, passed, before, beforeAt, behind, behindAt, from, to);
    return;
  }
  const { values, weights } = range;
  const wanted = targets[(from + to) >> 1]!;
  const pivot = guessPivot(values, left, right, (wanted - passed) / inside);
  let below = left;
  let above = right;
  let lighter = 0;
  let equal = 0;
  let lightest = Infinity;
  let heaviest = 0;
  for (let i = left; i <= above; ) {
    const value = values[i]!;
    const weight = weights[i]!;
    if (value < pivot) {
      lighter += weight;
      values[i] = values[below]!;
      weights[i++] = weights[below]!;
      values[below] = value;
      weights[below++] = weight;
    } else if (value > pivot) {
      while (above > i && values[above]! > pivot) above--;
      values[i] = values[above]!;
      weights[i] = weights[above]!;
      values[above] = value;
      weights[above--] = weight;
    } else {
      equal += weight;
      if (weight < lightest) lightest = weight;
      if (weight > heaviest) heaviest = weight;
      i++;
    }
  }
  const first = passed + lighter + lightest / 2;
  const behindEqual = passed + lighter + equal;
  const last = behindEqual - heaviest / 2;
  let middle = from;
  while (middle < to && targets[middle]! < first) middle++;
  let later = middle;
  while (later < to && targets[later]! <= last) results[later++] = pivot;
  locate(range, left, below - 1, passed, lighter, before, beforeAt, pivot, first, from, middle);
  const heavier = inside - lighter - equal;
  locate(range, above + 1, right, behindEqual, heavier, pivot, last, behind, behindAt, later, to);
}

/** A value of the range near the given share of it. */
function guessPivot(values: Float64Array, left: number, right: number, share: number): number {
  const step = (right - left) / (GUESSES - 1);
  for (let g = 0; g < GUESSES; g++) {
    const value = values[left + Math.floor(g * step)]!;
    let j = g - 1;
    while (j >= 0 && guesses[j]! > value) {
      guesses[j + 1] = guesses[j]!;
      j--;
    }
    guesses[j + 1] = value;
  }
  return guesses[Math.min(GUESSES - 1, Math.max(0, Math.floor(share * GUESSES)))]!;
}

/** {@link locate} in a range that is short enough to sort by (value, weight). */
function walk(
  { values, weights }: Range,
  left: number,
  right: number,
  passed: number,
  before: number,
  beforeAt: number,
  behind: number,
  behindAt: number,
  from: number,
  to: number,
): void {
  for (let i = left + 1; i <= right; i++) {
    const value = values[i]!;
    const weight = weights[i]!;
    let j = i - 1;
    while (j >= left && (values[j]! > value || (values[j] === value && weights[j]! > weight))) {
      values[j + 1] = values[j]!;
      weights[j + 1] = weights[j]!;
      j--;
    }
    values[j + 1] = value;
    weights[j + 1] = weight;
  }
  let previous = before;
  let previousAt = beforeAt;
  let reached = passed;
  let target = from;
  for (let i = left; i <= right && target < to; i++) {
    const at = reached + weights[i]! / 2;
    while (target < to && targets[target]! < at) interpolate(target++, previous, previousAt, values[i]!, at);
    reached += weights[i]!;
    previous = values[i]!;
    previousAt = at;
  }
  while (target < to) interpolate(target++, previous, previousAt, behind, behindAt);
}
