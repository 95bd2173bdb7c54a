import type { AddressList } from './address-book.ts';
import type { HeldDay } from './held-day.ts';
import type { PairTimings } from './pair-timings.ts';

/** Where the timings of a day's outbound entries are. */
export interface TimedEntries {
  /** By place of an entry's block in the day, which goes from the newest to the oldest. */
  readonly timings: readonly PairTimings[];
  /** Place of an entry's block; by entry of the wanted hosts. */
  readonly block: Uint16Array;
  /** Place of the entry's host in that block's timings; -1: it has no pair rows there. */
  readonly host: Int32Array;
}

/** Finds the timings of all entries of some hosts. Throws where timings do not fit the rows that are held. */
export function timedEntriesOf({
  day,
  timings: byName,
  hosts,
}: {
  readonly day: HeldDay;
  readonly timings: ReadonlyMap<string, PairTimings>;
  readonly hosts: AddressList;
}): TimedEntries {
  const { placeOf, entryStarts, entryEnds, serials, rowStarts } = day.rows.outbound;
  const rankOf = new Map(day.blocks.map(({ serial }, rank) => [serial, rank]));
  const block = Uint16Array.from(serials, (serial) => rankOf.get(serial)!);
  const host = new Int32Array(serials.length).fill(-1);
  const isWanted = new Uint8Array(entryStarts.length);
  for (const id of day.addresses.find(hosts)) if (placeOf[id]! >= 0) isWanted[placeOf[id]!] = 1;
  /** Next entry of each host: those of a host go from the newest to the oldest, as the blocks do. */
  const next = entryStarts.slice();
  const timings = day.blocks.map(({ name, sliceEnd }, rank) => {
    const own = byName.get(name);
    if (own === undefined || own.sliceEnd !== sliceEnd)
      throw new Error(`no timings of the block ${name}, whose slice ends at ${new Date(sliceEnd).toISOString()}`);
    const ids = day.addresses.find(own.hosts);
    for (let row = 0; row < ids.length; row++) {
      const place = placeOf[ids[row]!]!;
      if (!(isWanted[place] === 1)) continue;
      let entry = next[place]!;
      const end = entryEnds[place]!;
      while (entry < end && block[entry]! < rank) entry++;
      next[place] = entry;
      const rows = rowStarts[entry + 1]! - rowStarts[entry]!;
      if (entry === end || block[entry] !== rank || rows !== own.offsets[row + 1]! - own.offsets[row]!)
        throw new Error(
          `timings of mini-batch ${own.miniBatchId} do not fit its block: delete the window state, it is rebuilt from the lake`,
        );
      host[entry] = row;
    }
    return own;
  });
  return { timings, block, host };
}
