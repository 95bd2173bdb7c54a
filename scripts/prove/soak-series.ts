/** What a soak measures, slice by slice, and whether it is flat. */

export const SLICES_PER_DAY = 96;

export interface Change {
  readonly mean: number;
  /** As a share of the mean that it is compared with. */
  readonly change: number;
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The values from `settled` on against those a day before them: what follows the time of day falls out. */
export function dayOnDay(values: readonly number[], settled: number): Change {
  const mean = meanOf(values.slice(settled));
  const before = meanOf(values.slice(settled - SLICES_PER_DAY, values.length - SLICES_PER_DAY));
  return { mean, change: (mean - before) / before };
}

/** What the regression line gains from the first to the last value from `settled` on. */
export function settledSlope(values: readonly number[], settled: number): Change {
  const after = values.slice(settled);
  const mean = meanOf(after);
  const middle = (after.length - 1) / 2;
  const spread = after.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  const slope = after.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / spread;
  return { mean, change: (slope * (after.length - 1)) / mean };
}

/** The mean of every half day, the last of which may have begun only. */
export function halfDays(values: readonly number[]): number[] {
  const half = SLICES_PER_DAY / 2;
  return Array.from({ length: Math.ceil(values.length / half) }, (_, i) =>
    meanOf(values.slice(i * half, (i + 1) * half)),
  );
}
