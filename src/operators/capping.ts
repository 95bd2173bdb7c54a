import { type BaselineMetric, transformed, transformedScale, transformOf, untransformed } from './baseline-metrics.ts';
import { type BinRows, groupByHost, groupBySegment, type RowGroups } from './baseline-rows.ts';
import { type ColumnSample, createColumnSample, figureEqually, takeSample } from './column-figures.ts';
import { createLocalClock, type LocalHour } from './local-clock.ts';
import { MEDIAN, P25, P75 } from './quantile-selection.ts';

export interface CappingRules {
  /** A row further from the median than this many scales is out of the ordinary. */
  readonly zMax: number;
  /** What such a row weighs. */
  readonly wAnom: number;
  /** IANA zone in which hours recur. */
  readonly timeZone: string;
}

/** A metric by which rows are judged, with its column. */
export interface KeyColumn {
  readonly metric: BaselineMetric;
  readonly values: Float64Array;
  /** A host with fewer values is judged by its segment's. */
  readonly supportMin: number;
}

export interface Capping {
  /** By row: wAnom or 1. One weight for all metrics and tables. */
  readonly weights: Float64Array;
  /** By row, 1: out of the ordinary in some key metric, but always because it recurs. */
  readonly isExcused: Uint8Array;
}

/** What happens on this many days at about the same hour is the host's habit. */
const HABITUAL_DAYS = 3;
const HOURS = 24;
/** Bounds in a metric's own unit are widened by this, and what lies beyond them is judged exactly. */
const BOUND_SLACK = 1e-9;

/**
 * Weights of rows against their host's own history: wAnom where, for any key metric, |t(x) - t(median)| /
 * max((t(p75) - t(p25)) / 1.349, floor) > zMax, unless the host's rows exceed it for that metric on three days or more in the
 * same hour of the day or one beside it (23 and 0 are neighbours); else 1. Quantiles are unweighted, of the host itself where
 * it has supportMin values or more, else of all rows of its segment.
 */
export function capRows(rows: BinRows, keys: readonly KeyColumn[], rules: CappingRules): Capping {
  const weights = new Float64Array(rows.length).fill(1);
  const isBeyond = new Uint8Array(rows.length);
  const hosts = groupByHost(rows, false);
  const segments = groupBySegment(rows, false);
  const clock = createLocalClock(rules.timeZone);
  const sample = createColumnSample();
  for (const key of keys) {
    const pooled: (Bounds | undefined)[] = [];
    for (let group = 0; group < hosts.length; group++) {
      let bounds = boundsOf(sample, rows, key, hosts, group, rules.zMax, key.supportMin);
      if (bounds === undefined) {
        const segment = rows.segmentOfHost[hosts.code[group]!]!;
        pooled[segment] ??= boundsOf(sample, rows, key, segments, placeOfCode(segments, segment), rules.zMax, 1);
        bounds = pooled[segment];
      }
      if (bounds === undefined) continue;
      const beyond = rowsBeyond(rows, key, hosts, group, bounds);
      if (beyond.length === 0) continue;
      const isHabit = habitOf(beyond.map((row) => clock(rows.sliceEnd[row]!)));
      for (const row of beyond) {
        isBeyond[row] = 1;
        if (!isHabit(clock(rows.sliceEnd[row]!).hour)) weights[row] = rules.wAnom;
      }
    }
  }
  return { weights, isExcused: isBeyond.map((beyond, row) => (beyond === 1 && weights[row] === 1 ? 1 : 0)) };
}

/** The group of a code that has rows; codes ascend. */
const placeOfCode = ({ code }: RowGroups, wanted: number): number => code.indexOf(wanted);

/** Values of a metric that are out of the ordinary: possibly below `low` or above `high`, surely where `isBeyond`. */
interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly isBeyond: (x: number) => boolean;
}

/** Bounds by the figures of a group; undefined where fewer than `least` of its rows have a value. */
function boundsOf(
  sample: ColumnSample,
  rows: BinRows,
  { metric, values }: KeyColumn,
  { order, offsets }: RowGroups,
  group: number,
  zMax: number,
  least: number,
): Bounds | undefined {
  const isLeftOut = metric.readsLookback ? rows.isYoung : null;
  const count = takeSample(sample, values, { order, from: offsets[group]!, to: offsets[group + 1]!, isLeftOut });
  if (count === 0 || count < least) return undefined;
  figureEqually(sample);
  const transform = transformOf(metric.kind);
  const { figures } = sample;
  const middle = transformed(figures[MEDIAN]!, transform);
  const scale = transformedScale(figures[P25]!, figures[P75]!, transform);
  const low = untransformed(middle - zMax * scale, transform);
  const high = untransformed(middle + zMax * scale, transform);
  return {
    low: low + (Math.abs(low) + 1) * BOUND_SLACK,
    high: high - (Math.abs(high) + 1) * BOUND_SLACK,
    isBeyond: (x) => Math.abs(transformed(x, transform) - middle) / scale > zMax,
  };
}

function rowsBeyond(
  rows: BinRows,
  { metric, values }: KeyColumn,
  { order, offsets }: RowGroups,
  group: number,
  { low, high, isBeyond }: Bounds,
): number[] {
  const beyond: number[] = [];
  for (let i = offsets[group]!; i < offsets[group + 1]!; i++) {
    const row = order[i]!;
    const x = values[row]!;
    // NaN is neither.
    if (!(x <= low || x >= high)) continue;
    if (metric.readsLookback && rows.isYoung[row] === 1) continue;
    if (isBeyond(x)) beyond.push(row);
  }
  return beyond;
}

/** Whether what exceeds at an hour does so on enough days, an hour sooner or later included. */
function habitOf(times: readonly LocalHour[]): (hour: number) => boolean {
  const daysAt = Array.from({ length: HOURS }, () => new Set<number>());
  for (const { day, hour } of times) {
    for (const shift of [-1, 0, 1]) daysAt[(hour + shift + HOURS) % HOURS]!.add(day);
  }
  return (hour) => daysAt[hour]!.size >= HABITUAL_DAYS;
}
