import { randomUUID } from 'node:crypto';
import type { BatchSpec } from '../config/batch-spec.ts';
import type { SliceRules } from '../config/slice-time.ts';
import { calendarOf } from '../operators/calendar.ts';
import type { Lineage } from '../operators/datasets.ts';
import { healthOf } from '../operators/health.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import { type Basis, basisOf, type SettledSlice } from '../state/batch-item.ts';
import { commitBatch, type DatasetOutput, failBatch } from '../state/commit.ts';
import type { Lake } from '../state/lake.ts';
import type { Evidence, InputObject } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { quarantineBatch } from '../state/quarantine.ts';
import { etagOf, listRawFiles, type RawFile } from '../state/raw-files.ts';
import type { BlockKey, WindowState } from '../state/window-state.ts';
import { advanceMiniBatch } from './advance.ts';
import { encodeFgA, encodeSliceRows } from './encode-datasets.ts';
import { rejectedOf } from './input-faults.ts';
import type { MiniBatchOutcome } from './outcome.ts';
import { maxEventEndOf, readMiniBatch, type UsableContent } from './read-mini-batch.ts';
import { rebuildState } from './rebuild-state.ts';
import { type MiniBatchFolder, settleMiniBatch } from './settle-slice.ts';
import { sliceOptionsOf, windowOptionsOf } from './slice-plan.ts';
import type { EmittedRows } from './stages.ts';
import { committedSlices, earlierOf, isComputedFrom, type Sources } from './standing.ts';
import type { WorkPool } from './work-pool.ts';

/** What the way of a mini-batch stands on. */
export interface MiniBatchDeps {
  readonly lake: Lake;
  readonly quarantine: Lake;
  readonly index: BatchIndex;
  readonly windows: WindowState;
  readonly pool: WorkPool;
  readonly shards: number;
  /** Work that may be under way at once. */
  readonly parallel: number;
  /** Slices behind the newest that window state keeps. */
  readonly keepMs: number;
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
}

const REBUILD_TRIES = 3;

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
  const { spec, folder } = request;
  const { project, featureSpecVersion: version } = spec;
  const { miniBatchId } = folder;
  const slice = await settle(deps, request);
  if ('fault' in slice) return poison(deps, request, slice.fault);
  const files = await listRawFiles(folder.path);
  const before = await deps.index.batch(project, version, miniBatchId);
  const earlier = await earlierOf(deps.index, spec, slice);
  const sources: Sources = {
    inputs: await mapInOrder(files, deps.parallel, inputOf),
    window_inputs: earlier.map(({ miniBatchId: id, revision }) => ({ mini_batch_id: id, revision })),
    spec_digests: spec.digests,
  };
  if (before?.manifest && (await isComputedFrom(deps.lake, before.manifest, slice, sources))) {
    await deps.index.enterRange(project, version, before);
    const why = 'its committed revision was computed from the same inputs';
    return { is: 'skipped', miniBatchId, sliceEnd: slice.sliceEnd, revision: before.revision, why };
  }
  const { index, lake } = deps;
  const since: Basis = basisOf(before);
  const attempt = { index, project, version, slice, since, attemptToken: randomUUID(), nowMs: deps.clock() };

  const content = await readMiniBatch(deps, spec, folder, files);
  if (content.is === 'unusable') {
    await failBatch({ ...attempt, reason: content.why });
    return poison(deps, request, content.why);
  }
  const { outputs, health, blockOf, flows } = await computeDatasets(deps, spec, slice, content, earlier);
  const { lines, damaged, counts, warnings } = content;
  const outcome = await commitBatch({
    ...attempt,
    lake,
    outputs,
    evidence: {
      ...sources,
      baseline_refs: [],
      lookback_days: 0,
      code_version: deps.codeVersion,
      dq: { lines, flows, damaged_files: damaged, ...counts },
      fallbacks: {},
      health,
    },
  });
  if (outcome.is === 'lost') {
    throw new Error(
      `mini-batch ${miniBatchId} of project ${project}: another run committed revision ${outcome.to.revision} meanwhile; ` +
        'run it again to compare',
    );
  }
  const manifest = (await index.batch(project, version, miniBatchId))?.manifest;
  if (manifest) {
    await mapInOrder(shardNumbers(deps), deps.parallel, (shard) =>
      deps.pool.seal({ key: keyOf(deps, spec, shard, { ...slice, manifest }), block: blockOf(shard) }),
    );
  }
  await deps.windows.prune(project, version, slice.sliceEnd - deps.keepMs);
  return {
    is: outcome.is,
    miniBatchId,
    sliceEnd: slice.sliceEnd,
    revision: outcome.revision,
    lines,
    rejected: rejectedOf(counts),
    rows: Object.fromEntries(outputs.map(({ dataset, parts }) => [dataset, rowsIn(parts)])),
    warnings,
  };
}

const rowsIn = (parts: readonly { readonly rows: number }[]): number => parts.reduce((sum, { rows }) => sum + rows, 0);

const shardNumbers = ({ shards }: MiniBatchDeps): number[] => Array.from({ length: shards }, (_, shard) => shard);

interface ComputedBatch {
  readonly outputs: DatasetOutput[];
  readonly health: Evidence['health'];
  /** Flows that passed the rules of data quality. */
  readonly flows: number;
  /** What the mini-batch leaves behind for the windows of later ones. */
  readonly blockOf: (shard: number) => SliceBlock;
}

/** Flows to encoded files. Adds to the content's counts what the slice's own rules met, and lets its flows go. */
async function computeDatasets(
  deps: MiniBatchDeps,
  spec: BatchSpec,
  slice: SettledSlice,
  { files, counts }: UsableContent,
  earlier: readonly CommittedBatch[],
): Promise<ComputedBatch> {
  const { miniBatchId, sliceStart, sliceEnd } = slice;
  const options = sliceOptionsOf(spec, slice, deps.shards);
  const { rows, flows, lag } = await advanceMiniBatch(deps, files, options, slice.batchEnd, counts);
  const blockOf = (shard: number): SliceBlock => ({
    miniBatchId,
    sliceEnd,
    addresses: rows.addresses,
    roles: rows.shards[shard]!,
  });
  const lineage: Lineage = { miniBatchId, sliceStart, sliceEnd };
  const outputs = await encodeSliceRows(deps, spec, rows, lineage);
  const health = healthOf(sliceEnd, await committedSlices(deps.index, spec, slice, earlier), lag);
  if (spec.fgA.enabled) {
    const emitted = await mapInOrder(shardNumbers(deps), deps.parallel, (shard) =>
      emit(deps, spec, shard, blockOf(shard), earlier),
    );
    outputs.push(...(await encodeFgA(deps, spec, emitted, lineage, calendarOf(sliceEnd, spec.calendar), health)));
  }
  return {
    outputs,
    health: { ...health, event_lag_p95_ms: Number.isNaN(lag) ? null : Math.round(lag) },
    flows,
    blockOf,
  };
}

const inputOf = async (file: RawFile): Promise<InputObject> => ({
  key: file.path,
  size: file.size,
  etag: await etagOf(file),
});

function keyOf(
  deps: MiniBatchDeps,
  spec: BatchSpec,
  shard: number,
  batch: Pick<CommittedBatch, 'sliceEnd' | 'miniBatchId' | 'manifest'>,
): BlockKey {
  return {
    project: spec.project,
    version: spec.featureSpecVersion,
    shards: deps.shards,
    shard,
    sliceEnd: batch.sliceEnd,
    miniBatchId: batch.miniBatchId,
    manifest: batch.manifest.sha256,
  };
}

/** Emits one shard's rows; state that is lost is put back from the lake first. */
async function emit(
  deps: MiniBatchDeps,
  spec: BatchSpec,
  shard: number,
  current: Parameters<WorkPool['emit']>[0]['current'],
  earlier: readonly CommittedBatch[],
): Promise<Extract<EmittedRows, { is: 'emitted' }>> {
  const keys = earlier.map((batch) => keyOf(deps, spec, shard, batch));
  for (let attempt = 0; ; attempt++) {
    const answer = await deps.pool.emit({ shard, current, earlier: keys, options: windowOptionsOf(spec) });
    if (answer.is === 'emitted') return answer;
    if (attempt === REBUILD_TRIES) {
      const names = answer.keys.map(({ miniBatchId }) => miniBatchId).join(', ');
      throw new Error(`window state of ${names} could not be rebuilt from the lake; was it committed anew meanwhile?`);
    }
    await rebuildState(answer.keys, deps);
  }
}

async function poison(deps: MiniBatchDeps, { spec, folder }: MiniBatchRequest, why: string): Promise<MiniBatchOutcome> {
  const { miniBatchId, path } = folder;
  const place = { lake: deps.quarantine, prefix: '', project: spec.project, miniBatchId };
  const quarantined = await quarantineBatch(place, { notification: { path }, error: new Error(why) });
  return { is: 'poison', miniBatchId, why, quarantined };
}
