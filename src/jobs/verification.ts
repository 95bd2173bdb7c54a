import type { BatchSpec } from '../config/batch-spec.ts';
import { type AdvancedBatch, advanceMiniBatch } from '../consumers/advance.ts';
import type { MiniBatchDeps } from '../consumers/mini-batch-request.ts';
import { readMiniBatch } from '../consumers/read-mini-batch.ts';
import { miniBatchFolderOf } from '../consumers/settle-slice.ts';
import { sliceOptionsOf } from '../consumers/slice-plan.ts';
import { projectSliceOf } from '../operators/project-slice.ts';
import type { CommittedBatch } from '../state/batch-index.ts';
import { type Lake, NotFound } from '../state/lake.ts';
import { readManifest } from '../state/manifest.ts';
import { selectHosts } from './block-selection.ts';
import { isEqual } from './dataset-diff.ts';
import { sampleHosts } from './host-sample.ts';
import { createPublishedPast } from './published-past.ts';
import { publishedHosts } from './published-rows.ts';
import { checkRawFiles } from './raw-check.ts';
import { compareWithPublished, type RecomputedSlice, type VerifiedBatch } from './recomputed-batch.ts';
import {
  changedNames,
  miniBatchesNeeded,
  planVerification,
  sliceOfManifest,
  type VerificationTarget,
} from './verification-plan.ts';

export interface VerificationDeps {
  readonly deps: Pick<MiniBatchDeps, 'lake' | 'quarantine' | 'rawFiles' | 'index' | 'pool' | 'parallel' | 'limits'>;
  readonly spec: BatchSpec;
  readonly stop: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface VerificationOptions {
  /** Hosts of each mini-batch whose windows are computed again. */
  readonly hosts: number;
  readonly seed: string;
  /** Whether columns that look back 30 days are compared: that reads 31 days of published pair context. */
  readonly withLookback: boolean;
  /** Rows of a dataset that are told one by one, at most. */
  readonly mostRows: number;
}

export type Verified = VerifiedBatch | UnverifiableBatch;

export interface UnverifiableBatch {
  readonly is: 'unverifiable';
  readonly batch: CommittedBatch;
  /** Why it could not be computed, or what explains that something else came out. */
  readonly reasons: readonly string[];
}

/**
 * Computes committed mini-batches again from the raw logs of the 24 hours up to each, past all window state, and compares
 * what was published: delta, pair context and pair counts whole, the windows of a sample of hosts. Raw files are read once,
 * one mini-batch at a time; of each only the sampled hosts' rows are kept.
 */
export async function* verifyMiniBatches(
  given: VerificationDeps,
  batches: readonly CommittedBatch[],
  options: VerificationOptions,
): AsyncGenerator<Verified> {
  const { deps, spec, stop, onProgress } = given;
  const targets: VerificationTarget[] = [];
  for (const batch of batches) targets.push(await planVerification({ ...deps, spec }, batch));
  const samples = new Map<string, readonly string[]>();
  for (const { batch, manifest } of targets) {
    // Of files that are gone the comparison tells.
    const hosts = await publishedHosts(deps.lake, manifest).catch((error: unknown) => {
      nameOfGone(error);
      return [];
    });
    samples.set(batch.miniBatchId, sampleHosts(hosts, options.hosts, `${options.seed}|${batch.miniBatchId}`));
  }
  const wanted = new Set([...samples.values()].flat());
  const readPast = createPublishedPast(
    deps.lake,
    spec,
    (host) => wanted.has(host),
    (id) => onProgress(`reading the lookback from what was published: ${id}`),
  );
  const byId = new Map(targets.map((target) => [target.batch.miniBatchId, target]));
  const slices = new Map<string, RecomputedSlice | UnusableSlice>();
  const needed = miniBatchesNeeded(targets);
  for (const [done, batch] of needed.entries()) {
    if (stop.aborted) return;
    onProgress(`reading raw logs: ${done} of ${needed.length} mini-batches, now ${batch.miniBatchId}`);
    const computed = await recompute(given, batch);
    const target = byId.get(batch.miniBatchId);
    slices.set(batch.miniBatchId, computed.is === 'unusable' ? computed : keptOf(computed, batch, spec, wanted));
    if (target === undefined) continue;
    const around = [...target.earlier, batch].map(({ miniBatchId }) => slices.get(miniBatchId)!);
    const faults = distinct(around.flatMap((slice) => (slice.is === 'unusable' ? slice.faults : [])));
    if (computed.is === 'unusable' || faults.length > 0) yield { is: 'unverifiable', batch, reasons: faults };
    else {
      const kept = around.filter((slice) => slice.is === 'kept');
      const sample = samples.get(batch.miniBatchId)!;
      const comparison = { lake: deps.lake, index: deps.index, spec, readPast };
      const doubts = distinct([...target.doubts, ...kept.flatMap((slice) => slice.doubts)]);
      const verified = await compareWithPublished(comparison, target, computed.advanced, kept, {
        ...options,
        sample,
        doubts,
      }).catch(nameOfGone);
      if (typeof verified === 'string') yield { is: 'unverifiable', batch, reasons: [verified] };
      else if (doubts.length === 0 || verified.datasets.every(isEqual)) yield verified;
      else yield { is: 'unverifiable', batch, reasons: doubts };
    }
    forget(slices, needed.slice(done + 1), byId);
  }
}

/** What to say of a published file that is gone. Throws what is no such error. */
function nameOfGone(error: unknown): string {
  if (error instanceof NotFound) return `${error.path}, which was published, is gone; see ndr doctor`;
  throw error;
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

interface UnusableSlice {
  readonly is: 'unusable';
  readonly faults: readonly string[];
}

interface ComputedSlice {
  readonly is: 'computed';
  readonly advanced: AdvancedBatch;
  /** Why it may not be what was committed. */
  readonly doubts: readonly string[];
}

/** A lake that takes nothing: what was rejected lies in quarantine since the commit. */
const takesNothing = (lake: Lake): Lake => ({ ...lake, create: async () => 'exists' });

async function recompute(
  { deps, spec }: VerificationDeps,
  batch: CommittedBatch,
): Promise<UnusableSlice | ComputedSlice> {
  const manifest = await readManifest(deps.lake, batch.manifest);
  const { files, gone, changed } = await checkRawFiles(deps.rawFiles, manifest);
  if (gone.length > 0) return { is: 'unusable', faults: [...gone, ...changed] };
  const slice = sliceOfManifest(manifest);
  const folder = miniBatchFolderOf(slice.path, batch.miniBatchId);
  const content = await readMiniBatch({ ...deps, quarantine: takesNothing(deps.quarantine) }, spec, folder, files);
  if (content.is === 'unusable') return { is: 'unusable', faults: [content.why, ...changed] };
  const options = sliceOptionsOf(spec, slice, 1);
  const advanced = await advanceMiniBatch(deps, content.files, options, slice.batchEnd, content.counts);
  const specs = changedNames(manifest.spec_digests, spec.digests);
  const otherSpecs = `mini-batch ${batch.miniBatchId} was computed under other specs (${specs.join(', ')})`;
  return { is: 'computed', advanced, doubts: specs.length > 0 ? [...changed, otherSpecs] : changed };
}

/** As much of a mini-batch as the windows of later ones read. */
function keptOf(
  { advanced: { rows }, doubts }: ComputedSlice,
  { miniBatchId, sliceEnd }: CommittedBatch,
  spec: BatchSpec,
  wanted: ReadonlySet<string>,
): RecomputedSlice {
  const block = { miniBatchId, sliceEnd, addresses: rows.addresses, roles: rows.shards[0]! };
  return {
    is: 'kept',
    doubts,
    block: selectHosts(block, (host) => wanted.has(host)),
    project: projectSliceOf(block, [block], spec.segmentMapping),
  };
}

/** Lets go of what none of the further mini-batches covers. */
function forget(
  slices: Map<string, unknown>,
  further: readonly CommittedBatch[],
  targets: ReadonlyMap<string, VerificationTarget>,
): void {
  const needed = new Set(
    further.flatMap(({ miniBatchId }) => targets.get(miniBatchId)?.earlier.map((batch) => batch.miniBatchId) ?? []),
  );
  for (const id of slices.keys()) if (!needed.has(id)) slices.delete(id);
}
