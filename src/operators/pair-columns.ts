import { type Numbers, type NumbersKind, narrowKindOf, widerKindOf } from './narrow.ts';
import type { SealedPairs } from './sealed-rows.ts';

/** The numbers of a pair row that windows add up. */
const COUNTS = ['sessions', 'denied', 'zeroReply', 'bytesSent', 'bytesReceived'] as const;

/** Pair rows by column; peers are lasting ids. */
export interface PairColumns extends Readonly<Record<(typeof COUNTS)[number], Numbers>> {
  readonly peer: Uint32Array;
  /** 0: no port, else the port plus one. */
  readonly portPlusOne: Numbers;
}

export type ColumnKinds = Readonly<Record<keyof PairColumns, NumbersKind>>;

export const NO_PAIRS: PairColumns = {
  peer: new Uint32Array(0),
  portPlusOne: new Uint8Array(0),
  sessions: new Uint8Array(0),
  denied: new Uint8Array(0),
  zeroReply: new Uint8Array(0),
  bytesSent: new Uint8Array(0),
  bytesReceived: new Uint8Array(0),
};

/** The narrowest that hold what the columns hold, and further pairs. */
export function kindsOf(columns: PairColumns, further: readonly SealedPairs[]): ColumnKinds {
  let highest = 0;
  for (const { port } of further) for (const own of port) if (own + 1 > highest) highest = own + 1;
  const widest = (name: (typeof COUNTS)[number]) =>
    further.reduce((kind, pairs) => widerKindOf(kind, pairs[name]), widerKindOf(columns[name], columns[name]));
  const ports = widerKindOf(narrowKindOf(highest), columns.portPlusOne);
  const [sessions, denied, zeroReply, bytesSent, bytesReceived] = COUNTS.map(widest);
  return {
    peer: Uint32Array,
    bytesSent: bytesSent!,
    bytesReceived: bytesReceived!,
    portPlusOne: ports,
    sessions: sessions!,
    denied: denied!,
    zeroReply: zeroReply!,
  };
}

/** Whether columns of such kinds would be no wider. */
export const areWideEnough = (columns: PairColumns, kinds: ColumnKinds): boolean =>
  (Object.keys(kinds) as (keyof PairColumns)[]).every(
    (name) => columns[name].BYTES_PER_ELEMENT === kinds[name].BYTES_PER_ELEMENT,
  );

/**
 * Writes the rows of a block's hosts.
 *
 * @param ids ids of the block → lasting ids.
 * @param at where the rows of each host begin.
 */
export function writePairs(into: PairColumns, from: SealedPairs, ids: Uint32Array, at: Uint32Array): void {
  writePeers(into.peer, from, ids, at);
  writePorts(into.portPlusOne, from, at);
  for (const name of COUNTS) writeCounts(into[name], from[name], from.offsets, at);
}

function writeCounts(into: Numbers, from: Numbers, offsets: Uint32Array, at: Uint32Array): void {
  for (let row = 0; row < at.length; row++) {
    const end = offsets[row + 1]!;
    for (let p = offsets[row]!, place = at[row]!; p < end; p++, place++) into[place] = from[p]!;
  }
}

function writePeers(into: Uint32Array, { offsets, peer }: SealedPairs, ids: Uint32Array, at: Uint32Array): void {
  for (let row = 0; row < at.length; row++) {
    const end = offsets[row + 1]!;
    for (let p = offsets[row]!, place = at[row]!; p < end; p++, place++) into[place] = ids[peer[p]!]!;
  }
}

function writePorts(into: Numbers, { offsets, port }: SealedPairs, at: Uint32Array): void {
  for (let row = 0; row < at.length; row++) {
    const end = offsets[row + 1]!;
    for (let p = offsets[row]!, place = at[row]!; p < end; p++, place++) into[place] = port[p]! + 1;
  }
}

/** Copies rows start .. end - 1 to where `at` is, in the same columns or in others. */
export function copyPairs(into: PairColumns, from: PairColumns, start: number, end: number, at: number): void {
  if (end > start) for (const name of COLUMNS) into[name].set(from[name].subarray(start, end), at);
}

const COLUMNS = Object.keys(NO_PAIRS) as (keyof PairColumns)[];
