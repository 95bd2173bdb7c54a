import type { BatchIndex } from '../state/batch-index.ts';
import type { BatchItem, ManifestRef } from '../state/batch-item.ts';
import { type Lake, NotFound } from '../state/lake.ts';
import { type Manifest, readManifest, sha256Hex } from '../state/manifest.ts';

/** The stores in which a project's mini-batches are known. */
export interface KnownPlace {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly project: string;
  readonly version: string;
}

/** A revision, or why it cannot be had. */
export type KnownRevision =
  | { readonly is: 'known'; readonly manifest: Manifest; readonly isCurrent: boolean }
  /** `neverWas`: there is no such mini-batch or revision, and was none. */
  | { readonly is: 'unknown'; readonly why: string; readonly neverWas: boolean };

const unknown = (why: string, neverWas = false): KnownRevision => ({ is: 'unknown', why, neverWas });

const nameOf = ({ project, version }: KnownPlace, miniBatchId: string): string =>
  `mini-batch ${miniBatchId} of ${project}, ${version}`;

/** The manifest of a mini-batch's revision, null meaning the one that counts. */
export async function findRevision(
  place: KnownPlace,
  miniBatchId: string,
  revision: number | null,
): Promise<KnownRevision> {
  const name = nameOf(place, miniBatchId);
  const batch = await place.index.batch(place.project, place.version, miniBatchId);
  if (batch === undefined || batch.manifest === null) {
    const failure = batch?.failure ? `; its last attempt failed: ${batch.failure.reason}` : '';
    return unknown(`${name} has no committed revision${failure}`, true);
  }
  const wanted = revision ?? batch.revision;
  if (wanted > batch.revision)
    return unknown(`${name} has no revision ${wanted}; its newest is ${batch.revision}`, true);
  const ref = wanted === batch.revision ? batch.manifest : await earlierRef(place.lake, batch, wanted);
  if (ref === undefined) return unknown(`${name}: revision ${wanted} ${SWEPT}`);
  if (ref === 'several') {
    return unknown(
      `${name}: there are several manifests of revision ${wanted}, of which one lost; none can be told from the others`,
    );
  }
  try {
    return { is: 'known', manifest: await readManifest(place.lake, ref), isCurrent: wanted === batch.revision };
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    if (wanted === batch.revision) return unknown(`${name}: its manifest ${ref.path} is gone; see ndr doctor`);
    return unknown(`${name}: revision ${wanted} ${SWEPT}`);
  }
}

const SWEPT =
  'was superseded, and its files were swept; superseded files stay lake.gc_grace_seconds. ' +
  'What was can be had again from the same raw files and specs in a home of its own: ndr diff --with-home';

async function earlierRef(
  lake: Lake,
  { manifest, superseded }: BatchItem,
  revision: number,
): Promise<ManifestRef | 'several' | undefined> {
  const isOf = (path: string): boolean => path.split('/').at(-1)!.startsWith(`_batch-${revision}-`);
  const named = superseded.findLast(({ path }) => isOf(path));
  if (named !== undefined) return named;
  // The index forgets what was swept; the files may have outlived that.
  const folder = manifest!.path.slice(0, manifest!.path.lastIndexOf('/'));
  const found: ManifestRef[] = [];
  for await (const { path } of lake.list(`${folder}/`)) {
    if (isOf(path)) found.push({ path, sha256: sha256Hex(await lake.read(path)) });
  }
  return found.length > 1 ? 'several' : found[0];
}
