import { createHash } from 'node:crypto';
import { canonicalJson } from '../config/canonical-json.ts';
import type { Json } from './items.ts';
import type { Lake } from './lake.ts';
import { instantKeys, pathPart } from './partition.ts';

export interface ManifestFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a revision holds of one dataset. No files: the dataset is empty for this mini-batch. */
export interface ManifestDataset {
  /** Where its files lie, also where there are none. */
  readonly folders: readonly string[];
  readonly rows: number;
  readonly files: readonly ManifestFile[];
}

export interface InputObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
}

/** An earlier mini-batch that the windows of this one cover. */
export interface WindowInput {
  readonly mini_batch_id: string;
  readonly revision: number;
  /** `windowContentOf` its revision: revisions that give windows the same have the same. */
  readonly content: string;
}

/** The slice as the manifest tells it; instants as text. */
export interface ManifestSlice {
  readonly mini_batch_id: string;
  readonly ts: string;
  readonly slice_start_ts: string;
  readonly slice_end_ts: string;
  readonly batch_start_ts: string;
  readonly batch_end_ts: string;
  readonly source: string;
  readonly path: string;
}

/** What a revision was computed from, and what its records were like. Nothing that differs between two equal runs. */
export interface Evidence {
  readonly inputs: readonly InputObject[];
  /** In the order of mini-batches. */
  readonly window_inputs: readonly WindowInput[];
  readonly baseline_refs: readonly string[];
  /** Days before that of the slice in which something was committed, each with the digest of what it held. */
  readonly lookback_days: Readonly<Record<string, string>>;
  /** Job name -> sha256 hex of its spec. */
  readonly spec_digests: Readonly<Record<string, string>>;
  readonly code_version: string;
  /** Rule -> records it met. */
  readonly dq: Readonly<Record<string, number>>;
  /** Reason -> rows that fell back. */
  readonly fallbacks: Readonly<Record<string, number>>;
  readonly health: { readonly [name: string]: Json };
}

/** The record of one revision, named as in the file. It is the list of what readers may read. */
export interface Manifest extends Evidence {
  readonly manifest_version: 1;
  readonly project_name: string;
  readonly feature_spec_version: string;
  readonly mini_batch_id: string;
  readonly revision: number;
  readonly slice: ManifestSlice;
  readonly datasets: Readonly<Record<string, ManifestDataset>>;
}

export interface RenderedManifest {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export const DEFAULT_MANIFEST_PREFIX = '_batches';

export const sha256Hex = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** Where the manifests of a mini-batch lie, whatever their revision. */
export function manifestFolder(
  prefix: string,
  project: string,
  version: string,
  sliceEnd: number,
  miniBatchId: string,
): string {
  return [
    prefix,
    project,
    pathPart('feature_spec_version', version),
    ...instantKeys(sliceEnd),
    pathPart('batch', miniBatchId),
  ].join('/');
}

const DIGEST_LENGTH = 16;

/** Digest of what a revision gives to the windows of later mini-batches: when its slice ends, its delta and pair context. */
export function windowContentOf({ slice, datasets }: Pick<Manifest, 'slice' | 'datasets'>): string {
  const filesOf = (dataset: string): string[] => (datasets[dataset]?.files ?? []).map(({ sha256 }) => sha256);
  const content = [slice.slice_end_ts, filesOf('delta'), filesOf('pair_context')];
  return sha256Hex(JSON.stringify(content)).slice(0, DIGEST_LENGTH);
}

/** Digest of the mini-batches that windows cover, in their order. */
export function standsOnOf(inputs: readonly Pick<WindowInput, 'mini_batch_id' | 'content'>[]): string {
  const content = inputs.map(({ mini_batch_id, content }) => [mini_batch_id, content]);
  return sha256Hex(JSON.stringify(content)).slice(0, DIGEST_LENGTH);
}

/** Digest of what a mini-batch itself is computed from: its slice, raw files and specs. */
export function readFromOf(
  { ts }: Pick<ManifestSlice, 'ts'>,
  { inputs, spec_digests }: Pick<Evidence, 'inputs' | 'spec_digests'>,
): string {
  const files = inputs.map(({ key, size, etag }) => JSON.stringify([key, size, etag])).sort();
  return sha256Hex(canonicalJson({ ts, files, spec_digests })).slice(0, DIGEST_LENGTH);
}

/** The bytes of a manifest and the path that names them. */
export function renderManifest(manifest: Manifest, folder: string): RenderedManifest {
  const bytes = new TextEncoder().encode(`${canonicalJson(manifest)}\n`);
  const sha256 = sha256Hex(bytes);
  return { path: `${folder}/_batch-${manifest.revision}-${sha256.slice(0, 12)}.json`, sha256, bytes };
}

/** Reads a manifest that the index names. Throws NotFound if it was swept, and if its bytes are not the named ones. */
export async function readManifest(
  lake: Lake,
  ref: { readonly path: string; readonly sha256: string },
): Promise<Manifest> {
  const bytes = await lake.read(ref.path);
  const found = sha256Hex(bytes);
  if (found !== ref.sha256)
    throw new Error(
      `manifest ${ref.path} has sha256 ${found}, the index expects ${ref.sha256}; remove the file and run the mini-batch again`,
    );
  return JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
}
