import { rollUpDay } from '../operators/day-rollup.ts';
import { type KnownRows, knownRowsOf } from '../operators/known-rows.ts';
import type { PastDays } from '../operators/lookback.ts';
import { baseOf, type DatedRollup } from '../operators/lookback-base.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import { projectSliceOf } from '../operators/project-slice.ts';
import type { SegmentMapping } from '../operators/segments.ts';
import type { BlockKey, BlockStores } from '../state/window-state.ts';
import type { OpenBlocks } from './open-blocks.ts';

/** Blocks that are not there, or do not open. */
export interface Missing {
  readonly is: 'missing';
  readonly keys: readonly BlockKey[];
}

/** The merged days before a slice's own, for one shard; null where nothing was committed in them. */
export interface PastKeys {
  readonly yesterday: BlockKey | null;
  readonly base: BlockKey | null;
}

export interface Survey {
  readonly is: 'surveyed';
  /** What the project's hosts did together before, of what they did in the longest window. */
  readonly known: KnownRows;
  /** What they did in the mini-batch itself. */
  readonly own: PastSlice;
}

/** The part of the stages that looks back further than windows do. */
export interface LookbackStages {
  /** `earlier` and `past` are of the project's shard, `shards` all shards' rows of the mini-batch. */
  survey(input: {
    key: Pick<BlockKey, 'shard'>;
    current: Pick<PastSlice, 'miniBatchId' | 'sliceEnd'>;
    shards: readonly Pick<PastSlice, 'addresses' | 'roles'>[];
    mapping: SegmentMapping;
    earlier: readonly BlockKey[];
    past: PastKeys;
  }): Promise<Survey | Missing>;
  /** Merges the slices of a day. */
  rollUp(input: { key: BlockKey; slices: readonly BlockKey[] }): Promise<{ readonly is: 'done' } | Missing>;
  /** Merges rolled-up days for the mini-batches of the day that `key` names. */
  mergeDays(input: { key: BlockKey; days: readonly BlockKey[] }): Promise<{ readonly is: 'done' } | Missing>;
}

export function createLookbackStages(stores: BlockStores, blocks: OpenBlocks): LookbackStages {
  return {
    async survey({ current, shards, mapping, earlier, past: pastKeys }) {
      const { found, missing } = await gather(earlier, (key) => blocks.load('project', stores.windows, key));
      const past = await openPast(stores, blocks, pastKeys);
      if (missing.length > 0 || 'keys' in past) return missingOf(missing, past);
      const own = projectSliceOf(current, shards, mapping);
      return { is: 'surveyed', known: knownRowsOf([...found, own], past, current.sliceEnd), own };
    },
    async rollUp({ key, slices }) {
      const kind = typeof key.shard === 'number' ? 'slice' : 'project';
      const { found, missing } = await gather(slices, async (slice): Promise<PastSlice | undefined> => {
        const block = await blocks.read(kind, stores.windows, slice);
        return block && lightened(block);
      });
      if (missing.length > 0) return { is: 'missing', keys: missing };
      await blocks.save('day', stores.days, key, rollUpDay(found));
      return { is: 'done' };
    },
    async mergeDays({ key, days }) {
      const { found, missing } = await gather(days, async (day): Promise<DatedRollup | undefined> => {
        const rollup = await blocks.read('day', stores.days, day);
        return rollup && { day: day.sliceEnd, rollup };
      });
      if (missing.length > 0) return { is: 'missing', keys: missing };
      await blocks.save('base', stores.bases, key, baseOf(found, key.sliceEnd));
      return { is: 'done' };
    },
  };
}

/** Opens the merged days before a slice's own. */
export async function openPast(
  stores: BlockStores,
  blocks: OpenBlocks,
  { yesterday, base }: PastKeys,
): Promise<PastDays | Missing> {
  const day = yesterday && (await blocks.load('day', stores.days, yesterday));
  const merged = base && (await blocks.load('base', stores.bases, base));
  const keys = [...(day === undefined ? [yesterday!] : []), ...(merged === undefined ? [base!] : [])];
  if (day === undefined || merged === undefined) return { is: 'missing', keys };
  return { yesterday: day, base: merged };
}

export const missingOf = (keys: readonly BlockKey[], past: PastDays | Missing): Missing => ({
  is: 'missing',
  keys: [...keys, ...('keys' in past ? past.keys : [])],
});

async function gather<T>(
  keys: readonly BlockKey[],
  load: (key: BlockKey) => Promise<T | undefined>,
): Promise<{ readonly found: T[]; readonly missing: BlockKey[] }> {
  const found: T[] = [];
  const missing: BlockKey[] = [];
  for (const key of keys) {
    const block = await load(key);
    if (block === undefined) missing.push(key);
    else found.push(block);
  }
  return { found, missing };
}

/** Only what a rollup reads: a day of whole blocks would be three times as large. */
function lightened({ miniBatchId, sliceEnd, addresses, roles }: PastSlice): PastSlice {
  const light = ({ hosts, pairs: { offsets, peer, port, sessions } }: PastSlice['roles']['outbound']) => ({
    hosts,
    pairs: { offsets, peer, port, sessions },
  });
  return {
    miniBatchId,
    sliceEnd,
    addresses,
    roles: { outbound: light(roles.outbound), inbound: light(roles.inbound) },
  };
}
