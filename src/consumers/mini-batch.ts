import { failBatch } from '../state/commit.ts';
import { quarantineBatch } from '../state/quarantine.ts';
import { computeMiniBatch } from './compute-mini-batch.ts';
import type { MiniBatchDeps, MiniBatchRequest } from './mini-batch-request.ts';
import { type MiniBatchOutcome, Overtaken } from './outcome.ts';
import { attemptOf, planMiniBatch } from './plan-mini-batch.ts';
import { publishMiniBatch } from './publish-mini-batch.ts';
import type { UnusableContent } from './read-mini-batch.ts';
import { isReadFrom, standsAsBefore } from './standing.ts';

/**
 * Takes one mini-batch the whole way: raw files → flows → delta, pairs → windows → files → commit. Run again on the same
 * inputs it changes nothing; killed at any point it leaves nothing that a reader would see. Throws where it may go well the
 * next time.
 */
export async function runMiniBatch(deps: MiniBatchDeps, request: MiniBatchRequest): Promise<MiniBatchOutcome> {
  const planned = await deps.watch.timed('plan', () => planMiniBatch(deps, request));
  if ('fault' in planned) return poison(deps, request, planned.fault);
  const { before, slice, sources } = planned;
  const isStale = before === undefined || !standsAsBefore(before, sources);
  const isToSkip = before !== undefined && (!isStale || request.leavesAffected === true);
  if (isToSkip && (await isReadFrom(deps.lake, before, slice, sources))) {
    const { project, featureSpecVersion: version } = request.spec;
    await deps.index.enterRange(project, version, before, deps.clock());
    // What was marked for nothing is as it should be.
    if (!isStale && before.affected !== null)
      await deps.index.record(project, version, { ...before, affected: null }, before);
    const why = isStale
      ? 'only its windows changed since, for which it is published again by itself'
      : 'its committed revision was computed from the same inputs';
    return { is: 'skipped', miniBatchId: slice.miniBatchId, sliceEnd: slice.sliceEnd, revision: before.revision, why };
  }
  // Others that come later in order see that it is in hand.
  const { project, featureSpecVersion: version } = request.spec;
  await deps.index.enterRange(project, version, slice, deps.clock());
  const computed = await computeMiniBatch(request, planned);
  if (computed.is === 'unusable') {
    const failed = await failBatch({ ...attemptOf(request, planned), reason: computed.why });
    if (failed.is === 'lost')
      throw new Overtaken(
        `mini-batch ${slice.miniBatchId} of project ${project} cannot be used (${computed.why}), but another run took it meanwhile; ` +
          'run it again to compare',
      );
    return poison(deps, request, computed.why, computed.dq);
  }
  return deps.watch.timed('publish', () => publishMiniBatch(request, planned, computed));
}

async function poison(
  deps: MiniBatchDeps,
  { spec, folder, notification: message }: MiniBatchRequest,
  why: string,
  dq?: UnusableContent['dq'],
): Promise<MiniBatchOutcome> {
  const { miniBatchId, path } = folder;
  const place = { lake: deps.quarantine, prefix: '', project: spec.project, miniBatchId };
  const met = dq === undefined ? {} : { dq };
  const notification = message === undefined ? { path } : { path, message };
  const quarantined = await quarantineBatch(place, { notification, error: new Error(why), ...met });
  return { is: 'poison', miniBatchId, why, quarantined, ...met };
}
