import type { PlannedMiniBatch } from '../state/batch-index.ts';
import { compareKeys } from '../state/key-order.ts';
import { comesBefore } from './standing.ts';
import { type Candidate, inOrder } from './take-mini-batch.ts';
import type { TrackedFolder } from './tracked-folder.ts';

/** The folders of one stream that are ready, in the order in which they are taken. */
export const lineOf = (folders: Iterable<TrackedFolder>): TrackedFolder[] =>
  [...folders].filter(({ state }) => state === 'ready').sort((a, b) => inOrder(a.candidate, b.candidate));

/**
 * Which of a line is tried where something is refused to its stream: the first, and one that has stood there for as long as
 * earlier ones are waited for if it was tried less often. What is refused may be one object of one mini-batch.
 */
export function oneToTry(line: readonly TrackedFolder[], now: number, waitMs: number): TrackedFolder | undefined {
  const [first, ...others] = line;
  const patient = others.filter(({ readySince }) => now - readySince >= waitMs);
  return patient.reduce((best, other) => (best !== undefined && other.failures < best.failures ? other : best), first);
}

/** `waits`: for an earlier one. `overdue`: it has waited for an earlier one as long as it may. */
export type Turn = 'its turn' | 'waits' | 'overdue';

/**
 * Whether it is the turn of the first of a line, or an earlier mini-batch is before it: one that still comes or is to be tried
 * again, or that another process has in hand. A window should not miss what is nearly there.
 *
 * @param others every other folder of the stream
 * @param elsewhere what the index knows of the 24 hours before
 */
export function turnOf(
  first: TrackedFolder,
  others: Iterable<TrackedFolder>,
  elsewhere: readonly PlannedMiniBatch[],
  now: number,
  waitMs: number,
): Turn {
  const isOver = now - first.readySince >= waitMs;
  if (!hasEarlier(first, others, elsewhere, now, waitMs) || (isOver && !first.hasWaited)) return 'its turn';
  return isOver ? 'overdue' : 'waits';
}

/**
 * Whether another process has just this mini-batch in hand: messages about one folder may go to several, and one is enough.
 *
 * @param planned what the index knows of its slice
 */
export const isInOtherHands = (
  { candidate, enteredAt }: Pick<TrackedFolder, 'candidate' | 'enteredAt'>,
  planned: readonly PlannedMiniBatch[],
  now: number,
  waitMs: number,
): boolean =>
  planned.some(
    (one) =>
      isSame(one, candidate) &&
      one.plannedAt !== enteredAt &&
      one.is === 'planned' &&
      isRecent(one.plannedAt, now, waitMs),
  );

/** Whether its entry is there, made by whomever. */
export const isEntered = ({ candidate }: TrackedFolder, planned: readonly PlannedMiniBatch[]): boolean =>
  planned.some((one) => isSame(one, candidate));

const isSame = (one: PlannedMiniBatch, { miniBatchId, sliceEnd }: Candidate): boolean =>
  one.miniBatchId === miniBatchId && one.sliceEnd === sliceEnd;

const isRecent = (plannedAt: number | null, now: number, waitMs: number): boolean =>
  plannedAt !== null && now - plannedAt < waitMs;

function hasEarlier(
  first: TrackedFolder,
  others: Iterable<TrackedFolder>,
  elsewhere: readonly PlannedMiniBatch[],
  now: number,
  waitMs: number,
): boolean {
  for (const other of others)
    if (mayComeSoon(other, now, waitMs) && isEarlier(other.candidate, first.candidate)) return true;
  const { miniBatchId, sliceEnd } = first.candidate;
  if (sliceEnd === null) return false;
  return elsewhere.some(
    ({ is, plannedAt, ...planned }) =>
      is === 'planned' && isRecent(plannedAt, now, waitMs) && comesBefore(planned, { miniBatchId, sliceEnd }),
  );
}

/** What has failed for longer than anything is waited for delays nobody any more. */
const mayComeSoon = ({ state, failingSince }: TrackedFolder, now: number, waitMs: number): boolean =>
  state === 'waiting' && (failingSince === null || now - failingSince < waitMs);

/** The slice of a folder that still fills may not be known yet, but days and names tell enough. */
function isEarlier(one: Candidate, other: Candidate): boolean {
  if (one.sliceEnd !== null && other.sliceEnd !== null) return inOrder(one, other) < 0;
  return compareKeys(dayAndName(one.path), dayAndName(other.path)) < 0;
}

/** `YYYY/MM/DD/<mini-batch>` */
const dayAndName = (path: string): string => path.split('/').slice(-4).join('/');
