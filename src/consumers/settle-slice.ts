import { type MiniBatchPath, readMiniBatchFolder } from '../config/mini-batch-path.ts';
import {
  eventEndRange,
  type NoEventEnd,
  type SliceEvidence,
  type SliceRules,
  settleSlice,
} from '../config/slice-time.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import type { RawFile } from '../state/raw-files.ts';

/** A folder of raw files, and what its path says. */
export interface MiniBatchFolder {
  readonly path: string;
  readonly name: string;
  readonly miniBatchId: string;
  /** YYYY-MM-DD; null where the path has no date. */
  readonly date: string | null;
}

/** When a mini-batch was announced, ms UTC; null: nobody said. */
export interface Announced {
  /** The event's own time. */
  readonly eventTime: number | null;
  /** When the queue took the message. */
  readonly sentTime: number | null;
}

/** The folder of a path that was read. */
export const folderOfPath = ({
  folder: path,
  folderName: name,
  miniBatchId,
  date,
}: MiniBatchPath): MiniBatchFolder => ({
  ...{ path, name, miniBatchId, date },
});

/**
 * Reads a folder's path; a folder that does not lie under YYYY/MM/DD is known by its name alone. Where a route made the
 * mini-batch's id, it is given.
 */
export function miniBatchFolderOf(path: string, miniBatchId?: string): MiniBatchFolder {
  const folder = folderNamedBy(path);
  return miniBatchId === undefined ? folder : { ...folder, miniBatchId };
}

function folderNamedBy(path: string): MiniBatchFolder {
  const answer = readMiniBatchFolder(path);
  const name = path.replace(/\/+$/, '').split('/').at(-1) ?? path;
  if (answer.is === 'mini-batch') return folderOfPath(answer.path);
  if (answer.fits) throw new Error(answer.why);
  return { path: path.replace(/\/+$/, ''), name, miniBatchId: name, date: null };
}

export type SliceOutcome =
  | { readonly is: 'settled'; readonly slice: SettledSlice }
  | { readonly is: 'fault'; readonly why: string };

/** What settling may have to look up. */
export interface SliceLookups {
  readonly files: readonly RawFile[];
  /** Greatest event_end in [from, to), ms UTC; where there is none, why not. Reads every file. */
  maxEventEnd(from: number, to: number): Promise<number | NoEventEnd>;
}

/**
 * Settles the slice of a mini-batch: the first answer stands for all later ones. `told.at` (ms UTC) replaces it.
 */
export async function settleMiniBatch(
  index: BatchIndex,
  project: string,
  folder: MiniBatchFolder,
  rules: SliceRules,
  lookups: SliceLookups,
  told: { readonly at: number | null } & Partial<Announced>,
): Promise<SliceOutcome> {
  const { at } = told;
  const { miniBatchId, path } = folder;
  if (at === null) {
    const known = await index.settledSlice(project, miniBatchId);
    if (known !== undefined && known.path === path) return { is: 'settled', slice: known };
  }
  let evidence: SliceEvidence = { folderName: folder.name, pathDate: folder.date, ...told };
  for (;;) {
    const answer = settleSlice(evidence, rules);
    if (answer.is === 'fault') return answer;
    if (answer.is === 'needs') {
      evidence =
        answer.what === 'lastModified'
          ? { ...evidence, lastModified: newest(lookups.files) }
          : { ...evidence, maxEventEnd: await maxEventEndNear(folder, lookups) };
      continue;
    }
    const slice: SettledSlice = { ...answer.slice, miniBatchId, path };
    const settlement =
      at === null ? await index.settle(project, slice) : await index.resettle(project, slice, rules.now);
    if (settlement.is === 'elsewhere') return { is: 'fault', why: settlement.fault };
    return { is: 'settled', slice: settlement.slice };
  }
}

const newest = (files: readonly RawFile[]): number | null =>
  files.length === 0 ? null : Math.max(...files.map(({ modifiedMs }) => modifiedMs));

function maxEventEndNear(folder: MiniBatchFolder, lookups: SliceLookups): Promise<number | NoEventEnd> {
  const { from, to } = eventEndRange(folder.date);
  return lookups.maxEventEnd(from, to);
}
