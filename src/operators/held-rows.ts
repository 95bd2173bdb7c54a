import { NO_PAIRS, type PairColumns } from './pair-columns.ts';
import type { Room, Rooms } from './rooms.ts';
import type { SealedRows } from './sealed-rows.ts';

/**
 * The pair rows that a day's blocks hold in one role, host by host, of each host from the newest block to the oldest: a
 * window of a host is one run of rows. An entry is what a host has in one block. Before the entries and rows of a host there
 * is room for those of blocks to come.
 */
export interface HeldRows {
  /** Lasting ids by place. The host at a place may have no entry any more. */
  readonly hosts: Uint32Array;
  /** How many places are taken; the columns by place may be longer. */
  places: number;
  /** Place by lasting id; -1: no entry. At least as long as there are ids. */
  placeOf: Int32Array;
  /** Entries of the host at place i: entryStarts[i] .. entryEnds[i] - 1. */
  readonly entryStarts: Uint32Array;
  readonly entryEnds: Uint32Array;
  /** Serial number of an entry's block. */
  readonly serials: Uint32Array;
  /** Pair rows of entry e: rowStarts[e] .. rowStarts[e + 1] - 1, which holds of a host's last entry too. */
  readonly rowStarts: Uint32Array;
  readonly pairs: PairColumns;
  /** Where the room before a host's entries begins, and that before its rows, by place. */
  readonly entryRooms: Uint32Array;
  readonly rowRooms: Uint32Array;
  /** Up to where entries and rows have been given to hosts; the rest is for those that need more than they have. */
  entriesGiven: number;
  rowsGiven: number;
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
  places: 0,
  placeOf: new Int32Array(0),
  entryStarts: new Uint32Array(0),
  entryEnds: new Uint32Array(0),
  serials: new Uint32Array(0),
  rowStarts: new Uint32Array(1),
  pairs: NO_PAIRS,
  entryRooms: new Uint32Array(0),
  rowRooms: new Uint32Array(0),
  entriesGiven: 0,
  rowsGiven: 0,
  room: rooms.take(0),
});

/** Room for what is to come, beside so many entries or rows: a dozen steps' worth of a day. */
export const spareOf = (count: number): number => (count >>> 3) + 2;
