import { STATISTICS, type Statistic } from './baseline-metrics.ts';
import { TIME_BANDS } from './baseline-rows.ts';
import { type BaselineStatistics, statisticOf } from './baseline-statistics.ts';
import type { IpMetadata } from './cold-start.ts';
import { WINDOW_LABEL } from './fg-a.ts';
import type { PairRarity } from './rarity.ts';
import type { Field, Schema, Table, Vector } from './table.ts';
import { constantText, labelColumn, textColumn } from './vectors.ts';

/** What a row of statistics is keyed by; in the segment table `segment_id` stands in place of `host_ip`. */
const KEY_FIELDS = {
  host_ip: { type: 'string', doc: 'Monitored address.' },
  segment_id: { type: 'string', doc: 'Segment of the host, by the mapping at the time of the run.' },
  time_band: { type: 'string', doc: 'working_hours, or off_hours.' },
  window_label: { type: 'string', doc: 'The window that the slices close.' },
} as const satisfies Schema;
type KeyName = keyof typeof KEY_FIELDS;

const STATISTIC_DOCS: Readonly<Record<Statistic, string>> = {
  median: 'Weighted median',
  p25: 'Weighted 25th percentile',
  p75: 'Weighted 75th percentile',
  p95: 'Weighted 95th percentile',
  p99: 'Weighted 99th percentile',
  mad: 'Weighted median of the distances from the median',
  iqr: 'p75 - p25',
  support_count: 'Rows with a value',
  cold_start_flag: '1 if support_count is below support_min',
};

/** The statistics of metrics (columns of FG-A) in the order of both; null where no row has a value. */
const statisticFields = (metrics: readonly string[]): Schema =>
  Object.fromEntries(
    metrics.flatMap((metric) =>
      STATISTICS.map((statistic): [string, Field] => {
        const doc = `${STATISTIC_DOCS[statistic]} of ${metric}.`;
        const isAlways = statistic === 'support_count' || statistic === 'cold_start_flag';
        return [`${metric}_${statistic}`, isAlways ? { type: 'double', doc } : { type: 'double', nullable: true, doc }];
      }),
    ),
  );

/** Join keys as columns; @throws for a key that is none. */
function keyFields(joinKeys: readonly string[], owner: 'host_ip' | 'segment_id'): Schema {
  const names = [owner, ...joinKeys.filter((name) => name !== 'host_ip' && name !== owner)];
  return Object.fromEntries(
    names.map((name): [string, Field] => {
      const field = KEY_FIELDS[name as KeyName];
      if (field === undefined)
        throw new Error(`fg_b: "${name}" is not a join key; those are ${Object.keys(KEY_FIELDS).join(', ')}`);
      return [name, field];
    }),
  );
}

/** Columns of `host`. */
export const hostBaselineSchema = (joinKeys: readonly string[], metrics: readonly string[]): Schema => ({
  ...keyFields(joinKeys, 'host_ip'),
  ...statisticFields(metrics),
});

/** Columns of `segment`. */
export const segmentBaselineSchema = (joinKeys: readonly string[], metrics: readonly string[]): Schema => ({
  ...keyFields(joinKeys, 'segment_id'),
  hosts_count: { type: 'int64', doc: 'Hosts with a row.' },
  sample_rate: { type: 'double', doc: 'Share of the rows that the statistics are of; 1: all.' },
  ...statisticFields(metrics),
});

/** Columns of `ip_metadata`. */
export const ipMetadataSchema = (joinKeys: readonly string[]): Schema => ({
  ...keyFields(joinKeys, 'host_ip'),
  is_full_history: { type: 'int32', doc: '1 if every required metric has enough rows on enough days.' },
  is_non_persistent_machine: { type: 'int32', doc: '1 if a machine name begins with a non-persistent prefix.' },
  is_cold_start: { type: 'int32', doc: '1 if history is not full, or the machine is non-persistent.' },
  machine_name: { type: 'string', nullable: true, doc: 'Machine name in the inventory; of several the first.' },
  active_slices: { type: 'int64', doc: 'Slices in which the host was active.' },
  active_days: { type: 'int64', doc: 'UTC days on which the host was active.' },
  active_working_share: { type: 'double', doc: 'Share of its slices in working hours.' },
});

const PAIR_FIELDS = {
  dst_ip: { type: 'string', doc: 'Destination address.' },
  dst_port: { type: 'int32', doc: 'Destination port.' },
  pair_seen_count: { type: 'int64', doc: 'Sessions.' },
  pair_last_seen_ts: { type: 'timestamp', doc: 'End of the last slice with a session.' },
  active_days: { type: 'int64', doc: 'UTC days with a session.' },
  pair_daily_avg: { type: 'double', doc: 'Sessions per active day.' },
  pair_rarity_score: { type: 'double', doc: '1 / (1 + pair_seen_count).' },
  is_new_pair_flag: { type: 'int32', doc: '1 if pair_seen_count is 0.' },
  is_rare_pair_flag: { type: 'int32', doc: '1 if pair_rarity_score reaches rarity_threshold.' },
} as const satisfies Schema;
export const PAIR_HOST_SCHEMA: Schema = { host_ip: KEY_FIELDS.host_ip, ...PAIR_FIELDS };
export const PAIR_SEGMENT_SCHEMA: Schema = { segment_id: KEY_FIELDS.segment_id, ...PAIR_FIELDS };

export const PUBLICATION_METADATA_SCHEMA = {
  reference_time_iso: { type: 'string', doc: 'The reference instant.' },
  run_mode: { type: 'string', doc: 'MONTHLY, SCHEDULED or BACKFILL.' },
  run_batch_id: { type: 'string', doc: 'baseline.' },
  baseline_start_ts: { type: 'timestamp', doc: 'Start of the history, inclusive.' },
  baseline_end_ts: { type: 'timestamp', doc: 'End of the history, exclusive.' },
  created_at: { type: 'timestamp', doc: 'The reference instant.' },
  created_date: { type: 'string', doc: 'Its UTC date.' },
  rows_used: { type: 'int64', doc: 'Rows of FG-A that count.' },
  rows_left_out: { type: 'int64', doc: 'Rows left out because their slice was degraded.' },
  rows_capped: { type: 'int64', doc: 'Rows that weigh less because they are out of the ordinary.' },
  rows_excused: { type: 'int64', doc: 'Rows that are out of the ordinary and weigh 1 because it recurs.' },
  hosts_count: { type: 'int64', doc: 'Hosts with a row.' },
} as const satisfies Schema;

/** What the groups of a level are called, by group. */
export interface LevelKeys {
  readonly owner: 'host_ip' | 'segment_id';
  readonly length: number;
  readonly owners: (group: number) => string;
  /** Of a host. */
  readonly segments: (group: number) => string;
  /** Place in TIME_BANDS; null where groups are not split by time band. */
  readonly band: Uint8Array | null;
}

function keyColumns(schema: Schema, { owner, length, owners, segments, band }: LevelKeys): Record<string, Vector> {
  const groups = Array.from({ length }, (_, group) => group);
  const columns: Record<KeyName, () => Vector> = {
    host_ip: () => labelColumn(groups.map(owners)),
    segment_id: () => labelColumn(groups.map(owner === 'segment_id' ? owners : segments)),
    window_label: () => constantText(length, WINDOW_LABEL),
    time_band: () => {
      if (band === null) throw new Error('fg_b: rows are keyed by time_band, but were not grouped by it');
      return textColumn(
        length,
        TIME_BANDS.length,
        (group) => band[group]!,
        (code) => TIME_BANDS[code]!,
      );
    },
  };
  const isKey = (name: string): name is KeyName => name in KEY_FIELDS;
  return Object.fromEntries(
    Object.keys(schema)
      .filter(isKey)
      .map((name) => [name, columns[name]()]),
  );
}

/** Columns of statistics: views on what was measured. Pieces hold different metrics of the same groups. */
function statisticColumns(pieces: readonly BaselineStatistics[]): Record<string, Vector> {
  const columns: Record<string, Vector> = {};
  for (const piece of pieces) {
    piece.metrics.forEach((metric, m) => {
      for (const statistic of STATISTICS) columns[`${metric}_${statistic}`] = statisticOf(piece, m, statistic);
    });
  }
  return columns;
}

const metricsOf = (pieces: readonly BaselineStatistics[]): string[] => pieces.flatMap(({ metrics }) => metrics);

/** Rows of `host` of one bin, sorted by host_ip. */
export function hostBaselineTable(
  joinKeys: readonly string[],
  keys: LevelKeys,
  pieces: readonly BaselineStatistics[],
): Table {
  const schema = hostBaselineSchema(joinKeys, metricsOf(pieces));
  return { schema, length: keys.length, columns: { ...keyColumns(schema, keys), ...statisticColumns(pieces) } };
}

/** Rows of `segment` of one bin, sorted by segment_id, or of the whole project; hosts and sample rates by group. */
export function segmentBaselineTable(
  joinKeys: readonly string[],
  keys: LevelKeys,
  pieces: readonly BaselineStatistics[],
  hostsCount: Float64Array,
  sampleRate: Float64Array,
): Table {
  const schema = segmentBaselineSchema(joinKeys, metricsOf(pieces));
  return {
    schema,
    length: keys.length,
    columns: {
      ...keyColumns(schema, keys),
      hosts_count: hostsCount,
      sample_rate: sampleRate,
      ...statisticColumns(pieces),
    },
  };
}

/** Rows of `ip_metadata`, by the keys of the host groups that they were made of. */
export function ipMetadataTable(joinKeys: readonly string[], keys: LevelKeys, metadata: IpMetadata): Table {
  const schema = ipMetadataSchema(joinKeys);
  return {
    schema,
    length: keys.length,
    columns: {
      ...keyColumns(schema, keys),
      is_full_history: metadata.isFullHistory,
      is_non_persistent_machine: metadata.isNonPersistent,
      is_cold_start: metadata.isColdStart,
      machine_name: nullableText(metadata.machineName),
      active_slices: metadata.activeSlices,
      active_days: metadata.activeDays,
      active_working_share: metadata.activeWorkingShare,
    },
  };
}

function nullableText(texts: readonly (string | null)[]): Vector {
  const places = new Map<string, number>();
  const codes = Int32Array.from(texts, (text) => {
    if (text === null) return -1;
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    return place;
  });
  return { codes, values: [...places.keys()] };
}

/** Rows of `pair/host` or `pair/segment`, sorted by (owner, destination, port); texts by place. */
export function pairRarityTable(
  owner: 'host_ip' | 'segment_id',
  rarity: PairRarity,
  owners: readonly string[],
  destinations: readonly string[],
): Table {
  const { length } = rarity;
  const text = (codes: Uint32Array, values: readonly string[]): Vector =>
    textColumn(
      length,
      values.length,
      (row) => codes[row]!,
      (code) => values[code]!,
    );
  return {
    schema: owner === 'host_ip' ? PAIR_HOST_SCHEMA : PAIR_SEGMENT_SCHEMA,
    length,
    columns: {
      [owner]: text(rarity.owner, owners),
      dst_ip: text(rarity.destination, destinations),
      dst_port: rarity.port,
      pair_seen_count: rarity.seenCount,
      pair_last_seen_ts: rarity.lastSeen,
      active_days: rarity.activeDays,
      pair_daily_avg: rarity.dailyAverage,
      pair_rarity_score: rarity.score,
      is_new_pair_flag: rarity.isNew,
      is_rare_pair_flag: rarity.isRare,
    },
  };
}
