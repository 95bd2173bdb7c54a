import { type AddressList, mergeBooks } from './address-book.ts';
import { addressColumn } from './address-columns.ts';
import type { Lineage, Span } from './datasets.ts';
import { WINDOW_LABEL } from './fg-a.ts';
import { DIRECTIONS } from './metrics.ts';
import { timeAt } from './narrow.ts';
import type { Schema, Table, Utf8Vector } from './table.ts';
import { constantNumber, constantText } from './vectors.ts';
import type { SliceBlock } from './windows.ts';

export const FG_A_PAIR_CONTEXT_SCHEMA = {
  host_ip: { type: 'string', doc: 'Monitored address, the source.' },
  dst_ip: { type: 'string', doc: 'Destination address.' },
  dst_port: { type: 'int32', doc: 'Destination port, above 0.' },
  window_label: { type: 'string', doc: 'The window that the slice closes.' },
  window_end_ts: { type: 'timestamp', doc: 'End of the window.' },
  sessions_cnt: { type: 'int64', doc: 'Sessions in the window.' },
  event_ts: { type: 'timestamp', nullable: true, doc: 'Newest event_end in the window.' },
  mini_batch_id: { type: 'string', doc: 'Mini-batch that closed the window.' },
} as const satisfies Schema;

/** Pairs of one shard, ordered by (host, peer, port). Ids are places in `addresses`. */
export interface WindowPairs {
  readonly addresses: AddressList;
  readonly length: number;
  readonly host: Uint32Array;
  readonly peer: Uint32Array;
  readonly port: Int32Array;
  readonly sessions: Float64Array;
  /** Newest event_end, ms UTC; NaN where no record has one. */
  readonly lastEvent: Float64Array;
}

/**
 * The outbound pairs with a port above 0 of the hosts active in `current`, merged over the blocks of its slice. `blocks`
 * are those of that slice that come no later than `current`, which is one of them.
 */
export function windowPairsOf(blocks: readonly SliceBlock[], current: SliceBlock): WindowPairs {
  const { list, remaps } = mergedAddresses(blocks);
  const isActive = new Uint8Array(list.count);
  const ownRemap = remaps[blocks.indexOf(current)]!;
  for (const role of DIRECTIONS) for (const id of current.roles[role].hosts) isActive[ownRemap[id]!] = 1;
  const most = blocks.reduce((n, { roles }) => n + roles.outbound.pairs.peer.length, 0);
  const host = new Uint32Array(most);
  const peer = new Uint32Array(most);
  const port = new Int32Array(most);
  const sessions = new Float64Array(most);
  const lastEvent = new Float64Array(most);
  let length = 0;
  blocks.forEach(({ roles: { outbound } }, b) => {
    const remap = remaps[b]!;
    const { pairs } = outbound;
    outbound.hosts.forEach((id, row) => {
      const mergedId = remap[id]!;
      if (isActive[mergedId] === 0) return;
      for (let p = pairs.offsets[row]!; p < pairs.offsets[row + 1]!; p++) {
        if (pairs.port[p]! <= 0) continue;
        host[length] = mergedId;
        peer[length] = remap[pairs.peer[p]!]!;
        port[length] = pairs.port[p]!;
        sessions[length] = pairs.sessions[p]!;
        lastEvent[length++] = timeAt(pairs.lastEvent, p);
      }
    });
  });
  if (blocks.length === 1) return { addresses: list, length, host, peer, port, sessions, lastEvent };

  const order = Uint32Array.from({ length }, (_, i) => i);
  order.sort((a, b) => host[a]! - host[b]! || peer[a]! - peer[b]! || port[a]! - port[b]!);
  const merged = {
    host: new Uint32Array(length),
    peer: new Uint32Array(length),
    port: new Int32Array(length),
    sessions: new Float64Array(length),
    lastEvent: new Float64Array(length),
  };
  let n = 0;
  for (const i of order) {
    const isSame =
      n > 0 && merged.host[n - 1] === host[i] && merged.peer[n - 1] === peer[i] && merged.port[n - 1] === port[i];
    if (isSame) {
      merged.sessions[n - 1]! += sessions[i]!;
      const newest = merged.lastEvent[n - 1]!;
      if (Number.isNaN(newest) || lastEvent[i]! > newest) merged.lastEvent[n - 1] = lastEvent[i]!;
      continue;
    }
    merged.host[n] = host[i]!;
    merged.peer[n] = peer[i]!;
    merged.port[n] = port[i]!;
    merged.sessions[n] = sessions[i]!;
    merged.lastEvent[n++] = lastEvent[i]!;
  }
  return { addresses: list, length: n, ...merged };
}

/** One list of all addresses, and the ids of each block's in it. */
function mergedAddresses(blocks: readonly SliceBlock[]): ReturnType<typeof mergeBooks> {
  const [{ addresses }] = blocks as [SliceBlock];
  if (blocks.length > 1) return mergeBooks(blocks.map((block) => block.addresses));
  // Nearly always there is but one, which is in order already.
  return { list: addresses, remaps: [Uint32Array.from({ length: addresses.count }, (_, id) => id)] };
}

/** Rows of several shards in the order of (host, peer, port), over one list of addresses. */
export interface WindowPairOrder {
  readonly length: number;
  readonly shard: Uint16Array;
  readonly row: Uint32Array;
  readonly addresses: AddressList;
  /** Shard → id in its own list → id in the common one. */
  readonly remaps: readonly Uint32Array[];
}

export function orderWindowPairs(shards: readonly WindowPairs[]): WindowPairOrder {
  const { list, remaps } = mergeBooks(shards.map(({ addresses }) => addresses));
  const runs: { host: number; shard: number; start: number; end: number }[] = [];
  shards.forEach(({ host, length }, shard) => {
    for (let start = 0; start < length; ) {
      let end = start + 1;
      while (end < length && host[end] === host[start]) end++;
      runs.push({ host: remaps[shard]![host[start]!]!, shard, start, end });
      start = end;
    }
  });
  runs.sort((a, b) => a.host - b.host);
  const length = shards.reduce((n, shard) => n + shard.length, 0);
  const order = { shard: new Uint16Array(length), row: new Uint32Array(length) };
  let n = 0;
  for (const { shard, start, end } of runs) {
    for (let row = start; row < end; row++) {
      order.shard[n] = shard;
      order.row[n++] = row;
    }
  }
  return { length, ...order, addresses: list, remaps };
}

/** FG-A pair context rows `span` of the order. */
export function fgAPairContextTable(
  shards: readonly WindowPairs[],
  order: WindowPairOrder,
  lineage: Lineage,
  span: Span,
): Table {
  const length = span.end - span.start;
  const shardAt = (i: number): number => order.shard[span.start + i]!;
  const rowAt = (i: number): number => order.row[span.start + i]!;
  const numbers = (column: 'port' | 'sessions' | 'lastEvent'): Float64Array =>
    Float64Array.from({ length }, (_, i) => shards[shardAt(i)]![column][rowAt(i)]!);
  const addresses = (column: 'host' | 'peer'): Utf8Vector =>
    addressColumn(
      order.addresses,
      Uint32Array.from({ length }, (_, i) => order.remaps[shardAt(i)]![shards[shardAt(i)]![column][rowAt(i)]!]!),
    );
  return {
    schema: FG_A_PAIR_CONTEXT_SCHEMA,
    length,
    columns: {
      host_ip: addresses('host'),
      dst_ip: addresses('peer'),
      dst_port: numbers('port'),
      window_label: constantText(length, WINDOW_LABEL),
      window_end_ts: constantNumber(length, lineage.sliceEnd),
      sessions_cnt: numbers('sessions'),
      event_ts: numbers('lastEvent'),
      mini_batch_id: constantText(length, lineage.miniBatchId),
    },
  };
}
