import {
  type BaselineMetric,
  baselineMetricOf,
  floorOf,
  transformed,
  transformedScale,
  transformOf,
} from './baseline-metrics.ts';
import { type DeviationOptions, deviationInputsOf } from './deviation-metrics.ts';
import { isList, isText, isUtf8, type NumberVector, SchemaError, type Table, textsOf } from './table.ts';

/** Where a row of statistics has what deviations read: pairs of numbers, metric by metric. */
export interface StatisticLayout {
  /** Pair (median, scale) of metric i at 2 i. */
  readonly centred: readonly BaselineMetric[];
  /** Pair (p95, max(iqr, f)) of metric i at suspicionAt + 2 i. */
  readonly suspicion: readonly BaselineMetric[];
  readonly suspicionAt: number;
  /** Pair (t(median), scale of t) of metric i at behavioursAt + 2 i. */
  readonly behaviours: readonly BaselineMetric[];
  readonly behavioursAt: number;
  /** Numbers in a row. */
  readonly width: number;
  /** Equal for equal layouts. */
  readonly id: string;
}

/** The metric of a column of FG-A. @throws {Error} for a column that has no baseline. */
export function metricNamed(name: string): BaselineMetric {
  const metric = baselineMetricOf(name);
  if (metric !== undefined) return metric;
  throw new Error(`no baseline has metric ${name}: name one of FG-A's metric or behaviour columns in the spec`);
}

export function statisticLayoutOf(options: DeviationOptions): StatisticLayout {
  const inputs = deviationInputsOf(options);
  const centred = inputs.centred.map(metricNamed);
  const suspicion = inputs.suspicion.map(metricNamed);
  const behaviours = inputs.behaviours.map(metricNamed);
  const suspicionAt = 2 * centred.length;
  const behavioursAt = suspicionAt + 2 * suspicion.length;
  return {
    ...{ centred, suspicion, behaviours, suspicionAt, behavioursAt },
    width: behavioursAt + 2 * behaviours.length,
    id: [inputs.centred, inputs.suspicion, inputs.behaviours].map((names) => names.join(' ')).join('|'),
  };
}

/** Whose statistics are usable: a host's unless it is cold in the metric, a segment's that has any value of it. */
export type StatisticLevel = 'host' | 'segment';
const USABLE_BY: Readonly<Record<StatisticLevel, string>> = { host: 'cold_start_flag', segment: 'support_count' };

/** The statistics columns that rows of a level are made of. */
export function statisticColumns(layout: StatisticLayout, level: StatisticLevel): readonly string[] {
  const columns = new Set<string>();
  const add = (metrics: readonly BaselineMetric[], statistics: readonly string[]): void => {
    for (const { name } of metrics)
      for (const statistic of [...statistics, USABLE_BY[level]]) columns.add(`${name}_${statistic}`);
  };
  add(layout.centred, ['median', 'mad', 'iqr']);
  add(layout.suspicion, ['p95', 'iqr']);
  add(layout.behaviours, ['median', 'p25', 'p75']);
  return [...columns];
}

const MOST_FAULTS = 10;

/** Below this a scale is rounding noise. */
const LEAST_SCALE = 1e-6;

/**
 * What a value is divided by: its MAD, else its interquartile range where the MAD is nothing, and never less than the
 * floor of the metric's kind.
 */
export function scaleOf(mad: number, iqr: number, floor: number): number {
  const spread = mad > LEAST_SCALE ? mad : iqr > LEAST_SCALE ? iqr : 0;
  return Math.max(spread, floor);
}

/**
 * Writes rows of a table into `values`, both numbers of a pair NaN where the metric is not usable.
 *
 * @param rows of the table, and `places`, where each of them goes.
 * @param source what errors call the table.
 * @throws {SchemaError} naming metrics that are null where there must be a value.
 */
export function writeStatistics(
  values: Float64Array,
  table: Table,
  rows: readonly number[],
  places: readonly number[],
  layout: StatisticLayout,
  level: StatisticLevel,
  source: string,
): void {
  const faults: string[] = [];
  const column = (metric: BaselineMetric, statistic: string): NumberVector =>
    numbersOf(table, `${metric.name}_${statistic}`);
  const write = (
    metrics: readonly BaselineMetric[],
    from: number,
    statistics: readonly [string, string, string],
    pairOf: (metric: BaselineMetric) => (a: number, b: number, c: number) => readonly [number, number],
  ): void => {
    metrics.forEach((metric, m) => {
      const [a, b, c] = statistics.map((statistic) => column(metric, statistic)) as [
        NumberVector,
        NumberVector,
        NumberVector,
      ];
      const usable = column(metric, USABLE_BY[level]);
      const pair = pairOf(metric);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const at = places[i]! * layout.width + from + 2 * m;
        const isUsable = level === 'host' ? usable[row] === 0 : usable[row]! > 0;
        const [first, second] = isUsable ? pair(a[row]!, b[row]!, c[row]!) : [Number.NaN, Number.NaN];
        values[at] = first;
        values[at + 1] = second;
        if (faults.length === MOST_FAULTS) continue;
        // A scale would make do with what is left of its statistics.
        if (Number.isNaN(usable[row]!))
          faults.push(`${source}: ${metric.name}_${USABLE_BY[level]} is null in row ${row}`);
        else if (isUsable && Number.isNaN(a[row]! + b[row]! + c[row]!))
          faults.push(`${source}: ${metric.name} has support but no ${statistics.join(', ')} in row ${row}`);
      }
    });
  };
  write(layout.centred, 0, ['median', 'mad', 'iqr'], ({ kind }) => {
    const floor = floorOf(kind);
    return (median, mad, iqr) => [median, scaleOf(mad, iqr, floor)];
  });
  write(layout.suspicion, layout.suspicionAt, ['p95', 'iqr', 'iqr'], ({ kind }) => {
    const floor = floorOf(kind);
    return (p95, iqr) => [p95, Math.max(iqr, floor)];
  });
  write(layout.behaviours, layout.behavioursAt, ['median', 'p25', 'p75'], ({ kind }) => {
    const by = transformOf(kind);
    return (median, p25, p75) => [transformed(median, by), transformedScale(p25, p75, by)];
  });
  if (faults.length > 0) throw new SchemaError(faults);
}

/** @throws {SchemaError} naming every column that a table lacks. */
export function requireColumns(table: Table, names: readonly string[], source: string): void {
  const missing = names.filter((name) => !Object.hasOwn(table.columns, name));
  if (missing.length > 0) throw new SchemaError(missing.map((name) => `${source}: ${name} is missing`));
}

function numbersOf({ columns }: Table, name: string): NumberVector {
  const vector = columns[name];
  if (vector === undefined || isText(vector) || isUtf8(vector) || isList(vector))
    throw new SchemaError([`${name} is not a column of numbers`]);
  return vector;
}

/** Numbers of a column that may not be null. @throws {SchemaError} naming the first row without one. */
export function numbersOfAll(table: Table, name: string, source: string): NumberVector {
  const numbers = numbersOf(table, name);
  const without = numbers.findIndex(Number.isNaN);
  if (without >= 0) throw new SchemaError([`${source}: ${name} is null in row ${without}`]);
  return numbers;
}

/** Text of a column by row; '' where it is null. */
export function textsByRow({ columns }: Table, name: string): readonly string[] {
  const vector = columns[name];
  if (vector === undefined || !(isText(vector) || isUtf8(vector)))
    throw new SchemaError([`${name} is not a column of text`]);
  const texts = textsOf(vector);
  return Array.from(vector.codes, (code) => (code < 0 ? '' : texts[code]!));
}
