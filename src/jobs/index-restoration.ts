import { randomUUID } from 'node:crypto';
import type { BatchIndex } from '../state/batch-index.ts';
import { type BatchItem, type ManifestRef, type SettledSlice, sliceOfItem } from '../state/batch-item.ts';
import type { Item } from '../state/items.ts';
import { compareKeys } from '../state/key-order.ts';
import type { Lake } from '../state/lake.ts';
import { type Manifest, readFromOf, standsOnOf, windowContentOf } from '../state/manifest.ts';
import { type RetentionMarks, readRetentionMarks } from '../state/retention-marks.ts';
import { type FoundManifest, manifestsOf } from './manifest-inventory.ts';
import { checkFiles, checkManifest, type FileFault } from './revision-check.ts';

export interface RestorationDeps {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly project: string;
  readonly nowMs: number;
  readonly stop: AbortSignal;
  /** Told before each mini-batch. */
  readonly onProgress: (done: number, of: number) => void;
}

export interface RestorationOptions {
  readonly isDryRun: boolean;
  /** Lets a revision take the place of a greater one whose files do not verify. */
  readonly isForced: boolean;
}

/** What became of a mini-batch in the index. */
export interface Restored {
  readonly version: string;
  readonly miniBatchId: string;
  /**
   * `stands`: the index was right. `restored`: it knew no revision. `raised`, `lowered`: the one it named does not verify,
   * another does. `refused`: the same, but a lesser one takes --force. `lost`: no revision verifies.
   */
  readonly is: 'stands' | 'restored' | 'raised' | 'lowered' | 'refused' | 'lost';
  /** The one that the index names now, or would be; null: none. */
  readonly revision: number | null;
  /** What does not verify of this mini-batch, whichever revision. */
  readonly faults: readonly FileFault[];
  readonly notes: readonly string[];
}

/**
 * Puts back into the index what the lake's manifests tell: per mini-batch the greatest revision whose files all exist and
 * verify. The index is believed where what it names verifies. Every write is conditional: what is committed meanwhile
 * wins.
 */
export async function* restoreIndex(deps: RestorationDeps, options: RestorationOptions): AsyncGenerator<Restored> {
  const { lake, index, project, stop, onProgress } = deps;
  const found = new Map<string, FoundManifest[]>();
  for await (const manifest of manifestsOf(lake, project)) {
    const name = JSON.stringify([manifest.version, manifest.miniBatchId]);
    found.set(name, [...(found.get(name) ?? []), manifest]);
  }
  const marks = new Map<string, RetentionMarks>();
  let done = 0;
  for (const manifests of found.values()) {
    if (stop.aborted) return;
    onProgress(done++, found.size);
    const { version, miniBatchId } = manifests[0]!;
    if (!marks.has(version)) marks.set(version, await readRetentionMarks(lake, project, version));
    const candidates = manifests.toSorted(latestFirst);
    const present = await index.batch(project, version, miniBatchId).catch((error: Error) => error);
    if (present instanceof Error) {
      const faults = [{ is: 'damaged', path: 'batch_index', why: present.message } as const];
      yield { version, miniBatchId, is: 'lost', revision: null, faults, notes: [] };
      continue;
    }
    const search = { lake, marks: marks.get(version)!, candidates, present };
    yield await restoreOne(deps, options, { version, miniBatchId, candidates, present, ...(await choose(search)) });
  }
}

/** Of two manifests of one revision only one was committed; the lake cannot tell which, the later is the likelier. */
const latestFirst = (a: FoundManifest, b: FoundManifest): number =>
  b.revision - a.revision || b.modifiedMs - a.modifiedMs || compareKeys(b.path, a.path);

interface Whole {
  readonly manifest: Manifest;
  readonly ref: ManifestRef;
}

interface Choice {
  /** The one that the index names, if it verifies. */
  readonly named: Whole | null;
  /** Else the greatest that does. */
  readonly best: Whole | null;
  readonly faults: readonly FileFault[];
}

async function choose({
  lake,
  marks,
  candidates,
  present,
}: {
  readonly lake: Lake;
  readonly marks: RetentionMarks;
  readonly candidates: readonly FoundManifest[];
  readonly present: BatchItem | undefined;
}): Promise<Choice> {
  const faults: FileFault[] = [];
  const wholeOf = async (path: string, sha256: string | null): Promise<Whole | null> => {
    const checked = await checkManifest(lake, path, sha256);
    if (checked.is === 'faulty') {
      faults.push(checked.fault);
      return null;
    }
    const { manifest } = checked;
    const found = await checkFiles(lake, manifest, marks, true);
    faults.push(...found);
    return found.length === 0 ? { manifest, ref: { path, sha256: checked.sha256 } } : null;
  };
  const ref = present?.manifest ?? null;
  const named = ref === null ? null : await wholeOf(ref.path, ref.sha256);
  if (named !== null) return { named, best: null, faults };
  for (const { path } of candidates) {
    if (path === ref?.path) continue;
    const best = await wholeOf(path, null);
    if (best !== null) return { named, best, faults };
  }
  return { named, best: null, faults };
}

interface Case extends Choice {
  readonly version: string;
  readonly miniBatchId: string;
  readonly candidates: readonly FoundManifest[];
  readonly present: BatchItem | undefined;
}

async function restoreOne(
  { lake, index, project, nowMs }: RestorationDeps,
  { isDryRun, isForced }: RestorationOptions,
  { version, miniBatchId, candidates, present, named, best, faults }: Case,
): Promise<Restored> {
  const was = present?.revision ?? 0;
  const outcome = (is: Restored['is'], revision: number | null, notes: readonly string[] = []): Restored => ({
    version,
    miniBatchId,
    is,
    revision,
    faults,
    notes,
  });
  const prepare = (manifest: Manifest): Promise<string[]> => complete({ index, project, nowMs }, version, manifest);
  if (named !== null) return outcome('stands', was, isDryRun ? [] : await prepare(named.manifest));
  if (best === null) return outcome('lost', was > 0 ? was : null);
  const { revision } = best.manifest;
  const is = was === 0 ? 'restored' : revision < was ? 'lowered' : 'raised';
  if (is === 'lowered' && !isForced) return outcome('refused', was);
  if (isDryRun) return outcome(is, revision);
  const others = await refsOf(lake, candidates, best.ref.path);
  const item: BatchItem = { ...itemOf(best, others, nowMs), failure: present?.failure ?? null };
  const notes = await prepare(best.manifest);
  if ((await index.record(project, version, item, present)) === 'conflict')
    return outcome('stands', null, ['another run wrote it meanwhile; run this again to check what it wrote']);
  return outcome(is, revision, notes);
}

/** The settled slice and the range entry of a mini-batch that counts, where they are missing. */
async function complete(
  { index, project, nowMs }: Pick<RestorationDeps, 'index' | 'project' | 'nowMs'>,
  version: string,
  manifest: Manifest,
): Promise<string[]> {
  const slice = sliceOf(manifest);
  const settlement = await index.settle(project, slice);
  await index.enterRange(project, version, slice, nowMs);
  if (settlement.is === 'elsewhere') return [settlement.fault];
  return [];
}

const sliceOf = (manifest: Manifest): SettledSlice =>
  sliceOfItem(manifest.slice as unknown as Item, `slice of ${manifest.mini_batch_id}`);

/** The item as its commit left it, but for when and by whom. */
function itemOf({ manifest, ref }: Whole, superseded: readonly ManifestRef[], nowMs: number): BatchItem {
  const slice = sliceOf(manifest);
  const folder = `${slice.path}/`;
  const nameOf = (key: string): string => (key.startsWith(folder) ? key.slice(folder.length) : key);
  return {
    miniBatchId: manifest.mini_batch_id,
    state: 'committed',
    revision: manifest.revision,
    sliceEnd: slice.sliceEnd,
    attemptToken: randomUUID(),
    manifest: ref,
    inputs: Object.fromEntries(manifest.inputs.map(({ key, etag }) => [nameOf(key), etag])),
    committedAt: nowMs,
    failure: null,
    superseded,
    sweptRevision: 0,
    windowContent: windowContentOf(manifest),
    standsOn: standsOnOf(manifest.window_inputs),
    readFrom: readFromOf(manifest.slice, manifest),
    affected: null,
  };
}

/** The other manifests of the mini-batch, oldest first, so that the next sweep looks through their folders. */
async function refsOf(lake: Lake, candidates: readonly FoundManifest[], chosen: string): Promise<ManifestRef[]> {
  const refs: ManifestRef[] = [];
  for (const { path } of candidates.toReversed()) {
    if (path === chosen) continue;
    const checked = await checkManifest(lake, path, null);
    if (checked.is === 'whole') refs.push({ path, sha256: checked.sha256 });
  }
  return refs;
}
