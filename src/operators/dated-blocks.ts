import type { HeldDay } from './held-day.ts';
import type { HeldRows } from './held-rows.ts';
import type { HeldTotals } from './held-totals.ts';
import { ringOf } from './lookback.ts';
import { DIRECTIONS, WINDOW_NAMES } from './metrics.ts';
import { dayOf } from './past-rows.ts';

export const RINGS = WINDOW_NAMES.length;

/** What an emission asks of blocks, by their serial numbers. */
export interface DatedBlocks {
  /** Place of the shortest window that holds the block. */
  ringOf(serial: number): number;
  isToday(serial: number): boolean;
  sliceEndOf(serial: number): number;
}

/** @param windowsEnd end of all windows, ms UTC. */
export function datedBlocksOf({ blocks }: HeldDay, windowsEnd: number): DatedBlocks {
  const first = blocks.reduce((least, { serial }) => Math.min(least, serial), Number.POSITIVE_INFINITY);
  const last = blocks.reduce((most, { serial }) => Math.max(most, serial), 0);
  const rings = new Uint8Array(last - first + 1);
  const today = new Uint8Array(last - first + 1);
  const ends = new Float64Array(last - first + 1);
  for (const { serial, sliceEnd } of blocks) {
    rings[serial - first] = ringOf(sliceEnd, windowsEnd);
    today[serial - first] = sliceEnd >= dayOf(windowsEnd) ? 1 : 0;
    ends[serial - first] = sliceEnd;
  }
  return {
    ringOf: (serial) => rings[serial - first]!,
    isToday: (serial) => today[serial - first] === 1,
    sliceEndOf: (serial) => ends[serial - first]!,
  };
}

/** End of the oldest slice of the day in which each host was active. */
export function firstSlicesOf({ rows }: HeldDay, ids: Int32Array, { sliceEndOf }: DatedBlocks): Float64Array {
  const first = new Float64Array(ids.length).fill(Number.POSITIVE_INFINITY);
  for (const role of DIRECTIONS) {
    const { placeOf, entryEnds, serials } = rows[role];
    ids.forEach((id, host) => {
      const place = placeOf[id]!;
      if (place >= 0) first[host] = Math.min(first[host]!, sliceEndOf(serials[entryEnds[place]! - 1]!));
    });
  }
  return first;
}

/** Marks the hosts of which a block lacks pair rows. */
export function noteCapped(
  blocks: readonly { readonly totals: HeldTotals }[],
  placeOf: Int32Array,
  isCapped: Uint8Array,
): void {
  for (const { totals } of blocks) {
    for (const row of totals.cappedRows) {
      const host = placeOf[totals.hosts[row]!]!;
      if (host >= 0) isCapped[host] = 1;
    }
  }
}

/** Which pair rows of a host lie in which window. */
export interface RingSpan {
  start: number;
  /** Where the rows of today end. */
  todayEnd: number;
  /** Where those of a window end, by its place. */
  readonly ends: Uint32Array;
  /** 1: the host was active in the ring. */
  readonly isActive: Uint8Array;
}

/** Finds them for the host at `place`, and writes over `span`. */
export function spanRings(
  { entryStarts, entryEnds, serials, rowStarts }: HeldRows,
  place: number,
  { ringOf: ringOfBlock, isToday }: DatedBlocks,
  span: RingSpan,
): void {
  const first = entryStarts[place]!;
  const end = entryEnds[place]!;
  span.start = rowStarts[first]!;
  span.todayEnd = span.start;
  span.isActive.fill(0);
  let ring = 0;
  let at = span.start;
  for (let entry = first; entry < end; entry++) {
    const serial = serials[entry]!;
    for (const own = ringOfBlock(serial); ring < own; ring++) span.ends[ring] = at;
    span.isActive[ring] = 1;
    at = rowStarts[entry + 1]!;
    if (isToday(serial)) span.todayEnd = at;
  }
  for (; ring < RINGS; ring++) span.ends[ring] = at;
}
