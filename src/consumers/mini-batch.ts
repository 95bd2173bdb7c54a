import { randomUUID } from 'node:crypto';
import type { BatchSpec } from '../config/batch-spec.ts';
import type { SliceRules } from '../config/slice-time.ts';
import { calendarOf } from '../operators/calendar.ts';
import type { Lineage } from '../operators/datasets.ts';
import { healthOf } from '../operators/health.ts';
import { SLICE_MS, SLICES_PER_DAY } from '../operators/metrics.ts';
import { noCounts } from '../operators/quality.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import { type Basis, basisOf, type SettledSlice } from '../state/batch-item.ts';
import { commitBatch, failBatch } from '../state/commit.ts';
import { compareKeys } from '../state/key-order.ts';
import type { Lake } from '../state/lake.ts';
import { type Evidence, type InputObject, readManifest } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { quarantineBatch, quarantineLines } from '../state/quarantine.ts';
import { etagOf, listRawFiles, type RawFile } from '../state/raw-files.ts';
import type { BlockKey, WindowState } from '../state/window-state.ts';
import { advanceMiniBatch } from './advance.ts';
import { encodeFgA, encodeSliceRows } from './encode-datasets.ts';
import { absentOptionalFields, addCounts, inputFault, rejectedOf } from './input-faults.ts';
import type { MiniBatchOutcome } from './outcome.ts';
import { rebuildState } from './rebuild-state.ts';
import { type MiniBatchFolder, settleMiniBatch } from './settle-slice.ts';
import { readerOptionsOf, sliceOptionsOf, windowOptionsOf } from './slice-plan.ts';
import { type EmittedRows, type ReadFile, unpackRejected } from './stages.ts';
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

const DAY = SLICE_MS * SLICES_PER_DAY;
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
    { files, maxEventEnd: async (from, to) => maxEventEnd(await readFiles(deps, spec, files), from, to) },
    at,
  );
  return outcome.is === 'settled' ? outcome.slice : { fault: outcome.why };
}

/**
 * Takes one mini-batch the whole way: raw files → flows → delta, pairs → windows → files → commit. Run again on the same
 * inputs it changes nothing; killed at any point it leaves nothing that a reader would see.
 */
export async function runMiniBatch(deps: MiniBatchDeps, request: MiniBatchRequest): Promise<MiniBatchOutcome> {
  const { spec, folder } = request;
  const { project, featureSpecVersion: version } = spec;
  const { miniBatchId } = folder;
  const slice = await settle(deps, request);
  if ('fault' in slice) return poison(deps, request, slice.fault);
  const files = await listRawFiles(folder.path);
  const inputs = await Promise.all(files.map(inputOf));
  const before = await deps.index.batch(project, version, miniBatchId);
  const earlier = await earlierOf(deps, spec, slice);
  const evidence: Pick<Evidence, 'inputs' | 'window_inputs' | 'spec_digests'> = {
    inputs,
    window_inputs: earlier.map(({ miniBatchId: id, revision }) => ({ mini_batch_id: id, revision })),
    spec_digests: spec.digests,
  };
  if (before?.manifest && (await isComputedFrom(deps.lake, before.manifest, slice, evidence))) {
    await deps.index.enterRange(project, version, before);
    const why = 'its committed revision was computed from the same inputs';
    return { is: 'skipped', miniBatchId, sliceEnd: slice.sliceEnd, revision: before.revision, why };
  }
  const attempt = {
    index: deps.index,
    project,
    version,
    slice,
    since: basisOf(before) satisfies Basis,
    attemptToken: randomUUID(),
    nowMs: deps.clock(),
  };
  const fail = async (why: string): Promise<MiniBatchOutcome> => {
    await failBatch({ ...attempt, reason: why });
    return poison(deps, request, why);
  };

  const read = await readFiles(deps, spec, files);
  const damaged = read.flatMap((file) => (file.is === 'damaged' ? [file] : []));
  const whole = read.flatMap((file) => (file.is === 'read' ? [file] : []));
  const where = `mini-batch ${miniBatchId} of project ${project}`;
  if (damaged.length > 0 && whole.length === 0) {
    return fail(`${where}: no file can be read (${damaged.map(({ name, why }) => `${name}: ${why}`).join('; ')})`);
  }
  const flowsOfFiles = whole.map(({ flows }) => flows);
  const lines = flowsOfFiles.reduce((sum, file) => sum + file.lines, 0);
  const warnings = [
    ...damaged.map(({ name, why }) => `${where}: ${name} cannot be read and was left out: ${why}; deliver it again`),
    ...absentOptionalFields(flowsOfFiles, spec).map((warning) => `${where}: ${warning}`),
  ];
  const dq = noCounts();
  addCounts(flowsOfFiles, dq);
  const place = { lake: deps.quarantine, prefix: '', project, miniBatchId };
  await quarantineLines(place, unpackRejected(whole.map(({ rejected }) => rejected)));
  const fault = inputFault(flowsOfFiles, dq, spec, where);
  if (fault !== undefined) return fail(fault);

  const options = sliceOptionsOf(spec, slice, deps.shards);
  const { rows, flows, lag } = await advanceMiniBatch(deps, flowsOfFiles, options, slice.batchEnd, dq);
  const shardNumbers = Array.from({ length: deps.shards }, (_, shard) => shard);
  const lineage: Lineage = { miniBatchId, sliceStart: slice.sliceStart, sliceEnd: slice.sliceEnd };
  const outputs = await encodeSliceRows(deps, spec, rows, lineage);

  const health = healthOf(slice.sliceEnd, await committedSlices(deps, spec, slice, earlier), lag);
  const ownBlock = (shard: number) => ({
    miniBatchId,
    sliceEnd: slice.sliceEnd,
    addresses: rows.addresses,
    roles: rows.shards[shard]!,
  });
  if (spec.fgA.enabled) {
    const emitted = await mapInOrder(shardNumbers, deps.parallel, (shard) =>
      emit(deps, spec, shard, ownBlock(shard), earlier),
    );
    const calendar = calendarOf(slice.sliceEnd, spec.calendar);
    outputs.push(...(await encodeFgA(deps, spec, emitted, lineage, calendar, health)));
  }

  const outcome = await commitBatch({
    ...attempt,
    lake: deps.lake,
    outputs,
    evidence: {
      ...evidence,
      baseline_refs: [],
      lookback_days: 0,
      code_version: deps.codeVersion,
      dq: { lines, flows, damaged_files: damaged.length, ...dq },
      fallbacks: {},
      health: { ...health, event_lag_p95_ms: Number.isNaN(lag) ? null : Math.round(lag) },
    },
  });
  if (outcome.is === 'lost') {
    throw new Error(
      `${where}: another run committed revision ${outcome.to.revision} meanwhile; run it again to compare`,
    );
  }
  const manifest = (await deps.index.batch(project, version, miniBatchId))?.manifest;
  if (manifest) {
    await mapInOrder(shardNumbers, deps.parallel, (shard) =>
      deps.pool.seal({ key: keyOf(deps, spec, shard, { ...slice, manifest }), block: ownBlock(shard) }),
    );
  }
  await deps.windows.prune(project, version, slice.sliceEnd - deps.keepMs);
  const rowsOf = outputs.map(({ dataset, parts }) => [dataset, parts.reduce((sum, part) => sum + part.rows, 0)]);
  return {
    is: outcome.is,
    miniBatchId,
    sliceEnd: slice.sliceEnd,
    revision: outcome.revision,
    lines,
    rejected: rejectedOf(dq),
    rows: Object.fromEntries(rowsOf),
    warnings,
  };
}

const inputOf = async (file: RawFile): Promise<InputObject> => ({
  key: file.path,
  size: file.size,
  etag: await etagOf(file),
});

const readFiles = (deps: MiniBatchDeps, spec: BatchSpec, files: readonly RawFile[]): Promise<ReadFile[]> =>
  mapInOrder(files, deps.parallel, ({ name, path }) => deps.pool.read({ name, path, options: readerOptionsOf(spec) }));

function maxEventEnd(files: readonly ReadFile[], from: number, to: number): number | null {
  let newest = Number.NEGATIVE_INFINITY;
  for (const file of files) {
    if (file.is === 'damaged') continue;
    for (const { end } of file.flows.chunks) {
      for (const instant of end) if (instant >= from && instant < to && instant > newest) newest = instant;
    }
  }
  return newest === Number.NEGATIVE_INFINITY ? null : newest;
}

/** Committed mini-batches of the 24 hours up to the slice that come before this one in order. */
async function earlierOf(deps: MiniBatchDeps, spec: BatchSpec, slice: SettledSlice): Promise<CommittedBatch[]> {
  const committed = await deps.index.committedBetween(
    spec.project,
    spec.featureSpecVersion,
    slice.sliceEnd - DAY,
    slice.sliceEnd,
  );
  return committed.filter(
    ({ sliceEnd, miniBatchId }) =>
      miniBatchId !== slice.miniBatchId &&
      (sliceEnd < slice.sliceEnd || compareKeys(miniBatchId, slice.miniBatchId) < 0),
  );
}

/** Distinct slices up to this one, with more than a day of them only where a day has too few to tell. */
async function committedSlices(
  deps: MiniBatchDeps,
  spec: BatchSpec,
  slice: SettledSlice,
  earlier: readonly CommittedBatch[],
): Promise<Set<number>> {
  const slices = new Set([slice.sliceEnd, ...earlier.map(({ sliceEnd }) => sliceEnd)]);
  if (slices.size > 4) return slices;
  const all = await deps.index.committedBetween(
    spec.project,
    spec.featureSpecVersion,
    Number.NEGATIVE_INFINITY,
    slice.sliceEnd - DAY,
  );
  for (const { sliceEnd } of all) slices.add(sliceEnd);
  return slices;
}

/** Whether the committed revision was computed from just this. */
async function isComputedFrom(
  lake: Lake,
  ref: { readonly path: string; readonly sha256: string },
  slice: SettledSlice,
  evidence: Pick<Evidence, 'inputs' | 'window_inputs' | 'spec_digests'>,
): Promise<boolean> {
  const manifest = await readManifest(lake, ref).catch(() => undefined);
  if (manifest === undefined || Date.parse(manifest.slice.ts) !== slice.ts) return false;
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const byKey = (inputs: readonly InputObject[]) =>
    inputs.map(({ key, size, etag }) => [key, size, etag].join('\n')).sort();
  const byName = (digests: Readonly<Record<string, string>>) => Object.entries(digests).sort();
  if (!same(byKey(manifest.inputs), byKey(evidence.inputs))) return false;
  if (!same(byName(manifest.spec_digests), byName(evidence.spec_digests))) return false;
  const ids = ({ window_inputs }: Pick<Evidence, 'window_inputs'>) =>
    window_inputs.map(({ mini_batch_id, revision }) => [mini_batch_id, revision]);
  if (!same(ids(manifest), ids(evidence))) return false;
  for (const { files } of Object.values(manifest.datasets)) {
    for (const { path } of files) if (!(await lake.exists(path))) return false;
  }
  return true;
}

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
