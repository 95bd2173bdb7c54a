/** The worked example of baselines, and how the operators are run on it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  hostBaselineTable,
  ipMetadataTable,
  pairRarityTable,
  segmentBaselineTable,
} from '../../../src/operators/baseline-datasets.ts';
import { BASELINE_METRICS, type BaselineMetric, baselineMetricOf } from '../../../src/operators/baseline-metrics.ts';
import {
  type BinRows,
  groupByHost,
  groupByProject,
  groupBySegment,
  hostsPerGroup,
} from '../../../src/operators/baseline-rows.ts';
import { type ProjectColumn, statisticsOfBin, statisticsOfProject } from '../../../src/operators/baseline-statistics.ts';
import { capRows } from '../../../src/operators/capping.ts';
import { ipMetadataOf } from '../../../src/operators/cold-start.ts';
import { createPairTally, rarityOf, tallyPairs } from '../../../src/operators/rarity.ts';
import type { Table } from '../../../src/operators/table.ts';
import { hostKeys, projectKeys, segmentKeys } from '../../support/level-keys.ts';

type Row = Readonly<Record<string, unknown>>;

interface FgARow {
  readonly lookback_days: number;
  readonly host_age_days: number;
  readonly time_band: string;
  readonly values: Readonly<Record<string, number>>;
}

interface Input {
  readonly metrics: readonly string[];
  readonly parameters: {
    readonly support_min: number;
    readonly support_min_days: Readonly<Record<string, number>>;
    readonly min_days: number;
    readonly np_prefixes: readonly string[];
    readonly names: Readonly<Record<string, readonly string[]>>;
    readonly refs: readonly string[];
    readonly horizon: string;
  };
  readonly mini_batches: readonly {
    readonly mini_batch_id: string;
    readonly slice_end_ts: string;
    readonly is_degraded: number;
    readonly fg_a?: Readonly<Record<string, FgARow>>;
    readonly pair_counts?: readonly (readonly [src: string, dst: string, port: number, sessions: number])[];
  }[];
}

type Statistics = Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>;
type Pair = readonly [
  owner: string,
  dst: string,
  port: number,
  seen: number,
  last: string,
  days: number,
  average: number,
  score: number,
  isNew: number,
  isRare: number,
];
export interface ExpectedPublication {
  readonly baseline_start_ts: string;
  readonly baseline_end_ts: string;
  readonly rows_used: number;
  readonly left_out_as_degraded: number;
  readonly capping_weights: Readonly<Record<string, number>>;
  readonly excused: readonly string[];
  readonly hosts_count: Readonly<Record<string, number>>;
  readonly host: Statistics;
  readonly segment: Statistics;
  readonly ip_metadata: Readonly<Record<string, Row>>;
  readonly pair_host: readonly Pair[] | null;
  readonly pair_segment: readonly Pair[] | null;
}
interface Expected {
  readonly fg_b: Readonly<Record<string, ExpectedPublication>>;
  readonly ulp_sensitive: readonly (readonly string[])[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
export const INPUT = read('bc_input.json') as Input;
export const EXPECTED = read('bc_expected.json') as Expected;

const JOIN_KEYS = ['host_ip', 'window_label'];
/** What rows are judged by unless a spec says otherwise. */
const KEY_METRICS = [
  'sessions_cnt_w_15m',
  'bytes_src_sum_w_15m',
  'bytes_dst_sum_w_15m',
  'deny_ratio_w_15m',
  'peer_ip_nunique_w_15m',
  'high_risk_port_sessions_cnt_w_15m',
  'max_sessions_per_minute_w_15m',
];

interface Found {
  readonly host: string;
  readonly end: number;
  readonly endText: string;
  readonly row: FgARow;
}

const segmentOf = (host: string): string => `${host.split('.').slice(0, 3).join('.')}.0/24`;

/** Valid rows of [start, end): of a host's several rows of one slice that of the greatest mini-batch. */
function rowsWithin(start: number, end: number): { used: Found[]; degraded: number } {
  const valid = new Map<string, Found & { id: string; isDegraded: number }>();
  for (const { mini_batch_id: id, slice_end_ts: endText, is_degraded: isDegraded, fg_a } of INPUT.mini_batches) {
    const at = Date.parse(endText);
    if (at < start || at >= end) continue;
    for (const [host, row] of Object.entries(fg_a ?? {})) {
      const known = valid.get(`${host}|${endText}`);
      if (known === undefined || known.id < id) valid.set(`${host}|${endText}`, { id, isDegraded, host, end: at, endText, row });
    }
  }
  const all = [...valid.values()];
  const used = all.filter(({ isDegraded }) => isDegraded === 0);
  return { used, degraded: all.length - used.length };
}

const ascending = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

function binOf(found: readonly Found[]): BinRows {
  const hosts = ascending(found.map(({ host }) => host));
  const segments = ascending(hosts.map(segmentOf));
  const { min_days } = INPUT.parameters;
  return {
    hosts,
    segments,
    segmentOfHost: Uint32Array.from(hosts, (host) => segments.indexOf(segmentOf(host))),
    length: found.length,
    host: Uint32Array.from(found, ({ host }) => hosts.indexOf(host)),
    sliceEnd: Float64Array.from(found, ({ end }) => end),
    isWorkingHours: Uint8Array.from(found, ({ row }) => (row.time_band === 'working_hours' ? 1 : 0)),
    isYoung: Uint8Array.from(found, ({ row }) => (Math.min(row.lookback_days, row.host_age_days) < min_days ? 1 : 0)),
  };
}

export interface Publication {
  readonly rowsUsed: number;
  readonly degraded: number;
  /** `host|window_end_ts` -> weight, where it is not 1. */
  readonly weights: Readonly<Record<string, number>>;
  readonly excused: readonly string[];
  readonly host: readonly Table[];
  readonly segment: readonly Table[];
  readonly ipMetadata: readonly Table[];
  readonly pairHost: readonly Table[];
  readonly pairSegment: readonly Table[];
}

/** Runs the operators over the history of a reference instant; `binning` deals out segments, `order` arranges rows. */
export function publish(
  { baseline_start_ts, baseline_end_ts }: ExpectedPublication,
  binning: (segment: string) => number,
  order: (rows: readonly Found[]) => Found[] = (rows) => [...rows],
): Publication {
  const { parameters, metrics: names } = INPUT;
  const [start, end] = [Date.parse(baseline_start_ts), Date.parse(baseline_end_ts)];
  const { used, degraded } = rowsWithin(start, end);
  const bins = [...Map.groupBy(order(used), ({ host }) => binning(segmentOf(host))).values()];
  const weights: Record<string, number> = {};
  const excused: string[] = [];
  const perMetric: ProjectColumn[][] = BASELINE_METRICS.map(() => []);
  const tables = { host: [] as Table[], segment: [] as Table[], ipMetadata: [] as Table[] };
  const pairs = { pairHost: [] as Table[], pairSegment: [] as Table[] };
  const supportMinOf = () => parameters.support_min;
  for (const found of bins) {
    const rows = binOf(found);
    const place = new Map(names.map((name, i) => [name, String(i)]));
    const columnOf = ({ name }: BaselineMetric) =>
      Float64Array.from(found, ({ row }) => row.values[place.get(name)!] ?? 0);
    const columns = (of: readonly string[]) =>
      of.map((name) => {
        const metric = baselineMetricOf(name)!;
        return { metric, values: columnOf(metric), supportMin: parameters.support_min };
      });
    const capping = capRows(rows, columns(KEY_METRICS), { zMax: 6, wAnom: 0.1, timeZone: 'UTC' });
    found.forEach(({ host, endText }, i) => {
      if (capping.weights[i] !== 1) weights[`${host}|${endText}`] = capping.weights[i]!;
      if (capping.isExcused[i] === 1) excused.push(`${host}|${endText}`);
    });
    const [hosts, segments] = [groupByHost(rows, false), groupBySegment(rows, false)];
    const bin = { rows, weights: capping.weights, hosts, segments, project: groupByProject(rows, false) };
    // In two groups of columns, as workers have them.
    const halves = [BASELINE_METRICS.slice(0, 250), BASELINE_METRICS.slice(250)];
    const pieces = halves.map((half) => statisticsOfBin(bin, half, columnOf, supportMinOf));
    pieces.flatMap(({ project }) => project).forEach((column, m) => perMetric[m]!.push(column));
    const hostPieces = pieces.map((piece) => piece.hosts);
    tables.host.push(hostBaselineTable(JOIN_KEYS, hostKeys(rows, hosts), hostPieces));
    const all = new Float64Array(segments.length).fill(1);
    const segmentPieces = pieces.map((piece) => piece.segments);
    tables.segment.push(
      segmentBaselineTable(JOIN_KEYS, segmentKeys(rows, segments), segmentPieces, hostsPerGroup(rows, segments), all),
    );
    const metadata = ipMetadataOf(rows, hosts, columns(['sessions_cnt_w_15m']), (host) => parameters.names[host] ?? [], {
      supportMinDays: parameters.support_min_days[parameters.horizon]!,
      nonPersistentPrefixes: parameters.np_prefixes,
    });
    tables.ipMetadata.push(ipMetadataTable(JOIN_KEYS, hostKeys(rows, hosts), metadata));
    const ofBin = rarityTables(start, end, (host) => binning(segmentOf(host)) === binning(rows.segments[0]!));
    pairs.pairHost.push(ofBin.host);
    pairs.pairSegment.push(ofBin.segment);
  }
  const project = statisticsOfProject(BASELINE_METRICS, perMetric, null, supportMinOf);
  const hostsInAll = Float64Array.of(tables.host.reduce((n, { length }) => n + length, 0));
  tables.segment.push(
    segmentBaselineTable(JOIN_KEYS, projectKeys(null), [project], hostsInAll, Float64Array.of(1)),
  );
  return { rowsUsed: used.length, degraded, weights, excused: excused.sort(), ...tables, ...pairs };
}

/** Pair counts of the hosts (here all sources), every mini-batch of the history by itself. */
function rarityTables(start: number, end: number, takes: (host: string) => boolean): { host: Table; segment: Table } {
  const batches = INPUT.mini_batches.filter(({ slice_end_ts }) => {
    const at = Date.parse(slice_end_ts);
    return at >= start && at < end;
  });
  const counts = batches.map(({ slice_end_ts, pair_counts = [] }) => ({
    at: Date.parse(slice_end_ts),
    rows: pair_counts.filter(([src]) => takes(src)),
  }));
  const all = counts.flatMap(({ rows }) => rows);
  const hosts = ascending(all.map(([src]) => src));
  const segments = ascending(hosts.map(segmentOf));
  const destinations = [...new Set(all.map(([, dst]) => dst))];
  const rarityBy = (ownerOf: (src: string) => number) => {
    const tally = createPairTally(start);
    for (const { at, rows } of counts) {
      tallyPairs(tally, {
        length: rows.length,
        owner: Uint32Array.from(rows, ([src]) => ownerOf(src)),
        destination: Uint32Array.from(rows, ([, dst]) => destinations.indexOf(dst)),
        port: Int32Array.from(rows, ([, , port]) => port),
        sessions: Float64Array.from(rows, ([, , , sessions]) => sessions),
        at: new Float64Array(rows.length).fill(at),
      });
    }
    return rarityOf(tally, destinations, 0.5);
  };
  const byHost = rarityBy((src) => hosts.indexOf(src));
  const bySegment = rarityBy((src) => segments.indexOf(segmentOf(src)));
  return {
    host: pairRarityTable('host_ip', byHost, hosts, destinations),
    segment: pairRarityTable('segment_id', bySegment, segments, destinations),
  };
}
