import type { BatchSpec } from '../config/batch-spec.ts';
import type { Horizon } from '../operators/baseline-metrics.ts';
import { type BaselinePublication, type BaselinePublications, FG_B_TABLES } from '../state/baseline-publications.ts';
import type { Lake } from '../state/lake.ts';
import { pathPart } from '../state/partition.ts';
import { datasetPrefix } from '../state/publish.ts';

export interface BaselineRetention {
  /** Publications of this reference instant, ms UTC, and earlier go. */
  readonly upTo: number;
  /** Files that no publication names go when they are older than this, ms UTC by the store's clock. */
  readonly before: number;
  readonly isDryRun: boolean;
}

export interface RemovedBaselines {
  readonly publications: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes old publications, the newest of each horizon excepted, and files that were replaced or never came to count. A
 * publication goes from sight first, then its files.
 */
export async function retainBaselines(
  { lake, baselines }: { readonly lake: Lake; readonly baselines: BaselinePublications },
  { project, featureSpecVersion: version, outputs }: BatchSpec,
  { upTo, before, isDryRun }: BaselineRetention,
): Promise<RemovedBaselines> {
  const all = await baselines.all(project, version);
  const newest = new Map<Horizon, number>();
  for (const { horizon, ref } of all) newest.set(horizon, Math.max(ref, newest.get(horizon) ?? ref));
  const old = all.filter(({ horizon, ref }) => ref <= upTo && ref !== newest.get(horizon));
  if (!isDryRun) for (const { horizon, ref } of old) await baselines.forget(project, version, horizon, ref);
  const kept = new Set(all.filter((own) => !old.includes(own)).flatMap(pathsOf));
  const gone = new Set(old.flatMap(pathsOf));
  let [files, bytes] = [0, 0];
  const mine = `/${pathPart('feature_spec_version', version)}/`;
  for await (const { path, size, modifiedMs } of lake.list(`${datasetPrefix(outputs.fg_b, project, 'fg_b')}/`)) {
    if (!path.includes(mine) || kept.has(path) || !(gone.has(path) || modifiedMs < before)) continue;
    if (!isDryRun) await lake.remove(path);
    files++;
    bytes += size;
  }
  return { publications: old.length, files, bytes };
}

const pathsOf = ({ datasets, metadata, manifest }: BaselinePublication): string[] => [
  manifest.path,
  ...metadata.map(({ path }) => path),
  ...FG_B_TABLES.flatMap((table) => datasets[table].map(({ path }) => path)),
];
