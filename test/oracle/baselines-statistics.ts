/** Order statistics of weighted values, by sorting them. */

/** A value that weighs `weight` / `votes`. */
export interface Weighted {
  readonly value: number;
  /** At most twelve decimals. */
  readonly weight: number;
  /** A whole number. */
  readonly votes: number;
}

export const STATISTICS = [
  'median',
  'p25',
  'p75',
  'p95',
  'p99',
  'mad',
  'iqr',
  'support_count',
  'cold_start_flag',
] as const;

/** Null where no row has a value, but for the count and the flag. */
export type Statistics = Readonly<Record<(typeof STATISTICS)[number], number | null>>;

export function statisticsOf(entries: readonly Weighted[], supportMin: number): Statistics {
  const sorted = sortedByValue(entries);
  const [median, p25, p75] = [quantileOf(sorted, 0.5), quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
  return {
    median,
    p25,
    p75,
    p95: quantileOf(sorted, 0.95),
    p99: quantileOf(sorted, 0.99),
    mad: median === null ? null : quantileOf(sortedByValue(deviationsFrom(entries, median)), 0.5),
    iqr: p25 === null || p75 === null ? null : p75 - p25,
    support_count: entries.length,
    cold_start_flag: Number(entries.length < supportMin),
  };
}

/** Distances from a value, to 12 significant digits, so that the last bit of a median orders nothing. */
function deviationsFrom(entries: readonly Weighted[], from: number): Weighted[] {
  return entries.map((entry) => ({ ...entry, value: Number(Math.abs(entry.value - from).toPrecision(12)) }));
}

const sortedByValue = (entries: readonly Weighted[]): Weighted[] =>
  [...entries].sort((a, b) => a.value - b.value || a.weight / a.votes - b.weight / b.votes);

/**
 * The q-quantile: entry k of the sorted ones stands at the middle of its weight, the first at 0 and the last at 1, and
 * between two of them it is a straight line. Null of none.
 */
export const weightedQuantile = (entries: readonly Weighted[], q: number): number | null =>
  quantileOf(sortedByValue(entries), q);

function quantileOf(sorted: readonly Weighted[], q: number): number | null {
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return null;
  // One value alone, wherever the quantile lies.
  if (first.value === last.value) return first.value;
  const heavy = sorted.map(fixedWeight);
  const [ofFirst, ofLast] = [heavy[0]!, heavy.at(-1)!];
  // Twice the numbers, so that halves stay whole.
  const span = 2n * heavy.reduce((sum, weight) => sum + weight, 0n) - ofLast - ofFirst;
  const wanted = BigInt(q * 100) * span;
  let [upTo, before, placeBefore] = [0n, first, 0n];
  for (const [n, entry] of sorted.entries()) {
    upTo += heavy[n]!;
    const place = (2n * upTo - heavy[n]! - ofFirst) * 100n;
    if (place >= wanted) {
      const share = place === placeBefore ? 0 : Number(wanted - placeBefore) / Number(place - placeBefore);
      return before.value + (entry.value - before.value) * share;
    }
    [before, placeBefore] = [entry, place];
  }
  return last.value;
}

/** Far finer than a double: between values that are far apart its last bit would be seen. */
function fixedWeight({ weight, votes }: Weighted): bigint {
  return (BigInt(Math.round(weight * 1e12)) << 100n) / BigInt(votes);
}
