import { calendarOf } from '../operators/calendar.ts';
import type { Lineage } from '../operators/datasets.ts';
import { healthOf } from '../operators/health.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import type { Commit, DatasetOutput } from '../state/commit.ts';
import type { Evidence } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import type { ShardName } from '../state/window-state.ts';
import { advanceMiniBatch } from './advance.ts';
import { type EmitSources, emitShard, surveyProject } from './emit.ts';
import { encodeFgA, encodeSliceRows } from './encode-datasets.ts';
import { daysForManifest, planLookback, projectShard } from './lookback-plan.ts';
import type { MiniBatchDeps, MiniBatchRequest } from './mini-batch-request.ts';
import { attemptOf, type PlannedBatch } from './plan-mini-batch.ts';
import { readMiniBatch, type UnusableContent, type UsableContent } from './read-mini-batch.ts';
import { depsFor } from './scratch-state.ts';
import { sliceOptionsOf } from './slice-plan.ts';
import { committedSlices } from './standing.ts';

/** A mini-batch's outputs, encoded but not written. */
export interface ComputedBatch {
  readonly is: 'computed';
  /** With the state that covers its windows. */
  readonly deps: MiniBatchDeps;
  readonly commit: Commit;
  readonly content: Pick<UsableContent, 'lines' | 'counts' | 'warnings'>;
  /** What the mini-batch leaves behind for the windows of later ones. */
  readonly sealed: readonly Sealed[];
}

/** A block that is sealed once it is known under which manifest. */
export type Sealed = { readonly shard: ShardName } & (
  | { readonly kind: 'slice'; readonly block: SliceBlock }
  | { readonly kind: 'project'; readonly block: PastSlice }
);

/** Computes what was planned. Rejected lines go to quarantine; nothing else is written. */
export async function computeMiniBatch(
  request: MiniBatchRequest,
  planned: PlannedBatch,
): Promise<ComputedBatch | UnusableContent> {
  const { spec, folder } = request;
  const { slice, files, earlier, sources } = planned;
  const attempt = attemptOf(request, planned);
  const deps = await depsFor(planned.deps, spec, slice);
  const lookback = await planLookback(deps.index, spec, slice);
  const content = await readMiniBatch(deps, spec, folder, files);
  if (content.is === 'unusable') return content;
  const { outputs, health, sealed, flows } = await computeDatasets(
    { deps, spec, plan: lookback, earlier },
    slice,
    content,
  );
  const { lines, damaged, empty, counts, warnings } = content;
  const commit: Commit = {
    ...attempt,
    lake: deps.lake,
    outputs,
    evidence: {
      ...sources,
      baseline_refs: [],
      lookback_days: daysForManifest(lookback),
      code_version: deps.codeVersion,
      dq: { lines, flows, damaged_files: damaged, empty_files: empty, ...counts },
      fallbacks: {},
      health,
    },
  };
  return { is: 'computed', deps, commit, content: { lines, counts, warnings }, sealed };
}

interface ComputedDatasets {
  readonly outputs: DatasetOutput[];
  readonly health: Evidence['health'];
  /** Flows that passed the rules of data quality. */
  readonly flows: number;
  /** What the mini-batch leaves behind for later ones. */
  readonly sealed: readonly Sealed[];
}

/** Flows to encoded files. Adds to the content's counts what the slice's own rules met, and lets its flows go. */
async function computeDatasets(
  sources: EmitSources & { readonly deps: MiniBatchDeps },
  slice: SettledSlice,
  { files, counts }: UsableContent,
): Promise<ComputedDatasets> {
  const { deps, spec, plan, earlier } = sources;
  const { miniBatchId, sliceStart, sliceEnd } = slice;
  const options = sliceOptionsOf(spec, slice, deps.shards);
  const { rows, flows, lag } = await advanceMiniBatch(deps, files, options, slice.batchEnd, counts);
  const blocks = rows.shards.map((roles): SliceBlock => ({ miniBatchId, sliceEnd, addresses: rows.addresses, roles }));
  const lineage: Lineage = { miniBatchId, sliceStart, sliceEnd };
  const outputs = await encodeSliceRows(deps, spec, rows, lineage);
  const health = healthOf(sliceEnd, await committedSlices(deps.index, spec, slice, earlier), lag);
  const sealed: Sealed[] = blocks.map((block, shard) => ({ kind: 'slice', shard, block }));
  if (spec.fgA.enabled) {
    const { known, own } = await surveyProject(sources, blocks);
    sealed.push({ kind: 'project', shard: projectShard(spec), block: own });
    const emitted = await mapInOrder(blocks, deps.parallel, (block) =>
      emitShard(sources, blocks.indexOf(block), block, known),
    );
    const calendar = calendarOf(sliceEnd, spec.calendar);
    const ages = { days: plan.projectDays, rules: plan.rules };
    outputs.push(...(await encodeFgA(deps, spec, emitted, lineage, calendar, health, ages)));
  }
  return {
    outputs,
    health: { ...health, event_lag_p95_ms: Number.isNaN(lag) ? null : Math.round(lag) },
    flows,
    sealed,
  };
}
