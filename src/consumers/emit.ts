import type { BatchSpec } from '../config/batch-spec.ts';
import type { KnownRows } from '../operators/known-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import type { BlockKey, BlockStores, ShardName } from '../state/window-state.ts';
import type { BeaconInput } from './beacon-stages.ts';
import { type LookbackPlan, partsOf, pastKeysOf, projectShard } from './lookback-plan.ts';
import type { Missing, PastKeys, Survey } from './lookback-stages.ts';
import type { MiniBatchWatch } from './mini-batch-watch.ts';
import { rebuildState } from './rebuild-state.ts';
import { windowOptionsOf } from './slice-plan.ts';
import type { EmittedRows } from './stages.ts';
import type { WorkPool } from './work-pool.ts';

/** What the rows of a mini-batch are computed from, beside its own slice. */
export interface EmitSources {
  readonly deps: {
    readonly lake: Lake;
    readonly index: BatchIndex;
    readonly stores: BlockStores;
    readonly pool: WorkPool;
    readonly shards: number;
    readonly watch: Pick<MiniBatchWatch, 'rebuilt'>;
  };
  readonly spec: BatchSpec;
  readonly plan: LookbackPlan;
  /** Mini-batches of the 24 hours up to the slice that come before it in order. */
  readonly earlier: readonly CommittedBatch[];
}

const REBUILD_TRIES = 3;

/** Names the block of a mini-batch and shard. */
export const keyOf = (
  { shards }: Pick<EmitSources['deps'], 'shards'>,
  spec: Pick<BatchSpec, 'project' | 'featureSpecVersion'>,
  shard: ShardName,
  { sliceEnd, miniBatchId, manifest }: Pick<CommittedBatch, 'sliceEnd' | 'miniBatchId' | 'manifest'>,
): BlockKey => ({
  project: spec.project,
  version: spec.featureSpecVersion,
  shards,
  shard,
  sliceEnd,
  miniBatchId,
  manifest: manifest.sha256,
});

const keysOf = (sources: EmitSources, shard: ShardName) => ({
  earlier: sources.earlier.map((batch) => keyOf(sources.deps, sources.spec, shard, batch)),
  past: pastKeysOfShard(sources, shard),
});

export const pastKeysOfShard = ({ deps, spec, plan }: EmitSources, shard: ShardName): PastKeys =>
  pastKeysOf(plan, { project: spec.project, version: spec.featureSpecVersion, shards: deps.shards, shard });

/** What all hosts of the project did together, in the mini-batch and before. `blocks`: all shards of the mini-batch. */
export function surveyProject(sources: EmitSources, blocks: readonly SliceBlock[]): Promise<Survey> {
  const { deps, spec } = sources;
  const shard = projectShard(spec);
  const { miniBatchId, sliceEnd } = blocks[0]!;
  const input = {
    key: { shard },
    current: { miniBatchId, sliceEnd },
    shards: blocks,
    mapping: spec.segmentMapping,
    ...keysOf(sources, shard),
  };
  return untilThere(sources, () => deps.pool.survey(input));
}

/** The rows of one shard. `current` is its block of the mini-batch. Beacons are looked for where there is input for them. */
export function emitShard(
  sources: EmitSources,
  shard: number,
  current: SliceBlock,
  known: KnownRows,
  beacons: BeaconInput | null = null,
): Promise<EmittedRows> {
  const { deps, spec, plan } = sources;
  const lookback = { known, days: plan.projectDays, rules: plan.rules };
  const input = { shard, current, options: windowOptionsOf(spec), lookback, beacons, ...keysOf(sources, shard) };
  return untilThere(sources, () => deps.pool.emit(input));
}

/** Asks until nothing is missing; what is gets merged, or rebuilt from the lake. */
export async function untilThere<T extends { readonly is: string }>(
  sources: EmitSources,
  ask: () => Promise<T | Missing>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask();
    if (answer.is !== 'missing') return answer as T;
    const { keys } = answer as Missing;
    if (attempt === REBUILD_TRIES) {
      const names = keys.map(({ miniBatchId }) => miniBatchId).join(', ');
      throw new Error(`window state of ${names} could not be rebuilt from the lake; was it committed anew meanwhile?`);
    }
    await putBack(sources, keys);
  }
}

async function putBack(sources: EmitSources, missing: readonly BlockKey[]): Promise<void> {
  const { deps, spec, plan } = sources;
  const ofMiniBatches: BlockKey[] = [];
  for (const key of missing) {
    const parts = partsOf(plan, key);
    if (parts === undefined) ofMiniBatches.push(key);
    else if ('days' in parts) await untilThere(sources, () => deps.pool.mergeDays({ key, days: parts.days }));
    else {
      const slices = parts.batches.map((batch) => keyOf(deps, spec, key.shard, batch));
      await untilThere(sources, () => deps.pool.rollUp({ key, slices }));
    }
  }
  const rebuilt = await rebuildState(ofMiniBatches, deps, spec);
  if (rebuilt > 0) deps.watch.rebuilt({ project: spec.project, version: spec.featureSpecVersion }, rebuilt);
}
