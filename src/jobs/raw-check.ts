import type { Manifest } from '../state/manifest.ts';
import { listPresent, type RawFile, type RawFiles } from '../state/raw-files.ts';

/** The raw files of a mini-batch as they stand, and what is not as it was. */
export interface CheckedRaw {
  readonly files: readonly RawFile[];
  /** Files that were read for the commit and are not there any more. */
  readonly gone: readonly string[];
  /** Files of other content, and files that came since. */
  readonly changed: readonly string[];
}

/** Compares the raw files of a mini-batch with those that its manifest names, by name, size and content. */
export async function checkRawFiles(rawFiles: RawFiles, { inputs, slice }: Manifest): Promise<CheckedRaw> {
  const files = await listPresent(rawFiles, slice.path);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const gone: string[] = [];
  const changed: string[] = [];
  for (const { key, size, etag } of inputs) {
    const file = byPath.get(key);
    if (file === undefined) gone.push(`${key} is gone`);
    else if (file.size !== size) changed.push(`${key} has ${file.size} bytes, ${size} when it was committed`);
    else if ((await rawFiles.etag(file)) !== etag) changed.push(`${key} has changed since it was committed`);
  }
  const known = new Set(inputs.map(({ key }) => key));
  for (const { path } of files) if (!known.has(path)) changed.push(`${path} came after the commit`);
  return { files, gone, changed };
}
