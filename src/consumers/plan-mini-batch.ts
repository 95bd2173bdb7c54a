import { randomUUID } from 'node:crypto';
import type { CommittedBatch } from '../state/batch-index.ts';
import { type BatchItem, basisOf, type SettledSlice } from '../state/batch-item.ts';
import type { Attempt } from '../state/commit.ts';
import type { InputObject } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import type { RawFile } from '../state/raw-files.ts';
import type { MiniBatchDeps, MiniBatchRequest } from './mini-batch-request.ts';
import { maxEventEndOf } from './read-mini-batch.ts';
import { settleMiniBatch } from './settle-slice.ts';
import { earlierOf, type Sources, windowInputsOf } from './standing.ts';

/** Settles the slice of a mini-batch without computing it, so that many can be put in order. */
export async function settle(
  deps: MiniBatchDeps,
  request: MiniBatchRequest,
): Promise<SettledSlice | { readonly fault: string }> {
  const { spec, folder, sliceRules, announced, at = null } = request;
  const files = await deps.rawFiles.list(folder.path);
  const outcome = await settleMiniBatch(
    deps.index,
    spec.project,
    folder,
    { ...sliceRules, now: deps.clock() },
    { files, maxEventEnd: (from, to) => maxEventEndOf(deps, spec, files, from, to) },
    { ...announced, at },
  );
  return outcome.is === 'settled' ? outcome.slice : { fault: outcome.why };
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
  const files = await deps.rawFiles.list(folder.path);
  const before = await deps.index.batch(spec.project, spec.featureSpecVersion, folder.miniBatchId);
  const earlier = await earlierOf(deps.index, spec, slice);
  const sources: Sources = {
    inputs: await mapInOrder(
      files,
      deps.parallel,
      async (file): Promise<InputObject> => ({ key: file.path, size: file.size, etag: await deps.rawFiles.etag(file) }),
    ),
    window_inputs: windowInputsOf(earlier),
    spec_digests: spec.digests,
  };
  return { deps, slice, files, before, earlier, sources };
}

/** An attempt at what was planned, unlike every other. */
export const attemptOf = ({ spec }: MiniBatchRequest, { deps, slice, before }: PlannedBatch): Attempt => ({
  index: deps.index,
  project: spec.project,
  version: spec.featureSpecVersion,
  slice,
  since: basisOf(before),
  attemptToken: randomUUID(),
  nowMs: deps.clock(),
});
