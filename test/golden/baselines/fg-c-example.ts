import { readFileSync } from 'node:fs';
import type { WindowPairs } from '../../../src/operators/fg-a-pairs.ts';
import type { Table } from '../../../src/operators/table.ts';
import { tableOf } from '../../operators/random-baselines.ts';
import { windowPairsFrom } from '../../operators/window-pairs.ts';

/** The worked example for baselines as tables that packs are made of, and what it expects of FG-C. */

type Statistics = Readonly<Record<string, readonly (number | null)[]>>;
type PairCount = readonly [src: string, dst: string, port: number, sessions: number];
export interface GoldenMiniBatch {
  readonly mini_batch_id: string;
  readonly slice_end_ts: string;
  readonly fg_a?: Readonly<
    Record<string, { readonly time_band: 'working_hours' | 'off_hours'; readonly values: Readonly<Record<string, number>> }>
  >;
  readonly pair_counts?: readonly PairCount[];
}
interface Input {
  readonly metrics: readonly string[];
  readonly mini_batches: readonly GoldenMiniBatch[];
  readonly score: readonly string[];
}
export interface GoldenPublication {
  readonly baseline_start_ts: string;
  readonly baseline_end_ts: string;
  readonly hosts_count: Readonly<Record<string, number>>;
  readonly host: Readonly<Record<string, Statistics>>;
  readonly segment: Readonly<Record<string, Statistics>>;
  readonly ip_metadata: Readonly<Record<string, Readonly<Record<string, number | string | null>>>>;
}
interface Expected {
  readonly metrics: readonly string[];
  readonly fg_b: Readonly<Record<string, GoldenPublication>>;
  readonly fg_c: Readonly<
    Record<string, { readonly ref: string; readonly rows: Readonly<Record<string, readonly unknown[]>> }>
  >;
  readonly fg_c_columns: readonly string[];
  readonly ulp_sensitive: readonly (readonly string[])[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
export const input = read('bc_input.json') as Input;
export const expected = read('bc_expected.json') as Expected;

export const segmentOf = (ip: string): string => `${ip.split('.').slice(0, 3).join('.')}.0/24`;

/** A statistics table: `<metric>_<statistic>` of every metric, for some keys. */
export function statisticsTable(
  keyColumn: 'host_ip' | 'segment_id',
  rows: Readonly<Record<string, Statistics>>,
  further: Readonly<Record<string, readonly number[]>> = {},
): Table {
  const keys = Object.keys(rows);
  const names = Object.keys(Object.values(rows)[0]!);
  const columns = expected.metrics.flatMap((metric, m) =>
    names.map((statistic) => [`${metric}_${statistic}`, keys.map((key) => rows[key]![statistic]![m]!)] as const),
  );
  return tableOf({ [keyColumn]: keys, ...further, ...Object.fromEntries(columns) });
}

/** What ip_metadata says of some hosts. */
export function metadataTable(publication: GoldenPublication, hosts: readonly string[]): Table {
  const cells = (name: string) => hosts.map((host) => publication.ip_metadata[host]![name]!);
  return tableOf({
    host_ip: hosts,
    is_cold_start: cells('is_cold_start'),
    is_non_persistent_machine: cells('is_non_persistent_machine'),
    active_days: cells('active_days'),
    active_working_share: cells('active_working_share'),
  });
}

const isHost = (ip: string): boolean => ip.startsWith('10.');

/** Pair rarity by host or segment, counted here anew from the pair counts of the horizon. */
export function pairTable(publication: GoldenPublication, owner: 'host_ip' | 'segment_id'): Table {
  const start = Date.parse(publication.baseline_start_ts);
  const end = Date.parse(publication.baseline_end_ts);
  const pairs = new Map<string, { owner: string; dst: string; port: number; seen: number; last: number; days: Set<number> }>();
  for (const { slice_end_ts, pair_counts = [] } of input.mini_batches) {
    const at = Date.parse(slice_end_ts);
    if (at < start || at >= end) continue;
    for (const [src, dst, port, sessions] of pair_counts) {
      if (!isHost(src)) continue;
      const who = owner === 'host_ip' ? src : segmentOf(src);
      const key = `${who} ${dst} ${port}`;
      const pair = pairs.get(key) ?? { owner: who, dst, port, seen: 0, last: 0, days: new Set() };
      pairs.set(key, pair);
      pair.seen += sessions;
      pair.last = Math.max(pair.last, at);
      pair.days.add(Math.floor(at / 86_400_000));
    }
  }
  const rows = [...pairs.values()];
  return tableOf({
    [owner]: rows.map((row) => row.owner),
    dst_ip: rows.map(({ dst }) => dst),
    dst_port: rows.map(({ port }) => port),
    pair_seen_count: rows.map(({ seen }) => seen),
    pair_last_seen_ts: rows.map(({ last }) => last),
    active_days: rows.map(({ days }) => days.size),
    is_rare_pair_flag: rows.map(({ seen }) => (1 / (1 + seen) >= 0.5 ? 1 : 0)),
  });
}

/** The pairs of a mini-batch's slice, of its mini-batches up to this one. */
export function slicePairs(miniBatch: GoldenMiniBatch): WindowPairs {
  const pairs = new Map<string, { src: string; dst: string; port: number }>();
  for (const other of input.mini_batches) {
    if (other.slice_end_ts !== miniBatch.slice_end_ts || other.mini_batch_id > miniBatch.mini_batch_id) continue;
    for (const [src, dst, port] of other.pair_counts ?? []) {
      if (Object.hasOwn(miniBatch.fg_a!, src)) pairs.set(`${src} ${dst} ${port}`, { src, dst, port });
    }
  }
  return windowPairsFrom([...pairs.values()]);
}
