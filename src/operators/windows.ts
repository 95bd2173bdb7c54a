import { type AddressList, mergeBooks } from './address-book.ts';
import { type AddressFacts, factsOf, type PlaceOptions } from './address-facts.ts';
import { SPREAD_METRICS } from './delta-metrics.ts';
import {
  BEHAVIOUR_WINDOWS,
  BEHAVIOURS,
  DIRECTIONS,
  FEATURE_COUNT,
  SLICE_MS,
  WINDOW_FEATURES,
  WINDOW_METRICS,
  WINDOW_NAMES,
  WINDOWS,
} from './metrics.ts';
import { createPeerTally, type PeerTally } from './peer-tally.ts';
import type { RoleName } from './role-rows.ts';
import type { SealedRows } from './sealed-rows.ts';
import type { SegmentMapping } from './segments.ts';
import { deriveWindow, MERGED_COUNT, TAKES_MAXIMUM, type WindowTotals } from './window-values.ts';

/** What one mini-batch of one slice left behind for a shard: a sealed block. Ids are places in `addresses`. */
export interface SliceBlock {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  readonly addresses: AddressList;
  readonly roles: Readonly<Record<RoleName, SealedRows>>;
}

export interface WindowOptions {
  readonly places: PlaceOptions;
  /** Ports of administration and file sharing. */
  readonly adminPorts: readonly number[];
}

/** Features of the hosts active in the newest block. Ids are places in `addresses`; hosts ascend. */
export interface WindowRows {
  readonly addresses: AddressList;
  readonly facts: AddressFacts;
  readonly segmentMapping: SegmentMapping;
  readonly hosts: Uint32Array;
  /** Row-major, FEATURE_COUNT values a host. */
  readonly features: Float64Array;
  /** 1: pair rows were dropped in a block that a window of the host touches. */
  readonly isCapped: Uint8Array;
}

/** A block with its ids carried over to the common list, and where each active host stands in it. */
interface AlignedRole {
  readonly rows: SealedRows;
  readonly remap: Uint32Array;
  /** Row of active host i, -1 if it was not active. */
  readonly rowOf: Int32Array;
}

/**
 * Computes every window of the hosts active in `current`, which must be one of `blocks`. `blocks` are those that end in
 * the 24 hours up to the current slice's end and come no later in order; how they are listed does not matter. A window is its
 * blocks merged, host by host; nothing is carried from one emission to the next.
 */
export function windowRowsOf(blocks: readonly SliceBlock[], current: SliceBlock, options: WindowOptions): WindowRows {
  const newestFirst = [...blocks].sort((a, b) => b.sliceEnd - a.sliceEnd);
  const { list, remaps } = mergeBooks(newestFirst.map((block) => block.addresses));
  const facts = factsOf(list, options.places);
  const hosts = activeHosts(current, remaps[newestFirst.indexOf(current)]!, list.count);
  const ringEnds = WINDOW_NAMES.map((name) => {
    const oldest = current.sliceEnd - WINDOWS[name] * SLICE_MS;
    const beyond = newestFirst.findIndex((block) => block.sliceEnd <= oldest);
    return beyond < 0 ? newestFirst.length : beyond;
  });
  const features = new Float64Array(new SharedArrayBuffer(hosts.length * FEATURE_COUNT * 8));
  const isCapped = new Uint8Array(hosts.length);
  const tally = createPeerTally(list.count, facts, options.adminPorts);
  DIRECTIONS.forEach((role, direction) => {
    const aligned = newestFirst.map((block, b) => align(block.roles[role], remaps[b]!, hosts, list.count));
    const at = direction * WINDOW_NAMES.length * WINDOW_METRICS.length;
    emitDirection(aligned, ringEnds, hosts.length, tally, role === 'outbound', features, at, isCapped);
  });
  const { segmentMapping } = options.places;
  return { addresses: list, facts, segmentMapping, hosts, features, isCapped };
}

function activeHosts(current: SliceBlock, remap: Uint32Array, count: number): Uint32Array {
  const isActive = new Uint8Array(count);
  for (const role of DIRECTIONS) for (const id of current.roles[role].hosts) isActive[remap[id]!] = 1;
  const hosts: number[] = [];
  for (let id = 0; id < count; id++) if (isActive[id] === 1) hosts.push(id);
  return Uint32Array.from(hosts);
}

function align(rows: SealedRows, remap: Uint32Array, hosts: Uint32Array, count: number): AlignedRole {
  const rowOfId = new Int32Array(count).fill(-1);
  for (let row = 0; row < rows.hosts.length; row++) rowOfId[remap[rows.hosts[row]!]!] = row;
  return { rows, remap, rowOf: Int32Array.from(hosts, (id) => rowOfId[id]!) };
}

function emitDirection(
  aligned: readonly AlignedRole[],
  ringEnds: readonly number[],
  hostCount: number,
  tally: PeerTally,
  hasBehaviours: boolean,
  features: Float64Array,
  columnBase: number,
  isCapped: Uint8Array,
): void {
  const totals: WindowTotals = {
    merged: new Float64Array(MERGED_COUNT),
    spread: new Float64Array(SPREAD_METRICS.length),
    highRiskSessions: 0,
    highRiskPeers: 0,
  };
  for (let host = 0; host < hostCount; host++) {
    const rowBase = host * FEATURE_COUNT;
    totals.merged.fill(0);
    tally.clear();
    let block = 0;
    for (let w = 0; w < ringEnds.length; w++) {
      let hasChanged = false;
      for (; block < ringEnds[w]!; block++) {
        const { rows, remap, rowOf } = aligned[block]!;
        const row = rowOf[host]!;
        if (row < 0) continue;
        hasChanged = true;
        mergeTotals(totals.merged, rows, row);
        tally.addPairs(rows.pairs, rows.pairs.offsets[row]!, rows.pairs.offsets[row + 1]!, remap);
        if (rows.isCapped[row] === 1) isCapped[host] = 1;
      }
      const at = rowBase + columnBase + w * WINDOW_METRICS.length;
      if (hasChanged) {
        tally.measure(totals);
        deriveWindow(totals, features, at);
      } else if (w > 0) {
        features.copyWithin(at, at - WINDOW_METRICS.length, at);
      }
      const behaviourWindow = hasBehaviours ? BEHAVIOUR_WINDOWS.indexOf(WINDOW_NAMES[w]!) : -1;
      if (behaviourWindow >= 0) {
        const first = rowBase + WINDOW_FEATURES.length + behaviourWindow;
        tally.measureBehaviours(BEHAVIOURS, features, first, BEHAVIOUR_WINDOWS.length);
      }
    }
  }
}

function mergeTotals(into: Float64Array, rows: SealedRows, row: number): void {
  const at = row * rows.width;
  for (let m = 0; m < MERGED_COUNT; m++) {
    const value = rows.totals[at + m]!;
    if (!TAKES_MAXIMUM[m]) into[m]! += value;
    else if (value > into[m]!) into[m] = value;
  }
}
