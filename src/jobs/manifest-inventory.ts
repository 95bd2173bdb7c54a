import type { Lake } from '../state/lake.ts';
import { DEFAULT_MANIFEST_PREFIX } from '../state/manifest.ts';
import { partitionValues } from '../state/partition.ts';

/** A manifest as its path tells it; its content was not looked at. */
export interface FoundManifest {
  readonly path: string;
  readonly version: string;
  readonly miniBatchId: string;
  readonly revision: number;
  readonly modifiedMs: number;
}

const NAME = /\/_batch-(\d+)-[0-9a-f]{12}\.json$/;

/** Every manifest of a project in the lake, by path. */
export async function* manifestsOf(lake: Lake, project: string): AsyncGenerator<FoundManifest> {
  for await (const { path, modifiedMs } of lake.list(`${DEFAULT_MANIFEST_PREFIX}/${project}/`)) {
    const revision = Number(NAME.exec(path)?.[1] ?? 0);
    const values = partitionValues(path);
    const [version, miniBatchId] = [values.get('feature_spec_version'), values.get('batch')];
    if (revision === 0 || version === undefined || miniBatchId === undefined) continue;
    yield { path, version, miniBatchId, revision, modifiedMs };
  }
}
