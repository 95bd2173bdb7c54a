import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BatchIndex, openBatchIndex } from '../../src/state/batch-index.ts';
import { basisOf, type SettledSlice } from '../../src/state/batch-item.ts';
import { type Commit, type CommitOutcome, commitBatch } from '../../src/state/commit.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import type { Items } from '../../src/state/items.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import type { Lake } from '../../src/state/lake.ts';
import { datasetFolder, datasetPrefix } from '../../src/state/publish.ts';
import { collect } from '../conformance/collect.ts';

export const PROJECT = 'office';
export const VERSION = 'v1';
export const MINUTE = 60_000;
export const QUARTER = 15 * MINUTE;
export const DAY = 96 * QUARTER;
/** 10:38, a slice's end. */
export const END = Date.UTC(2025, 2, 4, 10, 38);

export interface Store {
  readonly root: string;
  readonly lake: Lake;
  readonly items: Items;
  readonly index: BatchIndex;
}

/** The stores under a folder, as a process that starts anew opens them. */
export async function openStore(root: string): Promise<Store> {
  const lake = await openDirectoryLake(join(root, 'lake'));
  const items = await openDirectoryItems(join(root, 'state'));
  return { root, lake, items, index: openBatchIndex(items) };
}

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'commit-'));
export const removeFolder = (root: string): Promise<void> => rm(root, { recursive: true, force: true });

export function sliceOf(miniBatchId: string, sliceEnd = END): SettledSlice {
  return {
    miniBatchId,
    ts: sliceEnd + 125_250,
    sliceStart: sliceEnd - QUARTER,
    sliceEnd,
    batchStart: sliceEnd,
    batchEnd: sliceEnd + 125_250,
    source: 'event_time',
    path: `raw/paloalto/acme/hq/2025/03/04/${miniBatchId}`,
  };
}

export interface Sketch {
  readonly miniBatchId?: string;
  readonly sliceEnd?: number;
  readonly token?: string;
  readonly nowMs?: number;
  /** Dataset -> content of its parts. */
  readonly datasets?: Readonly<Record<string, readonly string[]>>;
  readonly etag?: string;
}

/** A commit of what the sketch says, on what the index holds now. */
export async function commitOf(
  { lake, index }: Pick<Store, 'lake' | 'index'>,
  {
    miniBatchId = 'mb-1',
    sliceEnd = END,
    token = 't',
    nowMs = 0,
    datasets = { delta: ['d0', 'd1'], fg_a: ['a0'] },
    etag = 'e',
  }: Sketch,
): Promise<Commit> {
  const slice = sliceOf(miniBatchId, sliceEnd);
  return {
    lake,
    index,
    project: PROJECT,
    version: VERSION,
    slice,
    since: basisOf(await index.batch(PROJECT, VERSION, miniBatchId)),
    attemptToken: token,
    nowMs,
    outputs: Object.entries(datasets).map(([dataset, parts]) => ({
      dataset,
      folder: datasetFolder(datasetPrefix(null, PROJECT, dataset), dataset, VERSION, slice),
      parts: parts.map((content) => ({ rows: content.length, bytes: new TextEncoder().encode(content) })),
    })),
    evidence: {
      inputs: [{ key: `${slice.path}/a.json.gz`, size: 10, etag }],
      window_inputs: [],
      baseline_refs: [],
      lookback_days: {},
      spec_digests: { delta_builder: 'ab' },
      code_version: '0.1.0',
      dq: { not_json: 0 },
      fallbacks: {},
      health: { is_degraded: false },
    },
  };
}

export const commit = async (store: Pick<Store, 'lake' | 'index'>, sketch: Sketch = {}): Promise<CommitOutcome> =>
  commitBatch(await commitOf(store, sketch));

/** Path -> content of everything in the lake. */
export async function contents(lake: Lake): Promise<Record<string, string>> {
  const entries = await collect(lake.list(''));
  const files = entries.map(async ({ path }) => [path, new TextDecoder().decode(await lake.read(path))] as const);
  return Object.fromEntries(await Promise.all(files));
}

/** Sort key -> item of everything in the index. */
export async function indexed(items: Items): Promise<Record<string, unknown>> {
  const all = await collect(items.query('batch_index', PROJECT));
  return Object.fromEntries(all.map(({ sk, item }) => [sk, item]));
}
