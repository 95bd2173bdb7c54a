import { canonicalJson } from '../config/canonical-json.ts';
import { formatInstant, instantOfText, UTC } from '../operators/time.ts';
import { type Lake, NotFound } from './lake.ts';
import { DEFAULT_MANIFEST_PREFIX, type Manifest, type ManifestFile, sha256Hex } from './manifest.ts';
import { partitionValues, pathPart } from './partition.ts';

/**
 * Dataset → slice end, ms UTC: files of mini-batches whose slices end then or before may have been removed because they
 * are past their retention. What is missing below a mark is no damage and no reason to compute it again.
 */
export type RetentionMarks = ReadonlyMap<string, number>;

/** The marks stand in the lake, beside the manifests that they explain, so that they outlive the index as those do. */
const folderOf = (project: string, version: string): string =>
  [DEFAULT_MANIFEST_PREFIX, project, pathPart('feature_spec_version', version), '_retained'].join('/');

export async function readRetentionMarks(lake: Lake, project: string, version: string): Promise<RetentionMarks> {
  const marks = new Map<string, number>();
  for await (const { path } of lake.list(`${folderOf(project, version)}/`)) {
    const mark = markOf(path);
    if (mark !== undefined) marks.set(mark.dataset, Math.max(mark.sliceEnd, marks.get(mark.dataset) ?? mark.sliceEnd));
  }
  return marks;
}

/**
 * Says that files of a dataset up to `sliceEnd` (whole seconds, ms UTC) may be removed; to be called before any is. A mark
 * is never lowered: of several the greatest counts, and the others are cleared away.
 */
export async function raiseRetentionMark(
  lake: Lake,
  project: string,
  version: string,
  dataset: string,
  sliceEnd: number,
): Promise<void> {
  const folder = `${folderOf(project, version)}/${pathPart('dataset', dataset)}`;
  const before = formatInstant(sliceEnd);
  const record = { project_name: project, feature_spec_version: version, dataset, removed_up_to: before };
  await lake.create(`${folder}/${pathPart('up_to', before)}`, new TextEncoder().encode(`${canonicalJson(record)}\n`));
  const marks: { path: string; sliceEnd: number }[] = [];
  for await (const { path } of lake.list(`${folder}/`)) {
    const mark = markOf(path);
    if (mark !== undefined) marks.push({ path, sliceEnd: mark.sliceEnd });
  }
  const greatest = Math.max(...marks.map((mark) => mark.sliceEnd));
  for (const mark of marks) if (mark.sliceEnd < greatest) await lake.remove(mark.path);
}

/** Whether files of the dataset may be missing for a mini-batch whose slice ends at `sliceEnd`, ms UTC. */
export const isPastRetention = (marks: RetentionMarks, dataset: string, sliceEnd: number): boolean =>
  sliceEnd <= (marks.get(dataset) ?? Number.NEGATIVE_INFINITY);

/**
 * Reads a file that a manifest names.
 *
 * @throws {Error} where it went because it was past its retention, which it says, and where its bytes are not those that the
 *   manifest means: damaged columns may well decode, and then to other numbers.
 */
export async function readPublished(
  lake: Lake,
  manifest: Pick<Manifest, 'project_name' | 'feature_spec_version' | 'mini_batch_id' | 'slice'>,
  dataset: string,
  { path, sha256 }: Pick<ManifestFile, 'path' | 'sha256'>,
): Promise<Uint8Array> {
  const { project_name: project, feature_spec_version: version, mini_batch_id: id, slice } = manifest;
  let bytes: Uint8Array;
  try {
    bytes = await lake.read(path);
  } catch (cause) {
    const isGone = cause instanceof NotFound;
    const marks = isGone ? await readRetentionMarks(lake, project, version) : new Map<string, number>();
    if (!isPastRetention(marks, dataset, Date.parse(slice.slice_end_ts))) throw cause;
    throw new Error(
      `mini-batch ${id} of project ${project}: its ${dataset} was past retention.${dataset}_days and removed; what was ` +
        'committed stands, but what reads it can only be computed again once it is there again: with its raw files, and ' +
        `those of the days before it, ndr replay --mini-batch ${id}`,
      { cause },
    );
  }
  const found = sha256Hex(bytes);
  if (found === sha256) return bytes;
  throw new Error(
    `mini-batch ${id} of project ${project}: ${path} has sha256 ${found}, its manifest says ${sha256}; ndr doctor tells how it comes back`,
  );
}

function markOf(path: string): { readonly dataset: string; readonly sliceEnd: number } | undefined {
  const values = partitionValues(path);
  const dataset = values.get('dataset');
  const sliceEnd = instantOfText(values.get('up_to') ?? '', UTC);
  return dataset === undefined || Number.isNaN(sliceEnd) ? undefined : { dataset, sliceEnd };
}
