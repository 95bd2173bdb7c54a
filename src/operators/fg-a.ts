import { textOf } from './address-book.ts';
import { segmentIdsOf } from './address-facts.ts';
import { CALENDAR_FEATURES, type CalendarFeatures } from './calendar.ts';
import type { Lineage, Span } from './datasets.ts';
import { type DataHealth, HEALTH_FEATURES } from './health.ts';
import type { Lookback } from './lookback.ts';
import { BEHAVIOUR_FEATURES, FEATURE_COUNT, SLICE_MS, WINDOW_FEATURES } from './metrics.ts';
import type { Field, Schema, Table, Vector } from './table.ts';
import { formatInstant } from './time.ts';
import { constantNumber, constantText, labelColumn } from './vectors.ts';
import type { WindowRows } from './windows.ts';

/** The window that a slice closes. */
export const WINDOW_LABEL = 'w_15m';

/** Columns that say how long project and host have been known. */
export const AGE_FEATURES = {
  lookback_days: {
    formula: 'whole days from the first committed slice in [T - 31 d, T] to T',
    doc: 'Age of the project.',
  },
  host_age_days: {
    formula: "whole days from the host's first active slice in [T - 31 d, T] to T",
    doc: 'Age of the host.',
  },
  is_new_host: { formula: '1 if host_age_days < lookback30d.min_days else 0', doc: 'The host is a newcomer.' },
} as const;

const int32 = (features: Readonly<Record<string, { readonly doc: string }>>): Schema =>
  Object.fromEntries(Object.entries(features).map(([name, { doc }]) => [name, { type: 'int32', doc } satisfies Field]));

export const FG_A_SCHEMA: Schema = {
  host_ip: { type: 'string', doc: 'Monitored address.' },
  window_label: { type: 'string', doc: 'The window that the slice closes.' },
  window_start_ts: { type: 'timestamp', doc: 'Start of that window, exclusive.' },
  window_end_ts: { type: 'timestamp', doc: 'End of every window, inclusive: the end of the slice.' },
  segment_id: { type: 'string', doc: 'Segment of the host.' },
  time_band: { type: 'string', doc: 'working_hours, or off_hours.' },
  record_id: { type: 'string', doc: 'host_ip|window_label|window_end_ts.' },
  mini_batch_id: { type: 'string', doc: 'Mini-batch that closed the window.' },
  ...Object.fromEntries(
    [...WINDOW_FEATURES, ...BEHAVIOUR_FEATURES].map(({ name, doc }) => [name, { type: 'double', doc } satisfies Field]),
  ),
  ...int32(CALENDAR_FEATURES),
  ...int32(AGE_FEATURES),
  coverage_24h: { type: 'double', doc: HEALTH_FEATURES.coverage_24h.doc },
  is_pair_capped: { type: 'int32', doc: HEALTH_FEATURES.is_pair_capped.doc },
  is_degraded: { type: 'int32', doc: HEALTH_FEATURES.is_degraded.doc },
};

/** Rows of several shards in the order of host_ip: where each is found. */
export interface HostOrder {
  readonly shard: Uint16Array;
  readonly row: Uint32Array;
  readonly hostIps: readonly string[];
}

export function orderHosts(shards: readonly WindowRows[]): HostOrder {
  const places = shards.flatMap(({ addresses, hosts }, shard) =>
    Array.from(hosts, (id, row) => ({ shard, row, hostIp: textOf(addresses, id) })),
  );
  if (shards.length > 1) places.sort((a, b) => (a.hostIp < b.hostIp ? -1 : 1));
  return {
    shard: Uint16Array.from(places, ({ shard }) => shard),
    row: Uint32Array.from(places, ({ row }) => row),
    hostIps: places.map(({ hostIp }) => hostIp),
  };
}

/** FG-A rows `span` of the order. */
export function fgATable(
  shards: readonly WindowRows[],
  order: HostOrder,
  lineage: Lineage,
  calendar: CalendarFeatures,
  health: DataHealth,
  known: Pick<Lookback, 'days' | 'rules'>,
  span: Span,
): Table {
  const length = span.end - span.start;
  const shardAt = (i: number): WindowRows => shards[order.shard[span.start + i]!]!;
  const rowAt = (i: number): number => order.row[span.start + i]!;
  const windowEnd = formatInstant(lineage.sliceEnd);
  const hostIps = order.hostIps.slice(span.start, span.end);
  const each = (values: readonly string[]): Vector => ({ codes: Int32Array.from(values, (_, i) => i), values });
  const segmentIds = shards.map(({ addresses, facts, segmentMapping }) =>
    segmentIdsOf(addresses, facts, segmentMapping),
  );
  const segmentAt = (i: number): string => {
    const { facts, hosts } = shardAt(i);
    return segmentIds[order.shard[span.start + i]!]!(facts.segment[hosts[rowAt(i)]!]!);
  };
  const columns: Record<string, Vector> = {
    host_ip: each(hostIps),
    window_label: constantText(length, WINDOW_LABEL),
    window_start_ts: constantNumber(length, lineage.sliceEnd - SLICE_MS),
    window_end_ts: constantNumber(length, lineage.sliceEnd),
    segment_id: labelColumn(hostIps.map((_, i) => segmentAt(i))),
    time_band: constantText(length, calendar.time_band),
    record_id: each(hostIps.map((hostIp) => `${hostIp}|${WINDOW_LABEL}|${windowEnd}`)),
    mini_batch_id: constantText(length, lineage.miniBatchId),
  };
  [...WINDOW_FEATURES, ...BEHAVIOUR_FEATURES].forEach(({ name }, f) => {
    const column = new Float64Array(length);
    for (let i = 0; i < length; i++) column[i] = shardAt(i).features[rowAt(i) * FEATURE_COUNT + f]!;
    columns[name] = column;
  });
  for (const name of Object.keys(CALENDAR_FEATURES) as (keyof typeof CALENDAR_FEATURES)[]) {
    columns[name] = constantNumber(length, calendar[name]);
  }
  const ages = Int32Array.from({ length }, (_, i) => shardAt(i).ages[rowAt(i)]!);
  columns['lookback_days'] = constantNumber(length, known.days);
  columns['host_age_days'] = ages;
  columns['is_new_host'] = ages.map((age) => (age < known.rules.minDays ? 1 : 0));
  columns['coverage_24h'] = constantNumber(length, health.coverage_24h);
  columns['is_pair_capped'] = Int32Array.from({ length }, (_, i) => shardAt(i).isCapped[rowAt(i)]!);
  columns['is_degraded'] = constantNumber(length, health.is_degraded);
  return { schema: FG_A_SCHEMA, length, columns };
}
