import type { PastDays } from './lookback.ts';
import { DIRECTIONS } from './metrics.ts';
import type { LookbackIds } from './novelty.ts';
import { DAY_MS, LOOKBACK_DAYS, type PastSlice } from './past-rows.ts';

/** A slice whose ids are carried over to a common list. */
export interface DatedSlice extends Pick<PastSlice, 'sliceEnd' | 'roles'> {
  readonly remap: Uint32Array;
}

/**
 * Whole days from the first slice of [sliceEnd - 31 d, sliceEnd] in which each of some hosts was active, in either role,
 * to `sliceEnd`.
 *
 * @param addresses number of addresses of the common list.
 * @param slices those of the last 24 hours; what came before is in `past`, whose ids `ids` carries over.
 */
export function hostAgesOf(
  hosts: Uint32Array,
  addresses: number,
  slices: readonly DatedSlice[],
  past: PastDays,
  ids: Pick<LookbackIds, 'yesterday' | 'base'>,
  sliceEnd: number,
): Int32Array {
  const first = new Float64Array(addresses).fill(sliceEnd);
  const note = (id: number, at: number): void => {
    if (id >= 0 && at < first[id]!) first[id] = at;
  };
  for (const { roles, remap, sliceEnd: at } of slices)
    for (const role of DIRECTIONS) for (const host of roles[role].hosts) note(remap[host]!, at);
  if (past.yesterday !== null) {
    const { hosts, offsets, sliceEnds } = past.yesterday.active;
    hosts.forEach((host, i) => {
      note(ids.yesterday[host]!, sliceEnds[offsets[i]!]!);
    });
  }
  if (past.base !== null) {
    past.base.first.hosts.forEach((host, i) => {
      note(ids.base[host]!, past.base!.first.sliceEnds[i]!);
    });
    const { hosts, offsets, sliceEnds } = past.base.oldest;
    const from = sliceEnd - LOOKBACK_DAYS * DAY_MS;
    hosts.forEach((host, i) => {
      for (let s = offsets[i]!; s < offsets[i + 1]!; s++)
        if (sliceEnds[s]! >= from) note(ids.base[host]!, sliceEnds[s]!);
    });
  }
  return Int32Array.from(hosts, (id) => Math.floor((sliceEnd - first[id]!) / DAY_MS));
}
