import type { AddressList } from './address-book.ts';
import { type AddressFacts, factsOf, type PlaceOptions } from './address-facts.ts';
import { carriedOver, mergeLists } from './address-union.ts';
import { type ContactTally, createContactTally } from './contact-tally.ts';
import { SPREAD_METRICS } from './delta-metrics.ts';
import { type AlignedSlice, addTotals, createGatheredRows, type GatheredRows, HOSTS_AT_ONCE } from './gathered-rows.ts';
import { hostAgesOf } from './host-ages.ts';
import { type Lookback, type LookbackRules, ringOf } from './lookback.ts';
import {
  BEHAVIOUR_WINDOWS,
  BEHAVIOURS,
  DIRECTIONS,
  FEATURE_COUNT,
  WINDOW_FEATURES,
  WINDOW_METRICS,
  WINDOW_NAMES,
} from './metrics.ts';
import { createNoveltyMeter, lookbackIdsOf, type NoveltyMeter } from './novelty.ts';
import { dayOf } from './past-rows.ts';
import { type BehaviourMeter, createBehaviourMeter, measurePeers } from './peer-tally.ts';
import type { RoleName } from './role-rows.ts';
import type { SealedRows } from './sealed-rows.ts';
import type { SegmentMapping } from './segments.ts';
import { createSpreadMeter, type SpreadMeter } from './spread.ts';
import { deriveWindow, MERGED_COUNT, NOVELTY_PLACES, type WindowTotals } from './window-values.ts';

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
  /** Whole days since the host's first slice of the lookback. */
  readonly ages: Int32Array;
  /** 1: pair rows were dropped in a block that a window of the host touches. */
  readonly isCapped: Uint8Array;
}

/**
 * Computes every window of the hosts active in `current`, which must be one of `blocks`. `blocks` are those that end in
 * the 24 hours up to the current slice's end and come no later in order; how they are listed does not matter. A window is its
 * blocks merged, host by host; nothing is carried from one emission to the next.
 */
export function windowRowsOf(
  blocks: readonly SliceBlock[],
  current: SliceBlock,
  options: WindowOptions,
  lookback: Lookback,
): WindowRows {
  const newestFirst = [...blocks].sort((a, b) => b.sliceEnd - a.sliceEnd);
  const { list, remaps } = mergeLists(newestFirst.map((block) => block.addresses));
  const facts = factsOf(list, options.places);
  const hosts = activeHosts(current, remaps[newestFirst.indexOf(current)]!);
  const { segmentMapping } = options.places;
  const ids = lookbackIdsOf(list, lookback);
  const aligned = newestFirst.map((block, b) => ({ ...block, remap: remaps[b]! }));
  const ages = hostAgesOf(hosts, list.count, aligned, lookback, ids, current.sliceEnd);
  const features = new Float64Array(new SharedArrayBuffer(hosts.length * FEATURE_COUNT * 8));
  const isCapped = new Uint8Array(hosts.length);
  const meter = createSpreadMeter(facts.segmentCount);
  const tally = createContactTally(facts, options.adminPorts, meter);
  const behaviours = createBehaviourMeter(BEHAVIOURS, facts.segmentCount);
  const totals: WindowTotals = {
    merged: new Float64Array(MERGED_COUNT),
    spread: new Float64Array(SPREAD_METRICS.length),
    highRiskSessions: 0,
    highRiskPeers: 0,
  };
  const scratch = { tally, meter, behaviours, totals, features, isCapped };
  for (const role of DIRECTIONS) {
    const novelty =
      lookback.days < lookback.rules.minDays
        ? undefined
        : createNoveltyMeter(list, facts, segmentMapping, lookback, ids, role, current.sliceEnd);
    const slices = aligned.map((slice) => alignedSlice(slice, role, hosts, current.sliceEnd));
    emitDirection({ slices, role, hosts, ages, rules: lookback.rules }, { ...scratch, novelty });
  }
  return { addresses: list, facts, segmentMapping, hosts, features, ages, isCapped };
}

/** Ids of the hosts of either role, ascending. */
function activeHosts({ roles }: SliceBlock, remap: Uint32Array): Uint32Array {
  const ids = DIRECTIONS.flatMap((role) => Array.from(roles[role].hosts, (host) => remap[host]!));
  return Uint32Array.from(new Set(ids)).sort();
}

function alignedSlice(
  { sliceEnd, roles, remap }: SliceBlock & { readonly remap: Uint32Array },
  role: RoleName,
  hosts: Uint32Array,
  windowsEnd: number,
): AlignedSlice {
  const rows = roles[role];
  const rowOf = new Int32Array(hosts.length).fill(-1);
  // Both ascend.
  for (let row = 0, h = 0; row < rows.hosts.length; row++) {
    const id = remap[rows.hosts[row]!]!;
    while (h < hosts.length && hosts[h]! < id) h++;
    if (h < hosts.length && hosts[h] === id) rowOf[h] = row;
  }
  return {
    rows,
    peerIds: carriedOver(rows.pairs.peer, remap),
    rowOf,
    ring: ringOf(sliceEnd, windowsEnd),
    isToday: sliceEnd >= dayOf(windowsEnd),
  };
}

interface Direction {
  /** Newest first. */
  readonly slices: readonly AlignedSlice[];
  readonly role: RoleName;
  readonly hosts: Uint32Array;
  readonly ages: Int32Array;
  readonly rules: LookbackRules;
}

interface Emission {
  readonly tally: ContactTally;
  readonly meter: SpreadMeter;
  readonly behaviours: BehaviourMeter;
  readonly totals: WindowTotals;
  /** undefined: the project is too young. */
  readonly novelty: NoveltyMeter | undefined;
  readonly features: Float64Array;
  readonly isCapped: Uint8Array;
}

const RINGS = WINDOW_NAMES.length;

function emitDirection({ slices, role, hosts, ages, rules }: Direction, emission: Emission): void {
  const { novelty, features, isCapped } = emission;
  const columnBase = DIRECTIONS.indexOf(role) * RINGS * WINDOW_METRICS.length;
  const gathered = createGatheredRows(slices, RINGS);
  for (let first = 0; first < hosts.length; first += HOSTS_AT_ONCE) {
    const count = Math.min(HOSTS_AT_ONCE, hosts.length - first);
    gathered.gather(first, count);
    for (let i = 0; i < count; i++) {
      const host = first + i;
      const rowBase = host * FEATURE_COUNT;
      const isCompared = novelty !== undefined && ages[host]! >= rules.minDays;
      if (gathered.isCapped[i] === 1) isCapped[host] = 1;
      emitHost(gathered, i, role, emission, rowBase, columnBase, isCompared);
      if (!isCompared) continue;
      novelty.compare(hosts[host]!, emission.tally);
      writeNovelty(novelty, role, features, rowBase, rowBase + columnBase);
    }
  }
}

/** Writes all windows of one gathered host, and leaves what they hold in the tally. */
function emitHost(
  { pairs, starts, todayEnds, totals: ringTotals, isActive }: GatheredRows,
  i: number,
  role: RoleName,
  { tally, meter, behaviours, totals, features }: Emission,
  rowBase: number,
  columnBase: number,
  isCompared: boolean,
): void {
  const todayEnd = todayEnds[i]!;
  let isTodayClosed = false;
  totals.merged.fill(0);
  tally.clear();
  for (let ring = 0; ring < RINGS; ring++) {
    let from = starts[i * (RINGS + 1) + ring]!;
    const to = starts[i * (RINGS + 1) + ring + 1]!;
    if (!isTodayClosed && todayEnd <= to) {
      tally.addPairs(pairs, from, todayEnd);
      tally.closeToday();
      isTodayClosed = true;
      from = todayEnd;
    }
    tally.addPairs(pairs, from, to);
    tally.describePeers();
    const at = rowBase + columnBase + ring * WINDOW_METRICS.length;
    if (isActive[i * RINGS + ring] === 1) {
      addTotals(totals.merged, ringTotals, (i * RINGS + ring) * MERGED_COUNT);
      measurePeers(tally, meter, totals);
      deriveWindow(totals, features, at);
    } else if (ring > 0) {
      features.copyWithin(at, at - WINDOW_METRICS.length, at);
    }
    if (isCompared) tally.closeWindow(ring);
    const behaviourWindow = role === 'outbound' ? BEHAVIOUR_WINDOWS.indexOf(WINDOW_NAMES[ring]!) : -1;
    if (behaviourWindow >= 0) {
      behaviours(tally, features, rowBase + WINDOW_FEATURES.length + behaviourWindow, BEHAVIOUR_WINDOWS.length);
    }
  }
}

const NEW_TO_PROJECT = BEHAVIOURS.findIndex(({ measure }) => measure.is === 'new_to_project');

function writeNovelty(
  novelty: NoveltyMeter,
  role: RoleName,
  features: Float64Array,
  rowBase: number,
  windowsBase: number,
): void {
  for (let window = 0; window < WINDOW_NAMES.length; window++) {
    for (const { place, what } of NOVELTY_PLACES)
      features[windowsBase + window * WINDOW_METRICS.length + place] = novelty.valueOf(what, window);
  }
  if (role !== 'outbound') return;
  BEHAVIOUR_WINDOWS.forEach((name, w) => {
    const at = rowBase + WINDOW_FEATURES.length + NEW_TO_PROJECT * BEHAVIOUR_WINDOWS.length + w;
    features[at] = novelty.valueOf('new_to_project', WINDOW_NAMES.indexOf(name));
  });
}
