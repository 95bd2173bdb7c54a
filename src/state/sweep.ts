import type { BatchIndex } from './batch-index.ts';
import { type BatchItem, basisOf, isBasis } from './batch-item.ts';
import { type Lake, NotFound } from './lake.ts';
import { type Manifest, readManifest } from './manifest.ts';

export interface Sweep {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly project: string;
  readonly version: string;
  readonly nowMs: number;
  /** How long readers may go on with what they read from the index before. */
  readonly graceMs: number;
  /** Looks only at mini-batches with slice_end after it, ms UTC; absent: at all there are, which reads every one of them. */
  readonly after?: number;
}

export interface SweepReport {
  /** Paths, in the order of their removal. */
  readonly removed: readonly string[];
  /** Mini-batches that could not be swept, each with why; they are tried again by the next sweep. */
  readonly faults: readonly string[];
}

/**
 * Removes, in the folders of every mini-batch whose revision has counted for `graceMs`, the files and manifests that
 * the index does not name and that are themselves that old. A mini-batch is looked through once per revision. Any
 * number of sweeps and commits may run beside it: see `commitBatch`.
 */
export async function sweepSuperseded(sweep: Sweep): Promise<SweepReport> {
  const removed: string[] = [];
  const faults: string[] = [];
  for await (const batch of batchesOf(sweep)) {
    if (!isDue(batch, sweep)) continue;
    try {
      await sweepBatch(sweep, batch, removed);
    } catch (error) {
      faults.push(`mini-batch ${batch.miniBatchId} of ${sweep.project}, ${sweep.version}: ${String(error)}`);
    }
  }
  return { removed, faults };
}

async function* batchesOf({ index, project, version, after }: Sweep): AsyncGenerator<BatchItem> {
  if (after === undefined) return yield* index.batches(project, version);
  for (const { miniBatchId } of await index.committedBetween(project, version, after, Number.POSITIVE_INFINITY)) {
    const batch = await index.batch(project, version, miniBatchId);
    if (batch !== undefined) yield batch;
  }
}

const isDue = ({ revision, sweptRevision, committedAt }: BatchItem, { nowMs, graceMs }: Sweep): boolean =>
  revision > 0 && sweptRevision !== revision && committedAt !== null && nowMs - committedAt >= graceMs;

async function sweepBatch(sweep: Sweep, present: BatchItem, removed: string[]): Promise<void> {
  const { lake, index, project, version, nowMs, graceMs } = sweep;
  const current = await readManifest(lake, present.manifest!);
  const kept = new Set([present.manifest!.path, ...pathsOf(current)]);
  const doomed: string[] = [];
  let isComplete = true;
  for (const folder of await foldersOf(lake, present, current)) {
    for await (const { path, modifiedMs } of lake.list(`${folder}/`)) {
      if (kept.has(path)) continue;
      // A young file may belong to an attempt that is about to commit it.
      if (nowMs - modifiedMs >= graceMs) doomed.push(path);
      else isComplete = false;
    }
  }
  for (const path of doomed) if (!(await removeUnlessOvertaken(sweep, present, path, removed))) return;
  if (isComplete)
    await index.record(project, version, { ...present, superseded: [], sweptRevision: present.revision }, present);
}

/**
 * Removes a file as long as the index names the revision that was swept around. A commit may slip in between that look
 * and the removal and may name the file: the second look finds it, and the file is put back. (A commit looks for its
 * files after it has decided, so what was removed before is its to write again.) False if a commit came in between.
 */
async function removeUnlessOvertaken(
  { lake, index, project, version }: Sweep,
  swept: BatchItem,
  path: string,
  removed: string[],
): Promise<boolean> {
  const read = (): Promise<BatchItem | undefined> => index.batch(project, version, swept.miniBatchId);
  const bytes = await unlessSwept(lake.read(path));
  if (bytes === undefined) return true;
  if (!isBasis(await read(), basisOf(swept))) return false;
  await lake.remove(path);
  const now = await read();
  const isOvertaken = !isBasis(now, basisOf(swept));
  if (isOvertaken && (await isNamed(lake, now, path))) await lake.create(path, bytes);
  else removed.push(path);
  return !isOvertaken;
}

async function isNamed(lake: Lake, now: BatchItem | undefined, path: string): Promise<boolean> {
  const ref = now?.manifest ?? null;
  if (ref === null) return false;
  return ref.path === path || pathsOf(await readManifest(lake, ref)).includes(path);
}

/** Folders of every dataset of every revision that may have left files, then those of the manifests that name them. */
async function foldersOf(lake: Lake, { manifest, superseded }: BatchItem, current: Manifest): Promise<Set<string>> {
  const earlier = await Promise.all(superseded.map((ref) => unlessSwept(readManifest(lake, ref))));
  const datasets = [current, ...earlier].flatMap((known) => Object.values(known?.datasets ?? {}));
  const manifests = [manifest!, ...superseded].map(({ path }) => path.slice(0, path.lastIndexOf('/')));
  return new Set([...datasets.flatMap(({ folders }) => folders), ...manifests]);
}

async function unlessSwept<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

const pathsOf = ({ datasets }: Manifest): string[] =>
  Object.values(datasets).flatMap(({ files }) => files.map(({ path }) => path));
