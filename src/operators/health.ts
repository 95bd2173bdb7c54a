import { countFlows, FLOW_NUMBERS, type FlowChunks, NUMBERS_PER_FLOW } from './flow.ts';
import { SLICE_MS, SLICES_PER_DAY } from './metrics.ts';
import { quantileOfUnsorted } from './quantiles.ts';

/** p95 of the event lag above which a mini-batch counts as degraded. */
const MAX_LAG_MS = 30 * 60_000;
const MIN_HOUR_COVERAGE = 0.75;
/** Slices of a young project that are never called sparse. */
export const SETTLED_SLICES = 4;

/** How far the records' event_end lies behind the mini-batch's end: the 95th percentile in ms, NaN without any. */
export function lagOf(chunks: FlowChunks, batchEnd: number): number {
  const lags = new Float64Array(countFlows(chunks));
  let n = 0;
  for (const { length, numbers } of chunks) {
    for (let row = 0; row < length; row++) {
      const end = numbers[row * NUMBERS_PER_FLOW + FLOW_NUMBERS.end]!;
      if (!Number.isNaN(end)) lags[n++] = batchEnd - end;
    }
  }
  return n === 0 ? Number.NaN : quantileOfUnsorted(lags.subarray(0, n), 0.95);
}

export interface DataHealth {
  /** Slices of the last 24 h that have a commit, as a share of 96. */
  readonly coverage_24h: number;
  readonly is_degraded: 0 | 1;
}

/** The data-health columns that one mini-batch shares, with what computes them in words. */
export const HEALTH_FEATURES = {
  coverage_24h: {
    formula: `count(distinct committed slices in (T - 24 h, T]) / ${SLICES_PER_DAY}`,
    doc: 'How much of the last day has been committed.',
  },
  is_pair_capped: {
    formula: '1 if pair rows of the host were dropped in a slice of the 24 h window else 0',
    doc: 'Peer metrics miss the least busy pairs.',
  },
  is_degraded: {
    formula: `1 if (the project has more than ${SETTLED_SLICES} slices and less than ${MIN_HOUR_COVERAGE} of the last hour's are committed) or p95(batch_end - event_end) > ${MAX_LAG_MS / 60_000} min else 0`,
    doc: 'The data of the window is incomplete or late: scored, never alerted.',
  },
} as const;

/**
 * `committedSlices` are the distinct slice ends (ms UTC) of the project that are committed, the current one included;
 * those of the last 24 h must all be there, and more than four in all if the project has them. `lag` is in ms.
 */
export function healthOf(sliceEnd: number, committedSlices: ReadonlySet<number>, lag: number): DataHealth {
  let day = 0;
  let hour = 0;
  for (const slice of committedSlices) {
    if (slice > sliceEnd || slice <= sliceEnd - SLICES_PER_DAY * SLICE_MS) continue;
    day++;
    if (slice > sliceEnd - 4 * SLICE_MS) hour++;
  }
  const isSparse = committedSlices.size > SETTLED_SLICES && hour / 4 < MIN_HOUR_COVERAGE;
  return { coverage_24h: day / SLICES_PER_DAY, is_degraded: isSparse || lag > MAX_LAG_MS ? 1 : 0 };
}
