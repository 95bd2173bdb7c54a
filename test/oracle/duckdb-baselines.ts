import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from './duckdb-flows.ts';

const DAY = 86_400_000;
const QUANTILES = { p25: 0.25, median: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 };

export interface BaselineSource {
  /** Relation of published FG-A rows, or a scan of it. */
  readonly features: string;
  /** Relation of published pair counts whose sources are hosts. */
  readonly pairs: string;
  readonly metrics: readonly string[];
  /** Of `metrics`: those without a value in rows younger than `minDays`. */
  readonly ofLookback: readonly string[];
  readonly minDays: number;
  /** Epoch ms. */
  readonly start: number;
  /** Epoch ms, exclusive. */
  readonly end: number;
}

/** What SQL makes of the rows of one host. */
export interface HostQuantiles {
  readonly host_ip: string;
  readonly active_slices: number;
  readonly active_days: number;
  readonly active_working_share: number;
  /** `<metric>_<statistic>`: median p25 p75 p95 p99 mad iqr support_count, each row counting the same. */
  readonly statistics: Readonly<Record<string, number | null>>;
}

export interface PairSums {
  readonly owner: string;
  readonly dst_ip: string;
  readonly dst_port: number;
  readonly seen: number;
  readonly last_seen: number;
  readonly active_days: number;
}

/** Order statistics of every host without any weight: what a baseline is where no row was capped. */
export async function duckdbHostQuantiles(
  connection: DuckDBConnection,
  { features, metrics, ofLookback, minDays, start, end }: BaselineSource,
): Promise<HostQuantiles[]> {
  const young = new Set(ofLookback);
  const values = metrics.map((metric) => {
    const value = `${metric}::DOUBLE`;
    return young.has(metric)
      ? `CASE WHEN lookback_days >= ${minDays} AND host_age_days >= ${minDays} THEN ${value} END AS ${metric}`
      : `${value} AS ${metric}`;
  });
  await connection.run(`CREATE OR REPLACE TEMP TABLE valid AS
    SELECT host_ip, window_end_ts, segment_id, time_band, ${values.join(', ')} FROM (
      SELECT *, row_number() OVER (PARTITION BY host_ip, window_end_ts ORDER BY mini_batch_id DESC) AS place
      FROM ${features}
      WHERE epoch_ms(window_end_ts) >= ${start} AND epoch_ms(window_end_ts) < ${end}
    ) WHERE place = 1 AND is_degraded = 0`);
  const rows = new Map<string, Record<string, number | null>>();
  // Few columns at a time: an aggregate that keeps all values of all columns would need them all at once.
  for (let from = 0; from < metrics.length; from += 62) {
    const some = metrics.slice(from, from + 62);
    const aggregates = some.flatMap((metric) => [
      ...Object.entries(QUANTILES).map(([name, q]) => `quantile_cont(${metric}, ${q}) AS ${metric}_${name}`),
      `mad(${metric}) AS ${metric}_mad`,
      `count(${metric}) AS ${metric}_support_count`,
    ]);
    const query = `SELECT host_ip, ${aggregates.join(', ')} FROM valid GROUP BY host_ip`;
    for (const { host_ip, ...found } of (await connection.runAndReadAll(query)).getRowObjectsJS()) {
      const row = rows.get(String(host_ip)) ?? {};
      rows.set(String(host_ip), row);
      for (const [name, value] of Object.entries(found)) row[name] = value === null ? null : Number(value);
      for (const metric of some) {
        const [p25, p75] = [row[`${metric}_p25`] ?? null, row[`${metric}_p75`] ?? null];
        row[`${metric}_iqr`] = p25 === null || p75 === null ? null : p75 - p25;
      }
    }
  }
  const activity = await connection.runAndReadAll(`
    SELECT host_ip, count(*) AS slices, count(DISTINCT epoch_ms(window_end_ts) // ${DAY}) AS days,
      avg((time_band = ${quoted('working_hours')})::INT) AS working
    FROM valid GROUP BY host_ip ORDER BY host_ip`);
  return activity.getRowObjectsJS().map((row) => ({
    host_ip: String(row['host_ip']),
    active_slices: Number(row['slices']),
    active_days: Number(row['days']),
    active_working_share: Number(row['working']),
    statistics: rows.get(String(row['host_ip'])) ?? {},
  }));
}

/** Sums of pairs by the host or the segment that opened them. */
export async function duckdbPairSums(
  connection: DuckDBConnection,
  { pairs, start, end }: BaselineSource,
  owner: 'src_ip' | 'segment_id',
): Promise<PairSums[]> {
  const reader = await connection.runAndReadAll(`
    SELECT ${owner} AS owner, dst_ip, dst_port, sum(sessions_cnt)::BIGINT AS seen, max(epoch_ms(event_ts)) AS last_seen,
      count(DISTINCT epoch_ms(event_ts) // ${DAY}) AS active_days
    FROM ${pairs} AS pairs
    WHERE epoch_ms(event_ts) >= ${start} AND epoch_ms(event_ts) < ${end}
    GROUP BY ALL`);
  return reader.getRowObjectsJS().map((row) => ({
    owner: String(row['owner']),
    dst_ip: String(row['dst_ip']),
    dst_port: Number(row['dst_port']),
    seen: Number(row['seen']),
    last_seen: Number(row['last_seen']),
    active_days: Number(row['active_days']),
  }));
}
