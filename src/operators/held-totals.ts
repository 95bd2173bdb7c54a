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

/** Totals of blocks that lie in the same ring: the place of the shortest window that holds them. */
export interface RingedTotals {
  readonly totals: HeldTotals;
  readonly ring: number;
}

/** @param ids ids of the block → lasting ids. */
export function heldTotalsOf({ hosts, totals, width, isCapped }: SealedRows, ids: Uint32Array): HeldTotals {
  const column = new Float64Array(hosts.length);
  const metrics = Array.from({ length: MERGED_COUNT }, (_, metric) => {
    let isAny = false;
    for (let row = 0; row < column.length; row++) {
      const value = totals[row * width + metric]!;
      column[row] = value;
      if (value !== 0) isAny = true;
    }
    return isAny ? keptOf(column) : null;
  });
  const cappedRows = Uint32Array.from(isCapped.keys()).filter((row) => isCapped[row] === 1);
  return { hosts: hosts.map((id) => ids[id]!), metrics, cappedRows };
}

/** In an array of its own. */
function keptOf(column: Float64Array): Numbers {
  const narrow = narrowed(column);
  return narrow === column ? column.slice() : narrow;
}

/** The totals of several blocks as those of one. */
export function mergedTotals(blocks: readonly HeldTotals[]): HeldTotals {
  const highest = blocks.reduce((most, { hosts }) => hosts.reduce((own, id) => Math.max(own, id), most), 0);
  const rowOf = new Uint32Array(highest + 1);
  const hosts: number[] = [];
  for (const { hosts: own } of blocks) for (const id of own) if (rowOf[id] === 0) rowOf[id] = hosts.push(id);
  const rows = blocks.map((block) => block.hosts.map((id) => rowOf[id]! - 1));
  const column = new Float64Array(hosts.length);
  const metrics = Array.from(TAKES_MAXIMUM, (_, metric) => {
    if (blocks.every((block) => block.metrics[metric] === null)) return null;
    column.fill(0);
    blocks.forEach((block, b) => {
      const values = block.metrics[metric];
      if (values != null) combine(metric, column, Float64Array.from(values), rows[b]!);
    });
    return keptOf(column);
  });
  const capped = new Set(
    blocks.flatMap((block) => Array.from(block.cappedRows, (row) => rowOf[block.hosts[row]!]! - 1)),
  );
  return { hosts: Uint32Array.from(hosts), metrics, cappedRows: Uint32Array.from(capped) };
}

export const bytesOfTotals = ({ hosts, metrics, cappedRows }: HeldTotals): number =>
  metrics.reduce((sum, values) => sum + (values?.byteLength ?? 0), hosts.byteLength + cappedRows.byteLength);

/**
 * Merged metrics of some hosts in growing windows: those of window w of host i begin at (i * windows + w) * MERGED_COUNT.
 *
 * @param placeOf place of a host among them by its lasting id; -1: not one of them.
 */
export function sumsOf(
  blocks: readonly RingedTotals[],
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
      wide.set(values);
      combine(metric, rings.subarray(at, at + hosts), wide, places);
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

function combine(metric: number, into: Float64Array, values: Float64Array, places: Uint32Array): void {
  if (TAKES_MAXIMUM[metric] === 0) addEach(into, values, places);
  else takeGreater(into, values, places);
}

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
