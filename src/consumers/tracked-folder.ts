import { listPresent, type RawFiles } from '../state/raw-files.ts';
import { type CompletenessRules, judgeCompleteness, signatureOf } from './completeness.ts';
import type { Announced } from './settle-slice.ts';
import type { Candidate } from './take-mini-batch.ts';

/**
 * `waiting`: to be listed when its time comes. `ready`: complete, in the line of its stream. `running`: in work. `resting`:
 * ended, and to be listed now and then for files that come late.
 */
export type FolderState = 'waiting' | 'ready' | 'running' | 'resting';

/** A mini-batch's folder that the pump knows of. */
export interface TrackedFolder {
  readonly path: string;
  /** Names the stream it belongs to. */
  readonly stream: string;
  candidate: Candidate;
  /** What the first message about it told; null: nothing announced it. */
  announced: Announced | null;
  state: FolderState;
  /** Instants, ms UTC. */
  readonly knownSince: number;
  /** Since it is to be taken once more after it ended; null: it did not end yet. */
  waitingSince: number | null;
  readySince: number;
  /** Not to be listed, or tried, before. */
  notBefore: number;
  endedAt: number | null;
  /** Attempts in a row that ended with an error, and since when. */
  failures: number;
  failingSince: number | null;
  /** Looks in a row that were refused. */
  refusedLooks: number;
  /** Raw bytes, as delivered. */
  bytes: number;
  /** Of the files that the last look found, and of those that were taken. */
  signature: string;
  takenSignature: string | null;
  /** A message came for it since it was taken, or began to be. */
  isWanted: boolean;
  /** It had to wait for an earlier one since it is ready. */
  hasWaited: boolean;
  /** The instant with which this process entered it in the index, or tried to: it tells its entry from others. */
  enteredAt: number | null;
}

/** Tells a folder of one stream from all others. */
export const folderKey = ({ stream, path }: Pick<TrackedFolder, 'stream' | 'path'>): string => `${stream} ${path}`;

export const trackFolder = (
  stream: string,
  candidate: Candidate,
  announced: Announced | null,
  now: number,
): TrackedFolder => ({
  path: candidate.path,
  stream,
  candidate,
  announced,
  state: 'waiting',
  knownSince: now,
  waitingSince: null,
  readySince: now,
  notBefore: now,
  endedAt: null,
  failures: 0,
  failingSince: null,
  refusedLooks: 0,
  bytes: 0,
  signature: '',
  takenSignature: null,
  isWanted: announced !== null,
  hasWaited: false,
  enteredAt: null,
});

export interface LookRules extends CompletenessRules {
  readonly recheckMs: number;
}

/** What a look at a folder found: `nothing` is a folder without files that nobody announced, or that was cleared away. */
export type Look = 'arriving' | 'ready' | 'overdue' | 'resting' | 'nothing';

/** Lists a folder that is waiting, ready or resting, and moves it on. `why` says why it is taken although overdue. */
export async function lookAtFolder(
  rawFiles: RawFiles,
  tracked: TrackedFolder,
  rules: LookRules,
  clock: () => number,
): Promise<{ readonly look: Look; readonly why?: string }> {
  const { marker } = rules;
  const files = await listPresent(rawFiles, tracked.path);
  const now = clock();
  tracked.signature = signatureOf(files);
  tracked.bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length === 0 && !tracked.isWanted) return { look: rest(tracked, now + rules.recheckMs, 'nothing') };
  if (tracked.signature === tracked.takenSignature && !tracked.isWanted)
    return { look: rest(tracked, now + rules.recheckMs, 'resting') };
  const hasMarker = marker !== null && (await rawFiles.has(tracked.path, marker));
  if (tracked.state === 'resting') tracked.waitingSince = now;
  // What came twice, or is asked for again, has waited before.
  const waitingSince = tracked.signature === tracked.takenSignature ? null : tracked.waitingSince;
  const judged = judgeCompleteness(files, { hasMarker, knownSince: tracked.knownSince, waitingSince, now }, rules);
  if (judged.is === 'arriving') {
    tracked.state = 'waiting';
    // Others come first, the next time.
    tracked.notBefore = now;
    return { look: 'arriving' };
  }
  // Planning lists it once more: a long line need not be listed again and again.
  tracked.notBefore = now + rules.settleMs;
  if (tracked.state !== 'ready') {
    tracked.state = 'ready';
    tracked.readySince = now;
    tracked.hasWaited = false;
    if (judged.is === 'overdue') return { look: 'overdue', why: judged.why };
  }
  return { look: 'ready' };
}

function rest(tracked: TrackedFolder, notBefore: number, look: Look): Look {
  tracked.state = 'resting';
  tracked.notBefore = notBefore;
  return look;
}

/** It was taken, for good or bad, as the last look saw it: only other files, or a message, make it wait again. */
export function hasEnded(tracked: TrackedFolder, now: number, recheckMs: number): void {
  tracked.takenSignature = tracked.signature;
  tracked.failures = 0;
  tracked.failingSince = null;
  tracked.endedAt = now;
  if (tracked.isWanted) {
    waitAgain(tracked, now);
    return;
  }
  tracked.state = 'resting';
  tracked.notBefore = now + recheckMs;
}

/** It ended, and is to be taken once more. */
export function waitAgain(tracked: TrackedFolder, now: number): void {
  tracked.state = 'waiting';
  tracked.waitingSince = now;
  tracked.notBefore = now;
}

/** It met an error, and is to be tried again. */
export function hasFailed(tracked: TrackedFolder, now: number, notBefore: number): void {
  tracked.failures++;
  tracked.failingSince ??= now;
  tracked.state = 'waiting';
  tracked.takenSignature = null;
  tracked.isWanted ||= tracked.announced !== null;
  tracked.notBefore = notBefore;
}
