import { randomUUID } from 'node:crypto';
import type { BatchSpec } from '../config/batch-spec.ts';
import type { SliceRules } from '../config/slice-time.ts';
import { calendarOf } from '../operators/calendar.ts';
import type { Lineage } from '../operators/datasets.ts';
import { healthOf } from '../operators/health.ts';
import { DAY_MS, dayOf, LOOKBACK_DAYS, type PastSlice } from '../operators/past-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import { type BatchItem, basisOf, type SettledSlice } from '../state/batch-item.ts';
import { type Attempt, type Commit, commitBatch, type DatasetOutput, failBatch } from '../state/commit.ts';
import type { Lake } from '../state/lake.ts';
import type { Evidence, InputObject } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { quarantineBatch } from '../state/quarantine.ts';
import { etagOf, listRawFiles, type RawFile } from '../state/raw-files.ts';
import type { BlockStores, ShardName } from '../state/window-state.ts';
import { advanceMiniBatch } from './advance.ts';
import { markLater } from './affected.ts';
import { type EmitSources, emitShard, keyOf, surveyProject } from './emit.ts';
import { encodeFgA, encodeSliceRows } from './encode-datasets.ts';
import { rejectedOf } from './input-faults.ts';
import { daysForManifest, planLookback, projectShard } from './lookback-plan.ts';
import type { CommittedOutcome, MiniBatchOutcome } from './outcome.ts';
import {
  type InputLimits,
  maxEventEndOf,
  readMiniBatch,
  type UnusableContent,
  type UsableContent,
} from './read-mini-batch.ts';
import { depsFor, type StateDeps } from './scratch-state.ts';
import { type MiniBatchFolder, settleMiniBatch } from './settle-slice.ts';
import { sliceOptionsOf } from './slice-plan.ts';
import { committedSlices, earlierOf, isReadFrom, type Sources, standsAsBefore, windowInputsOf } from './standing.ts';
import type { WorkPool } from './work-pool.ts';

/** What the way of a mini-batch stands on. */
export interface MiniBatchDeps {
  readonly lake: Lake;
  readonly quarantine: Lake;
  readonly index: BatchIndex;
  readonly stores: BlockStores;
  readonly pool: WorkPool;
  readonly shards: number;
  /** Work that may be under way at once. */
  readonly parallel: number;
  readonly limits: InputLimits;
  /** Slices behind the newest that window state keeps. */
  readonly keepMs: number;
  /** A state of its own for what the live one no longer covers; the same one at every call. */
  readonly scratch: () => StateDeps;
  readonly codeVersion: string;
  /** ms UTC. */
  readonly clock: () => number;
}

export interface MiniBatchRequest {
  readonly spec: BatchSpec;
  readonly folder: MiniBatchFolder;
  readonly sliceRules: Omit<SliceRules, 'now'>;
  /** Settles the slice anew, ms UTC. */
  readonly at?: number | null;
  /** Leaves a mini-batch of which only the windows changed to whoever publishes affected ones again. */
  readonly leavesAffected?: boolean;
}

/** Settles the slice of a mini-batch without computing it, so that many can be put in order. */
export async function settle(
  deps: MiniBatchDeps,
  request: MiniBatchRequest,
): Promise<SettledSlice | { readonly fault: string }> {
  const { spec, folder, sliceRules, at = null } = request;
  const files = await listRawFiles(folder.path);
  const outcome = await settleMiniBatch(
    deps.index,
    spec.project,
    folder,
    { ...sliceRules, now: deps.clock() },
    { files, maxEventEnd: (from, to) => maxEventEndOf(deps, spec, files, from, to) },
    at,
  );
  return outcome.is === 'settled' ? outcome.slice : { fault: outcome.why };
}

/**
 * Takes one mini-batch the whole way: raw files → flows → delta, pairs → windows → files → commit. Run again on the same
 * inputs it changes nothing; killed at any point it leaves nothing that a reader would see. Throws where it may go well the
 * next time.
 */
export async function runMiniBatch(deps: MiniBatchDeps, request: MiniBatchRequest): Promise<MiniBatchOutcome> {
  const planned = await planMiniBatch(deps, request);
  if ('fault' in planned) return poison(deps, request, planned.fault);
  const { before, slice, sources } = planned;
  const isStale = before === undefined || !standsAsBefore(before, sources);
  const isToSkip = before !== undefined && (!isStale || request.leavesAffected === true);
  if (isToSkip && (await isReadFrom(deps.lake, before, slice, sources))) {
    const { project, featureSpecVersion: version } = request.spec;
    await deps.index.enterRange(project, version, before);
    // What was marked for nothing is as it should be.
    if (!isStale && before.affected !== null)
      await deps.index.record(project, version, { ...before, affected: null }, before);
    const why = isStale
      ? 'only its windows changed since, for which it is published again by itself'
      : 'its committed revision was computed from the same inputs';
    return { is: 'skipped', miniBatchId: slice.miniBatchId, sliceEnd: slice.sliceEnd, revision: before.revision, why };
  }
  const computed = await computeMiniBatch(request, planned);
  if (computed.is === 'unusable') {
    await failBatch({ ...attemptOf(request, planned), reason: computed.why });
    return poison(deps, request, computed.why, computed.dq);
  }
  return publishMiniBatch(request, planned, computed);
}

/** A mini-batch with all that decides its outputs, looked up but not read. */
export interface PlannedBatch {
  readonly deps: MiniBatchDeps;
  readonly slice: SettledSlice;
  readonly files: readonly RawFile[];
  /** What the index said before anything else was looked at. */
  readonly before: BatchItem | undefined;
  readonly earlier: readonly CommittedBatch[];
  readonly sources: Sources;
}

/** Settles the slice and looks up what the mini-batch would be computed from now. */
export async function planMiniBatch(
  deps: MiniBatchDeps,
  request: MiniBatchRequest,
): Promise<PlannedBatch | { readonly fault: string }> {
  const { spec, folder } = request;
  const slice = await settle(deps, request);
  if ('fault' in slice) return slice;
  const files = await listRawFiles(folder.path);
  const before = await deps.index.batch(spec.project, spec.featureSpecVersion, folder.miniBatchId);
  const earlier = await earlierOf(deps.index, spec, slice);
  const sources: Sources = {
    inputs: await mapInOrder(files, deps.parallel, inputOf),
    window_inputs: windowInputsOf(earlier),
    spec_digests: spec.digests,
  };
  return { deps, slice, files, before, earlier, sources };
}

const attemptOf = ({ spec }: MiniBatchRequest, { deps, slice, before }: PlannedBatch): Attempt => ({
  index: deps.index,
  project: spec.project,
  version: spec.featureSpecVersion,
  slice,
  since: basisOf(before),
  attemptToken: randomUUID(),
  nowMs: deps.clock(),
});

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
type Sealed = { readonly shard: ShardName } & (
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

/** Commits what was computed, keeps it for later windows, and marks what it makes stale. */
export async function publishMiniBatch(
  { spec }: MiniBatchRequest,
  { slice, before }: PlannedBatch,
  { deps, commit, content, sealed }: ComputedBatch,
): Promise<CommittedOutcome> {
  const { project, featureSpecVersion: version } = spec;
  const { miniBatchId, sliceEnd } = slice;
  const outcome = await commitBatch(commit);
  if (outcome.is === 'lost') {
    throw new Error(
      `mini-batch ${miniBatchId} of project ${project}: another run committed revision ${outcome.to.revision}, or changed ` +
        'what its windows cover, meanwhile; run it again to compare',
    );
  }
  const now = await deps.index.batch(project, version, miniBatchId);
  const isNews = now !== undefined && now.windowContent !== before?.windowContent;
  const was = before !== undefined && before.revision > 0 ? before.sliceEnd : sliceEnd;
  const affects = isNews ? await markLater(deps.index, { project, version }, slice, was) : NOBODY;
  const manifest = now?.manifest;
  if (manifest) {
    await mapInOrder(sealed, deps.parallel, ({ shard, ...block }) =>
      deps.pool.seal({ key: keyOf(deps, spec, shard, { ...slice, manifest }), ...block }),
    );
  }
  await prune(deps, spec, sliceEnd);
  return {
    is: outcome.is,
    miniBatchId,
    sliceEnd,
    revision: outcome.revision,
    lines: content.lines,
    rejected: rejectedOf(content.counts),
    dq: commit.evidence.dq,
    rows: Object.fromEntries(commit.outputs.map(({ dataset, parts }) => [dataset, rowsIn(parts)])),
    affects: affects.miniBatchIds,
    lateMs: affects.lateMs,
    warnings: content.warnings,
  };
}

const NOBODY = { miniBatchIds: [], lateMs: 0 };

const rowsIn = (parts: readonly { readonly rows: number }[]): number => parts.reduce((sum, { rows }) => sum + rows, 0);

/** Forgets what no later slice will ask for. */
async function prune({ stores, keepMs }: MiniBatchDeps, spec: BatchSpec, sliceEnd: number): Promise<void> {
  const { project, featureSpecVersion: version } = spec;
  const today = dayOf(sliceEnd);
  await stores.windows.prune(project, version, sliceEnd - keepMs);
  // Those of yesterday serve mini-batches that come late.
  await stores.bases.prune(project, version, today - 2 * DAY_MS);
  await stores.days.prune(project, version, today - (LOOKBACK_DAYS + 2) * DAY_MS);
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

const inputOf = async (file: RawFile): Promise<InputObject> => ({
  key: file.path,
  size: file.size,
  etag: await etagOf(file),
});

async function poison(
  deps: MiniBatchDeps,
  { spec, folder }: MiniBatchRequest,
  why: string,
  dq?: UnusableContent['dq'],
): Promise<MiniBatchOutcome> {
  const { miniBatchId, path } = folder;
  const place = { lake: deps.quarantine, prefix: '', project: spec.project, miniBatchId };
  const met = dq === undefined ? {} : { dq };
  const quarantined = await quarantineBatch(place, { notification: { path }, error: new Error(why), ...met });
  return { is: 'poison', miniBatchId, why, quarantined, ...met };
}
