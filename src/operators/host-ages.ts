import type { PastDays } from './lookback.ts';
import type { LookbackIds } from './novelty.ts';
import { LOOKBACK_DAYS } from './past-rows.ts';
import { DAY_MS } from './time.ts';

/**
 * Whole days from the first slice of [sliceEnd - 31 d, sliceEnd] in which each of some hosts was active, in either role,
 * to `sliceEnd`.
 *
 * @param recent ends of the first slices of the last 24 hours in which the hosts were active, ms UTC.
 * @param hosts their ids in a common list.
 * @param addresses number of addresses of that list.
 * @param past what came before, whose ids `ids` carries over.
 */
export function hostAgesOf(
  recent: Float64Array,
  hosts: Int32Array,
  addresses: number,
  past: PastDays,
  ids: Pick<LookbackIds, 'yesterday' | 'base'>,
  sliceEnd: number,
): Int32Array {
  const first = new Float64Array(addresses).fill(sliceEnd);
  const note = (id: number, at: number): void => {
    if (id >= 0 && at < first[id]!) first[id] = at;
  };
  hosts.forEach((id, host) => {
    note(id, recent[host]!);
  });
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
  return hosts.map((id) => Math.floor((sliceEnd - first[id]!) / DAY_MS));
}
