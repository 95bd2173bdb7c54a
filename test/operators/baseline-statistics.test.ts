import { describe, expect, it } from 'vitest';
import { BASELINE_METRICS, type BaselineMetric, baselineMetricOf } from '../../src/operators/baseline-metrics.ts';
import {
  type BinRows,
  groupByHost,
  groupByProject,
  groupBySegment,
  sampleGroups,
} from '../../src/operators/baseline-rows.ts';
import {
  type BaselineStatistics,
  statisticOf,
  statisticsOfBin,
  statisticsOfProject,
} from '../../src/operators/baseline-statistics.ts';
import { type BinRow, binOf } from './bin-rows.ts';

const SESSIONS = baselineMetricOf('sessions_cnt_w_15m')!;
const NEW_PAIRS = baselineMetricOf('new_pair_cnt_lookback30d_w_1h')!;

interface Options {
  readonly weights?: readonly number[];
  readonly byTimeBand?: boolean;
  readonly supportMin?: number;
  readonly metric?: BaselineMetric;
}
function binWith(rows: BinRows, { weights, byTimeBand = false }: Options) {
  return {
    rows,
    weights: Float64Array.from(weights ?? Array<number>(rows.length).fill(1)),
    hosts: groupByHost(rows, byTimeBand),
    segments: groupBySegment(rows, byTimeBand),
    project: groupByProject(rows, byTimeBand),
  };
}
function measure(rows: readonly BinRow[], values: readonly number[], options: Options = {}) {
  const { metric = SESSIONS, supportMin = 2 } = options;
  const bin = binWith(binOf(rows), options);
  const { hosts, segments, project } = statisticsOfBin(
    bin,
    [metric],
    () => Float64Array.from(values),
    () => supportMin,
  );
  const bands = bin.project.band;
  return { hosts, segments, project: statisticsOfProject([metric], [project], bands, () => supportMin) };
}
const of = (statistics: BaselineStatistics, name: Parameters<typeof statisticOf>[2]) => [
  ...statisticOf(statistics, 0, name),
];
const slices = (host: string, count: number, more: Partial<BinRow> = {}): BinRow[] =>
  Array.from({ length: count }, (_, i) => ({
    host,
    end: new Date(Date.UTC(2026, 2, 2) + i * 900_000).toISOString(),
    ...more,
  }));

describe('statistics of a bin', () => {
  it('are of each host, its rows weighing the same', () => {
    const { hosts } = measure([...slices('10.0.0.1', 5), ...slices('10.0.0.2', 1)], [1, 2, 3, 4, 10, 7]);
    expect(of(hosts, 'median')).toEqual([3, 7]);
    expect(of(hosts, 'p25')).toEqual([2, 7]);
    expect(of(hosts, 'p75')).toEqual([4, 7]);
    expect(of(hosts, 'iqr')).toEqual([2, 0]);
    expect(of(hosts, 'mad')).toEqual([1, 0]);
    expect(of(hosts, 'p95')[0]).toBeCloseTo(8.8, 12);
    expect(of(hosts, 'support_count')).toEqual([5, 1]);
    expect(of(hosts, 'cold_start_flag')).toEqual([0, 1]);
  });

  it('weigh a capped row less', () => {
    const { hosts } = measure(slices('10.0.0.1', 3), [1, 2, 100], { weights: [1, 1, 0.1] });
    expect(of(hosts, 'median')[0]).toBeCloseTo(1.775, 12);
    expect(of(hosts, 'support_count')).toEqual([3]);
  });

  it('let hosts vote in their segment, and those with few rows only in part', () => {
    // Eight rows of one host weigh 1/8 each, the two of the other, fewer than four, 1/4 each.
    const rows = [...slices('10.0.0.1', 8), ...slices('10.0.0.2', 2)];
    const values = [10, 11, 12, 13, 14, 15, 16, 17, 100, 101];
    const { segments, project } = measure(rows, values, { supportMin: 4 });
    // Total 1.5; places of rows 0, .125 … .875, then 1.0625 and 1.3125; all of them by 1.3125.
    const at = 0.5 * 1.3125;
    expect(of(segments, 'median')[0]).toBeCloseTo(10 + at / 0.125, 12);
    expect(of(segments, 'p75')[0]).toBeCloseTo(17 + 83 * ((0.75 * 1.3125 - 0.875) / 0.1875), 12);
    expect(of(project, 'median')).toEqual(of(segments, 'median'));
    expect(of(segments, 'support_count')).toEqual([10]);
  });

  it('are null where no row has a value, and then cold', () => {
    const { hosts, segments, project } = measure(
      [...slices('10.0.0.1', 2), ...slices('10.0.1.1', 2)],
      [NaN, NaN, 1, 3],
    );
    for (const name of ['median', 'p25', 'p75', 'p95', 'p99', 'mad', 'iqr'] as const)
      expect(of(hosts, name)[0]).toBeNaN();
    expect(of(hosts, 'support_count')).toEqual([0, 2]);
    expect(of(hosts, 'cold_start_flag')).toEqual([1, 0]);
    expect(of(segments, 'median')).toEqual([NaN, 2]);
    expect(of(project, 'median')).toEqual([2]);
  });

  it('leave young rows out of metrics that read the lookback, and only of those', () => {
    const rows = [...slices('10.0.0.1', 3, { isYoung: true }), ...slices('10.0.0.1', 2)];
    expect(of(measure(rows, [0, 0, 0, 4, 6], { metric: NEW_PAIRS }).hosts, 'median')).toEqual([5]);
    expect(of(measure(rows, [0, 0, 0, 4, 6], { metric: NEW_PAIRS }).segments, 'support_count')).toEqual([2]);
    expect(of(measure(rows, [0, 0, 0, 4, 6]).hosts, 'median')).toEqual([0]);
  });

  it('are split by time band where that is a key', () => {
    const rows = [
      ...slices('10.0.0.1', 2, { band: 'working_hours' }),
      ...slices('10.0.0.1', 2),
      ...slices('10.0.1.1', 1),
    ];
    const { hosts, segments, project } = measure(rows, [10, 20, 1, 3, 7], { byTimeBand: true });
    expect(of(hosts, 'median')).toEqual([2, 15, 7]);
    expect(of(segments, 'median')).toEqual([2, 15, 7]);
    // Off hours: 1 and 3 at half a vote each, 7 at half of one for its one row.
    expect(of(project, 'median')).toEqual([3, 15]);
  });

  it('measure what can be below zero too', () => {
    expect(of(measure(slices('10.0.0.1', 5), [-2, 0, 0, 1, 5]).hosts, 'median')).toEqual([0]);
    expect(of(measure(slices('10.0.0.1', 5), [-2, 0, 0, 1, 5]).hosts, 'p25')).toEqual([0]);
    expect(of(measure(slices('10.0.0.1', 4), [-2, -1, 0, 5]).segments, 'mad')).toEqual([1]);
    const capped = measure(slices('10.0.0.1', 3), [-1, 0, 1], { weights: [1, 1, 0.1] });
    expect(of(capped.hosts, 'median')[0]).toBeCloseTo(-0.225, 12);
  });

  it('of a project are the same whatever bins it is in', () => {
    const [first, second] = [slices('10.0.0.1', 6), slices('10.0.1.1', 3)];
    const values = [3, 1, 4, 1, 5, 9, 26, 5, 35];
    const whole = measure([...first, ...second], values).project;
    const columns = [binWith(binOf(first), {}), binWith(binOf(second), {})].map((bin, b) => {
      const own = Float64Array.from(b === 0 ? values.slice(0, 6) : values.slice(6));
      return statisticsOfBin(
        bin,
        [SESSIONS],
        () => own,
        () => 2,
      ).project[0]!;
    });
    const parts = statisticsOfProject([SESSIONS], [columns], null, () => 2);
    parts.values.forEach((value, i) => {
      expect(value).toBeCloseTo(whole.values[i]!, 12);
    });
    const none = binWith(binOf([]), {});
    const empty = statisticsOfBin(
      none,
      [SESSIONS],
      () => new Float64Array(0),
      () => 2,
    ).project[0]!;
    expect(statisticsOfProject([SESSIONS], [[...columns, empty]], null, () => 2).values).toEqual(parts.values);
  });

  it('of a sampled group are of the rows that were kept, at the weights that they had', () => {
    const rows = binOf([...slices('10.0.0.1', 400), ...slices('10.0.0.2', 100)]);
    const values = Float64Array.from({ length: 500 }, (_, i) => i % 97);
    const whole = binWith(rows, {});
    const bin = { ...whole, segments: sampleGroups(rows, whole.segments, [0.5]) };
    const sampled = statisticsOfBin(
      bin,
      [SESSIONS],
      () => values,
      () => 2,
    );
    expect(of(sampled.segments, 'support_count')).toEqual([bin.segments.order.length]);
    expect(of(sampled.hosts, 'support_count')).toEqual([400, 100]);
    expect(Math.abs(of(sampled.segments, 'median')[0]! - 48)).toBeLessThan(12);
  });

  it('are asked for each column once, in order', () => {
    const asked: string[] = [];
    const bin = binWith(binOf(slices('10.0.0.1', 3)), {});
    const metrics = BASELINE_METRICS.slice(3, 6);
    const columnOf = ({ name }: BaselineMetric) => {
      asked.push(name);
      return new Float64Array(3);
    };
    const { hosts } = statisticsOfBin(bin, metrics, columnOf, (name) => (name === metrics[1]!.name ? 4 : 3));
    expect(asked).toEqual(metrics.map(({ name }) => name));
    expect(metrics.map((_, m) => statisticOf(hosts, m, 'cold_start_flag')[0])).toEqual([0, 1, 0]);
  });
});
