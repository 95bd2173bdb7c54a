import { selectWithin } from './quantile-selection.ts';

/** The quantiles that a delta row lists, in this order. */
export const QUANTILES = [0.25, 0.5, 0.75, 0.95, 0.99] as const;

/** Quantile q (0..1) of ascending values by linear interpolation between the two nearest ranks (numpy's default). */
export function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const low = Math.floor(place);
  const below = sorted[low]!;
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return below + (above - below) * (place - low);
}

/** Quantile q of values in any order, which it rearranges: what {@link quantile} gives of them sorted. */
export function quantileOfUnsorted(values: Float64Array, q: number): number {
  const place = q * (values.length - 1);
  const low = Math.floor(place);
  const below = selectWithin(values, 0, values.length - 1, low);
  if (low + 1 === values.length) return below;
  let above = values[low + 1]!;
  for (let i = low + 2; i < values.length; i++) if (values[i]! < above) above = values[i]!;
  return below + (above - below) * (place - low);
}

/** Sorts numbers ascending in place; faster than the built-in sort on the short runs that most hosts have. */
export function sortAscending(values: Float64Array): void {
  if (values.length > 32) {
    values.sort();
    return;
  }
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let j = i - 1;
    while (j >= 0 && values[j]! > value) {
      values[j + 1] = values[j]!;
      j--;
    }
    values[j + 1] = value;
  }
}
