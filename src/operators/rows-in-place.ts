import { type AddedRows, type BlockRanks, type HeldRows, spareOf } from './held-rows.ts';
import { copyPairs, writePairs } from './pair-columns.ts';

/**
 * Drops the entries of dropped blocks, which must be the newest or the oldest of each host.
 *
 * @param hosts lasting ids of those that have such entries; one may come more than once.
 */
export function trimRows(held: HeldRows, hosts: Uint32Array, { first, ranks }: BlockRanks): void {
  const { placeOf, entryStarts, entryEnds, serials } = held;
  for (const id of hosts) {
    const place = placeOf[id]!;
    if (place < 0) continue;
    let start = entryStarts[place]!;
    let end = entryEnds[place]!;
    while (start < end && ranks[serials[start]! - first]! < 0) start++;
    while (start < end && ranks[serials[end - 1]! - first]! < 0) end--;
    entryStarts[place] = start;
    entryEnds[place] = end;
    if (start === end) placeOf[id] = -1;
  }
}

/**
 * Puts a block's rows before all others of its hosts. False where there is not room enough: nothing is added then.
 * The columns must be wide enough.
 */
export function putBefore(held: HeldRows, { serial, rows, ids }: AddedRows): boolean {
  const { offsets } = rows.pairs;
  const at = new Uint32Array(rows.hosts.length);
  for (let row = 0; row < at.length; row++)
    if (!makeRoom(held, ids[rows.hosts[row]!]!, offsets[row + 1]! - offsets[row]!)) return false;
  const { placeOf, entryStarts, serials, rowStarts, pairs } = held;
  for (let row = 0; row < at.length; row++) {
    const place = placeOf[ids[rows.hosts[row]!]!]!;
    const entry = entryStarts[place]! - 1;
    at[row] = rowStarts[entry + 1]! - (offsets[row + 1]! - offsets[row]!);
    serials[entry] = serial;
    rowStarts[entry] = at[row]!;
    entryStarts[place] = entry;
  }
  writePairs(pairs, rows.pairs, ids, at);
  return true;
}

/** Sees to it that a host can take one more entry of so many rows. False: there is no room left. */
function makeRoom(held: HeldRows, id: number, rows: number): boolean {
  const { placeOf, hosts, entryStarts, entryEnds, serials, rowStarts, entryRooms, rowRooms, pairs } = held;
  const known = placeOf[id]!;
  if (known >= 0) {
    const start = entryStarts[known]!;
    if (start > entryRooms[known]! && rowStarts[start]! - rowRooms[known]! >= rows) return true;
  } else if (held.places === hosts.length) return false;
  const [oldStart, oldEnd] = known < 0 ? [0, 0] : [entryStarts[known]!, entryEnds[known]!];
  const [oldRow, oldRowEnd] = known < 0 ? [0, 0] : [rowStarts[oldStart]!, rowStarts[oldEnd]!];
  const entryRoom = held.entriesGiven;
  const entryStart = entryRoom + 1 + spareOf(oldEnd - oldStart);
  const entryEnd = entryStart + oldEnd - oldStart;
  const rowRoom = held.rowsGiven;
  const rowStart = rowRoom + rows + spareOf(rows + oldRowEnd - oldRow);
  const rowEnd = rowStart + oldRowEnd - oldRow;
  if (entryEnd >= serials.length || rowEnd > pairs.peer.length) return false;
  const place = known < 0 ? held.places++ : known;
  for (let e = oldStart; e < oldEnd; e++) {
    serials[entryStart + e - oldStart] = serials[e]!;
    rowStarts[entryStart + e - oldStart] = rowStart + rowStarts[e]! - oldRow;
  }
  rowStarts[entryEnd] = rowEnd;
  copyPairs(pairs, pairs, oldRow, oldRowEnd, rowStart);
  hosts[place] = id;
  placeOf[id] = place;
  entryRooms[place] = entryRoom;
  entryStarts[place] = entryStart;
  entryEnds[place] = entryEnd;
  rowRooms[place] = rowRoom;
  held.entriesGiven = entryEnd + 1;
  held.rowsGiven = rowEnd;
  return true;
}
