import { changedDatasets, manifestSliceOf } from '../state/commit.ts';
import type { Lake } from '../state/lake.ts';
import { readManifest } from '../state/manifest.ts';
import { computeMiniBatch } from './compute-mini-batch.ts';
import { differencesOf, type InputDifference } from './input-differences.ts';
import type { MiniBatchDeps, MiniBatchRequest } from './mini-batch-request.ts';
import type { CommittedOutcome } from './outcome.ts';
import { planMiniBatch } from './plan-mini-batch.ts';
import { publishMiniBatch } from './publish-mini-batch.ts';
import { describeGone, goneFiles } from './raw-presence.ts';
import { miniBatchFolderOf } from './settle-slice.ts';

/** What a mini-batch that was computed again came to. */
export type Replayed = ComparedReplay | RefusedReplay;

export interface ComparedReplay {
  /**
   * `would commit`: a dry run found other files. `unequal`: equal inputs gave other files, which is a defect; nothing was
   * committed.
   */
  readonly is: 'unchanged' | 'committed' | 'would commit' | 'unequal';
  readonly miniBatchId: string;
  /** ms UTC. */
  readonly sliceEnd: number;
  /** The one that counts now. */
  readonly revision: number;
  /** Datasets whose files are not those of the revision before. */
  readonly changed: readonly string[];
  readonly differences: readonly InputDifference[];
  readonly affects: CommittedOutcome['affects'];
  readonly lateMs: number;
}

/** It could not be computed; what was committed stands. */
export interface RefusedReplay {
  readonly is: 'refused';
  readonly miniBatchId: string;
  readonly why: string;
}

/**
 * Computes a committed mini-batch again from what is current: the raw files of its settled slice, the specs, the
 * mini-batches before it. Commits what comes out unless it is what stands, or `dry` is set: then it only compares, and
 * writes nothing but caches. Throws where it may go well the next time.
 */
export async function replayMiniBatch(
  deps: MiniBatchDeps,
  { spec, sliceRules }: Omit<MiniBatchRequest, 'folder' | 'at'>,
  miniBatchId: string,
  { dry }: { readonly dry: boolean },
): Promise<Replayed> {
  const { index, lake } = deps;
  const refused = (why: string): RefusedReplay => ({ is: 'refused', miniBatchId, why });
  const standing = await index.batch(spec.project, spec.featureSpecVersion, miniBatchId);
  const slice = await index.settledSlice(spec.project, miniBatchId);
  if (slice === undefined || (standing?.manifest ?? null) === null) {
    return refused('it was never committed, so there is nothing to compare with; ndr run-batch computes it');
  }
  const gone = await goneFiles(deps.rawFiles, standing, slice.path);
  if (gone.length > 0) return refused(describeGone(gone, slice.path));

  const request: MiniBatchRequest = { spec, folder: miniBatchFolderOf(slice.path, miniBatchId), sliceRules };
  const planned = await planMiniBatch(dry ? { ...deps, quarantine: unwritten(deps.quarantine) } : deps, request);
  if ('fault' in planned) return refused(planned.fault);
  const computed = await computeMiniBatch(request, planned);
  if (computed.is === 'unusable') return refused(computed.why);

  const { outputs, evidence } = computed.commit;
  const { sliceEnd } = planned.slice;
  const { manifest: ref, revision } = planned.before!;
  // One that is gone or damaged is written anew: then there is nothing to compare with.
  const manifest = await readManifest(lake, ref!).catch(() => undefined);
  const changed = manifest === undefined ? ['manifest'] : changedDatasets(manifest, outputs);
  const now = { ...evidence, slice: manifestSliceOf(planned.slice) };
  const differences = manifest === undefined ? [] : differencesOf(manifest, now);
  const compared = { miniBatchId, sliceEnd, revision, changed, differences, affects: [], lateMs: 0 };

  const hasReason = manifest === undefined || differences.some(({ matters }) => matters);
  if (changed.length > 0 && !hasReason) return { is: 'unequal', ...compared };
  const hasMoved = differences.some(({ input }) => input === 'slice');
  if (dry) return { is: changed.length > 0 || hasMoved ? 'would commit' : 'unchanged', ...compared };
  const published = await publishMiniBatch(request, planned, computed);
  const { is, affects, lateMs } = published;
  return { ...compared, is, revision: published.revision, affects, lateMs };
}

/** A lake that takes nothing: what would be written is said to be there. */
const unwritten = (lake: Lake): Lake => ({ ...lake, create: async () => 'exists' });
