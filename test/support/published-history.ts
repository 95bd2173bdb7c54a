/** What a home has published, as the oracle of baselines reads it. */

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Manifest } from '../../src/state/manifest.ts';
import { judgeEndpoint } from '../oracle/addresses.ts';
import { isMetric } from '../oracle/baselines-metrics.ts';
import type { BaselineRow } from '../oracle/baselines-rows.ts';
import type { PairContextRow } from '../oracle/beacons.ts';
import { type OracleParameters, settle } from '../oracle/parameters.ts';
import type { PairCount } from '../oracle/rarity.ts';
import { type DatasetName, type LakeRow, readManifests, readRows } from './committed-lake.ts';

interface OfMiniBatch {
  /** Epoch ms. */
  readonly sliceEnd: number;
  readonly miniBatchId: string;
}

export interface PublishedHistory {
  readonly manifests: readonly Manifest[];
  /** Names of the values of a row. */
  readonly metrics: readonly string[];
  /** FG-A rows of all mini-batches, superseded ones too. */
  readonly rows: readonly BaselineRow[];
  /** Of hosts alone. */
  readonly pairCounts: readonly (PairCount & OfMiniBatch)[];
  /** FG-A's own pairs: what a row of that mini-batch used in its slice. */
  readonly usedPairs: ReadonlyMap<string, readonly { readonly dstIp: string; readonly dstPort: number }[]>;
  /** Outbound. */
  readonly pairContext: readonly (PairContextRow & OfMiniBatch)[];
}

/** Key of `usedPairs`. */
export const usedKey = (miniBatchId: string, host: string): string => `${miniBatchId} ${host}`;

export async function readHistory(
  reader: DuckDBConnection,
  home: string,
  parameters: OracleParameters = {},
): Promise<PublishedHistory> {
  const settings = settle(parameters);
  const manifests = readManifests(home);
  const read = async <Row>(dataset: DatasetName, change: (row: LakeRow, of: OfMiniBatch) => Row): Promise<Row[]> => {
    const rows = await readRows(reader, home, manifests, dataset);
    return manifests.flatMap(({ mini_batch_id: miniBatchId, slice }) => {
      const of = { miniBatchId, sliceEnd: Date.parse(slice.slice_end_ts) };
      return rows.get(miniBatchId)!.map((row) => change(row, of));
    });
  };
  let metrics: string[] = [];
  const rows = await read('fg_a', (row, of): BaselineRow => {
    if (metrics.length === 0) metrics = Object.keys(row).filter(isMetric);
    return {
      ...of,
      host: textOf(row['host_ip']),
      segment: textOf(row['segment_id']),
      timeBand: textOf(row['time_band']),
      isDegraded: Number(row['is_degraded']) === 1,
      lookbackDays: Number(row['lookback_days']),
      hostAgeDays: Number(row['host_age_days']),
      values: Float64Array.from(metrics, (metric) => Number(row[metric])),
    };
  });
  const counted = await read('pair_counts', (row, of) => ({
    ...of,
    host: textOf(row['src_ip']),
    segment: textOf(row['segment_id']),
    dstIp: textOf(row['dst_ip']),
    dstPort: Number(row['dst_port']),
    sessions: Number(row['sessions_cnt']),
  }));
  const used = new Map<string, { dstIp: string; dstPort: number }[]>();
  await read('fg_a_pair_context', (row, { miniBatchId }) => {
    const key = usedKey(miniBatchId, textOf(row['host_ip']));
    const pairs = used.get(key) ?? [];
    used.set(key, pairs);
    pairs.push({ dstIp: textOf(row['dst_ip']), dstPort: Number(row['dst_port']) });
  });
  const contexts = await read('pair_context', (row, of) => ({ row, of }));
  return {
    manifests,
    metrics,
    rows,
    pairCounts: counted.filter(({ host }) => judgeEndpoint(host, settings).isHost),
    usedPairs: used,
    pairContext: contexts
      .filter(({ row }) => row['role'] === 'outbound')
      .map(({ row, of }) => ({
        ...of,
        host: textOf(row['host_ip']),
        peer: textOf(row['peer_ip']),
        port: row['peer_port'] === null ? null : Number(row['peer_port']),
        sessions: Number(row['sessions_cnt']),
        bytesSent: Number(row['bytes_sent_sum']),
        zeroReplies: Number(row['zero_reply_cnt']),
        firstEvent: instantOf(row['first_event_ts']),
        starts: startsOf(row['starts']),
        maxDurationMs: Number(row['max_duration_ms']),
      })),
  };
}

const textOf = (value: unknown): string => {
  if (typeof value !== 'string') throw new Error(`a published text is ${String(value)}`);
  return value;
};

/** Epoch ms of a published timestamp; null of none. */
export const instantOf = (value: unknown): number | null => {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.getTime();
  throw new Error(`a published instant is ${String(value)}`);
};

const startsOf = (value: unknown): number[] | null =>
  Array.isArray(value) ? value.map((start) => instantOf(start)!) : null;
