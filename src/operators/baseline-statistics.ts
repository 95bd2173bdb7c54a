import { type BaselineMetric, STATISTICS, type Statistic } from './baseline-metrics.ts';
import type { BinRows, RowGroups } from './baseline-rows.ts';
import {
  type ColumnSample,
  createColumnSample,
  figureEqually,
  figureWeighted,
  type RowRange,
  takeSample,
} from './column-figures.ts';
import { MAD, MEDIAN, P25, P75, P95, P99 } from './quantile-selection.ts';

/** Statistics of some metrics of all groups of a level. */
export interface BaselineStatistics {
  readonly groups: number;
  readonly metrics: readonly string[];
  /** Value of (metric m, statistic s, group g) at ((m * 9 + s) * groups + g); NaN: null. */
  readonly values: Float64Array;
}

const placeOf = (statistic: Statistic): number => STATISTICS.indexOf(statistic);
const SUPPORT = placeOf('support_count');
const COLD = placeOf('cold_start_flag');
const IQR = placeOf('iqr');
const FIGURE_PLACES = [
  [placeOf('median'), MEDIAN],
  [placeOf('p25'), P25],
  [placeOf('p75'), P75],
  [placeOf('p95'), P95],
  [placeOf('p99'), P99],
  [placeOf('mad'), MAD],
] as const;

const createStatistics = (groups: number, metrics: readonly BaselineMetric[]): BaselineStatistics => ({
  groups,
  metrics: metrics.map(({ name }) => name),
  values: new Float64Array(metrics.length * STATISTICS.length * groups),
});

/** One statistic of metric number m, by group: a view. */
export function statisticOf(statistics: BaselineStatistics, m: number, statistic: Statistic): Float64Array {
  const { groups, values } = statistics;
  const start = (m * STATISTICS.length + placeOf(statistic)) * groups;
  return values.subarray(start, start + groups);
}

/** The rows of a bin with all that its columns are measured with. */
export interface BaselineBin {
  readonly rows: BinRows;
  /** Capping weight by row. */
  readonly weights: Float64Array;
  /** By host, or by host and time band. */
  readonly hosts: RowGroups;
  /** By segment (and time band); sampled where a group is too large. */
  readonly segments: RowGroups;
  /** The rows of the bin that stand for it in the whole project, one group or one a time band. */
  readonly project: RowGroups;
}

/** Writes metric number m of group g: a group without values has none, and is cold. */
function write(out: BaselineStatistics, m: number, g: number, count: number, figures: Float64Array, min: number): void {
  const { groups, values } = out;
  const start = m * STATISTICS.length * groups + g;
  for (const [place, figure] of FIGURE_PLACES)
    values[start + place * groups] = count === 0 ? Number.NaN : figures[figure]!;
  values[start + IQR * groups] = count === 0 ? Number.NaN : figures[P75]! - figures[P25]!;
  values[start + SUPPORT * groups] = count;
  values[start + COLD * groups] = count < min ? 1 : 0;
}

const rangeOf = (rows: BinRows, metric: BaselineMetric, { order, offsets }: RowGroups, group: number): RowRange => ({
  order,
  from: offsets[group]!,
  to: offsets[group + 1]!,
  isLeftOut: metric.readsLookback ? rows.isYoung : null,
});

/** Which host groups have rows that weigh less than others. */
function cappedGroups({ weights, hosts }: Pick<BaselineBin, 'weights' | 'hosts'>): Uint8Array {
  const isCapped = new Uint8Array(hosts.length);
  weights.forEach((weight, row) => {
    if (weight !== 1) isCapped[hosts.ofRow[row]!] = 1;
  });
  return isCapped;
}

/** Statistics of one column for every host of the bin, rows weighing their capping weight. */
function measureHosts(
  bin: BaselineBin,
  metric: BaselineMetric,
  column: Float64Array,
  isCapped: Uint8Array,
  supportMin: number,
  sample: ColumnSample,
  out: BaselineStatistics,
  m: number,
): void {
  const { rows, hosts } = bin;
  for (let group = 0; group < hosts.length; group++) {
    const range = rangeOf(rows, metric, hosts, group);
    let count: number;
    if (isCapped[group] === 1) count = figureWeighted(sample, column, range, bin.weights);
    else {
      count = takeSample(sample, column, range);
      if (count > 0) figureEqually(sample);
    }
    write(out, m, group, count, sample.figures, supportMin);
  }
}

/** What rows weigh in their segment and project, and what that was made of: most columns have the same. */
interface Votes {
  readonly divisors: Float64Array;
  readonly ofRow: Float64Array;
  /** The same, of the rows that stand for the bin in the project, in their order. */
  readonly ofProjectRow: Float64Array;
}

/**
 * A row weighs its capping weight / max(values of its host, supportMin): hosts vote, not rows, and one with few rows has
 * part of a vote. `hosts` holds the column's host statistics at m.
 */
function votesOf(
  bin: BaselineBin,
  hosts: BaselineStatistics,
  m: number,
  supportMin: number,
  before: Votes | undefined,
): Votes {
  const divisors = statisticOf(hosts, m, 'support_count').map((support) => Math.max(support, supportMin, 1));
  if (before?.divisors.every((divisor, group) => divisor === divisors[group])) return before;
  const { weights, hosts: groups, project } = bin;
  const ofRow = new Float64Array(weights.length);
  for (let row = 0; row < ofRow.length; row++) ofRow[row] = weights[row]! / divisors[groups.ofRow[row]!]!;
  const ofProjectRow = new Float64Array(project.order.length);
  for (let i = 0; i < ofProjectRow.length; i++) ofProjectRow[i] = ofRow[project.order[i]!]!;
  return { divisors, ofRow, ofProjectRow };
}

/** Values of a column in the rows that stand for a bin in the project, with their weights. */
export interface ProjectColumn {
  /** Time band by group, as RowGroups have it. */
  readonly band: Uint8Array | null;
  /** Those of group g at [offsets[g], offsets[g + 1]). */
  readonly offsets: Uint32Array;
  readonly values: Float64Array;
  /** Columns of one call may share them. */
  readonly weights: Float64Array;
}

function gatherProject(bin: BaselineBin, metric: BaselineMetric, column: Float64Array, votes: Votes): ProjectColumn {
  const { rows, project } = bin;
  const { order, offsets, band } = project;
  const values = new Float64Array(order.length);
  const keptOffsets = new Uint32Array(project.length + 1);
  const isLeftOut = metric.readsLookback ? rows.isYoung : null;
  let n = 0;
  for (let group = 0; group < project.length; group++) {
    for (let i = offsets[group]!; i < offsets[group + 1]!; i++) {
      const row = order[i]!;
      const value = column[row]!;
      if (!Number.isNaN(value) && isLeftOut?.[row] !== 1) values[n++] = value;
    }
    keptOffsets[group + 1] = n;
  }
  if (n === order.length) return { band, offsets: keptOffsets, values, weights: votes.ofProjectRow };
  const isKept = (row: number): boolean => !Number.isNaN(column[row]!) && isLeftOut?.[row] !== 1;
  const weights = votes.ofProjectRow.filter((_, i) => isKept(order[i]!));
  return { band, offsets: keptOffsets, values: values.slice(0, n), weights };
}

export interface BinStatistics {
  readonly hosts: BaselineStatistics;
  readonly segments: BaselineStatistics;
  /** By metric. */
  readonly project: readonly ProjectColumn[];
}

/** Rows that a metric needs before a baseline of it is no longer cold, by column name. */
export type SupportMinimum = (metric: string) => number;

/**
 * Everything of some metrics of one bin: host and segment statistics, and what the project's are made of. `columnOf` is
 * asked once for each metric, in order, and what it returned is not looked at again after that.
 */
export function statisticsOfBin(
  bin: BaselineBin,
  metrics: readonly BaselineMetric[],
  columnOf: (metric: BaselineMetric, m: number) => Float64Array,
  supportMinOf: SupportMinimum,
): BinStatistics {
  const sample = createColumnSample();
  const isCapped = cappedGroups(bin);
  const hosts = createStatistics(bin.hosts.length, metrics);
  const segments = createStatistics(bin.segments.length, metrics);
  let votes: Votes | undefined;
  const project = metrics.map((metric, m) => {
    const column = columnOf(metric, m);
    const supportMin = supportMinOf(metric.name);
    measureHosts(bin, metric, column, isCapped, supportMin, sample, hosts, m);
    votes = votesOf(bin, hosts, m, supportMin, votes);
    for (let group = 0; group < bin.segments.length; group++) {
      const count = figureWeighted(sample, column, rangeOf(bin.rows, metric, bin.segments, group), votes.ofRow);
      write(segments, m, group, count, sample.figures, supportMin);
    }
    return gatherProject(bin, metric, column, votes);
  });
  return { hosts, segments, project };
}

/**
 * Statistics of the whole project from what its bins gave: `columns` by metric, one entry a bin. Groups are the time bands
 * of `bands`, in that order, or one where it is null.
 */
export function statisticsOfProject(
  metrics: readonly BaselineMetric[],
  columns: readonly (readonly ProjectColumn[])[],
  bands: Uint8Array | null,
  supportMinOf: SupportMinimum,
): BaselineStatistics {
  const sample = createColumnSample();
  const out = createStatistics(bands?.length ?? 1, metrics);
  let order = new Uint32Array(0);
  metrics.forEach((metric, m) => {
    for (let group = 0; group < out.groups; group++) {
      const { values, weights } = joinParts(columns[m]!, bands?.[group] ?? null);
      if (order.length < values.length) order = new Uint32Array(values.length).map((_, i) => i);
      const range = { order, from: 0, to: values.length, isLeftOut: null };
      const count = figureWeighted(sample, values, range, weights);
      write(out, m, group, count, sample.figures, supportMinOf(metric.name));
    }
  });
  return out;
}

/** The values of all bins in one time band (null: groups are not split by it), with their weights. */
function joinParts(
  bins: readonly ProjectColumn[],
  wanted: number | null,
): { readonly values: Float64Array; readonly weights: Float64Array } {
  const parts = bins.flatMap(({ band, offsets, values, weights }) => {
    const group = wanted === null ? 0 : (band?.indexOf(wanted) ?? -1);
    // A bin may have no row at all, or none in the band.
    if (group < 0 || group + 1 >= offsets.length) return [];
    const span = [offsets[group]!, offsets[group + 1]!] as const;
    return [{ values: values.subarray(...span), weights: weights.subarray(...span) }];
  });
  const length = parts.reduce((n, { values }) => n + values.length, 0);
  const joined = { values: new Float64Array(length), weights: new Float64Array(length) };
  let n = 0;
  for (const { values, weights } of parts) {
    joined.values.set(values, n);
    joined.weights.set(weights, n);
    n += values.length;
  }
  return joined;
}
