import type { BatchSpec } from '../config/batch-spec.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import type { MiniBatchDeps } from './mini-batch-request.ts';
import { DAY } from './standing.ts';

/**
 * The deps for a slice. The live state keeps `keepMs` behind the newest committed slice: a mini-batch whose windows reach
 * further back is computed on a scratch state, which is filled from the lake, keeps a day and leaves the live one alone.
 */
export async function depsFor(
  deps: MiniBatchDeps,
  { project, featureSpecVersion }: Pick<BatchSpec, 'project' | 'featureSpecVersion'>,
  { sliceEnd }: Pick<SettledSlice, 'sliceEnd'>,
): Promise<MiniBatchDeps> {
  const newest = await deps.index.newestCommitted(project, featureSpecVersion);
  if (newest === undefined || sliceEnd - DAY >= newest.sliceEnd - deps.keepMs) return deps;
  return { ...deps, ...deps.scratch(), keepMs: DAY };
}
