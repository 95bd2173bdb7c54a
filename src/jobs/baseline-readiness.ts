import { SLICE_MS } from '../operators/metrics.ts';
import { formatInstant, HOUR_MS } from '../operators/time.ts';
import { nameOfPublication } from '../state/baseline-publications.ts';
import type { BaselinePeriod } from './baseline-schedule.ts';

const MINUTE = 60_000;
const NAMED_RANGES = 20;

/** Slices of a history that should have a commit, and those that have none. */
export interface Readiness {
  readonly expected: number;
  /** Slice ends, ms UTC, ascending. */
  readonly missing: readonly number[];
}

/** Judges a history: 96 slices a day are expected, at the project's minutes of the hour. */
export function readinessOf(
  { start, end }: Pick<BaselinePeriod, 'start' | 'end'>,
  floorMinutes: readonly number[],
  committed: ReadonlySet<number>,
): Readiness {
  const missing: number[] = [];
  let expected = 0;
  for (let hour = Math.floor(start / HOUR_MS) * HOUR_MS; hour < end; hour += HOUR_MS) {
    for (const minute of floorMinutes) {
      const sliceEnd = hour + minute * MINUTE;
      if (sliceEnd < start || sliceEnd >= end) continue;
      expected++;
      if (!committed.has(sliceEnd)) missing.push(sliceEnd);
    }
  }
  return { expected, missing };
}

/** Slice ends as ranges: `2026-03-01T00:08:00Z to 2026-03-01T03:53:00Z (16)`. */
export function describeSliceEnds(sliceEnds: readonly number[]): string {
  const ranges: { first: number; last: number; count: number }[] = [];
  for (const end of sliceEnds) {
    const open = ranges.at(-1);
    if (open !== undefined && end - open.last === SLICE_MS) {
      open.last = end;
      open.count++;
    } else ranges.push({ first: end, last: end, count: 1 });
  }
  const told = ranges
    .slice(0, NAMED_RANGES)
    .map(({ first, last, count }) =>
      count === 1 ? formatInstant(first) : `${formatInstant(first)} to ${formatInstant(last)} (${count})`,
    );
  const rest = ranges.slice(NAMED_RANGES).reduce((n, { count }) => n + count, 0);
  return rest === 0 ? told.join(', ') : `${told.join(', ')} and ${rest} more`;
}

/** A history with too many gaps: baselines of it would be of something else than the host's habits. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  readonly missing: readonly number[];
  /** @param first where the project began after the history did: its first slice, and when it can have baselines at last. */
  constructor(
    period: BaselinePeriod,
    project: string,
    { expected, missing }: Readiness,
    maxMissingRatio: number,
    first?: { readonly sliceEnd: number; readonly ref: number },
  ) {
    const share = `${missing.length} of ${expected} slices`;
    const isRaisable = missing.length < expected;
    const remedy =
      first === undefined
        ? 'Backfill them (ndr backfill)'
        : `The project begins at ${formatInstant(first.sliceEnd)}: its first ${period.horizon} baselines can be had on ` +
          `${formatInstant(first.ref)}, once all slices up to then are committed; or backfill what lies before (ndr backfill)`;
    super(
      `baselines ${nameOfPublication(period)} of project ${project}: ${share} between ${formatInstant(period.start)} and ` +
        `${formatInstant(period.end)} have no commit, more than max_missing_ratio ${maxMissingRatio} allows: slice ends ` +
        `${describeSliceEnds(missing)}. ${remedy}${isRaisable ? ', or raise max_missing_ratio in fg_b_builder' : ''}`,
    );
    this.missing = missing;
  }
}

export const isReady = ({ expected, missing }: Readiness, maxMissingRatio: number): boolean =>
  missing.length <= maxMissingRatio * expected && missing.length < expected;
