import { createHash } from 'node:crypto';
import type { Settings } from '../config/settings.ts';
import { listPresent, type RawFile, type RawFiles } from '../state/raw-files.ts';
import type { CommandContext } from './command.ts';
import { findMiniBatchFolders } from './folders.ts';

/** What a look at a root found. */
export interface Arrivals {
  /** Complete folders with something that was not taken yet, in no order that matters. */
  readonly ready: readonly string[];
  /** Folders into which files still come. */
  readonly arriving: readonly string[];
  /** What could not be looked at, each with why. */
  readonly faults: readonly string[];
}

export interface ArrivalWatch {
  look(): Promise<Arrivals>;
  /** How long a ready folder has been so, ms. */
  readyFor(path: string): number;
  /** The folder, as the last look saw it, is dealt with: only other files make it ready again. */
  taken(path: string): void;
  /** The folder is to be tried again: soon at first, later and later as long as it fails. */
  failed(path: string): void;
}

interface Seen {
  /** Of the files that were taken; null: none were. */
  readonly taken: string | null;
  readonly failures: number;
  /** Not to be looked at before, ms UTC. */
  readonly notBefore: number;
}

/** Keeps track of the mini-batch folders below a root. A folder that was taken is listed again only now and then. */
export function watchArrivals(context: CommandContext, rawFiles: RawFiles, root: string): ArrivalWatch {
  const { settings, clock, terminal } = context;
  const pollMs = settings['serve.poll_seconds'] * 1000;
  const recheckMs = settings['completeness.recheck_seconds'] * 1000;
  const seen = new Map<string, Seen>();
  const ready = new Map<string, { readonly since: number; readonly signature: string }>();

  return {
    async look() {
      const isKnown = (folder: string): boolean => (seen.get(folder)?.notBefore ?? 0) > clock();
      const { folders, faults } = await findMiniBatchFolders(context, root, isKnown);
      const arriving: string[] = [];
      const found = new Set<string>();
      const unreadable: string[] = [];
      for (const path of folders) {
        const files = await listPresent(rawFiles, path).catch((error: unknown) => {
          unreadable.push(`${path}: ${String(error)}`);
          return [];
        });
        if (files.length === 0) continue;
        const signature = signatureOf(files);
        const known = seen.get(path);
        if (known?.taken === signature) {
          seen.set(path, { ...known, notBefore: clock() + recheckMs });
          continue;
        }
        const state = await completenessOf(rawFiles, path, files, settings, clock());
        if (state.is === 'arriving') {
          arriving.push(path);
          continue;
        }
        if (state.is === 'overdue' && !ready.has(path)) terminal.note(`warning: ${path}: ${state.why}`);
        ready.set(path, { since: ready.get(path)?.since ?? clock(), signature });
        found.add(path);
      }
      for (const path of ready.keys()) if (!found.has(path)) ready.delete(path);
      return { ready: [...found], arriving, faults: [...faults, ...unreadable] };
    },
    readyFor: (path) => clock() - (ready.get(path)?.since ?? clock()),
    taken(path) {
      const taken = ready.get(path)?.signature ?? null;
      seen.set(path, { taken, failures: 0, notBefore: clock() + recheckMs });
      ready.delete(path);
    },
    failed(path) {
      const known = seen.get(path);
      const failures = (known?.failures ?? 0) + 1;
      const waitMs = Math.min(Math.max(recheckMs, pollMs), pollMs * 2 ** failures);
      seen.set(path, { taken: known?.taken ?? null, failures, notBefore: clock() + waitMs });
      ready.delete(path);
    },
  };
}

/** Tells other files from the same ones; short, since one is kept of every folder. */
function signatureOf(files: readonly RawFile[]): string {
  const hash = createHash('sha1');
  for (const { name, size, modifiedMs } of files) hash.update(`${name}/${size}/${modifiedMs}\n`);
  return hash.digest('base64');
}

type Completeness =
  | { readonly is: 'complete' | 'arriving' }
  /** It waited long enough, and is taken as it is. */
  | { readonly is: 'overdue'; readonly why: string };

/** Complete is a folder with its marker or, where none is used, one whose newest file has been there for a while. */
async function completenessOf(
  rawFiles: RawFiles,
  path: string,
  files: readonly RawFile[],
  settings: Settings,
  now: number,
): Promise<Completeness> {
  const marker = settings['completeness.marker'];
  if (marker !== null && (await rawFiles.has(path, marker))) return { is: 'complete' };
  const times = files.map(({ arrivedMs }) => arrivedMs);
  const quietMs = now - Math.max(...times);
  if (marker === null && quietMs >= settings['completeness.settle_seconds'] * 1000) return { is: 'complete' };
  const waitedMs = now - Math.min(...times);
  if (waitedMs < settings['completeness.max_wait_seconds'] * 1000) return { is: 'arriving' };
  const because = marker === null ? 'its files kept changing' : `${marker} did not come`;
  return { is: 'overdue', why: `taken as it is after ${Math.round(waitedMs / 1000)} s: ${because}` };
}
