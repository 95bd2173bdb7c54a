import type { BatchSpec } from '../config/batch-spec.ts';
import type { FileFlows } from '../operators/flow-reader.ts';
import { noCounts, type QualityCounts } from '../operators/quality.ts';
import type { Lake } from '../state/lake.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { quarantineLines } from '../state/quarantine.ts';
import { listRawFiles, type RawFile } from '../state/raw-files.ts';
import { absentOptionalFields, addCounts, inputFault } from './input-faults.ts';
import type { MiniBatchFolder } from './settle-slice.ts';
import { readerOptionsOf } from './slice-plan.ts';
import { type ReadFile, unpackRejected } from './stages.ts';
import type { WorkPool } from './work-pool.ts';

interface ReadDeps {
  readonly pool: WorkPool;
  readonly parallel: number;
}

/** What the raw files of a mini-batch hold. */
export type MiniBatchContent = UsableContent | { readonly is: 'unusable'; readonly why: string };

export interface UsableContent {
  readonly is: 'usable';
  readonly files: FileFlows[];
  readonly counts: QualityCounts;
  /** Lines that are not blank. */
  readonly lines: number;
  /** Files that could not be read to their end, and were left out whole. */
  readonly damaged: number;
  readonly warnings: readonly string[];
}

/**
 * Reads the raw files and puts what cannot be used into quarantine, with its reason. Throws if a file changed while it was
 * read: what was hashed would not be what was computed from.
 */
export async function readMiniBatch(
  deps: ReadDeps & { readonly quarantine: Lake },
  spec: BatchSpec,
  { path, miniBatchId }: MiniBatchFolder,
  raw: readonly RawFile[],
): Promise<MiniBatchContent> {
  const where = `mini-batch ${miniBatchId} of project ${spec.project}`;
  const read = await readFiles(deps, spec, raw);
  if (JSON.stringify(await listRawFiles(path)) !== JSON.stringify(raw)) {
    throw new Error(`${where}: files in ${path} changed while they were read; run it again when they are complete`);
  }
  const damaged = read.flatMap((file) => (file.is === 'damaged' ? [file] : []));
  const whole = read.flatMap((file) => (file.is === 'read' ? [file] : []));
  if (damaged.length > 0 && whole.length === 0) {
    const faults = damaged.map(({ name, why }) => `${name}: ${why}`).join('; ');
    return { is: 'unusable', why: `${where}: no file can be read (${faults}); deliver the files again` };
  }
  const files = whole.map(({ flows }) => flows);
  const counts = noCounts();
  addCounts(files, counts);
  const place = { lake: deps.quarantine, prefix: '', project: spec.project, miniBatchId };
  await quarantineLines(place, unpackRejected(whole.map(({ rejected }) => rejected)));
  const fault = inputFault(files, counts, spec, where);
  if (fault !== undefined) return { is: 'unusable', why: fault };
  return {
    is: 'usable',
    files,
    counts,
    lines: files.reduce((sum, file) => sum + file.lines, 0),
    damaged: damaged.length,
    warnings: [
      ...damaged.map(({ name, why }) => `${where}: ${name} cannot be read and was left out: ${why}; deliver it again`),
      ...absentOptionalFields(files, spec).map((warning) => `${where}: ${warning}`),
    ],
  };
}

function readFiles({ pool, parallel }: ReadDeps, spec: BatchSpec, files: readonly RawFile[]): Promise<ReadFile[]> {
  const options = readerOptionsOf(spec);
  return mapInOrder(files, parallel, ({ name, path }) => pool.read({ name, path, options }));
}

/** Greatest event_end in [from, to), ms UTC; null if there is none. Reads every file. */
export async function maxEventEndOf(
  deps: ReadDeps,
  spec: BatchSpec,
  files: readonly RawFile[],
  from: number,
  to: number,
): Promise<number | null> {
  let newest = Number.NEGATIVE_INFINITY;
  for (const file of await readFiles(deps, spec, files)) {
    if (file.is === 'damaged') continue;
    for (const { end } of file.flows.chunks) {
      for (const instant of end) if (instant >= from && instant < to && instant > newest) newest = instant;
    }
  }
  return newest === Number.NEGATIVE_INFINITY ? null : newest;
}
