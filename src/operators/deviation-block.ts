import type { BaselineChoice } from './baseline-choice.ts';
import type { BaselineMetric } from './baseline-metrics.ts';
import { FEATURE_COUNT } from './metrics.ts';

/**
 * Rows worked on at once: their features and statistics, 12 kB a row, stay in the processor's cache while metric after
 * metric is compared.
 */
export const ROWS_AT_ONCE = 64;

/**
 * A metric of some rows beside two statistics of it. Where no baseline has support for it they are the value itself and 1: no
 * deviation.
 */
export interface DeviationBlock {
  readonly x: Float64Array;
  /** Median, p95, or bent median. */
  readonly centre: Float64Array;
  /** Scale, interquartile range, or scale of the bent values. */
  readonly scale: Float64Array;
  /** Turns to rows first .. first + count - 1. */
  move(first: number, count: number): void;
  /** Reads x of a metric. */
  readValues(metric: BaselineMetric): void;
  /**
   * Reads the pair at `at` of the rows' chosen baselines.
   *
   * @param values what will be compared: x, or x bent.
   * @param isCounted fall-backs of the metric are counted.
   */
  readChosen(at: number, values: Float64Array, isCounted: boolean): void;
  /** Reads the pair at `at` of the rows' segments. */
  readSegments(at: number, values: Float64Array): void;
}

export function createDeviationBlock(
  features: Float64Array,
  hostValues: Float64Array,
  { hostAt, segmentAt, segmentValues, isProjects, fallbacks }: BaselineChoice,
): DeviationBlock {
  const x = new Float64Array(ROWS_AT_ONCE);
  const centre = new Float64Array(ROWS_AT_ONCE);
  const scale = new Float64Array(ROWS_AT_ONCE);
  let first = 0;
  let count = 0;

  const readSegment = (i: number, at: number, values: Float64Array): void => {
    const place = segmentAt[first + i]! + at;
    const found = segmentValues[place + 1]!;
    const isMissing = Number.isNaN(found);
    centre[i] = isMissing ? values[i]! : segmentValues[place]!;
    scale[i] = isMissing ? 1 : found;
  };
  const countFallback = (i: number, at: number): void => {
    const place = segmentAt[first + i]! + at;
    if (Number.isNaN(segmentValues[place + 1])) fallbacks.metric_without_support++;
    else if (isProjects[place / 2] === 1) fallbacks.metric_from_project++;
    else fallbacks.metric_from_segment++;
  };

  return {
    ...{ x, centre, scale },
    move(from, rows) {
      first = from;
      count = rows;
    },
    readValues({ place }) {
      for (let i = 0, at = first * FEATURE_COUNT + place; i < count; i++, at += FEATURE_COUNT) x[i] = features[at]!;
    },
    readChosen(at, values, isCounted) {
      for (let i = 0; i < count; i++) {
        const own = hostAt[first + i]!;
        const found = own < 0 ? Number.NaN : hostValues[own + at + 1]!;
        if (!Number.isNaN(found)) {
          centre[i] = hostValues[own + at]!;
          scale[i] = found;
          continue;
        }
        readSegment(i, at, values);
        if (isCounted && own >= 0) countFallback(i, at);
      }
    },
    readSegments(at, values) {
      for (let i = 0; i < count; i++) readSegment(i, at, values);
    },
  };
}
