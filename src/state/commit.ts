import { canonicalJson } from '../config/canonical-json.ts';
import type { Schema } from '../operators/table.ts';
import type { BatchIndex } from './batch-index.ts';
import {
  type Basis,
  type BatchItem,
  basisOf,
  isBasis,
  type ManifestRef,
  type SettledSlice,
  sliceToItem,
  withoutSlash,
} from './batch-item.ts';
import { compareKeys } from './key-order.ts';
import type { Lake } from './lake.ts';
import {
  DEFAULT_MANIFEST_PREFIX,
  type Evidence,
  type Manifest,
  type ManifestDataset,
  type ManifestFile,
  type ManifestSlice,
  manifestFolder,
  type RenderedManifest,
  readFromOf,
  readManifest,
  renderManifest,
  standsOnOf,
  windowContentOf,
} from './manifest.ts';
import { type EncodedPart, type PartFile, partFiles, publishParts } from './publish.ts';
import { checkParts } from './published-schema.ts';

/** One attempt at a mini-batch under one version. */
export interface Attempt {
  readonly index: BatchIndex;
  readonly project: string;
  readonly version: string;
  readonly slice: SettledSlice;
  /** What the index said when the attempt began, before it read its inputs. */
  readonly since: Basis;
  /** Unlike that of every other attempt. */
  readonly attemptToken: string;
  readonly nowMs: number;
}

export interface DatasetOutput {
  readonly dataset: string;
  /** As `datasetFolder` gives it; a dataset with several gives one output each. */
  readonly folder: string;
  /** None: the dataset is empty. */
  readonly parts: readonly EncodedPart[];
  /** What its files must have; nothing is published where one has not. */
  readonly schema?: Schema;
}

export interface Commit extends Attempt {
  readonly lake: Lake;
  readonly outputs: readonly DatasetOutput[];
  readonly evidence: Evidence;
  /** Path in the lake; default `_batches`. */
  readonly manifestPrefix?: string;
}

export type CommitOutcome =
  | { readonly is: 'committed'; readonly revision: number; readonly files: readonly ManifestFile[] }
  /** The index already names exactly this content. */
  | { readonly is: 'unchanged'; readonly revision: number }
  /** Another attempt wrote since this one began; begin again from what is current. */
  | { readonly is: 'lost'; readonly to: Winner };

export type FailOutcome = { readonly is: 'failed' } | { readonly is: 'lost'; readonly to: Winner };

export interface Winner extends Basis {
  readonly state: BatchItem['state'] | 'absent';
}

/**
 * Makes a mini-batch's outputs count: files, then manifest, then the entry by which readers of its slice find it, then the
 * one conditional write to the index that decides. Killed at any point it leaves nothing that a reader would see, and run again it
 * writes only what is missing. Files equal to the committed revision's change nothing, the revision included; the index
 * item alone learns on what the mini-batch stands now, and is `affected` no more.
 *
 * A sweep may take away files that this commit relies on but no earlier revision names any more. What is missing after
 * the decision is written again; what a sweep takes after that it puts back itself.
 */
export async function commitBatch(commit: Commit): Promise<CommitOutcome> {
  const { lake, index, project, version, slice, since, nowMs } = commit;
  for (const { dataset, parts, schema } of commit.outputs) if (schema !== undefined) checkParts(dataset, parts, schema);
  const files = commit.outputs.flatMap(({ folder, parts }) => partFiles(folder, parts));
  let hasWritten = false;
  for (;;) {
    const present = await index.batch(project, version, slice.miniBatchId);
    const standing = present?.manifest ? await readStanding(lake, present.manifest) : undefined;
    if (present !== undefined && standing !== undefined && holdsSame(standing.manifest, commit, files)) {
      await restore(lake, files, standing);
      const now: BatchItem = { ...present, ...computedFrom(commit), affected: null };
      const isNews =
        now.standsOn !== present.standsOn || now.readFrom !== present.readFrom || present.affected !== null;
      // Whoever marked or committed it since this attempt began knows more than this attempt does.
      if (isNews && isBasis(present, since) && (await index.record(project, version, now, present)) === 'conflict')
        continue;
      await index.enterRange(project, version, present, nowMs);
      return { is: 'unchanged', revision: present.revision };
    }
    if (!isBasis(present, since)) {
      if (hasWritten) await askForSweep(commit, present);
      return { is: 'lost', to: winner(present) };
    }
    const revision = since.revision + 1;
    const manifest = rendered(commit, files, revision);
    hasWritten = true;
    await publishParts(lake, files);
    await lake.create(manifest.path, manifest.bytes);
    const next = committed(commit, present, manifest);
    await index.enterRange(project, version, next, nowMs);
    if ((await index.record(project, version, next, present)) === 'conflict') continue;
    if (since.revision > 0) await restore(lake, files, manifest);
    if (present !== undefined && present.sliceEnd !== next.sliceEnd) await index.leaveRange(project, version, present);
    return { is: 'committed', revision, files: files.map(withoutContent) };
  }
}

/** Kept beside the manifest, which tells of the first computation that gave its files. */
const computedFrom = ({ slice, evidence }: Commit): Pick<BatchItem, 'standsOn' | 'readFrom'> => ({
  standsOn: standsOnOf(evidence.window_inputs),
  readFrom: readFromOf(manifestSliceOf(slice), evidence),
});

/** The slice as manifests tell it. */
export const manifestSliceOf = (slice: SettledSlice): ManifestSlice => sliceToItem(slice) as unknown as ManifestSlice;

/** The manifest that the index names, with its bytes; undefined where it is gone or damaged, so that it is written anew. */
async function readStanding(
  lake: Lake,
  ref: ManifestRef,
): Promise<(RenderedManifest & { manifest: Manifest }) | undefined> {
  try {
    const manifest = await readManifest(lake, ref);
    return { ...ref, manifest, bytes: await lake.read(ref.path) };
  } catch {
    return undefined;
  }
}

/** Datasets whose files would not be those of the committed revision, by name. */
export function changedDatasets(standing: Pick<Manifest, 'datasets'>, outputs: readonly DatasetOutput[]): string[] {
  const files = outputs.flatMap(({ folder, parts }) => partFiles(folder, parts));
  const next = datasetsOf(outputs, files);
  const names = new Set([...Object.keys(standing.datasets), ...Object.keys(next)]);
  const textOf = (dataset: ManifestDataset | undefined): string => canonicalJson(dataset ?? null);
  return [...names].filter((name) => textOf(standing.datasets[name]) !== textOf(next[name])).sort();
}

/** A revision is its files: whatever they were computed from, the same ones are no new revision. */
function holdsSame(standing: Manifest, commit: Commit, files: readonly PartFile[]): boolean {
  const slice = manifestSliceOf(commit.slice);
  return (
    canonicalJson(standing.datasets) === canonicalJson(datasetsOf(commit.outputs, files)) &&
    canonicalJson(standing.slice) === canonicalJson(slice)
  );
}

/**
 * Records that an attempt failed for good. A revision that was committed before stays valid and `committed`, the
 * failure beside it.
 */
export async function failBatch(attempt: Attempt & { readonly reason: string }): Promise<FailOutcome> {
  const { index, project, version, slice, since, attemptToken, nowMs, reason } = attempt;
  for (;;) {
    const present = await index.batch(project, version, slice.miniBatchId);
    if (!isBasis(present, since)) return { is: 'lost', to: winner(present) };
    const failure = { reason, at: nowMs };
    const next: BatchItem = { ...(present ?? neverCommitted(slice)), attemptToken, failure };
    if ((await index.record(project, version, next, present)) === 'stored') return { is: 'failed' };
  }
}

function committed(
  commit: Commit,
  present: BatchItem | undefined,
  { path, sha256, manifest }: RenderedManifest & { readonly manifest: Manifest },
): BatchItem {
  const { slice, attemptToken, nowMs, evidence } = commit;
  const before = present ?? neverCommitted(slice);
  const folder = `${withoutSlash(slice.path)}/`;
  const nameOf = (key: string): string => (key.startsWith(folder) ? key.slice(folder.length) : key);
  return {
    ...before,
    state: 'committed',
    revision: before.revision + 1,
    sliceEnd: slice.sliceEnd,
    attemptToken,
    manifest: { path, sha256 },
    inputs: Object.fromEntries(evidence.inputs.map(({ key, etag }) => [nameOf(key), etag])),
    committedAt: nowMs,
    failure: null,
    superseded: before.manifest === null ? before.superseded : [...before.superseded, before.manifest],
    windowContent: windowContentOf(manifest),
    ...computedFrom(commit),
    affected: null,
  };
}

const neverCommitted = (slice: SettledSlice): BatchItem => ({
  miniBatchId: slice.miniBatchId,
  state: 'failed',
  revision: 0,
  sliceEnd: slice.sliceEnd,
  attemptToken: '',
  manifest: null,
  inputs: {},
  committedAt: null,
  failure: null,
  superseded: [],
  sweptRevision: 0,
  windowContent: '',
  standsOn: '',
  readFrom: '',
  affected: null,
});

function rendered(
  commit: Commit,
  files: readonly PartFile[],
  revision: number,
): RenderedManifest & { readonly manifest: Manifest } {
  const { project, version, slice, evidence, manifestPrefix = DEFAULT_MANIFEST_PREFIX } = commit;
  const manifest: Manifest = {
    ...evidence,
    inputs: evidence.inputs.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    manifest_version: 1,
    project_name: project,
    feature_spec_version: version,
    mini_batch_id: slice.miniBatchId,
    revision,
    slice: manifestSliceOf(slice),
    datasets: datasetsOf(commit.outputs, files),
  };
  const folder = manifestFolder(manifestPrefix, project, version, slice.sliceEnd, slice.miniBatchId);
  return { ...renderManifest(manifest, folder), manifest };
}

function datasetsOf(outputs: readonly DatasetOutput[], files: readonly PartFile[]): Record<string, ManifestDataset> {
  const named = Map.groupBy(outputs, ({ dataset }) => dataset);
  const datasets = [...named].map(([dataset, parts]): [string, ManifestDataset] => {
    const folders = parts.map(({ folder }) => folder).sort();
    const own = files
      .filter(({ path }) => folders.includes(path.slice(0, path.lastIndexOf('/'))))
      .sort((a, b) => compareKeys(a.path, b.path))
      .map(withoutContent);
    return [dataset, { folders, rows: own.reduce((sum, { rows }) => sum + rows, 0), files: own }];
  });
  return Object.fromEntries(datasets);
}

/** Writes again what a sweep took from under a revision that counts. */
async function restore(lake: Lake, files: readonly PartFile[], manifest: RenderedManifest): Promise<void> {
  for (const { path, content } of [...files, { path: manifest.path, content: manifest.bytes }])
    if (!(await lake.exists(path))) await lake.create(path, content);
}

/** The loser's files stay behind; the winner's folders are looked through once more. */
async function askForSweep({ index, project, version }: Commit, present: BatchItem | undefined): Promise<void> {
  if (present === undefined || present.revision === 0 || present.sweptRevision !== present.revision) return;
  await index.record(project, version, { ...present, sweptRevision: 0 }, present);
}

const winner = (present: BatchItem | undefined): Winner => ({ ...basisOf(present), state: present?.state ?? 'absent' });

const withoutContent = ({ path, rows, bytes, sha256 }: PartFile): ManifestFile => ({ path, rows, bytes, sha256 });
