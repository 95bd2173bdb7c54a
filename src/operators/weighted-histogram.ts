import { MAD, MEDIAN } from './quantile-selection.ts';
import { roundToTwelveDigits } from './twelve-digits.ts';
import { FIGURE_OF_LEVEL, LEVELS, type Tie } from './weighted-quantiles.ts';

/** Whole values up to here are tallied by value. */
const MOST = 8_191;
const PLACES_PER_VALUE = 1;

/** Equal values side by side, ascending by value. */
interface Ties {
  readonly value: Float64Array;
  readonly weight: Float64Array;
  readonly lightest: Float64Array;
  readonly heaviest: Float64Array;
}
const tiesOf = (room: number): Ties => ({
  value: new Float64Array(room),
  weight: new Float64Array(room),
  lightest: new Float64Array(room),
  heaviest: new Float64Array(room),
});
// By whole value; a weight of 0: none.
const tally = tiesOf(MOST + 1);
const distances = tiesOf(MOST + 1);
const figures = new Float64Array(LEVELS.length);
const HALF = [0.5] as const;

/**
 * What `figuresByWeight` gives of whole numbers (>= 0) that are small for their count, in one pass. False, and nothing
 * written, where a value is none of these. `greatest` is the greatest of the values [0, n).
 */
export function figuresByTally(
  values: Float64Array,
  weights: Float64Array,
  n: number,
  zeros: Tie,
  greatest: number,
  out: Float64Array,
): boolean {
  if (greatest > MOST || greatest > PLACES_PER_VALUE * n) return false;
  const { weight, lightest, heaviest } = tally;
  for (let i = 0; i < n; i++) if ((values[i]! | 0) !== values[i]!) return false;
  const places = greatest + 1;
  weight.fill(0, 0, places);
  lightest.fill(Infinity, 0, places);
  heaviest.fill(0, 0, places);
  weight[0] = zeros.weight;
  lightest[0] = zeros.lightest;
  heaviest[0] = zeros.heaviest;
  for (let i = 0; i < n; i++) {
    const place = values[i]! | 0;
    const own = weights[i]!;
    weight[place]! += own;
    if (own < lightest[place]!) lightest[place] = own;
    if (own > heaviest[place]!) heaviest[place] = own;
  }
  let count = 0;
  for (let place = 0; place < places; place++) {
    if (weight[place] === 0) continue;
    tally.value[count] = place;
    weight[count] = weight[place]!;
    lightest[count] = lightest[place]!;
    heaviest[count++] = heaviest[place]!;
  }
  quantilesOfTies(tally, count, LEVELS);
  FIGURE_OF_LEVEL.forEach((figure, i) => {
    out[figure] = figures[i]!;
  });
  quantilesOfTies(distances, tellDistances(count, out[MEDIAN]!), HALF);
  out[MAD] = figures[0]!;
  return true;
}

/** Fills `distances` with |value - median| of the tallied ties, equal ones joined; returns how many there are. */
function tellDistances(count: number, median: number): number {
  const { value, weight, lightest, heaviest } = tally;
  let high = 0;
  while (high < count && value[high]! <= median) high++;
  let low = high - 1;
  let n = 0;
  while (low >= 0 || high < count) {
    const toLow = low >= 0 ? roundToTwelveDigits(median - value[low]!) : Infinity;
    const toHigh = high < count ? roundToTwelveDigits(value[high]! - median) : Infinity;
    const distance = Math.min(toLow, toHigh);
    const tie = toLow <= toHigh ? low-- : high++;
    if (n > 0 && distances.value[n - 1] === distance) {
      distances.weight[n - 1]! += weight[tie]!;
      distances.lightest[n - 1] = Math.min(distances.lightest[n - 1]!, lightest[tie]!);
      distances.heaviest[n - 1] = Math.max(distances.heaviest[n - 1]!, heaviest[tie]!);
      continue;
    }
    distances.value[n] = distance;
    distances.weight[n] = weight[tie]!;
    distances.lightest[n] = lightest[tie]!;
    distances.heaviest[n++] = heaviest[tie]!;
  }
  return n;
}

/** Sets `figures` to the weighted quantiles of the first `count` ties. */
function quantilesOfTies({ value, weight, lightest, heaviest }: Ties, count: number, levels: readonly number[]): void {
  let total = 0;
  for (let i = 0; i < count; i++) total += weight[i]!;
  const start = lightest[0]! / 2;
  const span = total - heaviest[count - 1]! / 2 - start;
  let tie = 0;
  let passed = 0;
  levels.forEach((level, i) => {
    const target = level * span + start;
    // The last tie that begins no later than the target.
    while (tie + 1 < count && passed + weight[tie]! + lightest[tie + 1]! / 2 <= target) passed += weight[tie++]!;
    const end = passed + weight[tie]! - heaviest[tie]! / 2;
    if (target <= end || tie + 1 === count) {
      figures[i] = value[tie]!;
      return;
    }
    const next = passed + weight[tie]! + lightest[tie + 1]! / 2;
    figures[i] = value[tie]! + (value[tie + 1]! - value[tie]!) * ((target - end) / (next - end));
  });
}
