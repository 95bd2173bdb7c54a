import { segmentIdsOf } from './address-facts.ts';
import { type Lineage, PAIR_CONTEXT_SCHEMA, PAIR_COUNTS_SCHEMA, type Span } from './datasets.ts';
import { PAIR_NUMBERS, type PairNumber, ROLES } from './role-rows.ts';
import { lastAtMost } from './row-order.ts';
import type { SliceRows } from './slice-rows.ts';
import type { Table } from './table.ts';
import { constantNumber, constantText, textColumn } from './vectors.ts';

/** Pair context rows `span`. */
export function pairContextTable(rows: SliceRows, lineage: Lineage, span: Span): Table {
  const length = span.end - span.start;
  const { order, pairOrder, shards, addressColumns } = rows;
  const float64 = (): Float64Array => new Float64Array(length);
  const hosts = new Uint32Array(length);
  const roles = new Uint8Array(length);
  const peers = new Uint32Array(length);
  const ports = new Int32Array(length);
  const peerPort = float64();
  const hasNoStarts = new Uint8Array(length);
  const startOffsets = new Uint32Array(length + 1);
  const starts: Float64Array[] = [];
  let startCount = 0;
  const numbers = Object.fromEntries(PAIR_NUMBERS.map((name) => [name, float64()])) as Record<PairNumber, Float64Array>;
  let owner = lastAtMost(pairOrder.firstPair, span.start);
  for (let i = 0; i < length; ) {
    while (pairOrder.firstPair[owner + 1]! <= span.start + i) owner++;
    const role = order.role[owner]!;
    const row = order.row[owner]!;
    const { hosts: ids, pairs } = shards[order.shard[owner]!]![ROLES[role]!];
    const first = pairs.offsets[row]! - pairOrder.firstPair[owner]!;
    const end = Math.min(length, pairOrder.firstPair[owner + 1]! - span.start);
    const [from, to] = [first + span.start + i, first + span.start + end];
    hosts.fill(ids[row]!, i, end);
    roles.fill(role, i, end);
    for (const name of PAIR_NUMBERS) copyRun(pairs[name], from, to, numbers[name], i);
    const { offsets, values } = pairs.starts;
    if (offsets[to]! > offsets[from]!) starts.push(values.subarray(offsets[from], offsets[to]));
    for (let pair = from; pair < to; pair++) {
      const port = pairs.port[pair]!;
      peers[i] = pairs.peer[pair]!;
      ports[i] = port;
      peerPort[i] = port < 0 ? Number.NaN : port;
      hasNoStarts[i] = pairs.sessions[pair]! < 2 ? 1 : 0;
      startOffsets[++i] = startCount + offsets[pair + 1]! - offsets[from]!;
    }
    startCount += offsets[to]! - offsets[from]!;
  }
  return {
    schema: PAIR_CONTEXT_SCHEMA,
    length,
    columns: {
      host_ip: addressColumns.addresses(hosts),
      role: textColumn(
        length,
        ROLES.length,
        (i) => roles[i]!,
        (role) => ROLES[role]!,
      ),
      peer_ip: addressColumns.addresses(peers),
      peer_port: peerPort,
      slice_start_ts: constantNumber(length, lineage.sliceStart),
      slice_end_ts: constantNumber(length, lineage.sliceEnd),
      mini_batch_id: constantText(length, lineage.miniBatchId),
      sessions_cnt: numbers.sessions,
      deny_cnt: numbers.denied,
      zero_reply_cnt: numbers.zeroReply,
      bytes_sent_sum: numbers.bytesSent,
      bytes_recv_sum: numbers.bytesReceived,
      first_event_ts: numbers.firstEvent,
      event_ts: numbers.lastEvent,
      starts: { offsets: startOffsets, values: concatenated(starts, startCount), isNull: hasNoStarts },
      max_duration_ms: numbers.maxDuration,
      pair_key: addressColumns.pairKeys(peers, ports),
    },
  };
}

/** A loop: for runs of a few dozen numbers, making views of them takes longer. */
function copyRun(from: Float64Array, start: number, end: number, into: Float64Array, at: number): void {
  for (let i = start; i < end; i++) into[at + i - start] = from[i]!;
}

/** Pair count rows `span`. */
export function pairCountsTable(rows: SliceRows, lineage: Lineage, span: Span): Table {
  const length = span.end - span.start;
  const { pairCounts, facts, addresses, addressColumns } = rows;
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
      src_ip: addressColumns.addresses(sources),
      dst_ip: addressColumns.addresses(destinations),
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

function concatenated(pieces: readonly Float64Array[], length: number): Float64Array {
  const whole = new Float64Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
