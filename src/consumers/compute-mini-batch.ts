import { calendarOf } from '../operators/calendar.ts';
import type { Lineage } from '../operators/datasets.ts';
import type { FgCRows } from '../operators/deviations.ts';
import { orderHosts } from '../operators/fg-a.ts';
import { healthOf } from '../operators/health.ts';
import { type TimedRows, timedRowsOf } from '../operators/pair-timings.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import type { Commit, DatasetOutput } from '../state/commit.ts';
import { type Evidence, readManifest } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import type { ShardName } from '../state/window-state.ts';
import { advanceMiniBatch } from './advance.ts';
import { type BaselinePlan, planBaselines, refsForManifest } from './baseline-plan.ts';
import { deviateFrom } from './deviate.ts';
import { type EmitSources, emitShard, surveyProject } from './emit.ts';
import { encodeFgA, encodeFgC, encodeSliceRows } from './encode-datasets.ts';
import { findBeacons } from './find-beacons.ts';
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
  | { readonly kind: 'slice'; readonly block: SliceBlock; readonly timed: TimedRows }
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
  const { timed } = deps.watch;
  const { lookback, baselines } = await timed('lookback', async () => ({
    lookback: await planLookback(deps.index, spec, slice),
    baselines: await planBaselines(deps.baselines, spec, slice, await standingRefs(planned)),
  }));
  const content = await timed('read', () => readMiniBatch(deps, spec, folder, files));
  if (content.is === 'unusable') return content;
  const { outputs, health, sealed, flows, fallbacks } = await computeDatasets(
    { deps, spec, plan: lookback, earlier, baselines },
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
      baseline_refs: refsForManifest(baselines),
      lookback_days: daysForManifest(lookback),
      code_version: deps.codeVersion,
      dq: { lines, flows, damaged_files: damaged, empty_files: empty, ...counts },
      fallbacks,
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
  readonly fallbacks: Evidence['fallbacks'];
}

/** Flows to encoded files. Adds to the content's counts what the slice's own rules met, and lets its flows go. */
async function computeDatasets(
  sources: EmitSources & { readonly deps: MiniBatchDeps; readonly baselines: BaselinePlan },
  slice: SettledSlice,
  { files, counts }: UsableContent,
): Promise<ComputedDatasets> {
  const { deps, spec, plan, earlier } = sources;
  const { timed } = deps.watch;
  const { miniBatchId, sliceStart, sliceEnd } = slice;
  const options = sliceOptionsOf(spec, slice, deps.shards);
  const lineage: Lineage = { miniBatchId, sliceStart, sliceEnd };
  const { rows, flows, lag, outputs } = await timed('advance', async () => {
    const advanced = await advanceMiniBatch(deps, files, options, slice.batchEnd, counts);
    return { ...advanced, outputs: await encodeSliceRows(deps, spec, advanced.rows, lineage) };
  });
  const blocks = rows.shards.map((roles): SliceBlock => ({ miniBatchId, sliceEnd, addresses: rows.addresses, roles }));
  const health = healthOf(sliceEnd, await committedSlices(deps.index, spec, slice, earlier), lag);
  const timings = rows.shards.map(({ outbound }) => timedRowsOf(outbound));
  const sealed: Sealed[] = blocks.map((block, shard) => ({ kind: 'slice', shard, block, timed: timings[shard]! }));
  const fallbacks: Record<string, number> = {};
  if (spec.fgA.enabled) {
    const { chosen } = sources.baselines;
    const beaconInputs =
      chosen.length === 0 ? [] : timings.map((own) => ({ timed: own, infrastructure: spec.infrastructure }));
    const calendar = calendarOf(sliceEnd, spec.calendar);
    const { emitted, order } = await timed('emit', async () => {
      const { known, own } = await surveyProject(sources, blocks);
      sealed.push({ kind: 'project', shard: projectShard(spec), block: own });
      const emitted = await mapInOrder(blocks, deps.parallel, (block) => {
        const shard = blocks.indexOf(block);
        return emitShard(sources, shard, block, known, beaconInputs[shard]);
      });
      const order = orderHosts(emitted.map(({ windows }) => windows));
      const ages = { days: plan.projectDays, rules: plan.rules };
      outputs.push(...(await encodeFgA(deps, spec, emitted, order, lineage, calendar, health, ages)));
      return { emitted, order };
    });
    const deviate = async (): Promise<void> => {
      const found = emitted.map(({ beacons }) => beacons!);
      const beacons = await findBeacons(sources, found, sliceEnd);
      for (const publication of chosen) {
        const rows = await deviateFrom(sources, publication, emitted, beacons, calendar.time_band);
        outputs.push(await encodeFgC(deps, spec, rows, order, lineage, publication, calendar.time_band));
        addFallbacks(fallbacks, rows);
      }
    };
    if (chosen.length > 0) await timed('deviate', deviate);
  }
  return {
    outputs,
    health: { ...health, event_lag_p95_ms: Number.isNaN(lag) ? null : Math.round(lag) },
    flows,
    sealed,
    fallbacks,
  };
}

/** Adds up what the rows of a horizon fell back on; a reason that none had is not listed. */
function addFallbacks(sums: Record<string, number>, rows: readonly FgCRows[]): void {
  for (const { fallbacks } of rows)
    for (const [reason, count] of Object.entries(fallbacks)) if (count > 0) sums[reason] = (sums[reason] ?? 0) + count;
}

/** The baselines that the committed revision is compared with; none where nothing is committed, or nothing can be read of it. */
async function standingRefs({ deps, before }: PlannedBatch): Promise<readonly string[]> {
  const ref = before?.manifest ?? null;
  const manifest = ref === null ? undefined : await readManifest(deps.lake, ref).catch(() => undefined);
  return manifest?.baseline_refs ?? [];
}
