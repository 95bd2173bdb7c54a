import type { PlannedMiniBatch } from '../state/batch-index.ts';
import { compareKeys } from '../state/key-order.ts';
import { comesBefore } from './standing.ts';
import { type Candidate, inOrder } from './take-mini-batch.ts';
import type { TrackedFolder } from './tracked-folder.ts';

/** The folders of one stream that are ready, in the order in which they are taken. */
export const lineOf = (folders: Iterable<TrackedFolder>): TrackedFolder[] =>
  [...folders].filter(({ state }) => state === 'ready').sort((a, b) => inOrder(a.candidate, b.candidate));

/**
 * Whether the first of a line waits for an earlier mini-batch: one that still comes or is to be tried again, or that another
 * process has in hand. A window should not miss what is nearly there.
 *
 * @param others every other folder of the stream
 * @param elsewhere what the index knows of the 24 hours before
 */
export function isHeldBack(
  first: TrackedFolder,
  others: Iterable<TrackedFolder>,
  elsewhere: readonly PlannedMiniBatch[],
  now: number,
  waitMs: number,
): boolean {
  if (now - first.readySince >= waitMs) return false;
  for (const other of others) if (other.state === 'waiting' && isEarlier(other.candidate, first.candidate)) return true;
  const { miniBatchId, sliceEnd } = first.candidate;
  if (sliceEnd === null) return false;
  return elsewhere.some(
    ({ is, plannedAt, ...planned }) =>
      is === 'planned' &&
      plannedAt !== null &&
      now - plannedAt < waitMs &&
      comesBefore(planned, { miniBatchId, sliceEnd }),
  );
}

/** The slice of a folder that still fills may not be known yet, but days and names tell enough. */
function isEarlier(one: Candidate, other: Candidate): boolean {
  if (one.sliceEnd !== null && other.sliceEnd !== null) return inOrder(one, other) < 0;
  return compareKeys(dayAndName(one.path), dayAndName(other.path)) < 0;
}

/** `YYYY/MM/DD/<mini-batch>` */
const dayAndName = (path: string): string => path.split('/').slice(-4).join('/');
