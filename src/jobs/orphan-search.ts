import { pathPart } from '../state/partition.ts';
import { beginningOf, type ExaminedPlace, type NamedFiles } from './batch-examination.ts';
import { type Finding, info, warning } from './finding.ts';

interface Strays {
  files: number;
  bytes: number;
  readonly folders: Set<string>;
}

const PART = /\/part-\d+-([0-9a-f]{12})\.parquet$/;

/**
 * Looks through the datasets' folders for files that no committed revision names and that are older than superseded ones
 * are kept: those beside committed files wait for a sweep, those of mini-batches that the index does not know are left
 * over from runs that were cut, or their index item is gone.
 */
export async function* findOrphans(
  { lake, version, stop, onProgress, callOf }: ExaminedPlace,
  named: NamedFiles,
  { nowMs, graceMs, roots }: { readonly nowMs: number; readonly graceMs: number; readonly roots: readonly string[] },
): AsyncGenerator<Finding> {
  const superseded: Strays = { files: 0, bytes: 0, folders: new Set() };
  const unknown: Strays = { files: 0, bytes: 0, folders: new Set() };
  let seen = 0;
  for (const root of new Set([...named.roots, ...roots])) {
    for await (const { path, size, modifiedMs } of lake.list(`${root}/${pathPart('feature_spec_version', version)}/`)) {
      if (stop.aborted) return;
      if (++seen % 1000 === 0) onProgress(`${version}: ${seen} files of the lake looked at`);
      const digest = PART.exec(path)?.[1];
      if (digest === undefined || nowMs - modifiedMs < graceMs) continue;
      const folder = path.slice(0, path.lastIndexOf('/'));
      const isKnown = named.folders.has(folder);
      if (isKnown && named.digests.has(beginningOf(digest))) continue;
      const strays = isKnown ? superseded : unknown;
      strays.files++;
      strays.bytes += size;
      strays.folders.add(folder);
    }
  }
  const size = ({ files, bytes }: Strays): string => `${files} files, ${bytes} bytes`;
  if (superseded.files > 0)
    yield info('superseded', `${version}: ${size(superseded)}, are of superseded revisions`, callOf('retain'));
  if (unknown.files > 0) {
    const [example] = unknown.folders;
    yield warning(
      'orphans',
      `${version}: ${size(unknown)}, are of ${unknown.folders.size} mini-batches' datasets that the index does not know, such as ${example}`,
      `${callOf('rebuild-index --dry-run')}; what that does not restore was never committed: run the mini-batch again, or remove the folder`,
    );
  }
}
