import type { SealedRows } from './sealed-rows.ts';
import { MERGED_COUNT, TAKES_MAXIMUM } from './window-values.ts';

/** The rows of one slice, for the hosts that are active now. */
export interface AlignedSlice {
  readonly rows: SealedRows;
  /** Peers of the pair rows, as ids of the common list. */
  readonly peerIds: Uint32Array;
  /** Row of active host i, -1 if it was not active. */
  readonly rowOf: Int32Array;
  /** Place of the shortest window that holds the slice: its ring. */
  readonly ring: number;
  readonly isToday: boolean;
}

/** Pair rows by column; peers are ids of the common list. */
export interface PairColumns {
  readonly peer: Uint32Array;
  /** -1: no port. */
  readonly port: Int32Array;
  readonly sessions: Float64Array;
  readonly denied: Float64Array;
  readonly zeroReply: Float64Array;
  readonly bytesSent: Float64Array;
  readonly bytesReceived: Float64Array;
}

/**
 * What a few hosts did in the slices of the longest window, host by host, from the newest slice to the oldest. Slices hold
 * it the other way round: each brings the rows of neighbouring hosts over while they are at hand.
 */
export interface GatheredRows {
  pairs: PairColumns;
  /** Rows of host i in ring r: starts[i * (rings + 1) + r] .. starts[i * (rings + 1) + r + 1]. */
  readonly starts: Uint32Array;
  /** Where the rows of host i end that are today's. */
  readonly todayEnds: Uint32Array;
  /** Merged metrics of host i in ring r, from (i * rings + r) * MERGED_COUNT on. */
  readonly totals: Float64Array;
  /** 1: host i was active in ring r. */
  readonly isActive: Uint8Array;
  readonly isCapped: Uint8Array;
  /** Takes hosts first .. first + count - 1 of those that are active now. */
  gather(first: number, count: number): void;
}

/** Hosts at a time: their rows of a day stay in the processor's cache. */
export const HOSTS_AT_ONCE = 8;

/** @param slices newest first. */
export function createGatheredRows(slices: readonly AlignedSlice[], rings: number): GatheredRows {
  const next = new Uint32Array(HOSTS_AT_ONCE);
  const gathered: GatheredRows = {
    pairs: pairColumns(4096),
    starts: new Uint32Array(HOSTS_AT_ONCE * (rings + 1)),
    todayEnds: new Uint32Array(HOSTS_AT_ONCE),
    totals: new Float64Array(HOSTS_AT_ONCE * rings * MERGED_COUNT),
    isActive: new Uint8Array(HOSTS_AT_ONCE * rings),
    isCapped: new Uint8Array(HOSTS_AT_ONCE),
    gather(first, count) {
      layOut(gathered, slices, rings, first, count);
      const { starts, totals, isActive, isCapped, pairs } = gathered;
      totals.fill(0);
      isActive.fill(0);
      isCapped.fill(0);
      for (let i = 0; i < count; i++) next[i] = starts[i * (rings + 1)]!;
      for (const { rows, peerIds, rowOf, ring } of slices) {
        const { offsets } = rows.pairs;
        for (let i = 0; i < count; i++) {
          const row = rowOf[first + i]!;
          if (row < 0) continue;
          isActive[i * rings + ring] = 1;
          if (rows.isCapped[row] === 1) isCapped[i] = 1;
          addTotals(totals, rows.totals, row * rows.width, (i * rings + ring) * MERGED_COUNT);
          const from = offsets[row]!;
          const to = offsets[row + 1]!;
          copyPairs(pairs, next[i]!, rows, peerIds, from, to);
          next[i]! += to - from;
        }
      }
    },
  };
  return gathered;
}

/** Counts the rows of each host and ring, and makes room for them. */
function layOut(
  gathered: GatheredRows,
  slices: readonly AlignedSlice[],
  rings: number,
  first: number,
  count: number,
): void {
  const { starts, todayEnds } = gathered;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const at = i * (rings + 1);
    starts.fill(total, at, at + rings + 1);
    todayEnds[i] = total;
    for (const { rows, rowOf, ring, isToday } of slices) {
      const row = rowOf[first + i]!;
      if (row < 0) continue;
      total += rows.pairs.offsets[row + 1]! - rows.pairs.offsets[row]!;
      starts.fill(total, at + ring + 1, at + rings + 1);
      if (isToday) todayEnds[i] = total;
    }
  }
  if (total > gathered.pairs.peer.length) gathered.pairs = pairColumns(total * 2);
}

function copyPairs(
  into: PairColumns,
  at: number,
  { pairs }: SealedRows,
  peerIds: Uint32Array,
  from: number,
  to: number,
): void {
  const { port, sessions, denied, zeroReply, bytesSent, bytesReceived } = pairs;
  const shift = at - from;
  for (let p = from; p < to; p++) into.peer[p + shift] = peerIds[p]!;
  for (let p = from; p < to; p++) into.port[p + shift] = port[p]!;
  for (let p = from; p < to; p++) into.sessions[p + shift] = sessions[p]!;
  for (let p = from; p < to; p++) into.denied[p + shift] = denied[p]!;
  for (let p = from; p < to; p++) into.zeroReply[p + shift] = zeroReply[p]!;
  for (let p = from; p < to; p++) into.bytesSent[p + shift] = bytesSent[p]!;
  for (let p = from; p < to; p++) into.bytesReceived[p + shift] = bytesReceived[p]!;
}

/** Merges metrics into others: sums add up, peaks take the greater one. */
export function addTotals(into: Float64Array, from: ArrayLike<number>, fromAt: number, at = 0): void {
  for (let m = 0; m < MERGED_COUNT; m++) {
    const value = from[fromAt + m]!;
    if (TAKES_MAXIMUM[m] === 0) into[at + m]! += value;
    else if (value > into[at + m]!) into[at + m] = value;
  }
}

const pairColumns = (size: number): PairColumns => ({
  peer: new Uint32Array(size),
  port: new Int32Array(size),
  sessions: new Float64Array(size),
  denied: new Float64Array(size),
  zeroReply: new Float64Array(size),
  bytesSent: new Float64Array(size),
  bytesReceived: new Float64Array(size),
});
