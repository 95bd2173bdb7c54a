import { type AddressList, mergeBooks } from './address-book.ts';
import { mergePast } from './merge-past.ts';
import { DIRECTIONS } from './metrics.ts';
import { narrowed } from './narrow.ts';
import { dayOf, MINUTE_MS, type PastRows, type PastSlice } from './past-rows.ts';
import type { RoleName } from './role-rows.ts';

/** The mini-batches of one UTC day, merged: what they count, and when hosts were active. */
export interface DayRollup {
  readonly addresses: AddressList;
  readonly roles: Readonly<Record<RoleName, PastRows>>;
  readonly active: ActiveSlices;
}

/** Slices in which hosts were active in either role. */
export interface ActiveSlices {
  /** Ascending. */
  readonly hosts: Uint32Array;
  /** Those of host i: offsets[i] .. offsets[i + 1]. */
  readonly offsets: Uint32Array;
  /** Ends of slices, ms UTC, ascending and distinct for each host. */
  readonly sliceEnds: Float64Array;
}

/** Rolls up the slices of a day, or of a part of one, in any order. */
export function rollUpDay(slices: readonly PastSlice[]): DayRollup {
  const { list, remaps } = mergeBooks(slices.map(({ addresses }) => addresses));
  const rowsOf = (role: RoleName): PastRows => {
    const sources = slices.map(({ roles, sliceEnd }, s) => {
      const first = (sliceEnd - dayOf(sliceEnd)) / MINUTE_MS;
      return { rows: roles[role], remap: remaps[s]!, into: 0 as const, first };
    });
    const { hosts, offsets, peer, port, sums, first } = mergePast(sources);
    const pairs = { offsets, peer, port, sessions: narrowed(sums[0]) };
    // Nobody asks when an inbound row came first.
    return { hosts, pairs: role === 'outbound' ? { ...pairs, first } : pairs };
  };
  const [outbound, inbound] = DIRECTIONS.map(rowsOf) as [PastRows, PastRows];
  return { addresses: list, roles: { outbound, inbound }, active: activeSlicesOf(slices, remaps, list.count) };
}

function activeSlicesOf(slices: readonly PastSlice[], remaps: readonly Uint32Array[], addresses: number): ActiveSlices {
  const inOrder = slices.map((slice, s) => ({ slice, remap: remaps[s]! }));
  inOrder.sort((a, b) => a.slice.sliceEnd - b.slice.sliceEnd);
  const newest = new Float64Array(addresses).fill(Number.NEGATIVE_INFINITY);
  const counts = new Uint32Array(addresses);
  const eachActive = (take: (id: number, sliceEnd: number) => void): void => {
    newest.fill(Number.NEGATIVE_INFINITY);
    for (const { slice, remap } of inOrder) {
      for (const role of DIRECTIONS) {
        for (const host of slice.roles[role].hosts) {
          const id = remap[host]!;
          if (newest[id] === slice.sliceEnd) continue;
          newest[id] = slice.sliceEnd;
          take(id, slice.sliceEnd);
        }
      }
    }
  };
  eachActive((id) => {
    counts[id]!++;
  });
  const hosts: number[] = [];
  for (let id = 0; id < addresses; id++) if (counts[id]! > 0) hosts.push(id);
  const offsets = new Uint32Array(hosts.length + 1);
  const next = new Uint32Array(addresses);
  hosts.forEach((id, i) => {
    next[id] = offsets[i]!;
    offsets[i + 1] = offsets[i]! + counts[id]!;
  });
  const sliceEnds = new Float64Array(offsets[hosts.length]!);
  eachActive((id, sliceEnd) => {
    sliceEnds[next[id]!++] = sliceEnd;
  });
  return { hosts: Uint32Array.from(hosts), offsets, sliceEnds };
}
