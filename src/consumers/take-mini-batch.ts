import { basename } from 'node:path';
import type { BatchSpec } from '../config/batch-spec.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import { compareKeys } from '../state/key-order.ts';
import { runMiniBatch } from './mini-batch.ts';
import type { MiniBatchDeps, MiniBatchRequest } from './mini-batch-request.ts';
import type { MiniBatchOutcome } from './outcome.ts';
import { settle } from './plan-mini-batch.ts';
import { describeGone, goneFiles } from './raw-presence.ts';
import { type MiniBatchFolder, miniBatchFolderOf } from './settle-slice.ts';

/** A project under one feature spec version, with what its mini-batches are taken by. */
export interface Stream {
  readonly deps: MiniBatchDeps;
  readonly spec: BatchSpec;
  readonly sliceRules: MiniBatchRequest['sliceRules'];
}

/** What became of a mini-batch that was taken: its outcome, or an error, after which it may be tried again. */
export type Taken = MiniBatchOutcome | ErrorOutcome;

export interface ErrorOutcome {
  readonly is: 'error';
  readonly miniBatchId: string;
  readonly error: unknown;
}

/** A folder whose turn will come. */
export interface Candidate {
  readonly path: string;
  readonly miniBatchId: string;
  /** ms UTC; null where it cannot be settled, which is told when its turn comes. */
  readonly sliceEnd: number | null;
  /** Where in the order it stands: its slice's end, else the day of its path. */
  readonly position: number;
  /** Or why the path is no mini-batch's. */
  readonly folder: MiniBatchFolder | { readonly fault: string };
}

/** The order in which mini-batches are taken. */
export const inOrder = (a: Candidate, b: Candidate): number =>
  a.position - b.position || compareKeys(a.miniBatchId, b.miniBatchId);

/** @param slice where its end is known, it decides the place. @param folder as its route has it; absent: as its path says. */
export function candidateOf(
  path: string,
  slice?: Pick<SettledSlice, 'sliceEnd'>,
  folder: Candidate['folder'] = readFolder(path),
): Candidate {
  if ('fault' in folder)
    return { path, miniBatchId: basename(path), sliceEnd: null, position: Number.NEGATIVE_INFINITY, folder };
  const { miniBatchId, date } = folder;
  if (slice !== undefined) {
    const { sliceEnd } = slice;
    return { path, miniBatchId, sliceEnd, position: sliceEnd, folder };
  }
  const position = date === null ? Number.NEGATIVE_INFINITY : Date.parse(date);
  return { path, miniBatchId, sliceEnd: null, position, folder };
}

/** Reads the path of a folder of which no route is known. */
export function readFolder(path: string): Candidate['folder'] {
  try {
    return miniBatchFolderOf(path);
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

/**
 * The candidate with its slice settled. Where no setting and no clock tells a slice, this reads the folder's files. What
 * keeps a slice from being settled will be met, and told, when the turn of the candidate comes.
 */
export async function settleCandidate(
  { deps, spec, sliceRules }: Stream,
  candidate: Candidate,
  announced?: MiniBatchRequest['announced'],
): Promise<Candidate> {
  const { folder, path } = candidate;
  if ('fault' in folder) return candidate;
  const request = { spec, folder, sliceRules, ...(announced && { announced }) };
  const slice = await settle(deps, request).catch((error: unknown) => ({ fault: String(error) }));
  return 'fault' in slice ? candidate : candidateOf(path, slice, folder);
}

/** Takes a candidate the whole way. Never throws: one that fails stops none of the others. */
export async function take(
  { deps, spec, sliceRules }: Stream,
  { folder, miniBatchId }: Candidate,
  how: Pick<MiniBatchRequest, 'leavesAffected' | 'announced' | 'notification'> = {},
): Promise<Taken> {
  if ('fault' in folder) return { is: 'poison', miniBatchId, why: folder.fault, quarantined: null };
  try {
    return await runMiniBatch(deps, { spec, folder, sliceRules, ...how });
  } catch (error) {
    return { is: 'error', miniBatchId, error };
  }
}

/** Takes a mini-batch that was committed before, from where its raw files lay. Never throws, nor commits without them. */
export async function takeAgain(stream: Stream, miniBatchId: string): Promise<Taken> {
  const { deps, spec } = stream;
  try {
    const slice = await deps.index.settledSlice(spec.project, miniBatchId);
    const batch = await deps.index.batch(spec.project, spec.featureSpecVersion, miniBatchId);
    const failed = (why: string): Taken => ({ is: 'poison', miniBatchId, why, quarantined: null });
    if (slice === undefined) return failed(`the index has no item slice#${miniBatchId}; restore it`);
    const gone = await goneFiles(deps.rawFiles, batch, slice.path);
    if (gone.length > 0) return failed(`cannot be published again: ${describeGone(gone, slice.path)}`);
    const { path, sliceEnd } = slice;
    const folder = miniBatchFolderOf(path, miniBatchId);
    return await take(stream, { path, miniBatchId, sliceEnd, position: sliceEnd, folder });
  } catch (error) {
    return { is: 'error', miniBatchId, error };
  }
}
