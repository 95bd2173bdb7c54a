import type { BatchSpec } from '../config/batch-spec.ts';
import { SETTLED_SLICES } from '../operators/health.ts';
import { SLICE_MS, SLICES_PER_DAY } from '../operators/metrics.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import type { BatchItem, SettledSlice } from '../state/batch-item.ts';
import { manifestSliceOf } from '../state/commit.ts';
import { compareKeys } from '../state/key-order.ts';
import type { Lake } from '../state/lake.ts';
import {
  type Evidence,
  type Manifest,
  readFromOf,
  readManifest,
  standsOnOf,
  type WindowInput,
} from '../state/manifest.ts';
import { isPastRetention, type RetentionMarks, readRetentionMarks } from '../state/retention-marks.ts';

/** The longest window, ms. */
export const DAY = SLICE_MS * SLICES_PER_DAY;

/** Committed mini-batches of the 24 hours up to the slice that come before this one in order. */
export async function earlierOf(index: BatchIndex, spec: BatchSpec, slice: SettledSlice): Promise<CommittedBatch[]> {
  const committed = await index.committedBetween(
    spec.project,
    spec.featureSpecVersion,
    slice.sliceEnd - DAY,
    slice.sliceEnd,
  );
  return committed.filter((batch) => comesBefore(batch, slice));
}

type Placed = Pick<SettledSlice, 'sliceEnd' | 'miniBatchId'>;

/** In the order of mini-batches. One does not come before itself, though a former slice of its may. */
export const comesBefore = (one: Placed, other: Placed): boolean =>
  one.miniBatchId !== other.miniBatchId &&
  (one.sliceEnd < other.sliceEnd ||
    (one.sliceEnd === other.sliceEnd && compareKeys(one.miniBatchId, other.miniBatchId) < 0));

/** Distinct slices up to this one, with more than a day of them only where a day has too few to tell. */
export async function committedSlices(
  index: BatchIndex,
  spec: BatchSpec,
  slice: SettledSlice,
  earlier: readonly CommittedBatch[],
): Promise<Set<number>> {
  const slices = new Set([slice.sliceEnd, ...earlier.map(({ sliceEnd }) => sliceEnd)]);
  if (slices.size > SETTLED_SLICES) return slices;
  const all = await index.committedBetween(
    spec.project,
    spec.featureSpecVersion,
    Number.NEGATIVE_INFINITY,
    slice.sliceEnd - DAY,
  );
  for (const batch of all) if (comesBefore(batch, slice)) slices.add(batch.sliceEnd);
  return slices;
}

/** Earlier mini-batches as the manifest of a later one names them. */
export const windowInputsOf = (earlier: readonly CommittedBatch[]): WindowInput[] =>
  earlier.map(({ miniBatchId, revision, windowContent }) => ({
    mini_batch_id: miniBatchId,
    revision,
    content: windowContent,
  }));

/** What a revision is computed from, beside the slice. */
export type Sources = Pick<Evidence, 'inputs' | 'window_inputs' | 'spec_digests'>;

/** Whether its windows hold what they held when the revision was last computed. */
export const standsAsBefore = ({ standsOn }: BatchItem, { window_inputs }: Sources): boolean =>
  // Not what the manifest says: where a later computation gave the same files, it tells of the first one.
  standsOn === standsOnOf(window_inputs);

/** Whether the committed revision was computed from just these raw files and specs, and all of it is there. */
export async function isReadFrom(
  lake: Lake,
  before: BatchItem,
  slice: SettledSlice,
  sources: Sources,
): Promise<boolean> {
  if (before.manifest === null || before.readFrom !== readFromOf(manifestSliceOf(slice), sources)) return false;
  const manifest = await readManifest(lake, before.manifest).catch(() => undefined);
  return manifest !== undefined && hasItsFiles(lake, manifest);
}

/** Whether every file is there that is not past its retention: what retention took is not computed again. */
async function hasItsFiles(lake: Lake, manifest: Manifest): Promise<boolean> {
  const sliceEnd = Date.parse(manifest.slice.slice_end_ts);
  let marks: RetentionMarks | undefined;
  for (const [dataset, { files }] of Object.entries(manifest.datasets)) {
    for (const { path } of files) {
      if (await lake.exists(path)) continue;
      marks ??= await readRetentionMarks(lake, manifest.project_name, manifest.feature_spec_version);
      if (!isPastRetention(marks, dataset, sliceEnd)) return false;
    }
  }
  return true;
}
