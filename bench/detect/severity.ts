import type { HostTrack } from './alerts.ts';
import { DAY } from './timeline.ts';

/** The greatest score of a host's day, by family; 0 where there was none. */
export interface HostDay {
  readonly host: string;
  /** Midnight. */
  readonly day: number;
  readonly peaks: readonly number[];
}

/** Days of hosts that have a row that may alert. */
export function hostDays(tracks: readonly HostTrack[]): HostDay[] {
  return tracks.flatMap(({ host, ends, scores }) => {
    const days = new Map<number, number[]>();
    for (const [row, end] of ends.entries()) {
      if (scores.every((own) => Number.isNaN(own[row]))) continue;
      const day = Math.floor(end / DAY) * DAY;
      const peaks = days.get(day) ?? scores.map(() => 0);
      days.set(day, peaks);
      for (const [family, own] of scores.entries()) peaks[family] = Math.max(peaks[family]!, own[row]!);
    }
    return [...days].map(([day, peaks]) => ({ host, day, peaks }));
  });
}

/** How odd a host's day is: -log10 of how often a usual day goes so far, by family, the oddest first. */
export type Severity = (day: HostDay) => number[];

/** @param usual days by which scores of different families are made comparable */
export function severityBy(usual: readonly HostDay[]): Severity {
  const families = usual[0]?.peaks.length ?? 0;
  const sorted = Array.from({ length: families }, (_, family) =>
    Float64Array.from(usual, ({ peaks }) => peaks[family]!).sort(),
  );
  return ({ peaks }) =>
    peaks
      .map((peak, family) => {
        const own = sorted[family]!;
        return -Math.log10((1 + own.length - firstAtLeast(own, peak)) / (1 + own.length));
      })
      .sort((a, b) => b - a);
}

/** The greatest first; the second, third, ... break ties. */
export function bySeverity(a: readonly number[], b: readonly number[]): number {
  for (const [place, value] of a.entries()) if (value !== b[place]) return b[place]! - value;
  return 0;
}

function firstAtLeast(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
