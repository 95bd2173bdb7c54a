import type { SettledSlice } from './batch-item.ts';
import type { Lake } from './lake.ts';
import { type ManifestFile, sha256Hex } from './manifest.ts';
import { mapInOrder } from './map-in-order.ts';
import { instantKeys, pathPart } from './partition.ts';

/** Rows of one file, at most. */
const ROWS_PER_PART = 20_000;

const WRITES_AT_ONCE = 4;

/** Datasets that lie under the start of their slice; all others lie under its end. */
const BY_SLICE_START: ReadonlySet<string> = new Set(['delta', 'pair_context']);
export const liesBySliceStart = (dataset: string): boolean => BY_SLICE_START.has(dataset);

export interface EncodedPart {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** A file that is still in hand: what the manifest will say of it, and its bytes. */
export interface PartFile extends ManifestFile {
  readonly content: Uint8Array;
}

/**
 * Path in the lake of a dataset, its own name last.
 * @param prefix the spec's s3_prefix: of `s3://bucket/path` the first part is `s3:bucket`; null: `<project>`.
 */
export function datasetPrefix(prefix: string | null, project: string, dataset: string): string {
  if (prefix === null) return `${project}/${dataset}`;
  const path = lakePath(prefix);
  const root = dataset === 'fg_b' ? path.replace(/(^|\/)fg_b\/host$/, '$1fg_b') : path;
  return root.split('/').at(-1) === dataset ? root : `${root}/${dataset}`;
}

function lakePath(prefix: string): string {
  const plain = prefix.replace(/\/+$/, '');
  // A bucket stays one in an S3 lake; in a folder it is a folder of that name.
  if (/^s3:\/\/[^/]/.test(plain)) return plain.replace('s3://', 's3:');
  if (plain !== '' && !plain.startsWith('/') && !/^[a-z][a-z0-9+.-]*:/i.test(plain)) return plain;
  throw new Error(
    `prefix ${prefix} lies outside the lake; write it as s3://bucket/path or as a path below the lake, or leave it out`,
  );
}

/**
 * Folder of a mini-batch's files of one dataset.
 * @param prefix as `datasetPrefix` gives it.
 * @param keys further partition keys that follow the version: FG-C's baseline_horizon, the predictions' model_version.
 */
export function datasetFolder(
  prefix: string,
  dataset: string,
  version: string,
  slice: Pick<SettledSlice, 'miniBatchId' | 'sliceStart' | 'sliceEnd'>,
  keys: readonly (readonly [name: string, value: string])[] = [],
): string {
  const instant = liesBySliceStart(dataset) ? slice.sliceStart : slice.sliceEnd;
  const further = keys.map(([name, value]) => pathPart(name, value));
  const batch = pathPart('batch', slice.miniBatchId);
  return [prefix, pathPart('feature_spec_version', version), ...further, ...instantKeys(instant), batch].join('/');
}

/** Row ranges [start, end) of a dataset's files: full ones and a last one; none for no rows. */
export function partRanges(
  rows: number,
  rowsPerPart = ROWS_PER_PART,
): readonly (readonly [start: number, end: number])[] {
  return Array.from({ length: Math.ceil(rows / rowsPerPart) }, (_, n) => [
    n * rowsPerPart,
    Math.min(rows, (n + 1) * rowsPerPart),
  ]);
}

/** Names each part by its number, counted from `first`, five digits so that names sort as parts do, and by its content. */
export function partFiles(folder: string, parts: readonly EncodedPart[], first = 0): PartFile[] {
  return parts.map(({ rows, bytes }, n) => {
    const sha256 = sha256Hex(bytes);
    const name = `part-${String(first + n).padStart(5, '0')}-${sha256.slice(0, 12)}.parquet`;
    return { path: `${folder}/${name}`, rows, bytes: bytes.length, sha256, content: bytes };
  });
}

/** Writes the files that are not there yet. */
export async function publishParts(lake: Lake, files: readonly PartFile[]): Promise<void> {
  await mapInOrder(files, WRITES_AT_ONCE, ({ path, content }) => lake.create(path, content));
}
