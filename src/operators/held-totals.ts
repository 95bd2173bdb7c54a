import { type Numbers, narrowed } from './narrow.ts';
import type { SealedRows } from './sealed-rows.ts';
import { MERGED_COUNT, TAKES_MAXIMUM } from './window-values.ts';

/** The merged metrics that a block holds of its hosts in one role, metric by metric. */
export interface HeldTotals {
  /** Lasting ids. */
  readonly hosts: Uint32Array;
  /** null: all are 0, as many are. */
  readonly metrics: readonly (Numbers | null)[];
  /** Rows of hosts of which pair rows were dropped. */
  readonly cappedRows: Uint32Array;
}

/** @param ids ids of the block → lasting ids. */
export function heldTotalsOf({ hosts, totals, width, isCapped }: SealedRows, ids: Uint32Array): HeldTotals {
  const column = new Float64Array(hosts.length);
  const metrics = Array.from({ length: MERGED_COUNT }, (_, metric) => {
    for (let row = 0; row < column.length; row++) column[row] = totals[row * width + metric]!;
    if (column.every((value) => value === 0)) return null;
    const narrow = narrowed(column);
    return narrow === column ? column.slice() : narrow;
  });
  const cappedRows = Uint32Array.from(isCapped.keys()).filter((row) => isCapped[row] === 1);
  return { hosts: hosts.map((id) => ids[id]!), metrics, cappedRows };
}

export const bytesOfTotals = ({ hosts, metrics, cappedRows }: HeldTotals): number =>
  metrics.reduce((sum, values) => sum + (values?.byteLength ?? 0), hosts.byteLength + cappedRows.byteLength);

/**
 * Merged metrics of some hosts in growing windows: those of window w of host i begin at (i * windows + w) * MERGED_COUNT.
 *
 * @param blocks each with its ring: the place of the shortest window that holds it.
 * @param placeOf place of a host among them by its lasting id; -1: not one of them.
 */
export function sumsOf(
  blocks: readonly { readonly totals: HeldTotals; readonly ring: number }[],
  placeOf: Int32Array,
  hosts: number,
  windows: number,
): Float64Array {
  // Metric by metric, ring by ring at first: what is added to then stays in the processor's cache.
  const rings = new Float64Array(MERGED_COUNT * windows * hosts);
  /** Of one column at a time: loops are the faster for reading always the same kind. */
  const wide = new Float64Array(blocks.reduce((most, { totals }) => Math.max(most, totals.hosts.length), 0));
  for (const { totals, ring } of blocks) {
    const places = totals.hosts.map((id) => placeOf[id]!);
    totals.metrics.forEach((values, metric) => {
      if (values === null) return;
      const at = (metric * windows + ring) * hosts;
      const into = rings.subarray(at, at + hosts);
      wide.set(values);
      if (TAKES_MAXIMUM[metric] === 0) addEach(into, wide, places);
      else takeGreater(into, wide, places);
    });
  }
  const sums = new Float64Array(rings.length);
  for (let first = 0; first < hosts; first += HOSTS_AT_ONCE) {
    const end = Math.min(hosts, first + HOSTS_AT_ONCE);
    for (let metric = 0; metric < MERGED_COUNT; metric++) {
      const isMaximum = TAKES_MAXIMUM[metric] === 1;
      for (let host = first; host < end; host++) {
        // A window is its ring and all within.
        let within = 0;
        for (let ring = 0; ring < windows; ring++) {
          const value = rings[(metric * windows + ring) * hosts + host]!;
          within = isMaximum ? Math.max(within, value) : within + value;
          sums[(host * windows + ring) * MERGED_COUNT + metric] = within;
        }
      }
    }
  }
  return sums;
}

/** So few that what is written for them stays in the processor's cache. */
const HOSTS_AT_ONCE = 16;
/** In `placeOf` of hosts that are not asked for: -1, as an unsigned number. */
const NONE = 0xffff_ffff;

function addEach(into: Float64Array, values: Float64Array, places: Uint32Array): void {
  for (let row = 0; row < places.length; row++) {
    const place = places[row]!;
    if (place !== NONE) into[place]! += values[row]!;
  }
}

function takeGreater(into: Float64Array, values: Float64Array, places: Uint32Array): void {
  for (let row = 0; row < places.length; row++) {
    const place = places[row]!;
    if (place !== NONE && values[row]! > into[place]!) into[place] = values[row]!;
  }
}
