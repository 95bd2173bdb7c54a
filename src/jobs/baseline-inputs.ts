import { canonicalJson } from '../config/canonical-json.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import { type Manifest, type ManifestFile, readManifest, sha256Hex } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { readPublished } from '../state/retention-marks.ts';
import type { BaselinePeriod } from './baseline-schedule.ts';

/** What a mini-batch gives to baselines. */
export interface BaselineBatch {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  readonly fgA: readonly ManifestFile[];
  readonly pairCounts: readonly ManifestFile[];
  readonly manifest: Pick<Manifest, 'project_name' | 'feature_spec_version' | 'mini_batch_id' | 'slice'>;
}

const READS_AT_ONCE = 8;

/** Mini-batches whose windows end in the period, by (slice_end, mini_batch_id). */
export const committedIn = (
  index: BatchIndex,
  project: string,
  version: string,
  { start, end }: Pick<BaselinePeriod, 'start' | 'end'>,
): Promise<readonly CommittedBatch[]> => index.committedBetween(project, version, start - 1, end - 1);

/** Digest of the revisions that baselines are computed from. */
export const digestOfBatches = (batches: readonly CommittedBatch[]): string =>
  sha256Hex(canonicalJson(batches.map(({ miniBatchId, manifest }) => [miniBatchId, manifest.sha256])));

/** Looks up which files the mini-batches have. */
export function readBatches(lake: Lake, batches: readonly CommittedBatch[]): Promise<BaselineBatch[]> {
  return mapInOrder(batches, READS_AT_ONCE, async ({ miniBatchId, sliceEnd, manifest: ref }) => {
    const { project_name, feature_spec_version, mini_batch_id, slice, datasets } = await readManifest(lake, ref);
    return {
      miniBatchId,
      sliceEnd,
      fgA: datasets['fg_a']?.files ?? [],
      pairCounts: datasets['pair_counts']?.files ?? [],
      manifest: { project_name, feature_spec_version, mini_batch_id, slice },
    };
  });
}

/** Files that are read together, of one slice: each mini-batch with those of its files. */
export interface SpillUnit {
  readonly rows: number;
  readonly parts: readonly { readonly batch: BaselineBatch; readonly files: readonly ManifestFile[] }[];
}

const rowsOf = (files: readonly ManifestFile[]): number => files.reduce((rows, file) => rows + file.rows, 0);

/**
 * What has to be read at once: the mini-batches of a slice, the newest id first, since one may hold a row that another
 * replaces; of a slice that only one mini-batch closes, each file by itself.
 */
export function unitsOf(batches: readonly BaselineBatch[], dataset: 'fgA' | 'pairCounts'): SpillUnit[] {
  const bySlice = Map.groupBy(batches, ({ sliceEnd }) => sliceEnd);
  return [...bySlice.values()].flatMap((ofSlice) => {
    const [batch] = ofSlice;
    if (dataset === 'pairCounts' || ofSlice.length === 1)
      return ofSlice.flatMap((own) =>
        own[dataset].map((file): SpillUnit => ({ rows: file.rows, parts: [{ batch: own, files: [file] }] })),
      );
    const parts = ofSlice.toReversed().map((own) => ({ batch: own, files: own[dataset] }));
    return batch === undefined ? [] : [{ rows: parts.reduce((n, { files }) => n + rowsOf(files), 0), parts }];
  });
}

/** Units put together up to about `rows` rows, in their order. */
export function runsOf(units: readonly SpillUnit[], rows: number): SpillUnit[][] {
  const runs: SpillUnit[][] = [];
  let inRun = 0;
  for (const unit of units) {
    if (runs.length === 0 || inRun + unit.rows > rows) {
      runs.push([]);
      inRun = 0;
    }
    runs.at(-1)!.push(unit);
    inRun += unit.rows;
  }
  return runs;
}

/** Fetches the files of a run. */
export async function fetchRun(lake: Lake, run: readonly SpillUnit[], dataset: 'fg_a' | 'pair_counts') {
  const parts = run.flatMap((unit) => unit.parts);
  return mapInOrder(parts, READS_AT_ONCE, async ({ batch, files }) => ({
    sliceEnd: batch.sliceEnd,
    files: await mapInOrder(files, READS_AT_ONCE, async (file) => ({
      path: file.path,
      bytes: await readPublished(lake, batch.manifest, dataset, file),
    })),
  }));
}
