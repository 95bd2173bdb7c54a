import type { BatchSpec } from '../config/batch-spec.ts';
import { SLICE_MS } from '../operators/metrics.ts';
import { DAY_MS } from '../operators/time.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import type { Lake, LakeEntry } from '../state/lake.ts';
import { partitionValues, pathPart } from '../state/partition.ts';
import { datasetPrefix, liesBySliceStart } from '../state/publish.ts';
import { raiseRetentionMark } from '../state/retention-marks.ts';
import type { Retention } from './retention-plan.ts';

export interface RetentionDeps {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly spec: BatchSpec;
  /** Told of every file that goes. */
  readonly onRemoved: (dataset: string, path: string) => void;
  readonly stop: AbortSignal;
}

export interface RetentionReport {
  readonly dataset: string;
  readonly days: number;
  /** Slices that end then or before are past their retention, ms UTC. */
  readonly upTo: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes, or with `isDryRun` only counts, the files of mini-batches that are older than their datasets are kept. Age is
 * measured against the newest committed slice, so that a project that rests loses nothing. Before the first file of a
 * dataset goes, a mark in the lake says up to where: killed at any point, nobody takes what is missing for damage, and the
 * next run removes the rest. Manifests stay.
 */
export async function retainDatasets(
  deps: RetentionDeps,
  retentions: readonly Retention[],
  isDryRun: boolean,
): Promise<RetentionReport[]> {
  const { index, spec, stop } = deps;
  const newest = await index.newestCommitted(spec.project, spec.featureSpecVersion);
  if (newest === undefined) return [];
  const reports: RetentionReport[] = [];
  for (const { dataset, days } of retentions) {
    if (stop.aborted) break;
    const upTo = newest.sliceEnd - days * DAY_MS;
    reports.push({ dataset, days, upTo, ...(await retainDataset(deps, dataset, upTo, isDryRun)) });
  }
  return reports;
}

async function retainDataset(
  { lake, spec, onRemoved, stop }: RetentionDeps,
  dataset: Retention['dataset'],
  upTo: number,
  isDryRun: boolean,
): Promise<Pick<RetentionReport, 'files' | 'bytes'>> {
  const { project, featureSpecVersion: version } = spec;
  let [files, bytes] = [0, 0];
  for await (const { path, size } of filesUpTo(lake, spec, dataset, upTo)) {
    if (stop.aborted) break;
    if (!isDryRun) {
      if (files === 0) await raiseRetentionMark(lake, project, version, dataset, upTo);
      await lake.remove(path);
      onRemoved(dataset, path);
    }
    files++;
    bytes += size;
  }
  return { files, bytes };
}

const PART = /\/dt=[^/]+\/hh=[^/]+\/mm=[^/]+\/batch=[^/]+\/part-[^/]+\.parquet$/;

/** Files of a dataset whose slices end at `upTo` or before, oldest first. Others than a dataset's files are left alone. */
async function* filesUpTo(
  lake: Lake,
  { outputs, project, featureSpecVersion }: BatchSpec,
  dataset: Retention['dataset'],
  upTo: number,
): AsyncGenerator<LakeEntry> {
  const prefix = datasetPrefix(outputs[dataset], project, dataset);
  for await (const entry of lake.list(`${prefix}/${pathPart('feature_spec_version', featureSpecVersion)}/`)) {
    const sliceEnd = sliceEndOf(dataset, entry.path);
    // Paths come in the order of their slices.
    if (sliceEnd > upTo) return;
    if (PART.test(entry.path)) yield entry;
  }
}

/** NaN for paths that are none of a mini-batch. */
function sliceEndOf(dataset: string, path: string): number {
  const values = partitionValues(path);
  const instant = Date.parse(`${values.get('dt')}T${values.get('hh')}:${values.get('mm')}:00Z`);
  return liesBySliceStart(dataset) ? instant + SLICE_MS : instant;
}
