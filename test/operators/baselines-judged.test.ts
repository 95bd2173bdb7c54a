/** Baselines of random rows against the naive oracle: every number of hosts, segments, project, metadata and pairs. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BaselineMetric, baselineMetricOf, STATISTICS } from '../../src/operators/baseline-metrics.ts';
import {
  type BinRows,
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
import { type BaselineOptions, type BaselineRow, settleBaseline, supportMinOf } from '../oracle/baselines-rows.ts';
import { DAY, HOUR, MINUTE } from '../oracle/times.ts';

const REF = Date.UTC(2026, 2, 12);
const METRICS = [
  'sessions_cnt_w_15m',
  'bytes_src_sum_w_15m',
  'deny_ratio_w_15m',
  'peer_ip_entropy_w_8h',
  'in_bytes_asymmetry_ratio_w_24h',
  'new_peer_cnt_lookback30d_w_15m',
  'new_to_project_peer_cnt_w_24h',
];
/**
 * Where a quantile lies right at a value, the last bits of its place tell how much of the next value is in it: a place is a sum of
 * as many weights as there are rows, between two that are about one part in as many apart.
 */
const lastBits = (rows: number): number => Number.EPSILON * rows ** 2;
const columns = METRICS.map((name): BaselineMetric => baselineMetricOf(name)!);

const hours = fc.constantFrom(0, 1, 2, 10, 11, 13, 14, 15, 23);
const sliceEnd = fc
  .tuple(fc.integer({ min: 0, max: 6 }), hours, fc.constantFrom(8, 23, 38, 53))
  .map(([day, hour, minute]) => REF - 9 * DAY + day * DAY + hour * HOUR + minute * MINUTE);
const row = fc
  .record({
    host: fc.constantFrom('10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.1.1', '10.0.1.2', 'fd00::1'),
    sliceEnd,
    lookbackDays: fc.integer({ min: 2, max: 9 }),
    hostAgeDays: fc.integer({ min: 2, max: 9 }),
    isBurst: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    values: fc.tuple(
      fc.constantFrom(3, 4, 5, 6),
      fc.integer({ min: 900, max: 1_100 }),
      fc.constantFrom(0, 0, 0.1, 1 / 3),
      fc.double({ min: 0, max: 2, noNaN: true }),
      fc.constantFrom(0, 0.5, 1e9 / 7),
      fc.constantFrom(0, 0, 1, 9),
      fc.constantFrom(0, 1),
    ),
  })
  .map(({ isBurst, values, ...own }): BaselineRow => {
    const [sessions, bytes, ...rest] = values;
    const isHabit = own.host === '10.0.0.1' && Math.floor((own.sliceEnd % DAY) / HOUR) === 2;
    return {
      ...own,
      segment: own.host.includes(':') ? 'fd00::/64' : `${own.host.slice(0, 6)}.0/24`,
      miniBatchId: 'm',
      timeBand: own.sliceEnd % DAY >= 7 * HOUR && own.sliceEnd % DAY < 17 * HOUR ? 'working_hours' : 'off_hours',
      isDegraded: false,
      values: isBurst || isHabit ? [sessions * 1_000, bytes * 1e6, ...rest] : [sessions, bytes, ...rest],
    };
  });
const rowsArbitrary = fc.uniqueArray(row, {
  minLength: 1,
  size: 'max',
  maxLength: 250,
  selector: (own) => `${own.host} ${own.sliceEnd}`,
});
const optionsArbitrary = fc.record({
  byTimeBand: fc.boolean(),
  supportMin: fc.constantFrom(1, 5, 20),
  supportMinByMetric: fc.constantFrom({}, { deny_ratio_w_15m: 40, new_peer_cnt_lookback30d_w_15m: 2 }),
  supportMinDays: fc.constantFrom(1, 4),
  minDays: fc.constantFrom(0, 5),
  keyMetrics: fc.constantFrom(['sessions_cnt_w_15m', 'bytes_src_sum_w_15m'], METRICS),
  zMax: fc.constantFrom(2, 6),
  requiredMetrics: fc.constantFrom(['sessions_cnt_w_15m'], ['sessions_cnt_w_15m', 'new_to_project_peer_cnt_w_24h']),
  maxGroupRows: fc.constantFrom(2_000_000, 2_000_000, 30),
  prefixes: fc.constant(['VDI-']),
  names: fc.constant({ '10.0.0.2': ['pc-2', 'Vdi-7'], '10.0.0.3': ['b', 'a'] }),
  calendar: fc.constantFrom({ time_zone: 'UTC' }, { time_zone: 'Asia/Kolkata' }),
});

/** Two bins, so that the project is put together from parts. */
function binsOf(rows: readonly BaselineRow[], minDays: number): { bin: BinRows; own: readonly BaselineRow[] }[] {
  const parts = [true, false].map((isFirst) => rows.filter(({ segment }) => (segment === '10.0.0.0/24') === isFirst));
  return parts
    .filter((own) => own.length > 0)
    .map((own) => {
      const hosts = [...new Set(own.map(({ host }) => host))].sort();
      const segments = [...new Set(own.map(({ segment }) => segment))].sort();
      const segmentOf = (host: string): number => segments.indexOf(own.find((some) => some.host === host)!.segment);
      const bin: BinRows = {
        hosts,
        segments,
        segmentOfHost: Uint32Array.from(hosts, segmentOf),
        length: own.length,
        host: Uint32Array.from(own, ({ host }) => hosts.indexOf(host)),
        sliceEnd: Float64Array.from(own, (some) => some.sliceEnd),
        isWorkingHours: Uint8Array.from(own, ({ timeBand }) => Number(timeBand === 'working_hours')),
        isYoung: Uint8Array.from(own, ({ lookbackDays, hostAgeDays }) =>
          Number(lookbackDays < minDays || hostAgeDays < minDays),
        ),
      };
      return { bin, own };
    });
}

/** Everything that the product makes of the rows: path → number. */
function measured(rows: readonly BaselineRow[], options: BaselineOptions): Map<string, number | null> {
  const settings = settleBaseline(options);
  const found = new Map<string, number | null>();
  const supportMin = (metric: string): number => supportMinOf(metric, settings);
  const put = (level: string, groups: RowGroups, nameOf: (code: number) => string, of: BaselineStatistics): void => {
    for (let group = 0; group < groups.length; group++) {
      const band = groups.band === null ? '' : `|${TIME_BANDS[groups.band[group]!]}`;
      for (const [m, metric] of METRICS.entries())
        for (const name of STATISTICS) {
          const value = statisticOf(of, m, name)[group]!;
          found.set(
            `${level} ${nameOf(groups.code[group]!)}${band} ${metric}_${name}`,
            Number.isNaN(value) ? null : value,
          );
        }
    }
  };
  const projectColumns = columns.map((): ReturnType<typeof statisticsOfBin>['project'][number][] => []);
  const groupedByBand = (groups: RowGroups, rates: readonly number[], bin: BinRows): RowGroups =>
    sampleGroups(bin, groups, rates);
  const bins = binsOf(rows, settings.minDays);
  // The rate of a project's level is by the rows of all bins.
  const bandOf = ({ timeBand }: BaselineRow): number =>
    settings.byTimeBand ? TIME_BANDS.indexOf(timeBand as 'off_hours') : 0;
  const inBand = (band: number): number => rows.filter((own) => bandOf(own) === band).length;
  for (const { bin, own } of bins) {
    const columnAt = (place: number): Float64Array => Float64Array.from(own, ({ values }) => values[place]!);
    const columnNamed = (name: string) => ({
      metric: baselineMetricOf(name)!,
      values: columnAt(METRICS.indexOf(name)),
      supportMin: supportMin(name),
    });
    const { weights, isExcused } = capRows(bin, settings.keyMetrics.map(columnNamed), {
      zMax: settings.zMax,
      wAnom: settings.anomalousWeight,
      timeZone: settings.calendar.time_zone,
    });
    for (const [n, some] of own.entries()) {
      found.set(`weight ${some.host} ${some.sliceEnd}`, weights[n]!);
      found.set(`excused ${some.host} ${some.sliceEnd}`, isExcused[n]!);
    }
    const hosts = groupByHost(bin, settings.byTimeBand);
    const segments = groupBySegment(bin, settings.byTimeBand);
    const project = groupByProject(bin, settings.byTimeBand);
    const segmentRates = rowsPerGroup(segments).map((count) => sampleRateOf(count, settings.maxGroupRows));
    const projectRates = Array.from({ length: project.length }, (_, group) =>
      sampleRateOf(inBand(project.band?.[group] ?? 0), settings.maxGroupRows),
    );
    const made = statisticsOfBin(
      {
        rows: bin,
        weights,
        hosts,
        segments: groupedByBand(segments, segmentRates, bin),
        project: groupedByBand(project, projectRates, bin),
      },
      columns,
      (_, m) => columnAt(m),
      supportMin,
    );
    put('host', hosts, (code) => bin.hosts[code]!, made.hosts);
    put('segment', segments, (code) => bin.segments[code]!, made.segments);
    for (const [group, count] of hostsPerGroup(bin, segments).entries()) {
      const band = segments.band === null ? '' : `|${TIME_BANDS[segments.band[group]!]}`;
      found.set(`hosts ${bin.segments[segments.code[group]!]}${band}`, count);
    }
    for (const [m, part] of made.project.entries()) projectColumns[m]!.push(part);
    const required = settings.requiredMetrics.map(columnNamed);
    const metadata = ipMetadataOf(bin, hosts, required, (host) => settings.names[host] ?? [], {
      supportMinDays: settings.supportMinDays,
      nonPersistentPrefixes: settings.prefixes,
    });
    for (let group = 0; group < hosts.length; group++) {
      const band = hosts.band === null ? '' : `|${TIME_BANDS[hosts.band[group]!]}`;
      const path = `metadata ${bin.hosts[hosts.code[group]!]}${band}`;
      found.set(`${path} full`, metadata.isFullHistory[group]!);
      found.set(`${path} non-persistent`, metadata.isNonPersistent[group]!);
      found.set(`${path} cold`, metadata.isColdStart[group]!);
      found.set(`${path} ${metadata.machineName[group]}`, 1);
      found.set(`${path} slices`, metadata.activeSlices[group]!);
      found.set(`${path} days`, metadata.activeDays[group]!);
      found.set(`${path} working`, metadata.activeWorkingShare[group]!);
    }
  }
  const bands = settings.byTimeBand ? Uint8Array.from([...new Set(rows.map(bandOf))].sort()) : null;
  const whole = statisticsOfProject(columns, projectColumns, bands, supportMin);
  const ofProject = { length: whole.groups, code: new Uint32Array(whole.groups), band: bands };
  put('segment', ofProject as RowGroups, () => '*', whole);
  return found;
}

/** The same by the oracle. */
function judged(rows: readonly BaselineRow[], baseline: Baseline): Map<string, number | null> {
  const wanted = new Map<string, number | null>();
  for (const own of rows) {
    wanted.set(`weight ${own.host} ${own.sliceEnd}`, baseline.capped.has(own) ? 0.1 : 1);
    wanted.set(`excused ${own.host} ${own.sliceEnd}`, Number(baseline.excused.includes(own)));
  }
  for (const [level, groups] of [
    ['host', baseline.host],
    ['segment', new Map([...baseline.segment].map(([key, { statistics }]) => [key, statistics]))],
  ] as const)
    for (const [key, statistics] of groups)
      for (const [metric, own] of statistics)
        for (const name of STATISTICS) wanted.set(`${level} ${key} ${metric}_${name}`, own[name]);
  for (const [key, { hostsCount }] of baseline.segment)
    if (!key.startsWith('*')) wanted.set(`hosts ${key}`, hostsCount);
  for (const [key, own] of baseline.metadata) {
    wanted.set(`metadata ${key} full`, own.is_full_history);
    wanted.set(`metadata ${key} non-persistent`, own.is_non_persistent_machine);
    wanted.set(`metadata ${key} cold`, own.is_cold_start);
    wanted.set(`metadata ${key} ${own.machine_name}`, 1);
    wanted.set(`metadata ${key} slices`, own.active_slices);
    wanted.set(`metadata ${key} days`, own.active_days);
    wanted.set(`metadata ${key} working`, own.active_working_share);
  }
  return wanted;
}

it('are what the oracle says', () => {
  let [capped, excused] = [0, 0];
  fc.assert(
    fc.property(rowsArbitrary, optionsArbitrary, (rows, own) => {
      const options: BaselineOptions = { horizon: '7d', metrics: METRICS, ...own };
      const baseline = baselineOf(rows, REF, options);
      capped += baseline.capped.size;
      excused += baseline.excused.length;
      const [found, wanted] = [measured(rows, options), judged(rows, baseline)];
      const faults = [...new Set([...wanted.keys(), ...found.keys()])].filter((path) => {
        const [want, got] = [wanted.get(path), found.get(path)];
        if (typeof want !== 'number' || typeof got !== 'number') return want !== got;
        const largest = wanted.get(path.replace(/_[a-z0-9]+$/, '_p99')) ?? 0;
        return Math.abs(want - got) > Math.max(1e-9 * Math.max(1, Math.abs(want)), lastBits(rows.length) * largest);
      });
      expect(faults.map((path) => `${path}: expected ${wanted.get(path)}, got ${found.get(path)}`)).toEqual([]);
    }),
    { numRuns: 150 },
  );
  expect(capped).toBeGreaterThan(0);
  expect(excused).toBeGreaterThan(0);
});
