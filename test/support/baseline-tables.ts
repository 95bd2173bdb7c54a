/** Published baselines as they lie in the lake, and the rows that the oracle wants there. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Baseline } from '../oracle/baselines.ts';
import type { Horizon, MetricStatistics } from '../oracle/baselines-rows.ts';
import type { PairTables } from '../oracle/rarity.ts';
import { fileScan, type LakeRow, PROJECT } from './committed-lake.ts';
import { filesBelow } from './folder-content.ts';

export const BASELINE_TABLES = ['host', 'segment', 'ip_metadata', 'pair/host', 'pair/segment'] as const;
export type BaselineTable = (typeof BASELINE_TABLES)[number];

export const BASELINE_KEYS: Readonly<Record<BaselineTable, readonly string[]>> = {
  host: ['host_ip', 'window_label'],
  segment: ['segment_id', 'window_label'],
  ip_metadata: ['host_ip', 'window_label'],
  'pair/host': ['host_ip', 'dst_ip', 'dst_port'],
  'pair/segment': ['segment_id', 'dst_ip', 'dst_port'],
};

export interface Publication {
  readonly horizon: Horizon;
  /** Epoch ms. */
  readonly ref: number;
  /** Folder keys, e.g. `baseline_horizon=7d/baseline_month=2026-03/ref=...`. */
  readonly place: string;
}

const PLACE =
  /^host\/(feature_spec_version=[^/]+\/baseline_horizon=(7d|30d)\/baseline_month=(\d{4}-\d{2})\/ref=([^/]+))\//;

/** Everything published in a home, in the order of horizon and ref. */
export function publicationsOf(home: string): Publication[] {
  const found = new Map<string, Publication>();
  for (const path of filesBelow(baselineFolder(home))) {
    const match = PLACE.exec(path);
    if (match === null || !path.endsWith('.parquet')) continue;
    const [, place, horizon, month, ref] = match as unknown as [string, string, Horizon, string, string];
    const instant = Date.parse(decodeURIComponent(ref));
    if (new Date(instant).toISOString().slice(0, 7) !== month) throw new Error(`${path} lies in the wrong month`);
    found.set(place, { horizon, ref: instant, place });
  }
  return [...found.values()].sort((a, b) => (a.horizon < b.horizon ? -1 : a.horizon > b.horizon ? 1 : a.ref - b.ref));
}

const baselineFolder = (home: string): string => join(home, 'lake', PROJECT, 'fg_b');

/** Rows of a table of a publication, without what its path says. */
export async function readBaselineRows(
  reader: DuckDBConnection,
  home: string,
  { place }: Publication,
  table: BaselineTable,
): Promise<LakeRow[]> {
  const folder = join(baselineFolder(home), table, place);
  if (!existsSync(folder)) return [];
  const pattern = join(folder, '*.parquet').replaceAll("'", "''");
  if (!filesBelow(folder).some((path) => dirname(path) === '.' && path.endsWith('.parquet'))) return [];
  const query = `SELECT * FROM read_parquet('${pattern}', hive_partitioning = false)`;
  return (await reader.runAndReadAll(query)).getRowObjectsJS();
}

/** Rows of deviation files, with the horizon that their paths say. */
export async function readDeviationRows(
  reader: DuckDBConnection,
  home: string,
  paths: readonly string[],
): Promise<LakeRow[]> {
  const rows: LakeRow[] = [];
  for (const path of paths) {
    const horizon = /\/baseline_horizon=([^/]+)\//.exec(path)?.[1];
    if (horizon === undefined) throw new Error(`${path} does not say its horizon`);
    const found = (await reader.runAndReadAll(`SELECT * FROM ${fileScan(home, [path])}`)).getRowObjectsJS();
    for (const row of found) rows.push({ ...row, baseline_horizon: horizon });
  }
  return rows;
}

/** Rows of a table as the oracle has them. */
export function wantedRows(baseline: Baseline, pairs: PairTables, table: BaselineTable): LakeRow[] {
  if (table === 'host')
    return [...baseline.host].map(([key, statistics]) => ({ ...keyed('host_ip', key), ...columnsOf(statistics) }));
  if (table === 'segment')
    return [...baseline.segment].map(([key, { hostsCount, sampleRate, statistics }]) => ({
      ...keyed('segment_id', key),
      hosts_count: hostsCount,
      sample_rate: sampleRate,
      ...columnsOf(statistics),
    }));
  if (table === 'ip_metadata')
    return [...baseline.metadata].map(([key, metadata]) => ({ ...keyed('host_ip', key), ...metadata }));
  const [owner, own] = table === 'pair/host' ? ['host_ip', pairs.host] : ['segment_id', pairs.segment];
  return [...own].map(([key, rarity]) => {
    const [name, dstIp, dstPort] = key.split('|') as [string, string, string];
    return {
      [owner as string]: name,
      dst_ip: dstIp,
      dst_port: Number(dstPort),
      pair_seen_count: rarity.seen,
      pair_last_seen_ts: rarity.lastSeen,
      active_days: rarity.activeDays,
      pair_daily_avg: rarity.dailyAverage,
      pair_rarity_score: rarity.score,
      is_new_pair_flag: rarity.isNew,
      is_rare_pair_flag: rarity.isRare,
    };
  });
}

function keyed(column: 'host_ip' | 'segment_id', key: string): LakeRow {
  const [name, band] = key.split('|');
  return { [column]: name, window_label: 'w_15m', ...(band === undefined ? {} : { time_band: band }) };
}

function columnsOf(statistics: MetricStatistics): Record<string, number | null> {
  const columns: Record<string, number | null> = {};
  for (const [metric, own] of statistics)
    for (const [name, value] of Object.entries(own)) columns[`${metric}_${name}`] = value;
  return columns;
}
