import { type AddedRows, type BlockRanks, type HeldRows, spareOf } from './held-rows.ts';
import type { Numbers } from './narrow.ts';
import { type ColumnKinds, copyPairs, type PairColumns, writePairs } from './pair-columns.ts';
import { bytesInRoom, type Rooms } from './rooms.ts';

/** Of all that is held: what hosts may need beyond the room that each has. */
const COMMON_SHARE = 1 / 16;
const FEWEST_COMMON = 1024;

/**
 * The rows without those of dropped blocks and with those of further ones, all written anew, each host with room for more.
 *
 * @param added from the newest to the oldest.
 * @param kinds wide enough for what is held and what is added.
 * @param ids number of lasting ids.
 */
export function rewrittenRows(
  held: HeldRows,
  added: readonly AddedRows[],
  { first, ranks }: BlockRanks,
  kinds: ColumnKinds,
  ids: number,
  rooms: Rooms,
): HeldRows {
  const layout = layOut(held, added, { first, ranks }, ids);
  const { hosts, places, placeOf, entryStarts, entryEnds, from, firstRows, entriesGiven, rowsGiven } = layout;
  const entryCount = withCommon(entriesGiven);
  const rowCount = withCommon(rowsGiven);
  const need = Object.values(kinds).reduce(
    (sum, kind) => sum + bytesInRoom(kind, rowCount),
    2 * bytesInRoom(Uint32Array, entryCount),
  );
  const room = rooms.take(need);
  const serials = room.cut(Uint32Array, entryCount);
  const rowStarts = room.cut(Uint32Array, entryCount);
  const pairs = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, room.cut<Numbers>(kind, rowCount)]),
  ) as unknown as PairColumns;

  const nextEntry = entryStarts.slice(0, places);
  const nextRow = firstRows;
  /** Where the next old entry of each host is, and its last one ends. */
  const oldEntry = Uint32Array.from(from, (old) => (old < 0 ? 0 : held.entryStarts[old]!));
  const oldEnd = Uint32Array.from(from, (old) => (old < 0 ? 0 : held.entryEnds[old]!));

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
    copyPairs(pairs, held.pairs, rowStart, rowEnd, rowAt);
  };
  /** Carries the old entries over that come before the block of that rank. */
  const carryUpTo = (rank: number): void => {
    for (let host = 0; host < places; host++) {
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
  /** Appends a block's entries to those of its hosts. */
  const append = ({ serial, rows, ids: idOf }: AddedRows): void => {
    const { offsets } = rows.pairs;
    const at = new Uint32Array(rows.hosts.length);
    for (let row = 0; row < at.length; row++) {
      const host = placeOf[idOf[rows.hosts[row]!]!]!;
      const entry = nextEntry[host]!++;
      at[row] = nextRow[host]!;
      serials[entry] = serial;
      rowStarts[entry] = at[row]!;
      nextRow[host] = at[row]! + offsets[row + 1]! - offsets[row]!;
    }
    writePairs(pairs, rows.pairs, idOf, at);
  };

  const newRanks = new Set(added.map(({ rank }) => rank));
  const oldRanks = [...ranks].filter((rank) => rank >= 0 && !newRanks.has(rank));
  let upTo = 0;
  for (const block of added) {
    if (oldRanks.some((rank) => rank >= upTo && rank < block.rank)) carryUpTo(block.rank);
    upTo = block.rank;
    append(block);
  }
  carryUpTo(Number.POSITIVE_INFINITY);
  for (let host = 0; host < places; host++) rowStarts[entryEnds[host]!] = nextRow[host]!;
  const { entryRooms, rowRooms } = layout;
  const byPlace = { hosts, places, placeOf, entryStarts, entryEnds, entryRooms, rowRooms };
  return { ...byPlace, serials, rowStarts, pairs, entriesGiven, rowsGiven, room };
}

const withCommon = (given: number): number => given + Math.ceil(given * COMMON_SHARE) + FEWEST_COMMON;

interface Layout
  extends Pick<
    HeldRows,
    | 'hosts'
    | 'places'
    | 'placeOf'
    | 'entryStarts'
    | 'entryEnds'
    | 'entryRooms'
    | 'rowRooms'
    | 'entriesGiven'
    | 'rowsGiven'
  > {
  /** Place of host i before; -1: none. */
  readonly from: Int32Array;
  /** First row of host i. */
  readonly firstRows: Uint32Array;
}

/** Counts what every host will have. Hosts without any entry go. */
function layOut(held: HeldRows, added: readonly AddedRows[], { first, ranks }: BlockRanks, ids: number): Layout {
  const entryCount = new Uint32Array(ids);
  const rowCount = new Uint32Array(ids);
  for (let place = 0; place < held.places; place++) {
    const id = held.hosts[place]!;
    for (let entry = held.entryStarts[place]!; entry < held.entryEnds[place]!; entry++) {
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
  const places = entryCount.reduce((sum, entries) => sum + (entries > 0 ? 1 : 0), 0);
  const column = (): Uint32Array => new Uint32Array(places + spareOf(places));
  const layout = {
    hosts: column(),
    entryStarts: column(),
    entryEnds: column(),
    entryRooms: column(),
    rowRooms: column(),
  };
  const placeOf = new Int32Array(ids + spareOf(ids)).fill(-1);
  const from = new Int32Array(places);
  const firstRows = new Uint32Array(places);
  let [place, entriesGiven, rowsGiven] = [0, 0, 0];
  for (let id = 0; id < ids; id++) {
    const entries = entryCount[id]!;
    const rows = rowCount[id]!;
    if (entries === 0) continue;
    layout.hosts[place] = id;
    placeOf[id] = place;
    from[place] = id < held.placeOf.length ? held.placeOf[id]! : -1;
    layout.entryRooms[place] = entriesGiven;
    layout.entryStarts[place] = entriesGiven + spareOf(entries);
    layout.entryEnds[place] = layout.entryStarts[place]! + entries;
    // One more for where the last one's rows end.
    entriesGiven = layout.entryEnds[place]! + 1;
    layout.rowRooms[place] = rowsGiven;
    firstRows[place] = rowsGiven + spareOf(rows);
    rowsGiven = firstRows[place]! + rows;
    place++;
  }
  return { ...layout, places, placeOf, from, firstRows, entriesGiven, rowsGiven };
}
