import { type AddressList, listOfThose } from './address-book.ts';
import { type Numbers, narrowed } from './narrow.ts';
import type { PairRows } from './role-rows.ts';
import { DAY_MS } from './time.ts';

/**
 * When the outbound pairs of a sealed block began, and how long they lasted: row for row what the block holds of each of its
 * hosts. Apart from it, since windows do not read it.
 */
export interface PairTimings {
  readonly miniBatchId: string;
  /** ms UTC. */
  readonly sliceEnd: number;
  /** Hosts with a pair row. */
  readonly hosts: AddressList;
  /** Rows of host i: offsets[i] .. offsets[i + 1] - 1. */
  readonly offsets: Uint32Array;
  /** Known starts of each row, at most 64. */
  readonly counts: Uint8Array;
  /** Those of all rows of host i: starts[startOffsets[i]] .. [startOffsets[i + 1] - 1]. */
  readonly startOffsets: Uint32Array;
  /** Row by row, from the oldest to the newest: ms before the slice's end (after it: below 0). */
  readonly starts: Int32Array;
  /** Longest session of a row, ms. */
  readonly longest: Numbers;
  /** The same of a host. */
  readonly longestOfHost: Numbers;
}

/** What pair rows say of time. Those of host i are offsets[i] .. offsets[i + 1]. */
export interface TimedRows {
  readonly hosts: Uint32Array;
  readonly pairs: Pick<PairRows, 'offsets' | 'firstEvent' | 'starts' | 'maxDuration'>;
}

/** Only what is read of a role's rows: they cross to other threads. */
export const timedRowsOf = ({ hosts, pairs }: TimedRows): TimedRows => {
  const { offsets, firstEvent, starts, maxDuration } = pairs;
  return { hosts, pairs: { offsets, firstEvent, starts, maxDuration } };
};

/**
 * The timings of a mini-batch's outbound rows. Known starts of a row are `starts` where it has some, else `firstEvent`; those
 * that come 24 hours or more before the slice's end are left out, since no window that holds the row reaches them.
 */
export function pairTimingsOf(
  { miniBatchId, sliceEnd, addresses }: Pick<PairTimings, 'miniBatchId' | 'sliceEnd'> & { addresses: AddressList },
  { hosts: allHosts, pairs: { offsets: allOffsets, firstEvent, starts: listed, maxDuration } }: TimedRows,
): PairTimings {
  const timedHosts = allHosts.filter((_, host) => allOffsets[host + 1]! > allOffsets[host]!);
  const offsets = allOffsets.filter((end, i) => i === 0 || end > allOffsets[i - 1]!);
  const rows = offsets[timedHosts.length]!;
  const counts = new Uint8Array(rows);
  const startOffsets = new Uint32Array(timedHosts.length + 1);
  const starts = new Int32Array(rows + listed.values.length);
  const longestOfHost = new Float64Array(timedHosts.length);
  let known = 0;
  for (let host = 0; host < timedHosts.length; host++) {
    let longest = Number.NEGATIVE_INFINITY;
    for (let row = offsets[host]!; row < offsets[host + 1]!; row++) {
      if (maxDuration[row]! > longest) longest = maxDuration[row]!;
      const before = known;
      const first = listed.offsets[row]!;
      const end = listed.offsets[row + 1]!;
      if (first === end && sliceEnd - firstEvent[row]! < DAY_MS) starts[known++] = sliceEnd - firstEvent[row]!;
      for (let s = first; s < end; s++)
        if (sliceEnd - listed.values[s]! < DAY_MS) starts[known++] = sliceEnd - listed.values[s]!;
      counts[row] = known - before;
    }
    longestOfHost[host] = longest;
    startOffsets[host + 1] = known;
  }
  const isTimed = new Uint8Array(addresses.count);
  for (const id of timedHosts) isTimed[id] = 1;
  return {
    ...{ miniBatchId, sliceEnd, offsets, counts, startOffsets },
    hosts: listOfThose(addresses, isTimed),
    starts: starts.slice(0, known),
    longest: narrowed(maxDuration.slice(0, rows)),
    longestOfHost: narrowed(longestOfHost),
  };
}
