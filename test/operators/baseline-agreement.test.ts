import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BaselineMetric, baselineMetricOf } from '../../src/operators/baseline-metrics.ts';
import {
  groupByHost,
  groupByProject,
  groupBySegment,
  hostsPerGroup,
  type RowGroups,
  rowsPerGroup,
  sampleGroups,
  sampleRateOf,
  TIME_BANDS,
} from '../../src/operators/baseline-rows.ts';
import {
  type BaselineStatistics,
  statisticOf,
  statisticsOfBin,
  statisticsOfProject,
} from '../../src/operators/baseline-statistics.ts';
import { capRows } from '../../src/operators/capping.ts';
import { ipMetadataOf } from '../../src/operators/cold-start.ts';
import { type Baseline, baselineOf } from '../oracle/baselines.ts';
import type { BaselineRow } from '../oracle/baselines-rows.ts';
import { binOf } from './bin-rows.ts';

const METRICS = [
  'sessions_cnt_w_15m',
  'bytes_src_sum_w_15m',
  'deny_ratio_w_15m',
  'peer_ip_entropy_w_1h',
  'duration_mean_w_8h',
  'new_pair_cnt_lookback30d_w_1h',
  'in_high_risk_port_sessions_cnt_w_24h',
];
const STATISTICS = ['median', 'p25', 'p75', 'p95', 'p99', 'mad', 'iqr', 'support_count', 'cold_start_flag'] as const;
const KEY_METRICS = ['sessions_cnt_w_15m', 'bytes_src_sum_w_15m', 'deny_ratio_w_15m', 'new_pair_cnt_lookback30d_w_1h'];
const HOSTS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.1.1', '10.0.1.2', '10.0.2.1'];
const NAMES = { '10.0.0.1': ['vdi-7', 'a'], '10.0.1.1': ['pc'] };
const REF = Date.parse('2026-03-30T00:00:00Z');
const END = REF - 2 * 86_400_000;
const QUARTERS = 7 * 96;

const sizes = { sessions: fc.oneof({ weight: 9, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(4_000) }) };
const measured = fc.record({
  host: fc.nat(HOSTS.length - 1),
  // The hours of a night and a morning, so that some recur.
  quarter: fc
    .tuple(fc.nat(6), fc.constantFrom(0, 1, 3, 8, 12, 36, 40, 90, 95))
    .map(([day, quarter]) => day * 96 + quarter),
  age: fc.integer({ min: 2, max: 20 }),
  sessions: sizes.sessions,
  bytes: fc.oneof({ weight: 9, arbitrary: fc.nat(50_000) }, { weight: 1, arbitrary: fc.nat(1e9) }),
  denied: fc.nat(30),
  spread: fc.nat(5),
  pairs: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(90) }),
});
const settings = fc.record({
  supportMin: fc.constantFrom(1, 4, 10),
  byTimeBand: fc.boolean(),
  maxGroupRows: fc.constantFrom(2_000_000, 12),
  zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'),
});
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

function rowsFrom(found: readonly (typeof measured extends fc.Arbitrary<infer T> ? T : never)[]): BaselineRow[] {
  const one = new Map(found.map((row) => [`${row.host} ${row.quarter}`, row]));
  return [...one.values()].map(({ host, quarter, age, sessions, bytes, denied, spread, pairs }) => ({
    host: HOSTS[host]!,
    segment: HOSTS[host]!.slice(0, 6),
    sliceEnd: END - QUARTERS * 900_000 + quarter * 900_000 + 480_000,
    miniBatchId: 'a',
    timeBand: TIME_BANDS[quarter % 96 > 28 ? 1 : 0],
    isDegraded: false,
    lookbackDays: 20,
    hostAgeDays: age,
    values: [
      sessions,
      bytes,
      denied / (sessions + denied || 1),
      Math.log1p(spread),
      bytes / (sessions + 1),
      pairs,
      pairs,
    ],
  }));
}

type Cells = Record<string, number | string | null>;
const cellOf = (number: number | null | undefined): number | null =>
  number === undefined || number === null || Number.isNaN(number) ? null : number;

function oracleCells({ host, segment, metadata, capped, excused }: Baseline): Cells {
  const cells: Cells = {};
  const add = (name: string, statistics: ReadonlyMap<string, object>): void => {
    for (const [metric, own] of statistics) {
      for (const [statistic, value] of Object.entries(own))
        cells[`${name} ${metric}_${statistic}`] = cellOf(value as number);
    }
  };
  for (const [key, statistics] of host) add(`host ${key}`, statistics);
  for (const [key, { hostsCount, sampleRate, statistics }] of segment) {
    add(`segment ${key}`, statistics);
    cells[`segment ${key} hosts`] = hostsCount;
    cells[`segment ${key} rate`] = sampleRate;
  }
  for (const [key, own] of metadata) for (const [name, value] of Object.entries(own)) cells[`${key} ${name}`] = value;
  for (const row of capped) cells[`capped ${row.host} ${row.sliceEnd}`] = 1;
  for (const row of excused) cells[`excused ${row.host} ${row.sliceEnd}`] = 1;
  return cells;
}

function productCells(found: readonly BaselineRow[], { supportMin, byTimeBand, maxGroupRows, zone }: Settings): Cells {
  const rows = binOf(
    found.map(({ host, sliceEnd, timeBand, hostAgeDays }) => ({
      host,
      end: new Date(sliceEnd).toISOString(),
      band: timeBand as 'off_hours' | 'working_hours',
      isYoung: hostAgeDays < 7,
    })),
  );
  const metrics = METRICS.map((name) => baselineMetricOf(name)!);
  const columnOf = ({ name }: BaselineMetric) =>
    Float64Array.from(found, ({ values }) => values[METRICS.indexOf(name)]!);
  const columns = (names: readonly string[]) =>
    names.map((name) => ({ metric: baselineMetricOf(name)!, values: columnOf(baselineMetricOf(name)!), supportMin }));
  const { weights, isExcused } = capRows(rows, columns(KEY_METRICS), { zMax: 6, wAnom: 0.1, timeZone: zone });
  const hosts = groupByHost(rows, byTimeBand);
  const segments = groupBySegment(rows, byTimeBand);
  const whole = groupByProject(rows, byTimeBand);
  const ratesOf = (groups: RowGroups): number[] => rowsPerGroup(groups).map((n) => sampleRateOf(n, maxGroupRows));
  const bin = {
    ...{ rows, weights, hosts },
    segments: sampleGroups(rows, segments, ratesOf(segments)),
    project: sampleGroups(rows, whole, ratesOf(whole)),
  };
  const of = statisticsOfBin(bin, metrics, columnOf, () => supportMin);
  const perMetric = of.project.map((column) => [column]);
  const project = statisticsOfProject(metrics, perMetric, whole.band, () => supportMin);
  const cells: Cells = {};
  const bandOf = ({ band }: RowGroups, group: number): string => (band === null ? '' : `|${TIME_BANDS[band[group]!]}`);
  const add = (name: string, statistics: BaselineStatistics, group: number): void => {
    METRICS.forEach((metric, m) => {
      for (const statistic of STATISTICS)
        cells[`${name} ${metric}_${statistic}`] = cellOf(statisticOf(statistics, m, statistic)[group]);
    });
  };
  const addLevel = (groups: RowGroups, nameOf: (code: number) => string, statistics: BaselineStatistics): void => {
    const counts = hostsPerGroup(rows, groups);
    groups.code.forEach((code, group) => {
      const name = `segment ${nameOf(code)}${bandOf(groups, group)}`;
      add(name, statistics, group);
      cells[`${name} hosts`] = counts[group]!;
      cells[`${name} rate`] = ratesOf(groups)[group]!;
    });
  };
  hosts.code.forEach((code, group) => {
    add(`host ${rows.hosts[code]}${bandOf(hosts, group)}`, of.hosts, group);
  });
  addLevel(segments, (code) => rows.segments[code]!, of.segments);
  addLevel(whole, () => '*', project);
  const rules = { supportMinDays: 3, nonPersistentPrefixes: ['VDI-'] };
  const namesOf = (host: string): readonly string[] => (NAMES as Record<string, string[]>)[host] ?? [];
  const metadata = ipMetadataOf(rows, hosts, columns(['sessions_cnt_w_15m']), namesOf, rules);
  hosts.code.forEach((code, group) => {
    const key = `${rows.hosts[code]}${bandOf(hosts, group)}`;
    cells[`${key} is_full_history`] = metadata.isFullHistory[group]!;
    cells[`${key} is_non_persistent_machine`] = metadata.isNonPersistent[group]!;
    cells[`${key} is_cold_start`] = metadata.isColdStart[group]!;
    cells[`${key} machine_name`] = metadata.machineName[group]!;
    cells[`${key} active_slices`] = metadata.activeSlices[group]!;
    cells[`${key} active_days`] = metadata.activeDays[group]!;
    cells[`${key} active_working_share`] = metadata.activeWorkingShare[group]!;
  });
  found.forEach(({ host, sliceEnd }, i) => {
    if (weights[i] !== 1) cells[`capped ${host} ${sliceEnd}`] = 1;
    if (isExcused[i] === 1) cells[`excused ${host} ${sliceEnd}`] = 1;
  });
  return cells;
}

function differences(want: Cells, got: Cells): string[] {
  const isClose = (a: unknown, b: unknown): boolean =>
    typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)) : a === b;
  return [...new Set([...Object.keys(want), ...Object.keys(got)])]
    .filter((name) => !isClose(want[name], got[name]))
    .map((name) => `${name}: oracle ${want[name]}, product ${got[name]}`);
}

describe('baselines of any history', () => {
  it('are those of the oracle, every cell', () => {
    const seen = { capped: 0, excused: 0, sampled: 0, cells: 0 };
    fc.assert(
      fc.property(fc.array(measured, { minLength: 1, maxLength: 220, size: 'max' }), settings, (found, options) => {
        const rows = rowsFrom(found);
        const { supportMin, byTimeBand, maxGroupRows, zone } = options;
        const baseline = baselineOf(rows, REF, {
          horizon: '7d',
          metrics: METRICS,
          keyMetrics: KEY_METRICS,
          ...{ supportMin, byTimeBand, maxGroupRows },
          prefixes: ['VDI-'],
          names: NAMES,
          calendar: { time_zone: zone },
        });
        const want = oracleCells(baseline);
        expect(differences(want, productCells(rows, options))).toEqual([]);
        seen.capped += baseline.capped.size;
        seen.excused += baseline.excused.length;
        seen.sampled += Object.entries(want).filter(([name, rate]) => name.endsWith(' rate') && rate !== 1).length;
        seen.cells += Object.keys(want).length;
      }),
      { numRuns: 60, seed: 20_260_330 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
  });
});
