import { type AddressList, textOf } from './address-book.ts';
import type { AddressFacts } from './address-facts.ts';
import {
  countPortSet,
  DELTA_METRICS,
  DELTA_QUANTILES,
  type DeltaMetric,
  type DeltaOperator,
  mergedMetrics,
  SPREAD_METRICS,
} from './delta-metrics.ts';
import type { PairCounts } from './pair-counts.ts';
import { type DeltaRows, ROLES } from './role-rows.ts';
import type { PairOrder, RowOrder, ShardRows } from './row-order.ts';
import type { Field, ListVector, Schema, Table, TextVector } from './table.ts';

/** The mini-batch that rows belong to. Instants are ms UTC. */
export interface Lineage {
  readonly miniBatchId: string;
  readonly sliceStart: number;
  readonly sliceEnd: number;
}

/** Everything that a mini-batch's delta, pair context and pair counts are written from. */
export interface SliceRows {
  readonly addresses: AddressList;
  readonly facts: AddressFacts;
  readonly shards: readonly ShardRows[];
  readonly order: RowOrder;
  readonly pairOrder: PairOrder;
  readonly pairCounts: PairCounts;
}

/** Rows start .. end - 1 of a dataset. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const HOST: Field = { type: 'string', doc: 'Monitored address.' };
const ROLE: Field = { type: 'string', doc: 'outbound: the host opened the session; inbound: it was contacted.' };
const MINI_BATCH: Field = { type: 'string', doc: 'Mini-batch that delivered the flows.' };

/** Columns of a delta row under a spec's operators and further port sets. */
export function deltaSchema(operators: readonly DeltaOperator[], furtherPortSets: readonly string[]): Schema {
  const metrics = [...DELTA_METRICS, ...furtherPortSets.map(countPortSet)].filter(({ operator }) =>
    operators.includes(operator),
  );
  return {
    host_ip: HOST,
    role: ROLE,
    slice_start_ts: { type: 'timestamp', doc: 'Start of the slice, exclusive.' },
    slice_end_ts: { type: 'timestamp', doc: 'End of the slice, inclusive.' },
    mini_batch_id: MINI_BATCH,
    segment_id: { type: 'string', doc: 'Segment of the host.' },
    ...Object.fromEntries(metrics.map(({ name, type, doc }) => [name, { type, doc }])),
    ...(operators.includes('quantiles')
      ? Object.fromEntries(
          Object.entries(DELTA_QUANTILES).map(([name, { doc }]) => [
            name,
            { type: 'list<double>', nullable: true, doc } satisfies Field,
          ]),
        )
      : {}),
  };
}

export const PAIR_CONTEXT_SCHEMA = {
  host_ip: HOST,
  role: ROLE,
  peer_ip: { type: 'string', doc: 'The other end.' },
  peer_port: { type: 'int32', nullable: true, doc: 'Service port; null: none, or ICMP.' },
  slice_start_ts: { type: 'timestamp', doc: 'Start of the slice, exclusive.' },
  slice_end_ts: { type: 'timestamp', doc: 'End of the slice, inclusive.' },
  mini_batch_id: MINI_BATCH,
  sessions_cnt: { type: 'int64', doc: 'Sessions.' },
  deny_cnt: { type: 'int64', doc: 'Sessions that the firewall denied.' },
  zero_reply_cnt: { type: 'int64', doc: 'Sessions that the server answered with no byte.' },
  bytes_sent_sum: { type: 'int64', doc: 'Bytes that the host sent.' },
  bytes_recv_sum: { type: 'int64', doc: 'Bytes that the host received.' },
  first_event_ts: { type: 'timestamp', nullable: true, doc: 'Oldest event_start.' },
  event_ts: { type: 'timestamp', nullable: true, doc: 'Newest event_end.' },
  starts: {
    type: 'list<timestamp>',
    nullable: true,
    doc: 'event_start of the earliest 64 records that have one, ascending; null under two sessions, empty if none has one.',
  },
  max_duration_ms: { type: 'int64', doc: 'Longest session.' },
  pair_key: { type: 'string', doc: 'peer_ip|peer_port, nothing behind the bar without a port.' },
} as const satisfies Schema;

export const PAIR_COUNTS_SCHEMA = {
  src_ip: { type: 'string', doc: 'Source address, monitored or not.' },
  dst_ip: { type: 'string', doc: 'Destination address.' },
  dst_port: { type: 'int32', doc: 'Destination port.' },
  segment_id: { type: 'string', doc: 'Segment of src_ip.' },
  event_ts: { type: 'timestamp', doc: 'End of the slice.' },
  sessions_cnt: { type: 'int64', doc: 'Sessions.' },
  mini_batch_id: MINI_BATCH,
} as const satisfies Schema;

/**
 * A text column from codes that callers already have. Only the values in use are kept, each once, in the order of their
 * first row, so that the column does not depend on how the codes were given.
 */
export function textColumn(
  length: number,
  codeAt: (row: number) => number,
  labelOf: (code: number) => string,
): TextVector {
  const codes = new Int32Array(length);
  const placeOfCode = new Map<number, number>();
  const placeOfLabel = new Map<string, number>();
  for (let row = 0; row < length; row++) {
    const code = codeAt(row);
    let place = placeOfCode.get(code);
    if (place === undefined) {
      const label = labelOf(code);
      place = placeOfLabel.get(label);
      if (place === undefined) {
        place = placeOfLabel.size;
        placeOfLabel.set(label, place);
      }
      placeOfCode.set(code, place);
    }
    codes[row] = place;
  }
  return { codes, values: [...placeOfLabel.keys()] };
}

export const constantText = (length: number, value: string): TextVector => ({
  codes: new Int32Array(length),
  values: [value],
});
export const constantNumber = (length: number, value: number): Float64Array => new Float64Array(length).fill(value);

function listColumn(
  length: number,
  listAt: (row: number) => { readonly of: ListVector; readonly at: number },
): ListVector {
  const offsets = new Uint32Array(length + 1);
  const values: number[] = [];
  for (let row = 0; row < length; row++) {
    const { of, at } = listAt(row);
    for (let i = of.offsets[at]!; i < of.offsets[at + 1]!; i++) values.push(of.values[i]!);
    offsets[row + 1] = values.length;
  }
  return { offsets, values: Float64Array.from(values) };
}

export function deltaTable(
  schema: Schema,
  rows: SliceRows,
  lineage: Lineage,
  furtherPortSets: readonly string[],
  span: Span,
): Table {
  const length = span.end - span.start;
  const at = (i: number): { rows: DeltaRows; row: number } => {
    const place = span.start + i;
    const { shard, role, row } = rows.order;
    return { rows: rows.shards[shard[place]!]![ROLES[role[place]!]!], row: row[place]! };
  };
  const hostAt = (i: number): number => at(i).rows.hosts[at(i).row]!;
  const numbers = (value: (of: DeltaRows, row: number) => number): Float64Array => {
    const column = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const found = at(i);
      column[i] = value(found.rows, found.row);
    }
    return column;
  };
  const merged = mergedMetrics(furtherPortSets);
  const metricColumn = (metric: DeltaMetric): Float64Array => {
    const spread = SPREAD_METRICS.indexOf(metric);
    if (spread >= 0) return numbers((of, row) => of.spreads[row * SPREAD_METRICS.length + spread]!);
    const place = merged.findIndex(({ name }) => name === metric.name);
    const per = metric.measure.is === 'sum' ? metric.measure.per : 1;
    return numbers((of, row) => of.totals[row * of.width + place]! / per);
  };
  const columns: Record<string, Table['columns'][string]> = {
    host_ip: textColumn(length, hostAt, (id) => textOf(rows.addresses, id)),
    role: textColumn(
      length,
      (i) => rows.order.role[span.start + i]!,
      (role) => ROLES[role]!,
    ),
    slice_start_ts: constantNumber(length, lineage.sliceStart),
    slice_end_ts: constantNumber(length, lineage.sliceEnd),
    mini_batch_id: constantText(length, lineage.miniBatchId),
    segment_id: textColumn(
      length,
      (i) => rows.facts.segment[hostAt(i)]!,
      (code) => rows.facts.segments[code]!,
    ),
  };
  for (const metric of [...DELTA_METRICS, ...furtherPortSets.map(countPortSet)]) {
    if (metric.name in schema) columns[metric.name] = metricColumn(metric);
  }
  for (const [name, { of }] of Object.entries(DELTA_QUANTILES)) {
    if (name in schema) columns[name] = listColumn(length, (i) => ({ of: at(i).rows.quantiles[of], at: at(i).row }));
  }
  return { schema, length, columns };
}

export function pairContextTable(rows: SliceRows, lineage: Lineage, span: Span): Table {
  const length = span.end - span.start;
  const { order, pairOrder } = rows;
  const deltaAt = (i: number): DeltaRows => {
    const owner = pairOrder.owner[span.start + i]!;
    return rows.shards[order.shard[owner]!]![ROLES[order.role[owner]!]!];
  };
  const pairAt = (i: number): number => pairOrder.pair[span.start + i]!;
  const roleAt = (i: number): number => order.role[pairOrder.owner[span.start + i]!]!;
  const hostAt = (i: number): number => deltaAt(i).hosts[order.row[pairOrder.owner[span.start + i]!]!]!;
  const peerAt = (i: number): number => deltaAt(i).pairs.peer[pairAt(i)]!;
  const portAt = (i: number): number => deltaAt(i).pairs.port[pairAt(i)]!;
  const numbers = (
    column:
      | 'sessions'
      | 'denied'
      | 'zeroReply'
      | 'bytesSent'
      | 'bytesReceived'
      | 'firstEvent'
      | 'lastEvent'
      | 'maxDuration',
  ): Float64Array => {
    const out = new Float64Array(length);
    for (let i = 0; i < length; i++) out[i] = deltaAt(i).pairs[column][pairAt(i)]!;
    return out;
  };
  const address = (id: number): string => textOf(rows.addresses, id);
  const peerPort = Float64Array.from({ length }, (_, i) => (portAt(i) < 0 ? Number.NaN : portAt(i)));
  const keyOf = (key: number): string => {
    const peer = Math.floor(key / 65_537);
    return pairKey(address(peer), key - peer * 65_537 - 1);
  };
  return {
    schema: PAIR_CONTEXT_SCHEMA,
    length,
    columns: {
      host_ip: textColumn(length, hostAt, address),
      role: textColumn(length, roleAt, (role) => ROLES[role]!),
      peer_ip: textColumn(length, peerAt, address),
      peer_port: peerPort,
      slice_start_ts: constantNumber(length, lineage.sliceStart),
      slice_end_ts: constantNumber(length, lineage.sliceEnd),
      mini_batch_id: constantText(length, lineage.miniBatchId),
      sessions_cnt: numbers('sessions'),
      deny_cnt: numbers('denied'),
      zero_reply_cnt: numbers('zeroReply'),
      bytes_sent_sum: numbers('bytesSent'),
      bytes_recv_sum: numbers('bytesReceived'),
      first_event_ts: numbers('firstEvent'),
      event_ts: numbers('lastEvent'),
      starts: {
        ...listColumn(length, (i) => ({ of: deltaAt(i).pairs.starts, at: pairAt(i) })),
        isNull: Uint8Array.from({ length }, (_, i) => (deltaAt(i).pairs.sessions[pairAt(i)]! < 2 ? 1 : 0)),
      },
      max_duration_ms: numbers('maxDuration'),
      pair_key: textColumn(length, (i) => peerAt(i) * 65_537 + portAt(i) + 1, keyOf),
    },
  };
}

/** `peer_ip|peer_port`; a port of -1 is none. */
export function pairKey(peer: string, port: number): string {
  return port < 0 ? `${peer}|` : `${peer}|${port}`;
}

export function pairCountsTable(rows: SliceRows, lineage: Lineage, span: Span): Table {
  const length = span.end - span.start;
  const { pairCounts, facts, addresses } = rows;
  const address = (id: number): string => textOf(addresses, id);
  const sourceAt = (i: number): number => pairCounts.source[span.start + i]!;
  return {
    schema: PAIR_COUNTS_SCHEMA,
    length,
    columns: {
      src_ip: textColumn(length, sourceAt, address),
      dst_ip: textColumn(length, (i) => pairCounts.destination[span.start + i]!, address),
      dst_port: pairCounts.port.slice(span.start, span.end),
      segment_id: textColumn(
        length,
        (i) => facts.segment[sourceAt(i)]!,
        (code) => facts.segments[code]!,
      ),
      event_ts: constantNumber(length, lineage.sliceEnd),
      sessions_cnt: pairCounts.sessions.slice(span.start, span.end),
      mini_batch_id: constantText(length, lineage.miniBatchId),
    },
  };
}
