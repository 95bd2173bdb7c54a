import { createHash } from 'node:crypto';
import type { RawFile } from '../state/raw-files.ts';

export interface CompletenessRules {
  /** Name of a file whose presence says that a mini-batch is complete; null: its quiet does. */
  readonly marker: string | null;
  readonly settleMs: number;
  readonly maxWaitMs: number;
}

export type Completeness =
  | { readonly is: 'complete' | 'arriving' }
  /** It waited long enough, and is taken as it is. */
  | { readonly is: 'overdue'; readonly why: string };

/**
 * Complete is a folder with its marker or, where none is used, one whose newest file has been there for a while. One without
 * files waits, since it became known, for its marker or for its time to run out. One that ended before and has other files now
 * waits for these.
 */
export function judgeCompleteness(
  files: readonly Pick<RawFile, 'arrivedMs'>[],
  seen: {
    readonly hasMarker: boolean;
    readonly knownSince: number;
    /** When it began to wait for files that came later; null: it did not end yet. */
    readonly waitingSince: number | null;
    readonly now: number;
  },
  { marker, settleMs, maxWaitMs }: CompletenessRules,
): Completeness {
  if (seen.hasMarker) return { is: 'complete' };
  const times = files.map(({ arrivedMs }) => arrivedMs);
  const isQuiet = times.length > 0 && seen.now - Math.max(...times) >= settleMs;
  if (marker === null && isQuiet) return { is: 'complete' };
  const began = times.length > 0 ? Math.min(...times) : seen.knownSince;
  const waitedMs = seen.now - Math.max(began, seen.waitingSince ?? began);
  if (waitedMs < maxWaitMs) return { is: 'arriving' };
  const because =
    marker !== null ? `${marker} did not come` : times.length > 0 ? 'its files kept changing' : 'no data file came';
  return { is: 'overdue', why: `taken as it is after ${Math.round(waitedMs / 1000)} s: ${because}` };
}

/** Tells other files from the same ones; short, since one is kept of every folder. */
export function signatureOf(files: readonly RawFile[]): string {
  const hash = createHash('sha1');
  for (const { name, size, modifiedMs, etag } of files) hash.update(`${name}/${size}/${modifiedMs}/${etag ?? ''}\n`);
  return hash.digest('base64');
}
