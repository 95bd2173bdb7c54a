/** How much a row counts: less where it is far off its host's own past, unless that recurs. */

import { transformed, transformedFloorOf } from './baselines-metrics.ts';
import { type BaselineRow, type BaselineSettings, supportMinOf, type WallTime, wallTimeOf } from './baselines-rows.ts';
import { quantile } from './numbers.ts';
import { groupBy } from './sides.ts';

export interface Capping {
  /** Rows that count for less than a whole one. */
  readonly capped: ReadonlySet<BaselineRow>;
  /** Rows that are far off in some metric, and whole because that recurs. */
  readonly excused: readonly BaselineRow[];
}

const RECURRING_DAYS = 3;

/** `readValue`: null where a row has no value of a metric. */
export function cappingOf(
  rows: readonly BaselineRow[],
  settings: BaselineSettings,
  readValue: (row: BaselineRow, metric: string) => number | null,
): Capping {
  const capped = new Set<BaselineRow>();
  const far = new Set<BaselineRow>();
  const bySegment = groupBy(rows, ({ segment }) => segment);
  for (const own of groupBy(rows, ({ host }) => host).values()) {
    for (const metric of settings.keyMetrics) {
      const valuesOf = (some: readonly BaselineRow[]): number[] =>
        some.map((row) => readValue(row, metric)).filter((value) => value !== null);
      const isEnough = valuesOf(own).length >= supportMinOf(metric, settings);
      const judges = valuesOf(isEnough ? own : bySegment.get(own[0]!.segment)!);
      if (judges.length === 0) continue;
      const t = (q: number): number => transformed(metric, quantile(judges, q)!);
      const middle = t(0.5);
      const scale = Math.max((t(0.75) - t(0.25)) / 1.349, transformedFloorOf(metric));
      const exceeding = own.filter((row) => {
        const value = readValue(row, metric);
        return value !== null && Math.abs(transformed(metric, value) - middle) / scale > settings.zMax;
      });
      const times = exceeding.map((row) => wallTimeOf(row.sliceEnd, settings.calendar));
      for (const [n, row] of exceeding.entries()) {
        far.add(row);
        const days = new Set(times.filter((time) => isNear(time, times[n]!)).map(({ day }) => day));
        if (days.size < RECURRING_DAYS) capped.add(row);
      }
    }
  }
  return { capped, excused: [...far].filter((row) => !capped.has(row)) };
}

/** The same hour of the day, or the one before or after it. */
function isNear(a: WallTime, b: WallTime): boolean {
  const apart = Math.abs(a.hour - b.hour);
  return apart <= 1 || apart === 23;
}
