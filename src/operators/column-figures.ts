import { FIGURES, figuresBySelection, MAD, MEDIAN, P25, P75, P95, P99 } from './quantile-selection.ts';
import { figuresByCounting } from './value-histogram.ts';
import { figuresByTally } from './weighted-histogram.ts';
import { figuresByWeight, noTie } from './weighted-quantiles.ts';

/** A column's values of some rows, and scratch to take their figures: one for all groups that are measured in turn. */
export interface ColumnSample {
  values: Float64Array;
  weights: Float64Array;
  /** Number of values other than zero, at [0, n); where a value is below 0, of all. */
  n: number;
  /** Zeros that stand nowhere. */
  zeros: number;
  least: number;
  greatest: number;
  /** Median, p25, p75, p95, p99, MAD. */
  readonly figures: Float64Array;
}

export const createColumnSample = (): ColumnSample => ({
  values: new Float64Array(0),
  weights: new Float64Array(0),
  n: 0,
  zeros: 0,
  least: 0,
  greatest: 0,
  figures: new Float64Array(FIGURES),
});

/** Which rows to sample: order[from .. to), without those marked. */
export interface RowRange {
  readonly order: Uint32Array;
  readonly from: number;
  readonly to: number;
  /** By row, 1: the row has no value; null: every row has one. */
  readonly isLeftOut: Uint8Array | null;
}

function makeRoom(sample: ColumnSample, rows: number): void {
  if (sample.values.length >= rows) return;
  const room = Math.max(rows, 2 * sample.values.length);
  sample.values = new Float64Array(room);
  sample.weights = new Float64Array(room);
}

/** Takes the values of the rows that have one; returns how many. */
export function takeSample(sample: ColumnSample, column: Float64Array, rows: RowRange): number {
  const { order, from, to, isLeftOut } = rows;
  makeRoom(sample, to - from);
  const { values } = sample;
  let n = 0;
  let zeros = 0;
  let least = Infinity;
  let greatest = -Infinity;
  for (let i = from; i < to; i++) {
    const row = order[i]!;
    if (isLeftOut !== null && isLeftOut[row] === 1) continue;
    const value = column[row]!;
    if (value === 0) {
      zeros++;
      continue;
    }
    if (Number.isNaN(value)) continue;
    values[n++] = value;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (least < 0) {
    values.fill(0, n, n + zeros);
    n += zeros;
    zeros = 0;
  }
  sample.n = n;
  sample.zeros = zeros;
  sample.least = least;
  sample.greatest = greatest;
  return n + zeros;
}

function setConstant(figures: Float64Array, value: number): void {
  figures[MEDIAN] = value;
  figures[P25] = value;
  figures[P75] = value;
  figures[P95] = value;
  figures[P99] = value;
  figures[MAD] = 0;
}

/** Figures of a sample whose values weigh the same; spends the sample. At least one value. */
export function figureEqually({ values, n, zeros, least, greatest, figures }: ColumnSample): void {
  if (n === 0) setConstant(figures, 0);
  else if (zeros === 0 && least === greatest) setConstant(figures, least);
  else if (least < 0 || !figuresByCounting(values, n, zeros, greatest, figures))
    figuresBySelection(values, n, zeros, figures);
}

/** Takes the figures of the rows that have a value, each with its weight (> 0, by row); returns how many have one. */
export function figureWeighted(
  sample: ColumnSample,
  column: Float64Array,
  rows: RowRange,
  weightOfRow: Float64Array,
): number {
  const { order, from, to, isLeftOut } = rows;
  makeRoom(sample, to - from);
  const { values, weights, figures } = sample;
  let n = 0;
  let least = Infinity;
  let greatest = -Infinity;
  let lightest = Infinity;
  let heaviest = 0;
  const zeros = noTie();
  // Weights of zeros gather at the end of the range, those of other values at its start.
  let end = to - from;
  for (let i = from; i < to; i++) {
    const row = order[i]!;
    if (isLeftOut !== null && isLeftOut[row] === 1) continue;
    const value = column[row]!;
    if (Number.isNaN(value)) continue;
    const weight = weightOfRow[row]!;
    if (weight < lightest) lightest = weight;
    if (weight > heaviest) heaviest = weight;
    if (value === 0) {
      zeros.count++;
      zeros.weight += weight;
      if (weight < zeros.lightest) zeros.lightest = weight;
      if (weight > zeros.heaviest) zeros.heaviest = weight;
      weights[--end] = weight;
      continue;
    }
    values[n] = value;
    weights[n++] = weight;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const count = n + zeros.count;
  if (count === 0) return 0;
  if (n === 0) {
    setConstant(figures, 0);
    return count;
  }
  if (zeros.count === 0 && least === greatest) {
    setConstant(figures, least);
    return count;
  }
  weights.copyWithin(n, end, to - from);
  if (least < 0) {
    values.fill(0, n, count);
    n = count;
    Object.assign(zeros, noTie());
  }
  if (lightest === heaviest) {
    figureEqually(Object.assign(sample, { n, zeros: zeros.count, least, greatest }));
    return count;
  }
  if (least < 0 || !figuresByTally(values, weights, n, zeros, greatest, figures))
    figuresByWeight(values, weights, n, zeros, figures);
  return count;
}
