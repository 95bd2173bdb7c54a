/** Baselines of few hosts as the oracle holds them, at random, and the same as tables of FG-B. */

import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import type { BeaconRows } from '../../src/operators/beacon-rows.ts';
import type { Schema, Table, Vector } from '../../src/operators/table.ts';
import type { Baseline } from '../oracle/baselines.ts';
import type { HostMetadata, MetricStatistics, SegmentGroup } from '../oracle/baselines-rows.ts';
import type { Statistics } from '../oracle/baselines-statistics.ts';
import type { PairRarity, PairTables } from '../oracle/rarity.ts';

export const METRIC_NAMES = BASELINE_METRICS.map(({ name }) => name);
export const TIME_BANDS = ['working_hours', 'off_hours'] as const;
export type TimeBand = (typeof TIME_BANDS)[number];

export interface RandomHost {
  readonly host: string;
  readonly segment: string;
  readonly isKnown: boolean;
}
/** A segment of three hosts and more, a small one, one never seen, one of the other family, none at all. */
export const HOSTS: readonly RandomHost[] = [
  ...['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.4'].map((host) => ({ host, segment: '10.1.0.0/24', isKnown: true })),
  { host: '10.1.0.9', segment: '10.1.0.0/24', isKnown: false },
  { host: '10.2.0.1', segment: '10.2.0.0/24', isKnown: true },
  { host: '10.3.0.1', segment: '10.3.0.0/24', isKnown: false },
  { host: 'fd00:0:0:7::1', segment: 'fd00:0:0:7::/64', isKnown: false },
  { host: 'not-an-address', segment: 'SEG_UNKNOWN', isKnown: true },
];

export const DESTINATIONS = ['192.0.2.1', '192.0.2.10', '10.1.0.3', '2001:db8::1'];
const PORTS = [53, 443, 8443];

/** Numbers of [0, 1), the same for a seed. */
export function diceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const oneOf = <T>(dice: () => number, ...values: readonly T[]): T => values[Math.floor(dice() * values.length)]!;

/** A value as metrics have them: mostly 0, counts, shares, bytes. */
export const randomValue = (dice: () => number): number =>
  oneOf(dice, 0, 0, 0, 1, Math.floor(dice() * 40), dice(), Math.floor(dice() * 1e9));

function randomStatistics(dice: () => number, hasValues: boolean): Statistics {
  if (!hasValues) {
    const none = { median: null, p25: null, p75: null, p95: null, p99: null, mad: null, iqr: null };
    return { ...none, support_count: 0, cold_start_flag: 1 };
  }
  const [p25, median, p75, p95, p99] = Array.from({ length: 5 }, () => randomValue(dice)).sort((a, b) => a - b);
  const spread = () => oneOf(dice, 0, 1e-7, 2e-6, 0.01, dice() * 10, dice() * 1e6);
  return {
    ...{ median: median!, p25: p25!, p75: p75!, p95: p95!, p99: p99! },
    ...{ mad: spread(), iqr: spread() },
    ...{ support_count: 1 + Math.floor(dice() * 90), cold_start_flag: dice() < 0.2 ? 1 : 0 },
  };
}

const statisticsOfAll = (dice: () => number, emptiness: number): MetricStatistics =>
  new Map(METRIC_NAMES.map((metric) => [metric, randomStatistics(dice, dice() >= emptiness)]));

export function randomBaseline(dice: () => number, byTimeBand: boolean): Baseline {
  const keysOf = (name: string): string[] => (byTimeBand ? TIME_BANDS.map((band) => `${name}|${band}`) : [name]);
  const host = new Map<string, MetricStatistics>();
  const metadata = new Map<string, HostMetadata>();
  for (const key of HOSTS.filter(({ isKnown }) => isKnown).flatMap((known) => keysOf(known.host))) {
    if (byTimeBand && dice() < 0.2) continue;
    const isFull = dice() < 0.7 ? 1 : 0;
    const isNonPersistent = dice() < 0.2 ? 1 : 0;
    host.set(key, statisticsOfAll(dice, 0.1));
    metadata.set(key, {
      ...{ is_full_history: isFull, is_non_persistent_machine: isNonPersistent, machine_name: null },
      is_cold_start: isFull === 1 && isNonPersistent === 0 ? 0 : 1,
      ...{ active_slices: 100, active_days: oneOf(dice, 4, 5, 7) },
      active_working_share: oneOf(dice, 0, 0.04, 0.05, 0.5, 0.95, 0.96, 1),
    });
  }
  const segment = new Map<string, SegmentGroup>();
  const counts = { '10.1.0.0/24': 4, '10.2.0.0/24': 2, SEG_UNKNOWN: oneOf(dice, 2, 3), '*': 7 };
  for (const [id, hostsCount] of Object.entries(counts)) {
    for (const key of keysOf(id))
      segment.set(key, { hostsCount, sampleRate: 1, statistics: statisticsOfAll(dice, 0.2) });
  }
  const none = { rows: [], leftOutAsDegraded: 0, capped: new Set<never>(), excused: [] };
  return { ...none, start: Date.UTC(2026, 2, 1), end: Date.UTC(2026, 2, 8), host, segment, metadata };
}

export function randomPairs(dice: () => number, threshold: number): PairTables {
  const tables = { host: new Map<string, PairRarity>(), segment: new Map<string, PairRarity>() };
  const add = (table: Map<string, PairRarity>, owner: string): void => {
    for (const dst of DESTINATIONS) {
      for (const port of PORTS) {
        if (dice() < 0.5) continue;
        const seen = 1 + Math.floor(dice() * 4);
        const activeDays = 1 + Math.floor(dice() * 2);
        const score = 1 / (1 + seen);
        const rarity = { seen, lastSeen: Date.UTC(2026, 2, 2), activeDays, dailyAverage: seen / activeDays, score };
        table.set(`${owner}|${dst}|${port}`, { ...rarity, isNew: 0, isRare: score >= threshold ? 1 : 0 });
      }
    }
  };
  for (const { host } of HOSTS) add(tables.host, host);
  for (const segment of ['10.1.0.0/24', '10.2.0.0/24']) add(tables.segment, segment);
  return tables;
}

export const randomUse = (dice: () => number): { dstIp: string; dstPort: number }[] =>
  DESTINATIONS.flatMap((dstIp) => PORTS.flatMap((dstPort) => (dice() < 0.3 ? [{ dstIp, dstPort }] : [])));

/** A table of texts and numbers; null is NaN. */
export function tableOf(columns: Readonly<Record<string, readonly (string | number | null)[]>>): Table {
  const schema: Record<string, Schema[string]> = {};
  const vectors: Record<string, Vector> = {};
  for (const [name, cells] of Object.entries(columns)) {
    const isText = cells.some((cell) => typeof cell === 'string');
    schema[name] = { type: isText ? 'string' : 'double', doc: '' };
    vectors[name] = isText
      ? { codes: Int32Array.from(cells, (_, i) => i), values: cells.map(String) }
      : Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)));
  }
  return { schema, length: Object.values(columns)[0]?.length ?? 0, columns: vectors };
}

const statisticCells = (rows: readonly MetricStatistics[]): Record<string, (number | null)[]> => {
  const columns: Record<string, (number | null)[]> = {};
  for (const metric of METRIC_NAMES) {
    for (const statistic of Object.keys(rows[0]!.get(metric)!) as (keyof Statistics)[])
      columns[`${metric}_${statistic}`] = rows.map((row) => row.get(metric)![statistic]);
  }
  return columns;
};

const keyCells = (name: 'host_ip' | 'segment_id', keys: readonly string[]): Record<string, string[]> => {
  const parts = keys.map((key) => key.split('|'));
  const isJoined = parts.some(({ length }) => length > 1);
  return { [name]: parts.map(([own]) => own!), ...(isJoined ? { time_band: parts.map(([, band]) => band!) } : {}) };
};

export function hostTable({ host }: Baseline): Table {
  return tableOf({ ...keyCells('host_ip', [...host.keys()]), ...statisticCells([...host.values()]) });
}

export function segmentTable({ segment }: Baseline): Table {
  const groups = [...segment.values()];
  return tableOf({
    ...keyCells('segment_id', [...segment.keys()]),
    hosts_count: groups.map(({ hostsCount }) => hostsCount),
    ...statisticCells(groups.map(({ statistics }) => statistics)),
  });
}

export function metadataTable({ metadata }: Baseline): Table {
  const known = [...metadata.values()];
  return tableOf({
    ...keyCells('host_ip', [...metadata.keys()]),
    is_cold_start: known.map((one) => one.is_cold_start),
    is_non_persistent_machine: known.map((one) => one.is_non_persistent_machine),
    active_days: known.map((one) => one.active_days),
    active_working_share: known.map((one) => one.active_working_share),
  });
}

export function pairTable(pairs: PairTables, level: 'host' | 'segment'): Table {
  const rows = [...pairs[level]].map(([key, rarity]) => ({ parts: key.split('|'), ...rarity }));
  return tableOf({
    [level === 'host' ? 'host_ip' : 'segment_id']: rows.map(({ parts }) => parts[0]!),
    dst_ip: rows.map(({ parts }) => parts[1]!),
    dst_port: rows.map(({ parts }) => Number(parts[2])),
    pair_seen_count: rows.map(({ seen }) => seen),
    pair_last_seen_ts: rows.map(({ lastSeen }) => lastSeen),
    active_days: rows.map(({ activeDays }) => activeDays),
    is_rare_pair_flag: rows.map(({ isRare }) => isRare),
  });
}

export const noBeacons = (length: number): BeaconRows => ({
  ...{ score: new Float64Array(length), peer: Array.from({ length }, () => ''), port: new Int32Array(length) },
  ...{ intervalSec: new Float64Array(length).fill(Number.NaN), cadence: new Float64Array(length) },
  ...{ prior: new Float64Array(length), prevalence: new Float64Array(length) },
  ...{ strobe: new Float64Array(length), longSessionHours: new Float64Array(length) },
});
