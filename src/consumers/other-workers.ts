import type { PlannedMiniBatch } from '../state/batch-index.ts';
import { DAY } from './standing.ts';
import { isEntered, isInOtherHands } from './stream-line.ts';
import type { Stream } from './take-mini-batch.ts';
import type { TrackedFolder } from './tracked-folder.ts';

/** What the index knows of the 24 hours before a mini-batch; of its own slice alone where it waits for none before it. */
export async function plannedBefore(
  { deps, spec }: Stream,
  { candidate: { sliceEnd }, hasWaited, readySince }: TrackedFolder,
  now: number,
  waitMs: number,
): Promise<readonly PlannedMiniBatch[]> {
  if (sliceEnd === null) return [];
  const isOver = now - readySince >= waitMs;
  const from = isOver && !hasWaited ? sliceEnd - 1 : sliceEnd - DAY;
  return deps.index.planned(spec.project, spec.featureSpecVersion, from, sliceEnd);
}

/**
 * Takes a mini-batch in hand, so that other workers see it, unless one of them was faster and still has it. The first entry
 * stands: of two that come at once each knows by its instant whose it is.
 *
 * @param planned what the index knew of its slice just now
 */
export async function isTakenInHand(
  { deps: { index }, spec }: Stream,
  tracked: TrackedFolder,
  planned: readonly PlannedMiniBatch[],
  now: number,
  waitMs: number,
): Promise<boolean> {
  const { miniBatchId, sliceEnd } = tracked.candidate;
  if (sliceEnd === null) return true;
  if (isEntered(tracked, planned)) return !isInOtherHands(tracked, planned, now, waitMs);
  const { project, featureSpecVersion: version } = spec;
  tracked.enteredAt ??= now;
  await index.enterRange(project, version, { miniBatchId, sliceEnd }, tracked.enteredAt);
  return !isInOtherHands(tracked, await index.planned(project, version, sliceEnd - 1, sliceEnd), now, waitMs);
}
