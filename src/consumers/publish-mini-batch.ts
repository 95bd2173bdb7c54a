import type { BatchSpec } from '../config/batch-spec.ts';
import { dayOf, LOOKBACK_DAYS } from '../operators/past-rows.ts';
import { DAY_MS } from '../operators/time.ts';
import { commitBatch, type DatasetOutput } from '../state/commit.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { markLater } from './affected.ts';
import type { ComputedBatch } from './compute-mini-batch.ts';
import { keyOf } from './emit.ts';
import { rejectedOf } from './input-faults.ts';
import type { MiniBatchDeps, MiniBatchRequest } from './mini-batch-request.ts';
import { type CommittedOutcome, Overtaken } from './outcome.ts';
import type { PlannedBatch } from './plan-mini-batch.ts';

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
    throw new Overtaken(
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
  const files = outcome.is === 'committed' ? outcome.files : [];
  return {
    is: outcome.is,
    miniBatchId,
    sliceEnd,
    revision: outcome.revision,
    lines: content.lines,
    rejected: rejectedOf(content.counts),
    dq: commit.evidence.dq,
    rows: rowsByDataset(commit.outputs),
    baselines: commit.evidence.baseline_refs,
    fallbacks: commit.evidence.fallbacks,
    volume: { rawBytes: sumOf(commit.evidence.inputs, 'size'), files: files.length, bytes: sumOf(files, 'bytes') },
    health: {
      coverage: Number(commit.evidence.health['coverage_24h']),
      isDegraded: commit.evidence.health['is_degraded'] === 1,
    },
    affects: affects.miniBatchIds,
    lateMs: affects.lateMs,
    warnings: content.warnings,
  };
}

const sumOf = <K extends string>(ones: readonly Readonly<Record<K, number>>[], name: K): number =>
  ones.reduce((sum, one) => sum + one[name], 0);

const NOBODY = { miniBatchIds: [], lateMs: 0 };

function rowsByDataset(outputs: readonly DatasetOutput[]): Record<string, number> {
  const rows: Record<string, number> = {};
  for (const { dataset, parts } of outputs)
    rows[dataset] = parts.reduce((sum, part) => sum + part.rows, rows[dataset] ?? 0);
  return rows;
}

/** Forgets what no later slice will ask for. */
async function prune({ stores, keepMs }: MiniBatchDeps, spec: BatchSpec, sliceEnd: number): Promise<void> {
  const { project, featureSpecVersion: version } = spec;
  const today = dayOf(sliceEnd);
  await stores.windows.prune(project, version, sliceEnd - keepMs);
  await stores.timings.prune(project, version, sliceEnd - keepMs);
  // Those of yesterday serve mini-batches that come late.
  await stores.bases.prune(project, version, today - 2 * DAY_MS);
  await stores.days.prune(project, version, today - (LOOKBACK_DAYS + 2) * DAY_MS);
}
