/** The lookback of a mini-batch as the product's operators make it, from the blocks of all that came before. */

import { type DayRollup, rollUpDay } from '../../src/operators/day-rollup.ts';
import { knownRowsOf } from '../../src/operators/known-rows.ts';
import type { Lookback, PastDays } from '../../src/operators/lookback.ts';
import { baseOf, type LookbackBase } from '../../src/operators/lookback-base.ts';
import type { PastSlice } from '../../src/operators/past-rows.ts';
import { projectSliceOf } from '../../src/operators/project-slice.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { type OracleParameters, settle } from '../oracle/parameters.ts';
import { windowOptionsFor } from './product-options.ts';

const DAY = 86_400_000;
const dayOf = (instant: number): number => Math.floor(instant / DAY) * DAY;

/** What a rolled-up day becomes by the time that it is opened again. */
export interface Reopened {
  readonly day: (rollup: DayRollup) => DayRollup;
  readonly base: (base: LookbackBase) => LookbackBase;
}
const AS_IT_IS: Reopened = { day: (rollup) => rollup, base: (base) => base };

export function pastDaysOf(earlier: readonly PastSlice[], sliceEnd: number, reopened = AS_IT_IS): PastDays {
  const today = dayOf(sliceEnd);
  const days = new Map<number, PastSlice[]>();
  for (const slice of earlier) {
    const day = dayOf(slice.sliceEnd);
    if (day >= today || day < today - 31 * DAY) continue;
    days.set(day, [...(days.get(day) ?? []), slice]);
  }
  const rolledUp = [...days].map(([day, slices]) => ({ day, rollup: reopened.day(rollUpDay(slices)) }));
  const older = rolledUp.filter(({ day }) => day < today - DAY);
  return {
    yesterday: rolledUp.find(({ day }) => day === today - DAY)?.rollup ?? null,
    base: older.length === 0 ? null : reopened.base(baseOf(older, today)),
  };
}

/** Blocks of the mini-batches before one, and of itself last, by shard. */
export function lookbacksOf(
  parameters: OracleParameters,
  shards: readonly (readonly SliceBlock[])[],
  reopened = AS_IT_IS,
): Lookback[] {
  const { sliceEnd } = shards[0]!.at(-1)!;
  const mapping = windowOptionsFor(parameters).places.segmentMapping;
  const together = shards[0]!.map((block, n) =>
    projectSliceOf(
      block,
      shards.map((blocks) => blocks[n]!),
      mapping,
    ),
  );
  const recent = together.filter((slice) => slice.sliceEnd > sliceEnd - DAY);
  const known = knownRowsOf(recent, pastDaysOf(together, sliceEnd, reopened), sliceEnd);
  const first = Math.min(...together.map((slice) => slice.sliceEnd).filter((end) => end >= sliceEnd - 31 * DAY));
  const { minDays, rareThresholds } = settle(parameters);
  return shards.map((blocks) => ({
    ...pastDaysOf(blocks, sliceEnd, reopened),
    known,
    days: Math.floor((sliceEnd - first) / DAY),
    rules: { minDays, rarePeer: rareThresholds.peer, rarePort: rareThresholds.port },
  }));
}
