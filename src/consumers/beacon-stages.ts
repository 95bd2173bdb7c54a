import type { AddressList } from '../operators/address-book.ts';
import { shardBeaconsOf } from '../operators/beacon-candidates.ts';
import type { ShardBeacons } from '../operators/beacon-rows.ts';
import type { HeldDay } from '../operators/held-day.ts';
import type { Lookback } from '../operators/lookback.ts';
import { type PairTimings, pairTimingsOf, type TimedRows } from '../operators/pair-timings.ts';
import type { SegmentMapping } from '../operators/segments.ts';
import { establishedPeers, youngPairsBy } from '../operators/week-old-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { BlockKey, BlockStores } from '../state/window-state.ts';
import { OWN } from './held-days.ts';
import { type Missing, missingOf, openPast, type PastKeys } from './lookback-stages.ts';
import { nameOfBlock, type OpenBlocks } from './open-blocks.ts';

/** What beacons of a shard are looked for with, beside what its windows read. */
export interface BeaconInput {
  /** The mini-batch's own outbound rows. */
  readonly timed: TimedRows;
  readonly infrastructure: readonly string[];
}

/** The part of the stages that looks for beacons. */
export interface BeaconStages {
  /** Which of some peers the project has known for a week. `past` is of the project's shard. */
  establish(input: {
    key: Pick<BlockKey, 'shard'>;
    past: PastKeys;
    peers: AddressList;
    sliceEnd: number;
  }): Promise<{ readonly is: 'established'; readonly peers: Uint8Array } | Missing>;
}

export function createBeaconStages(stores: BlockStores, blocks: OpenBlocks): BeaconStages {
  return {
    async establish({ past: pastKeys, peers, sliceEnd }) {
      const past = await openPast(stores, blocks, { yesterday: null, base: pastKeys.base });
      if ('keys' in past) return missingOf([], past);
      return { is: 'established', peers: establishedPeers(past.base, peers, sliceEnd) };
    },
  };
}

/** Timings by the names that their blocks have in a held day. */
export type DayTimings = Map<string, PairTimings>;

/** Opens the timings of sealed blocks. */
export async function openTimings(
  stores: Pick<BlockStores, 'timings'>,
  blocks: OpenBlocks,
  keys: readonly BlockKey[],
): Promise<DayTimings | readonly BlockKey[]> {
  const timings: DayTimings = new Map();
  const missing: BlockKey[] = [];
  for (const key of keys) {
    const block = await blocks.load('timings', stores.timings, key);
    if (block === undefined) missing.push(key);
    else timings.set(nameOfBlock('slice', key), block);
  }
  return missing.length > 0 ? missing : timings;
}

/**
 * Looks for beacons in a day that holds the mini-batch's own block.
 *
 * @param current that block as it came, whose ids those of the timed rows are.
 * @param hosts in the order of its window rows.
 */
export function findShardBeacons(
  day: HeldDay,
  sealed: DayTimings,
  current: SliceBlock,
  hosts: AddressList,
  { timed, infrastructure }: BeaconInput,
  { base, days }: Pick<Lookback, 'base' | 'days'>,
  segmentMapping: SegmentMapping,
): ShardBeacons {
  const { sliceEnd } = current;
  const timings = new Map(sealed).set(OWN, pairTimingsOf(current, timed));
  const places = { segmentMapping, infrastructure };
  return shardBeaconsOf({ day, timings, hosts, sliceEnd, places, isYoung: youngPairsBy(base, days, sliceEnd) });
}
