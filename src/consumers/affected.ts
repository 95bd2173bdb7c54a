import { randomUUID } from 'node:crypto';
import { HOUR_MS } from '../operators/time.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import type { Affected } from '../state/batch-item.ts';
import type { Lake } from '../state/lake.ts';
import { readManifest, standsOnOf } from '../state/manifest.ts';
import { DAY, windowInputsOf } from './standing.ts';
import type { StreamName } from './stream-name.ts';

/** What comes later than this behind the newest slice makes no work by itself: it is told, and waits for a replay. */
const REPROCESS_LATE_MS = 2 * HOUR_MS;

/** A committed mini-batch whose windows hold something else by now than they did when it was computed. */
export interface Stale {
  readonly batch: CommittedBatch;
  /** Digest of what they hold now. */
  readonly standsOn: string;
}

/** A mini-batch that is to be published again, and why. */
export interface AffectedBatch extends Affected {
  readonly miniBatchId: string;
  /** ms UTC. */
  readonly sliceEnd: number;
}

/** Marks that a commit set: on whom, and how late it came. */
export interface Affects {
  /** In their order. */
  readonly miniBatchIds: readonly string[];
  readonly lateMs: number;
}

/**
 * The stale ones of committed mini-batches, which stand in their order. Of the first day only what begins it is judged
 * rightly, unless nothing was committed before.
 */
export function staleAmong(committed: readonly CommittedBatch[]): Stale[] {
  const stale: Stale[] = [];
  let first = 0;
  for (const [place, batch] of committed.entries()) {
    while (committed[first]!.sliceEnd <= batch.sliceEnd - DAY) first++;
    const standsOn = standsOnOf(windowInputsOf(committed.slice(first, place)));
    // Written by 0.1.0, which kept no such digest.
    if (batch.standsOn !== '' && batch.standsOn !== standsOn) stale.push({ batch, standsOn });
  }
  return stale;
}

/**
 * Marks what a commit made stale: every later mini-batch of the next 24 h. `was`: where the slice ended before it moved.
 * In order, nothing is later and nothing is read but the list of what is there.
 */
export async function markLater(
  index: BatchIndex,
  { project, version }: StreamName,
  { miniBatchId, sliceEnd }: { readonly miniBatchId: string; readonly sliceEnd: number },
  was = sliceEnd,
): Promise<Affects> {
  const from = Math.min(was, sliceEnd);
  const to = Math.max(was, sliceEnd) + DAY;
  const beside = await index.committedBetween(project, version, from - 1, to);
  if (beside.every((batch) => batch.miniBatchId === miniBatchId)) return { miniBatchIds: [], lateMs: 0 };
  const before = await index.committedBetween(project, version, from - DAY - 1, from - 1);
  const stale = staleAmong([...before, ...beside]).filter(({ batch }) => batch.sliceEnd >= from);
  if (stale.length === 0) return { miniBatchIds: [], lateMs: 0 };
  const newest = await index.newestCommitted(project, version);
  const lateMs = Math.max(0, (newest?.sliceEnd ?? sliceEnd) - sliceEnd);
  for (const one of stale) await mark(index, { project, version }, one, { by: miniBatchId, lateMs });
  return { miniBatchIds: stale.map(({ batch }) => batch.miniBatchId), lateMs };
}

/**
 * Every mini-batch that is to be published again, by what the index says of all of them, with why. Marks that a killed
 * run did not set are set. `recentMs`: only of those that end less before the newest one, which reads as few.
 */
export async function findAffected(
  index: BatchIndex,
  lake: Lake,
  { project, version }: StreamName,
  recentMs = Number.POSITIVE_INFINITY,
): Promise<AffectedBatch[]> {
  const newest = await index.newestCommitted(project, version);
  if (newest === undefined) return [];
  const from = newest.sliceEnd - recentMs;
  const all = await index.committedBetween(project, version, from - DAY, Number.POSITIVE_INFINITY);
  const committed = all.filter(({ sliceEnd }) => sliceEnd > from);
  const marks = new Map(committed.map(({ miniBatchId, affected }) => [miniBatchId, affected]));
  for (const stale of staleAmong(all)) {
    const { miniBatchId, sliceEnd, affected } = stale.batch;
    if (sliceEnd <= from) continue;
    const why = affected ?? (await causeOf(lake, stale, all));
    if (affected === null) await mark(index, { project, version }, stale, why);
    marks.set(miniBatchId, why);
  }
  return committed.flatMap(({ miniBatchId, sliceEnd }) => {
    const affected = marks.get(miniBatchId) ?? null;
    return affected === null ? [] : [{ miniBatchId, sliceEnd, ...affected }];
  });
}

/**
 * Writes the mark, unless one that says as much is there or the mini-batch was computed anew meanwhile. The new attempt
 * token keeps an attempt that began before, on what it read then, from committing.
 */
async function mark(index: BatchIndex, { project, version }: StreamName, stale: Stale, cause: Affected): Promise<void> {
  for (;;) {
    const present = await index.batch(project, version, stale.batch.miniBatchId);
    if (present === undefined || present.standsOn === stale.standsOn) return;
    if (present.affected !== null && (isRecent(present.affected) || !isRecent(cause))) return;
    const next = { ...present, affected: cause, attemptToken: randomUUID() };
    if ((await index.record(project, version, next, present)) === 'stored') return;
  }
}

/** True if it is published again without being asked for. */
export const isRecent = ({ lateMs }: Pick<Affected, 'lateMs'>): boolean => lateMs <= REPROCESS_LATE_MS;

/** The newest mini-batch by which its windows differ from what the manifest names. */
async function causeOf(lake: Lake, { batch }: Stale, committed: readonly CommittedBatch[]): Promise<Affected> {
  const newest = committed.at(-1)!.sliceEnd;
  const manifest = await readManifest(lake, batch.manifest).catch(() => undefined);
  const then = new Map(manifest?.window_inputs.map((input) => [input.mini_batch_id, input.content]));
  const place = committed.indexOf(batch);
  const covered = committed.slice(0, place).filter(({ sliceEnd }) => sliceEnd > batch.sliceEnd - DAY);
  const other = covered.findLast(({ miniBatchId, windowContent }) => then.get(miniBatchId) !== windowContent);
  // What is not there any more has moved to another slice; nobody knows any more how late.
  const { miniBatchId, sliceEnd } = other ?? covered.at(-1) ?? batch;
  return { by: miniBatchId, lateMs: newest - sliceEnd };
}
