import type { AddressList } from './address-book.ts';
import { groupByHost, type RoleColumns } from './delta.ts';
import {
  CHUNK_BITS,
  FLOW_NUMBERS,
  FLOW_WORDS,
  type FlowChunks,
  maskOf,
  NUMBERS_PER_FLOW,
  ROW_MASK,
  WORDS_PER_FLOW,
} from './flow.ts';
import type { PairRows } from './role-rows.ts';
import type { ShardRows } from './row-order.ts';

/** Sessions per (destination, port) of every source, in the order of (source, destination, port). A port of -1 is none. */
export interface PairCounts {
  readonly length: number;
  /** Rows of source id s begin at firstRow[s]. */
  readonly firstRow: Uint32Array;
  /** Calls `take` for every row of a source, in order. */
  readonly visit: (source: number, take: (destination: number, port: number, sessions: number) => void) => void;
}

export interface PairCountFilters {
  /** Leave out sessions that lack an address. */
  readonly requireIps: boolean;
  /** Leave out sessions without a destination port above 0. */
  readonly requirePort: boolean;
}

const TRAFFIC = maskOf('traffic');
const ICMP = maskOf('icmp');
const PORT_KEYS = 65_537;

/**
 * Counts the TRAFFIC sessions, ICMP left out, of every source, monitored or not. What the outbound pair rows of a host say already is read from them, not kept twice.
 */
export function pairCountsOf(
  flows: FlowChunks,
  { count: addresses, texts }: AddressList,
  shards: readonly ShardRows[],
  outbound: RoleColumns,
  { requireIps, requirePort }: PairCountFilters,
): PairCounts {
  const lowest = requirePort ? 1 : 0;
  // An address that a record lacks is kept as an empty text, which comes before every other.
  const absent = requireIps && texts.get(0) === '' ? 0 : -1;
  // Without the filter an ICMP session and one without a port look alike in a pair row.
  const isTold =
    requirePort && outbound.host === 'source' && outbound.peer === 'destination' && outbound.port === 'destinationPort';
  const shardOf = new Int32Array(addresses).fill(-1);
  const rowOf = new Uint32Array(addresses);
  const firstRow = new Uint32Array(addresses + 1);
  if (isTold) {
    shards.forEach(({ outbound: { hosts, isCapped, pairs } }, shard) => {
      hosts.forEach((id, row) => {
        if (isCapped[row] === 1) return;
        shardOf[id] = shard;
        rowOf[id] = row;
        let rows = 0;
        visitPairs(pairs, row, lowest, absent, () => rows++);
        firstRow[id + 1] = rows;
      });
    });
  }
  const others = countOthers(flows, shardOf, lowest, requirePort, absent, firstRow);
  for (let id = 0; id < addresses; id++) firstRow[id + 1]! += firstRow[id]!;
  return {
    length: firstRow[addresses]!,
    firstRow,
    visit(source, take) {
      const shard = shardOf[source]!;
      if (shard < 0) others(source, take);
      else visitPairs(shards[shard]!.outbound.pairs, rowOf[source]!, lowest, absent, take);
    },
  };
}

function visitPairs(
  pairs: PairRows,
  row: number,
  lowest: number,
  absent: number,
  take: Parameters<PairCounts['visit']>[1],
): void {
  for (let p = pairs.offsets[row]!; p < pairs.offsets[row + 1]!; p++) {
    if (pairs.port[p]! >= lowest && pairs.peer[p]! !== absent) take(pairs.peer[p]!, pairs.port[p]!, pairs.sessions[p]!);
  }
}

/** Counts the sources that no pair rows tell of, writes how many rows each has to rows[source + 1], and gives them. */
function countOthers(
  flows: FlowChunks,
  shardOf: Int32Array,
  lowest: number,
  requirePort: boolean,
  absent: number,
  rowsOf: Uint32Array,
): PairCounts['visit'] {
  const isOther = Uint8Array.from(shardOf, (shard) => (shard < 0 ? 1 : 0));
  const { offsets, rows } = groupByHost(flows, 'source', isOther);
  const keysOf = new Float64Array(rows.length);
  const sessionsOf = new Float64Array(rows.length);
  const firstOf = new Uint32Array(shardOf.length + 1);
  let length = 0;
  for (let source = 0; source < shardOf.length; source++) {
    const begin = length;
    let used = length;
    let repeated: Map<number, number> | undefined;
    for (let at = offsets[source]!; at < offsets[source + 1]!; at++) {
      const { words, numbers } = flows[rows[at]! >>> CHUNK_BITS]!;
      const row = rows[at]! & ROW_MASK;
      const w = row * WORDS_PER_FLOW;
      const flags = words[w + FLOW_WORDS.flags]!;
      const port = words[w + FLOW_WORDS.destinationPort]!;
      const destination = words[w + FLOW_WORDS.destination]!;
      if ((flags & TRAFFIC) === 0 || (flags & ICMP) !== 0 || (requirePort && port < lowest)) continue;
      if (source === absent || destination === absent) continue;
      const key = destination * PORT_KEYS + port + 1;
      keysOf[used++] = key;
      const repeat = numbers[row * NUMBERS_PER_FLOW + FLOW_NUMBERS.repeat]!;
      if (repeat > 1) {
        repeated ??= new Map();
        repeated.set(key, (repeated.get(key) ?? 0) + repeat - 1);
      }
    }
    keysOf.subarray(begin, used).sort();
    for (let i = begin; i < used; ) {
      const key = keysOf[i]!;
      let same = i + 1;
      while (same < used && keysOf[same] === key) same++;
      keysOf[length] = key;
      sessionsOf[length++] = same - i + (repeated?.get(key) ?? 0);
      i = same;
    }
    firstOf[source + 1] = length;
    if (length > begin) rowsOf[source + 1] = length - begin;
  }
  return (source, take) => {
    for (let i = firstOf[source]!; i < firstOf[source + 1]!; i++) {
      const destination = Math.floor(keysOf[i]! / PORT_KEYS);
      take(destination, keysOf[i]! - destination * PORT_KEYS - 1, sessionsOf[i]!);
    }
  };
}
