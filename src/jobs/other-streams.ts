import type { Lake } from '../state/lake.ts';
import { DEFAULT_MANIFEST_PREFIX } from '../state/manifest.ts';
import { partitionValues } from '../state/partition.ts';

/** Entries looked at: whoever asked for the wrong name is not to wait for all of a lake. */
const MOST_READ = 10_000;

/** Projects and versions whose manifests lie in a lake, as `project, version`; not `own`. */
async function otherStreams(lake: Lake, own: { project: string; version: string }): Promise<string[]> {
  const found = new Set<string>();
  let read = 0;
  for await (const { path } of lake.list(`${DEFAULT_MANIFEST_PREFIX}/`)) {
    if (++read > MOST_READ) break;
    const project = path.slice(DEFAULT_MANIFEST_PREFIX.length + 1).split('/')[0]!;
    const version = partitionValues(path).get('feature_spec_version');
    if (version !== undefined) found.add(`${project}, ${version}`);
  }
  found.delete(`${own.project}, ${own.version}`);
  return [...found].sort();
}

/** `nothing is committed of project nope, v1; the lake holds: default, v1`; undefined: it holds nothing else either. */
export async function unknownStream(
  lake: Lake,
  own: { readonly project: string; readonly version: string },
): Promise<string | undefined> {
  const others = await otherStreams(lake, own);
  if (others.length === 0) return undefined;
  return `nothing is committed of project ${own.project}, ${own.version}; the lake holds: ${others.join('; ')}`;
}
