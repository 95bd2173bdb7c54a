import type { AddressList } from './address-book.ts';
import { type AddressFacts, segmentIdsOf } from './address-facts.ts';
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
import { lastAtMost, type PairOrder, type RowOrder, type ShardRows } from './row-order.ts';
import type { SegmentMapping } from './segments.ts';
import type { Field, ListVector, Schema, Table, TextVector } from './table.ts';
import { addressColumn, pairKeyColumn } from './text-blob.ts';

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
  readonly segmentMapping: SegmentMapping;
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
 * A text column from codes that callers already have, each below `codeCount`. Only the values in use are kept, in the order
 * of their first row. Different codes must stand for different texts.
 */
export function textColumn(
  length: number,
  codeCount: number,
  codeAt: (row: number) => number,
  labelOf: (code: number) => string,
): TextVector {
  const codes = new Int32Array(length);
  const values: string[] = [];
  const places = new Int32Array(codeCount);
  for (let row = 0; row < length; row++) {
    const code = codeAt(row);
    if (places[code] === 0) places[code] = values.push(labelOf(code));
    codes[row] = places[code]! - 1;
  }
  return { codes, values };
}

/** The same for codes of any size, or several of which stand for one text. */
export function sparseTextColumn(
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
      place = placeOfLabel.get(label) ?? placeOfLabel.size;
      placeOfLabel.set(label, place);
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
    host_ip: addressColumn(
      rows.addresses,
      Uint32Array.from({ length }, (_, i) => hostAt(i)),
    ),
    role: textColumn(
      length,
      ROLES.length,
      (i) => rows.order.role[span.start + i]!,
      (role) => ROLES[role]!,
    ),
    slice_start_ts: constantNumber(length, lineage.sliceStart),
    slice_end_ts: constantNumber(length, lineage.sliceEnd),
    mini_batch_id: constantText(length, lineage.miniBatchId),
    segment_id: textColumn(
      length,
      rows.facts.segmentCount,
      (i) => rows.facts.segment[hostAt(i)]!,
      segmentIdsOf(rows.addresses, rows.facts, rows.segmentMapping),
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
  const { order, pairOrder, shards, addresses } = rows;
  const float64 = (): Float64Array => new Float64Array(length);
  const hosts = new Uint32Array(length);
  const roles = new Uint8Array(length);
  const peers = new Uint32Array(length);
  const ports = float64();
  const isNull = new Uint8Array(length);
  const startOffsets = new Uint32Array(length + 1);
  const starts: number[] = [];
  const sums = {
    sessions: float64(),
    denied: float64(),
    zeroReply: float64(),
    bytesSent: float64(),
    bytesReceived: float64(),
    firstEvent: float64(),
    lastEvent: float64(),
    maxDuration: float64(),
  };
  let owner = lastAtMost(pairOrder.firstPair, span.start);
  for (let i = 0; i < length; ) {
    while (pairOrder.firstPair[owner + 1]! <= span.start + i) owner++;
    const role = order.role[owner]!;
    const row = order.row[owner]!;
    const { hosts: ids, pairs } = shards[order.shard[owner]!]![ROLES[role]!];
    const first = pairs.offsets[row]! - pairOrder.firstPair[owner]!;
    const end = Math.min(length, pairOrder.firstPair[owner + 1]! - span.start);
    for (; i < end; i++) {
      const pair = first + span.start + i;
      hosts[i] = ids[row]!;
      roles[i] = role;
      peers[i] = pairs.peer[pair]!;
      ports[i] = pairs.port[pair]! < 0 ? Number.NaN : pairs.port[pair]!;
      sums.sessions[i] = pairs.sessions[pair]!;
      sums.denied[i] = pairs.denied[pair]!;
      sums.zeroReply[i] = pairs.zeroReply[pair]!;
      sums.bytesSent[i] = pairs.bytesSent[pair]!;
      sums.bytesReceived[i] = pairs.bytesReceived[pair]!;
      sums.firstEvent[i] = pairs.firstEvent[pair]!;
      sums.lastEvent[i] = pairs.lastEvent[pair]!;
      sums.maxDuration[i] = pairs.maxDuration[pair]!;
      isNull[i] = pairs.sessions[pair]! < 2 ? 1 : 0;
      for (let s = pairs.starts.offsets[pair]!; s < pairs.starts.offsets[pair + 1]!; s++) {
        starts.push(pairs.starts.values[s]!);
      }
      startOffsets[i + 1] = starts.length;
    }
  }
  return {
    schema: PAIR_CONTEXT_SCHEMA,
    length,
    columns: {
      host_ip: addressColumn(addresses, hosts),
      role: textColumn(
        length,
        ROLES.length,
        (i) => roles[i]!,
        (role) => ROLES[role]!,
      ),
      peer_ip: addressColumn(addresses, peers),
      peer_port: ports,
      slice_start_ts: constantNumber(length, lineage.sliceStart),
      slice_end_ts: constantNumber(length, lineage.sliceEnd),
      mini_batch_id: constantText(length, lineage.miniBatchId),
      sessions_cnt: sums.sessions,
      deny_cnt: sums.denied,
      zero_reply_cnt: sums.zeroReply,
      bytes_sent_sum: sums.bytesSent,
      bytes_recv_sum: sums.bytesReceived,
      first_event_ts: sums.firstEvent,
      event_ts: sums.lastEvent,
      starts: { offsets: startOffsets, values: Float64Array.from(starts), isNull },
      max_duration_ms: sums.maxDuration,
      pair_key: pairKeyColumn(addresses, peers, ports),
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
  const sources = new Uint32Array(length);
  const destinations = new Uint32Array(length);
  const ports = new Int32Array(length);
  const sessions = new Float64Array(length);
  const { firstRow } = pairCounts;
  for (let source = lastAtMost(firstRow, span.start); firstRow[source]! < span.end; source++) {
    let i = firstRow[source]! - span.start;
    pairCounts.visit(source, (destination, port, count) => {
      if (i >= 0 && i < length) {
        sources[i] = source;
        destinations[i] = destination;
        ports[i] = port;
        sessions[i] = count;
      }
      i++;
    });
  }
  return {
    schema: PAIR_COUNTS_SCHEMA,
    length,
    columns: {
      src_ip: addressColumn(addresses, sources),
      dst_ip: addressColumn(addresses, destinations),
      dst_port: ports,
      segment_id: textColumn(
        length,
        facts.segmentCount,
        (i) => facts.segment[sources[i]!]!,
        segmentIdsOf(addresses, facts, rows.segmentMapping),
      ),
      event_ts: constantNumber(length, lineage.sliceEnd),
      sessions_cnt: sessions,
      mini_batch_id: constantText(length, lineage.miniBatchId),
    },
  };
}
