import type { DayRollup } from './day-rollup.ts';
import type { KnownRows } from './known-rows.ts';
import type { LookbackBase } from './lookback-base.ts';
import { SLICE_MS, WINDOW_NAMES, WINDOWS } from './metrics.ts';
import { dayOf } from './past-rows.ts';

/**
 * What came before the windows of one slice, day by day. The lookback of a window (S, T] is the slices from 00:00 of the day
 * thirty days before S up to S: the past days, and of today what the windows' blocks hold, less the window itself.
 */
export interface PastDays {
  /** null: nothing was committed. */
  readonly yesterday: DayRollup | null;
  readonly base: LookbackBase | null;
}

export interface Lookback extends PastDays {
  /** What hosts of the same segment, or any hosts, did. */
  readonly known: KnownRows;
  /** Whole days since the project's first slice. */
  readonly days: number;
  readonly rules: LookbackRules;
}

export interface LookbackRules {
  /** Days below which nothing counts as new. */
  readonly minDays: number;
  /** Sessions up to which a peer or port that was seen is rare. */
  readonly rarePeer: number;
  readonly rarePort: number;
}

/** By window: 1 where its lookback begins on the oldest day, since the window itself begins yesterday. */
export function reachesOldestDay(sliceEnd: number): readonly boolean[] {
  const today = dayOf(sliceEnd);
  return WINDOW_NAMES.map((name) => dayOf(sliceEnd - WINDOWS[name] * SLICE_MS) < today);
}

/** Place of the shortest window that holds a slice, of the windows that end at `sliceEnd`. */
export function ringOf(slice: number, sliceEnd: number): number {
  return WINDOW_NAMES.findIndex((name) => slice > sliceEnd - WINDOWS[name] * SLICE_MS);
}
