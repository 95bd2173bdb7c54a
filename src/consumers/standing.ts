import type { BatchSpec } from '../config/batch-spec.ts';
import { SETTLED_SLICES } from '../operators/health.ts';
import { SLICE_MS, SLICES_PER_DAY } from '../operators/metrics.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import { compareKeys } from '../state/key-order.ts';
import type { Lake } from '../state/lake.ts';
import { type Evidence, type InputObject, readManifest } from '../state/manifest.ts';

const DAY = SLICE_MS * SLICES_PER_DAY;

/** Committed mini-batches of the 24 hours up to the slice that come before this one in order. */
export async function earlierOf(index: BatchIndex, spec: BatchSpec, slice: SettledSlice): Promise<CommittedBatch[]> {
  const committed = await index.committedBetween(
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
  for (const { sliceEnd } of all) slices.add(sliceEnd);
  return slices;
}

/** What a revision is computed from, beside the slice. */
export type Sources = Pick<Evidence, 'inputs' | 'window_inputs' | 'spec_digests'>;

/** Whether the committed revision was computed from just this, and all of it is there. */
export async function isComputedFrom(
  lake: Lake,
  ref: { readonly path: string; readonly sha256: string },
  slice: SettledSlice,
  sources: Sources,
): Promise<boolean> {
  const manifest = await readManifest(lake, ref).catch(() => undefined);
  if (manifest === undefined || Date.parse(manifest.slice.ts) !== slice.ts) return false;
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const byKey = (inputs: readonly InputObject[]) =>
    inputs.map(({ key, size, etag }) => [key, size, etag].join('\n')).sort();
  const byName = (digests: Readonly<Record<string, string>>) => Object.entries(digests).sort();
  if (!same(byKey(manifest.inputs), byKey(sources.inputs))) return false;
  if (!same(byName(manifest.spec_digests), byName(sources.spec_digests))) return false;
  const ids = ({ window_inputs }: Pick<Sources, 'window_inputs'>) =>
    window_inputs.map(({ mini_batch_id, revision }) => [mini_batch_id, revision]);
  if (!same(ids(manifest), ids(sources))) return false;
  for (const { files } of Object.values(manifest.datasets)) {
    for (const { path } of files) if (!(await lake.exists(path))) return false;
  }
  return true;
}
