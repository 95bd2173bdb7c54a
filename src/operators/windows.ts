import { type AddressList, listOfThose } from './address-book.ts';
import { type AddressFacts, factsOf, type PlaceOptions } from './address-facts.ts';
import { type ContactTally, createContactTally } from './contact-tally.ts';
import {
  type DatedBlocks,
  datedBlocksOf,
  firstSlicesOf,
  noteCapped,
  RINGS,
  type RingSpan,
  spanRings,
} from './dated-blocks.ts';
import { SPREAD_METRICS } from './delta-metrics.ts';
import { createHeldDay, type HeldDay } from './held-day.ts';
import type { HeldRows } from './held-rows.ts';
import { sumsOf } from './held-totals.ts';
import { hostAgesOf } from './host-ages.ts';
import type { Lookback, LookbackRules } from './lookback.ts';
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
import { type BehaviourMeter, createBehaviourMeter, measurePeers } from './peer-tally.ts';
import type { RoleName } from './role-rows.ts';
import { createRooms } from './rooms.ts';
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
  const day = createHeldDay(options.places, createRooms());
  day.update(
    new Set(),
    blocks.map((block, place) => ({ name: String(place), block })),
  );
  return windowRowsOfDay(day, current, options, lookback);
}

/** As `windowRowsOf`, over the blocks that a day holds. `options.places` must be those of the day. */
export function windowRowsOfDay(
  day: HeldDay,
  current: SliceBlock,
  options: WindowOptions,
  lookback: Lookback,
): WindowRows {
  const { list, facts: lastingFacts } = day.addresses;
  const addresses = hostsOf(current);
  const count = addresses.count;
  const ids = day.addresses.find(addresses);
  const placeOf = new Int32Array(list.count).fill(-1);
  ids.forEach((id, host) => {
    placeOf[id] = host;
  });
  const { segmentMapping } = options.places;
  const lookbackIds = lookbackIdsOf(day.addresses, lookback);
  const { sliceEnd } = current;
  const dated = datedBlocksOf(day, sliceEnd);
  const ages = hostAgesOf(firstSlicesOf(day, ids, dated), ids, list.count, lookback, lookbackIds, sliceEnd);
  const features = new Float64Array(new SharedArrayBuffer(count * FEATURE_COUNT * 8));
  const isCapped = new Uint8Array(count);
  const meter = createSpreadMeter(0);
  const tally = createContactTally(lastingFacts, options.adminPorts, meter);
  const behaviours = createBehaviourMeter(BEHAVIOURS);
  const scratch = { tally, meter, behaviours, totals: emptyTotals(), features };
  for (const role of DIRECTIONS) {
    const novelty =
      lookback.days < lookback.rules.minDays
        ? undefined
        : createNoveltyMeter(list, lastingFacts, segmentMapping, lookback, lookbackIds, role, sliceEnd);
    const ringed = day.totals(role, sliceEnd);
    const sums = sumsOf(ringed, placeOf, count, RINGS);
    noteCapped(ringed, placeOf, isCapped);
    emitDirection(
      { rows: day.rows[role], dated, sums, role, ids, ages, rules: lookback.rules },
      { ...scratch, novelty },
    );
  }
  const hosts = Uint32Array.from({ length: count }, (_, host) => host);
  return { addresses, facts: factsOf(addresses, options.places), segmentMapping, hosts, features, ages, isCapped };
}

const emptyTotals = (): WindowTotals => ({
  merged: new Float64Array(MERGED_COUNT),
  spread: new Float64Array(SPREAD_METRICS.length),
  highRiskSessions: 0,
  highRiskPeers: 0,
});

/** The hosts of either role; they stand in the order of the block's list. */
function hostsOf({ addresses, roles }: SliceBlock): AddressList {
  const isHost = new Uint8Array(addresses.count);
  for (const role of DIRECTIONS) for (const id of roles[role].hosts) isHost[id] = 1;
  return listOfThose(addresses, isHost);
}

interface Direction {
  readonly rows: HeldRows;
  readonly dated: DatedBlocks;
  /** Of merged metrics, by host, window and metric. */
  readonly sums: Float64Array;
  readonly role: RoleName;
  /** Lasting ids of the active hosts. */
  readonly ids: Int32Array;
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
}

function emitDirection(direction: Direction, emission: Emission): void {
  const { rows, dated, role, ids, ages, rules } = direction;
  const { novelty, features } = emission;
  const columnBase = DIRECTIONS.indexOf(role) * RINGS * WINDOW_METRICS.length;
  const span = { ends: new Uint32Array(RINGS), isActive: new Uint8Array(RINGS), start: 0, todayEnd: 0 };
  for (let host = 0; host < ids.length; host++) {
    const place = rows.placeOf[ids[host]!]!;
    // Silent all day: every value is 0.
    if (place < 0) continue;
    const rowBase = host * FEATURE_COUNT;
    const isCompared = novelty !== undefined && ages[host]! >= rules.minDays;
    spanRings(rows, place, dated, span);
    emitHost(direction, host, span, emission, rowBase, columnBase, isCompared);
    if (!isCompared) continue;
    novelty.compare(ids[host]!, emission.tally);
    writeNovelty(novelty, role, features, rowBase, rowBase + columnBase);
  }
}

/** Writes all windows of one host, and leaves what they hold in the tally. */
function emitHost(
  { rows: { pairs }, sums, role }: Direction,
  host: number,
  { start, todayEnd, ends, isActive }: RingSpan,
  { tally, meter, behaviours, totals, features }: Emission,
  rowBase: number,
  columnBase: number,
  isCompared: boolean,
): void {
  const hasBehaviours = role === 'outbound';
  let isTodayClosed = false;
  let from = start;
  tally.clear();
  for (let ring = 0; ring < RINGS; ring++) {
    const to = ends[ring]!;
    if (isCompared && !isTodayClosed && todayEnd <= to) {
      tally.addPairs(pairs, from, todayEnd, hasBehaviours, true);
      tally.closeToday();
      isTodayClosed = true;
      from = todayEnd;
    }
    tally.addPairs(pairs, from, to, hasBehaviours, isCompared);
    from = to;
    tally.describePeers();
    const at = rowBase + columnBase + ring * WINDOW_METRICS.length;
    if (isActive[ring] === 1) {
      const sumsAt = (host * RINGS + ring) * MERGED_COUNT;
      for (let m = 0; m < MERGED_COUNT; m++) totals.merged[m] = sums[sumsAt + m]!;
      measurePeers(tally, meter, totals);
      deriveWindow(totals, features, at);
    } else if (ring > 0) {
      features.copyWithin(at, at - WINDOW_METRICS.length, at);
    }
    if (isCompared) tally.closeWindow(ring);
    const behaviourWindow = hasBehaviours ? BEHAVIOUR_WINDOWS.indexOf(WINDOW_NAMES[ring]!) : -1;
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
