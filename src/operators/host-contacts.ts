import { FEWEST_STARTS } from './beacon-cadence.ts';
import { createBusiestPair } from './busiest-pair.ts';
import type { HeldRows } from './held-rows.ts';
import { createPairPlaces } from './pair-places.ts';
import { createRepeatedPairs, gatheredOf, layOut, openPair } from './repeated-pairs.ts';
import { DAY_MS } from './time.ts';
import type { TimedEntries } from './timed-entries.ts';

/** A pair with a session in the slice and as many known starts as a candidate has. */
export interface RepeatedPair {
  /** Lasting id. */
  readonly peer: number;
  /** -1: none. */
  readonly port: number;
  /** Known ones of 24 hours, ms UTC, mostly ascending. Scratch, as are `bytes`: to be read before the next pair is heard of. */
  readonly starts: Float64Array;
  /** Bytes sent per session of every row. */
  readonly bytes: Float64Array;
  /** No session had a reply. */
  readonly isUnanswered: boolean;
}

/** What one host did outbound in 24 hours. */
export interface HostContacts {
  /** Most sessions with one (peer, port) outside. */
  readonly busiest: number;
  /** Longest session with a peer outside, ms. */
  readonly longest: number;
}

const NOTHING: HostContacts = { busiest: 0, longest: 0 };
const NOT_IN_SLICE = -1;

/**
 * @param isInternal by lasting id.
 * @param sliceEnd ms UTC.
 */
export function createHostContacts(
  { placeOf, entryStarts, entryEnds, rowStarts, pairs }: HeldRows,
  { timings, block, host: timedHost }: TimedEntries,
  isInternal: Uint8Array,
  sliceEnd: number,
): { gather(id: number, hear: (pair: RepeatedPair) => void): HostContacts } {
  const { peer, portPlusOne, sessions, zeroReply, bytesSent } = pairs;
  const busiest = createBusiestPair(isInternal);
  const { buckets, bucketOf } = busiest;
  const places = createPairPlaces();
  const repeated = createRepeatedPairs();
  /** Place of each row's pair among those of the slice. */
  let placeAt = new Int32Array(4096);

  /** Finds the pairs of the slice in the rows of 24 hours. Those of all others go to the busiest's buckets. */
  const findPairs = (from: number, firstEntry: number, endEntry: number): void => {
    for (let entry = firstEntry; entry < endEntry; entry++) {
      const host = timedHost[entry]!;
      if (host < 0) continue;
      const own = timings[block[entry]!]!;
      const start = rowStarts[entry]!;
      const end = rowStarts[entry + 1]!;
      if (own.sliceEnd === sliceEnd) {
        for (let p = start; p < end; p++) places.place(peer[p]!, portPlusOne[p]!, () => openPair(repeated, p));
      }
      for (let p = start; p < end; p++) placeAt[p - from] = places.find(peer[p]!, portPlusOne[p]!);
      countRows(from, start, end, own.counts, own.offsets[host]! - start);
    }
  };

  const countRows = (from: number, start: number, end: number, counts: Uint8Array, shift: number): void => {
    const { sessions: sessionsOf, startCount, rowCount } = repeated.columns;
    for (let p = start; p < end; p++) {
      const place = placeAt[p - from]!;
      if (place >= 0) {
        sessionsOf[place]! += sessions[p]!;
        startCount[place]! += counts[p + shift]!;
        rowCount[place]!++;
      } else buckets[bucketOf[peer[p]!]!]! += sessions[p]!;
    }
  };

  const busiestOutside = (from: number, to: number): number => {
    const { firstRow, sessions: sessionsOf } = repeated.columns;
    let least = 0;
    for (let place = 0; place < repeated.length; place++)
      if (sessionsOf[place]! > least && isInternal[peer[firstRow[place]!]!] === 0) least = sessionsOf[place]!;
    return busiest.most(least, (take) => {
      for (let p = from; p < to; p++)
        if (placeAt[p - from] === NOT_IN_SLICE) take(peer[p]!, portPlusOne[p]!, sessions[p]!);
    });
  };

  const longestOutside = (firstEntry: number, endEntry: number): number => {
    let longest = 0;
    for (let entry = firstEntry; entry < endEntry; entry++) {
      const host = timedHost[entry]!;
      if (host < 0) continue;
      const own = timings[block[entry]!]!;
      if (own.longestOfHost[host]! <= longest) continue;
      const shift = own.offsets[host]! - rowStarts[entry]!;
      for (let p = rowStarts[entry]!; p < rowStarts[entry + 1]!; p++)
        if (own.longest[p + shift]! > longest && isInternal[peer[p]!] === 0) longest = own.longest[p + shift]!;
    }
    return longest;
  };

  /** Brings over what is known of the pairs with enough starts, from the oldest slice to the newest. */
  const gatherPairs = (from: number, firstEntry: number, endEntry: number): void => {
    const { isGathered, startsEnd, bytesEnd, isAnswered } = repeated.columns;
    const { starts: gathered, bytes } = repeated;
    const oldest = sliceEnd - DAY_MS;
    for (let entry = endEntry - 1; entry >= firstEntry; entry--) {
      const host = timedHost[entry]!;
      if (host < 0) continue;
      const { counts, starts, startOffsets, offsets, sliceEnd: end } = timings[block[entry]!]!;
      const shift = offsets[host]! - rowStarts[entry]!;
      let at = startOffsets[host]!;
      for (let p = rowStarts[entry]!; p < rowStarts[entry + 1]!; p++) {
        const next = at + counts[p + shift]!;
        const place = placeAt[p - from]!;
        if (place >= 0 && isGathered[place] === 1) {
          let into = startsEnd[place]!;
          for (let s = at; s < next; s++) {
            const start = end - starts[s]!;
            if (start > oldest) gathered[into++] = start;
          }
          startsEnd[place] = into;
          bytes[bytesEnd[place]!++] = bytesSent[p]! / sessions[p]!;
          if (zeroReply[p] !== sessions[p]) isAnswered[place] = 1;
        }
        at = next;
      }
    }
  };

  return {
    gather(id, hear) {
      const host = placeOf[id] ?? -1;
      if (host < 0) return NOTHING;
      const [firstEntry, endEntry] = [entryStarts[host]!, entryEnds[host]!];
      const [from, to] = [rowStarts[firstEntry]!, rowStarts[endEntry]!];
      if (to - from > placeAt.length) placeAt = new Int32Array((to - from) * 2);
      places.clear();
      busiest.clear();
      repeated.length = 0;
      findPairs(from, firstEntry, endEntry);
      const contacts = { busiest: busiestOutside(from, to), longest: longestOutside(firstEntry, endEntry) };
      if (!layOut(repeated, FEWEST_STARTS)) return contacts;
      gatherPairs(from, firstEntry, endEntry);
      for (let place = 0; place < repeated.length; place++) {
        if (repeated.columns.isGathered[place] === 0) continue;
        const pair = gatheredOf(repeated, place);
        if (pair.starts.length < FEWEST_STARTS) continue;
        const row = repeated.columns.firstRow[place]!;
        hear({ peer: peer[row]!, port: portPlusOne[row]! - 1, ...pair });
      }
      return contacts;
    },
  };
}
