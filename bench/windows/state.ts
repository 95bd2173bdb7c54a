// The state of a home that has run for a month, written directly: blocks of 24 hours, yesterday's rollup, the lookback's base.

import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from '../../src/consumers/emit.ts';
import { type LookbackPlan, pastKeysOf, planLookback, projectShard } from '../../src/consumers/lookback-plan.ts';
import { earlierOf } from '../../src/consumers/standing.ts';
import { SLICE_MS } from '../../src/operators/metrics.ts';
import { pairTimingsOf, type TimedRows } from '../../src/operators/pair-timings.ts';
import { compactBlock } from '../../src/operators/sealed-rows.ts';
import { DAY_MS } from '../../src/operators/time.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { type BatchIndex, type CommittedBatch, openBatchIndex } from '../../src/state/batch-index.ts';
import type { BatchItem, SettledSlice } from '../../src/state/batch-item.ts';
import { encodeBlock } from '../../src/state/block-codec.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { mapInOrder } from '../../src/state/map-in-order.ts';
import { openDirectoryBlockStores } from '../../src/state/window-state/directory.ts';
import type { BlockStores } from '../../src/state/window-state.ts';
import { SLICE_END_MS } from '../ingest/traffic.ts';
import { compactBase, compactDay } from './compact.ts';
import { SPEC } from './spec.ts';
import { createTogether } from './together.ts';
import { shardTraffic } from './traffic.ts';
import { SHARDS, type World, worldOf } from './world.ts';

/** Raised whenever the state would come out different, so that one of an earlier shape is not used. */
const SHAPE = 6;
const PAST_DAYS = 31;
const SLICES_OF_DAY = 96;
const ITEMS_AT_ONCE = 16;
const CURRENT = '20260302T1040';

/** The mini-batch whose windows are measured. */
export const CURRENT_SLICE: SettledSlice = {
  miniBatchId: CURRENT,
  ts: SLICE_END_MS,
  sliceStart: SLICE_END_MS - SLICE_MS,
  sliceEnd: SLICE_END_MS,
  batchStart: SLICE_END_MS - SLICE_MS,
  batchEnd: SLICE_END_MS,
  source: 'id_pattern',
  path: 'unused',
};

export interface Prepared {
  readonly stores: BlockStores;
  readonly index: BatchIndex;
  readonly plan: LookbackPlan;
  readonly earlier: readonly CommittedBatch[];
  /** The mini-batch before the one that is measured, and what its windows cover. */
  readonly before: { readonly batch: CommittedBatch; readonly earlier: readonly CommittedBatch[] };
}

/** Folder of the state of so many hosts that draw so many sessions a slice. Written once and reused. */
export async function preparedState(root: string, hosts: number, draws: number, seconds: (what: string) => void) {
  const folder = join(root, `windows-${SHAPE}-${hosts}-${draws}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  const world = worldOf(hosts, draws);
  await writeItems(partial);
  seconds('index items');
  const prepared = await openPrepared(partial);
  const together = createTogether(world);
  for (let shard = 0; shard < SHARDS; shard++) {
    await writeShard(prepared, world, shard, together.add);
    seconds(`shard ${shard + 1} of ${SHARDS}`);
  }
  await writeTogether(prepared, together);
  await writeFile(join(partial, 'state-bytes.json'), JSON.stringify(await bytesBelow(partial)));
  await rename(partial, folder);
  return folder;
}

export async function openPrepared(folder: string): Promise<Prepared> {
  const stores = openDirectoryBlockStores(folder);
  const index = openBatchIndex(await openDirectoryItems(join(folder, 'items')));
  const plan = await planLookback(index, SPEC, CURRENT_SLICE);
  const earlier = await earlierOf(index, SPEC, CURRENT_SLICE);
  const batch = earlier.reduce((newest, one) => (one.sliceEnd > newest.sliceEnd ? one : newest));
  const { miniBatchId, sliceEnd } = batch;
  const before = { batch, earlier: await earlierOf(index, SPEC, { ...CURRENT_SLICE, miniBatchId, sliceEnd }) };
  return { stores, index, plan, earlier, before };
}

/** Block of the current slice for each shard, as `advance` would have made it. */
export const currentKey = (shard: number) =>
  keyOf({ shards: SHARDS }, SPEC, shard, {
    ...CURRENT_SLICE,
    sliceEnd: CURRENT_SLICE.sliceEnd,
    manifest: { path: 'unused', sha256: '0'.repeat(64) },
  });

async function writeItems(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const index = openBatchIndex(await openDirectoryItems(join(folder, 'items')));
  const ends = Array.from({ length: PAST_DAYS * SLICES_OF_DAY }, (_, n) => SLICE_END_MS - (n + 1) * SLICE_MS);
  await mapInOrder(ends, ITEMS_AT_ONCE, async (sliceEnd) => {
    const miniBatchId = new Date(sliceEnd + 120_000).toISOString().replace(/[-:]|\.\d+Z/g, '');
    const slice = { ...CURRENT_SLICE, miniBatchId, ts: sliceEnd, sliceStart: sliceEnd - SLICE_MS, sliceEnd };
    const digest = Buffer.from(miniBatchId.padEnd(32, '0')).toString('hex');
    const batch: BatchItem = {
      miniBatchId,
      state: 'committed',
      revision: 1,
      sliceEnd,
      attemptToken: miniBatchId,
      manifest: { path: `unused/${miniBatchId}`, sha256: digest },
      inputs: {},
      committedAt: sliceEnd,
      failure: null,
      superseded: [],
      sweptRevision: 1,
      windowContent: digest.slice(0, 16),
      readFrom: '',
      standsOn: digest.slice(0, 16),
      affected: null,
    };
    await index.settle(SPEC.project, { ...slice, batchStart: slice.sliceStart, batchEnd: sliceEnd });
    await index.enterRange(SPEC.project, SPEC.featureSpecVersion, batch, sliceEnd);
    await index.record(SPEC.project, SPEC.featureSpecVersion, batch, undefined);
  });
}

async function writeShard(
  { stores, plan, earlier, before }: Prepared,
  world: World,
  shard: number,
  addTogether: (block: SliceBlock) => void,
): Promise<void> {
  const traffic = shardTraffic(world, shard);
  // The slice that the windows of the mini-batch before reach, and those of the measured one do not.
  const last = before.earlier.filter(({ sliceEnd }) => earlier.every((one) => one.sliceEnd !== sliceEnd));
  const batches = [...earlier, ...last];
  const [current, ...blocks] = traffic.slices([CURRENT_SLICE, ...batches]);
  await stores.windows.put(currentKey(shard), encodeBlock('slice', compactBlock(current!)));
  for (const [n, block] of blocks.entries()) {
    const key = keyOf({ shards: SHARDS }, SPEC, shard, batches[n]!);
    addTogether(block);
    await stores.windows.put(key, encodeBlock('slice', compactBlock(block)));
    await stores.timings.put(key, encodeBlock('timings', pairTimingsOf(block, timedOf(block))));
  }
  const keys = pastKeysOf(plan, { project: SPEC.project, version: SPEC.featureSpecVersion, shards: SHARDS, shard });
  await stores.days.put(keys.yesterday!, encodeBlock('day', compactDay(traffic.day(plan.today - DAY_MS))));
  await stores.bases.put(keys.base!, encodeBlock('base', compactBase(traffic.base(plan.today))));
}

/** One start a pair and slice, five minutes before its end. */
function timedOf({ sliceEnd, roles: { outbound } }: SliceBlock): TimedRows {
  const { hosts, pairs } = outbound;
  const rows = pairs.offsets.at(-1)!;
  const firstEvent = new Float64Array(rows).fill(sliceEnd - 300_000);
  const starts = { offsets: new Uint32Array(rows + 1), values: new Float64Array(0) };
  const maxDuration = new Float64Array(rows).fill(1_500);
  return { hosts, pairs: { offsets: pairs.offsets, firstEvent, starts, maxDuration } };
}

async function writeTogether(
  { stores, plan, earlier, before }: Prepared,
  together: ReturnType<typeof createTogether>,
): Promise<void> {
  const shard = projectShard(SPEC);
  for (const batch of new Set([...earlier, ...before.earlier])) {
    const block = together.slice(batch.miniBatchId, batch.sliceEnd);
    await stores.windows.put(keyOf({ shards: SHARDS }, SPEC, shard, batch), encodeBlock('project', block));
  }
  const keys = pastKeysOf(plan, { project: SPEC.project, version: SPEC.featureSpecVersion, shards: SHARDS, shard });
  await stores.days.put(keys.yesterday!, encodeBlock('day', together.day(plan.today - DAY_MS)));
  await stores.bases.put(keys.base!, encodeBlock('base', together.base(plan.today)));
}

/** Bytes of the files below each folder of the state. */
async function bytesBelow(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const place of ['windows', 'lookback/days', 'lookback/bases', 'items']) {
    const files = await readdir(join(folder, place), { recursive: true, withFileTypes: true });
    let sum = 0;
    for (const file of files) if (file.isFile()) sum += (await stat(join(file.parentPath, file.name))).size;
    sizes[place] = sum;
  }
  return sizes;
}
