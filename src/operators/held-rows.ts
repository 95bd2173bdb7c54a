import { type Numbers, narrowKindOf, widerKindOf } from './narrow.ts';
import { bytesInRoom, type Room, type Rooms } from './rooms.ts';
import type { SealedPairs, SealedRows } from './sealed-rows.ts';

/** The numbers of a pair row that windows add up. */
const COUNTS = ['sessions', 'denied', 'zeroReply', 'bytesSent', 'bytesReceived'] as const;

/** Pair rows by column; peers are lasting ids. */
export interface PairColumns extends Readonly<Record<(typeof COUNTS)[number], Numbers>> {
  readonly peer: Uint32Array;
  /** 0: no port, else the port plus one. */
  readonly portPlusOne: Numbers;
}

/**
 * The pair rows that a day's blocks hold in one role, host by host, of each host from the newest block to the oldest: a
 * window of a host is one run of rows. An entry is what a host has in one block.
 */
export interface HeldRows {
  /** Lasting ids of hosts that have an entry. */
  readonly hosts: Uint32Array;
  /** Place in `hosts`, by lasting id; -1: none. Shorter than there are ids, where none of the rest is a host. */
  readonly placeOf: Int32Array;
  /** Entries of host i: entryStarts[i] .. entryStarts[i + 1] - 1. */
  readonly entryStarts: Uint32Array;
  /** Serial number of an entry's block. */
  readonly serials: Uint32Array;
  /** Pair rows of entry e: rowStarts[e] .. rowStarts[e + 1] - 1. */
  readonly rowStarts: Uint32Array;
  readonly pairs: PairColumns;
  readonly room: Room;
}

/** A block's rows, to be added. */
export interface AddedRows {
  readonly serial: number;
  /** Its place in the order from the newest to the oldest. */
  readonly rank: number;
  readonly rows: SealedRows;
  /** Ids of the block → lasting ids. */
  readonly ids: Uint32Array;
}

/** Places of blocks in the order from the newest to the oldest, by serial number less the first. -1: dropped. */
export interface BlockRanks {
  readonly first: number;
  readonly ranks: Int32Array;
}

export const noRows = (rooms: Rooms): HeldRows => ({
  hosts: new Uint32Array(0),
  placeOf: new Int32Array(0),
  entryStarts: new Uint32Array(1),
  serials: new Uint32Array(0),
  rowStarts: new Uint32Array(1),
  pairs: {
    peer: new Uint32Array(0),
    portPlusOne: new Uint8Array(0),
    sessions: new Uint8Array(0),
    denied: new Uint8Array(0),
    zeroReply: new Uint8Array(0),
    bytesSent: new Uint8Array(0),
    bytesReceived: new Uint8Array(0),
  },
  room: rooms.take(0),
});

/**
 * The rows without those of dropped blocks and with those of further ones. Written anew as a whole: nearly all of a host's
 * rows move together.
 *
 * @param added from the newest to the oldest.
 * @param ids number of lasting ids.
 */
export function updatedRows(
  held: HeldRows,
  added: readonly AddedRows[],
  { first, ranks }: BlockRanks,
  ids: number,
  rooms: Rooms,
): HeldRows {
  const layout = layOut(held, added, { first, ranks }, ids);
  const { hosts, placeOf, entryStarts, from, rowsOf } = layout;
  const entries = entryStarts[hosts.length]!;
  const kinds = kindsOf(held, added);
  const need = [Uint32Array, Uint32Array, ...Object.values(kinds)].reduce(
    (sum, kind, i) => sum + bytesInRoom(kind, i === 0 ? entries : i === 1 ? entries + 1 : layout.rows),
    0,
  );
  const room = rooms.take(need);
  const serials = room.cut(Uint32Array, entries);
  const rowStarts = room.cut(Uint32Array, entries + 1);
  const pairs = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, room.cut<Numbers>(kind, layout.rows)]),
  ) as unknown as PairColumns;
  rowStarts[entries] = layout.rows;

  const nextEntry = entryStarts.slice(0, hosts.length);
  const nextRow = rowsOf;
  /** Where the next old entry of each host is, and its last one ends. */
  const oldEntry = Uint32Array.from(from, (old) => (old < 0 ? 0 : held.entryStarts[old]!));
  const oldEnd = Uint32Array.from(from, (old) => (old < 0 ? 0 : held.entryStarts[old + 1]!));
  const columns = Object.keys(kinds) as (keyof PairColumns)[];

  const carry = (start: number, end: number, host: number): void => {
    const rowStart = held.rowStarts[start]!;
    const rowEnd = held.rowStarts[end]!;
    const entryAt = nextEntry[host]!;
    const rowAt = nextRow[host]!;
    for (let e = start; e < end; e++) {
      serials[entryAt + e - start] = held.serials[e]!;
      rowStarts[entryAt + e - start] = rowAt + held.rowStarts[e]! - rowStart;
    }
    nextEntry[host] = entryAt + end - start;
    nextRow[host] = rowAt + rowEnd - rowStart;
    if (rowEnd > rowStart)
      for (const name of columns) pairs[name].set(held.pairs[name].subarray(rowStart, rowEnd), rowAt);
  };
  /** Carries the old entries over that come before the block of that rank. */
  const carryUpTo = (rank: number): void => {
    for (let host = 0; host < hosts.length; host++) {
      const end = oldEnd[host]!;
      let entry = oldEntry[host]!;
      while (entry < end) {
        const own = ranks[held.serials[entry]! - first]!;
        if (own >= rank) break;
        const start = entry++;
        if (own < 0) continue;
        for (; entry < end; entry++) {
          const next = ranks[held.serials[entry]! - first]!;
          if (next < 0 || next >= rank) break;
        }
        carry(start, entry, host);
      }
      oldEntry[host] = entry;
    }
  };

  const newRanks = new Set(added.map(({ rank }) => rank));
  const oldRanks = [...ranks].filter((rank) => rank >= 0 && !newRanks.has(rank));
  let upTo = 0;
  for (const block of added) {
    if (oldRanks.some((rank) => rank >= upTo && rank < block.rank)) carryUpTo(block.rank);
    upTo = block.rank;
    addBlock(block, placeOf, { serials, rowStarts, pairs, nextEntry, nextRow });
  }
  carryUpTo(Number.POSITIVE_INFINITY);
  return { hosts, placeOf, entryStarts, serials, rowStarts, pairs, room };
}

interface Layout {
  readonly hosts: Uint32Array;
  readonly placeOf: Int32Array;
  readonly entryStarts: Uint32Array;
  /** Place of host i before; -1: none. */
  readonly from: Int32Array;
  /** First row of host i. */
  readonly rowsOf: Uint32Array;
  readonly rows: number;
}

/** Counts what every host will have. Hosts without any entry go. */
function layOut(held: HeldRows, added: readonly AddedRows[], { first, ranks }: BlockRanks, ids: number): Layout {
  const entryCount = new Uint32Array(ids);
  const rowCount = new Uint32Array(ids);
  for (let host = 0; host < held.hosts.length; host++) {
    const id = held.hosts[host]!;
    for (let entry = held.entryStarts[host]!; entry < held.entryStarts[host + 1]!; entry++) {
      if (ranks[held.serials[entry]! - first]! < 0) continue;
      entryCount[id]!++;
      rowCount[id]! += held.rowStarts[entry + 1]! - held.rowStarts[entry]!;
    }
  }
  for (const { rows, ids: idOf } of added) {
    for (let row = 0; row < rows.hosts.length; row++) {
      const id = idOf[rows.hosts[row]!]!;
      entryCount[id]!++;
      rowCount[id]! += rows.pairs.offsets[row + 1]! - rows.pairs.offsets[row]!;
    }
  }
  const count = entryCount.reduce((sum, entries) => sum + (entries > 0 ? 1 : 0), 0);
  const hosts = new Uint32Array(count);
  const placeOf = new Int32Array(ids).fill(-1);
  const entryStarts = new Uint32Array(count + 1);
  const from = new Int32Array(count);
  const rowsOf = new Uint32Array(count);
  let place = 0;
  let rows = 0;
  for (let id = 0; id < ids; id++) {
    if (entryCount[id] === 0) continue;
    hosts[place] = id;
    placeOf[id] = place;
    entryStarts[place + 1] = entryStarts[place]! + entryCount[id]!;
    from[place] = id < held.placeOf.length ? held.placeOf[id]! : -1;
    rowsOf[place++] = rows;
    rows += rowCount[id]!;
  }
  return { hosts, placeOf, entryStarts, from, rowsOf, rows };
}

type ColumnKinds = Readonly<Record<keyof PairColumns, ReturnType<typeof narrowKindOf>>>;

/** The narrowest that hold what is held and what is added. */
function kindsOf({ pairs }: HeldRows, added: readonly AddedRows[]): ColumnKinds {
  let highest = 0;
  for (const { rows } of added) for (const port of rows.pairs.port) if (port + 1 > highest) highest = port + 1;
  const widest = (name: (typeof COUNTS)[number]) =>
    added.reduce((kind, { rows }) => widerKindOf(kind, rows.pairs[name]), widerKindOf(pairs[name], pairs[name]));
  const ports = widerKindOf(narrowKindOf(highest), pairs.portPlusOne);
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

interface Destination {
  readonly serials: Uint32Array;
  readonly rowStarts: Uint32Array;
  readonly pairs: PairColumns;
  /** By host: where its next entry goes, and its next row. */
  readonly nextEntry: Uint32Array;
  readonly nextRow: Uint32Array;
}

/** Appends a block's entries to those of its hosts. */
function addBlock({ serial, rows, ids }: AddedRows, placeOf: Int32Array, into: Destination): void {
  const { offsets } = rows.pairs;
  const at = new Uint32Array(rows.hosts.length);
  for (let row = 0; row < rows.hosts.length; row++) {
    const host = placeOf[ids[rows.hosts[row]!]!]!;
    const entry = into.nextEntry[host]!++;
    at[row] = into.nextRow[host]!;
    into.serials[entry] = serial;
    into.rowStarts[entry] = at[row]!;
    into.nextRow[host] = at[row]! + offsets[row + 1]! - offsets[row]!;
  }
  const { peer, portPlusOne } = into.pairs;
  scatterPeers(peer, rows.pairs, ids, at);
  scatterPorts(portPlusOne, rows.pairs, at);
  for (const name of COUNTS) scatter(into.pairs[name], rows.pairs[name], offsets, at);
}

function scatter(into: Numbers, from: Numbers, offsets: Uint32Array, at: Uint32Array): void {
  for (let row = 0; row < at.length; row++) {
    const end = offsets[row + 1]!;
    for (let p = offsets[row]!, place = at[row]!; p < end; p++, place++) into[place] = from[p]!;
  }
}

function scatterPeers(into: Uint32Array, { offsets, peer }: SealedPairs, ids: Uint32Array, at: Uint32Array): void {
  for (let row = 0; row < at.length; row++) {
    const end = offsets[row + 1]!;
    for (let p = offsets[row]!, place = at[row]!; p < end; p++, place++) into[place] = ids[peer[p]!]!;
  }
}

function scatterPorts(into: Numbers, { offsets, port }: SealedPairs, at: Uint32Array): void {
  for (let row = 0; row < at.length; row++) {
    const end = offsets[row + 1]!;
    for (let p = offsets[row]!, place = at[row]!; p < end; p++, place++) into[place] = port[p]! + 1;
  }
}
