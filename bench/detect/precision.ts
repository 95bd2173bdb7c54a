import { bootstrap, type Estimate } from './intervals.ts';

/** What is ranked: things that rank alike have the same place, the first place being 0. */
export interface Ranked {
  readonly place: number;
  readonly isPositive: boolean;
  /** What is drawn as one by the bootstrap, as its parts are alike: a host. */
  readonly unit: number;
}

/**
 * Average precision: the mean over positives of the share of positives among all that rank at least as high. What ranks
 * alike counts as one step, so that no order among equals can flatter. NaN without positives.
 *
 * @param times how often each unit counts
 */
export function averagePrecision(sorted: readonly Ranked[], times?: Uint16Array): number {
  let [seen, positives, sum, atStep] = [0, 0, 0, 0];
  for (const [i, { place, isPositive, unit }] of sorted.entries()) {
    const weight = times === undefined ? 1 : times[unit]!;
    seen += weight;
    if (isPositive) atStep += weight;
    if (sorted[i + 1]?.place === place) continue;
    positives += atStep;
    if (seen > 0) sum += atStep * (positives / seen);
    atStep = 0;
  }
  return positives === 0 ? Number.NaN : sum / positives;
}

/** With its interval, units drawn with replacement. */
export function precisionOf(ranked: readonly Ranked[], draws: number): Estimate {
  const sorted = ranked.toSorted((a, b) => a.place - b.place);
  const units = sorted.reduce((most, { unit }) => Math.max(most, unit + 1), 0);
  return bootstrap(units, draws, 2, (times) => averagePrecision(sorted, times));
}

/** Places of things in an order in which equal ones are next to each other. */
export function placesOf<T>(items: readonly T[], order: (a: T, b: T) => number): number[] {
  const sorted = items.map((item, index) => ({ item, index })).sort((a, b) => order(a.item, b.item));
  const places = new Array<number>(items.length);
  let place = 0;
  for (const [i, { item, index }] of sorted.entries()) {
    if (i > 0 && order(sorted[i - 1]!.item, item) !== 0) place = i;
    places[index] = place;
  }
  return places;
}
