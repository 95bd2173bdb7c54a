import type { Lake } from '../state/lake.ts';
import { NotFound } from '../state/lake.ts';
import { type Manifest, type ManifestDataset, type ManifestFile, sha256Hex } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { isPastRetention, type RetentionMarks } from '../state/retention-marks.ts';

/** A file that is not as the manifest says. */
export interface FileFault {
  readonly is: 'missing' | 'damaged';
  readonly path: string;
  readonly why: string;
}

const READS_AT_ONCE = 4;

export type CheckedManifest<M = Manifest> =
  | { readonly is: 'whole'; readonly manifest: M; readonly sha256: string }
  | { readonly is: 'faulty'; readonly fault: FileFault };

/** Reads a manifest by its path. Its bytes must have the digest that its name begins; `sha256`, if given, in full. */
export async function checkManifest<M = Manifest>(
  lake: Lake,
  path: string,
  sha256: string | null,
): Promise<CheckedManifest<M>> {
  const bytes = await bytesOf(lake, path);
  if (bytes === undefined) return { is: 'faulty', fault: { is: 'missing', path, why: 'the manifest is not there' } };
  const found = sha256Hex(bytes);
  const beginning = /-([0-9a-f]{12})\.json$/.exec(path)?.[1] ?? '';
  if (!found.startsWith(beginning) || (sha256 !== null && sha256 !== found)) {
    const why = `has sha256 ${found.slice(0, 12)}..., not ${(sha256 ?? beginning).slice(0, 12)}...`;
    return { is: 'faulty', fault: { is: 'damaged', path, why } };
  }
  return { is: 'whole', manifest: JSON.parse(new TextDecoder().decode(bytes)) as M, sha256: found };
}

/**
 * The files of a revision that are not as its manifest says: by their bytes if `isDeep`, else by their sizes. Files that
 * are past their retention may be missing.
 */
export async function checkFiles(
  lake: Lake,
  manifest: Manifest,
  marks: RetentionMarks,
  isDeep: boolean,
): Promise<FileFault[]> {
  const sliceEnd = Date.parse(manifest.slice.slice_end_ts);
  const faults: FileFault[] = [];
  for (const [dataset, held] of Object.entries(manifest.datasets)) {
    const mayBeMissing = isPastRetention(marks, dataset, sliceEnd);
    const found = await fileFaultsOf(lake, held, isDeep);
    faults.push(...found.filter((fault) => fault.is !== 'missing' || !mayBeMissing));
  }
  return faults;
}

/** The files that are not as a manifest says: by their bytes if `isDeep`, else by their sizes. */
export async function fileFaultsOf(
  lake: Lake,
  { files, folders }: ManifestDataset,
  isDeep: boolean,
): Promise<FileFault[]> {
  const sizes = isDeep ? undefined : await sizesIn(lake, folders);
  const found = await mapInOrder(files, READS_AT_ONCE, (file) =>
    sizes === undefined ? contentFault(lake, file) : sizeFault(sizes, file),
  );
  return found.filter((fault) => fault !== undefined);
}

const missing = (path: string): FileFault => ({ is: 'missing', path, why: 'the file is not there' });

async function contentFault(lake: Lake, { path, sha256 }: ManifestFile): Promise<FileFault | undefined> {
  const bytes = await bytesOf(lake, path);
  if (bytes === undefined) return missing(path);
  const found = sha256Hex(bytes);
  if (found === sha256) return undefined;
  const why = `has sha256 ${found.slice(0, 12)}..., its manifest says ${sha256.slice(0, 12)}...`;
  return { is: 'damaged', path, why };
}

async function sizeFault(sizes: ReadonlyMap<string, number>, { path, bytes }: ManifestFile) {
  const size = sizes.get(path);
  if (size === undefined) return missing(path);
  if (size === bytes) return undefined;
  return { is: 'damaged', path, why: `has ${size} bytes, its manifest says ${bytes}` } satisfies FileFault;
}

async function sizesIn(lake: Lake, folders: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const folder of folders) for await (const { path, size } of lake.list(`${folder}/`)) sizes.set(path, size);
  return sizes;
}

async function bytesOf(lake: Lake, path: string): Promise<Uint8Array | undefined> {
  try {
    return await lake.read(path);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
