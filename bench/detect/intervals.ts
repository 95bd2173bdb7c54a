import { seededDice } from '../../src/simulation/seeded-dice.ts';

/** A number and the interval in which it lies 19 times of 20. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const Z = 1.959964;

/** Wilson's interval for a share. NaN of nothing. */
export function wilson(hits: number, of: number): Estimate {
  if (of === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  const share = hits / of;
  const scale = 1 + (Z * Z) / of;
  const middle = (share + (Z * Z) / (2 * of)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  return { value: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * Percentile bootstrap over units drawn with replacement, 2.5 % off each end: `of` gets how often each of `units` units was
 * drawn and returns the number. Draws for which there is no such number (NaN) are left out.
 */
export function bootstrap(units: number, draws: number, seed: number, of: (times: Uint16Array) => number): Estimate {
  const dice = seededDice(seed, 'bootstrap');
  const times = new Uint16Array(units);
  const found: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let i = 0; i < units; i++) times[Math.floor(dice.fraction() * units)]!++;
    const value = of(times);
    if (!Number.isNaN(value)) found.push(value);
  }
  found.sort((a, b) => a - b);
  return { value: of(times.fill(1)), low: quantile(found, 0.025), high: quantile(found, 0.975) };
}

/** Of sorted numbers, between two in proportion; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = share * (sorted.length - 1);
  const before = Math.floor(place);
  const low = sorted[before]!;
  const high = sorted[Math.min(before + 1, sorted.length - 1)]!;
  return low === high ? low : low + (high - low) * (place - before);
}

export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
