import type { BatchSpec } from '../config/batch-spec.ts';
import { HORIZONS, type Horizon } from '../operators/baseline-metrics.ts';
import { instantOfText, UTC } from '../operators/time.ts';
import { PUBLICATION_METADATA, type PublicationManifest } from '../state/baseline-publications.ts';
import { compareKeys } from '../state/key-order.ts';
import type { Lake } from '../state/lake.ts';
import { partitionValues } from '../state/partition.ts';
import { datasetPrefix } from '../state/publish.ts';
import { checkManifest, type FileFault, fileFaultsOf } from './revision-check.ts';

/** The manifest of a publication as its path tells it; its content was not looked at. */
export interface FoundPublication {
  readonly path: string;
  /** In which it lies. */
  readonly folder: string;
  readonly version: string;
  readonly horizon: Horizon;
  /** ms UTC. */
  readonly ref: number;
  readonly modifiedMs: number;
}

const NAME = /^(.*)\/_publication-[0-9a-f]{12}\.json$/;

/** Every manifest of a project's baselines in the lake, those of one publication latest first. */
export async function publicationsIn(
  lake: Lake,
  { outputs, project }: Pick<BatchSpec, 'outputs' | 'project'>,
): Promise<FoundPublication[][]> {
  const found: FoundPublication[] = [];
  const root = datasetPrefix(outputs.fg_b, project, 'fg_b');
  for await (const { path, modifiedMs } of lake.list(`${root}/${PUBLICATION_METADATA}/`)) {
    const folder = NAME.exec(path)?.[1];
    const values = partitionValues(path);
    const version = values.get('feature_spec_version');
    const horizon = HORIZONS.find((known) => known === values.get('baseline_horizon'));
    const ref = instantOfText(values.get('ref') ?? '', UTC);
    if (folder === undefined || version === undefined || horizon === undefined || Number.isNaN(ref)) continue;
    found.push({ path, folder, version, horizon, ref, modifiedMs });
  }
  const byFolder = Map.groupBy(found, ({ folder }) => folder);
  return [...byFolder.values()].map((manifests) =>
    manifests.sort((a, b) => b.modifiedMs - a.modifiedMs || compareKeys(b.path, a.path)),
  );
}

export type CheckedPublication =
  | { readonly is: 'whole'; readonly manifest: PublicationManifest }
  | { readonly is: 'faulty'; readonly faults: readonly FileFault[] };

/** Reads the manifest of a publication by its path, and looks at the files that it names. */
export async function checkPublication(lake: Lake, path: string, isDeep: boolean): Promise<CheckedPublication> {
  const checked = await checkManifest<PublicationManifest>(lake, path, null);
  if (checked.is === 'faulty') return { is: 'faulty', faults: [checked.fault] };
  const { manifest } = checked;
  const faults: FileFault[] = [];
  for (const dataset of Object.values(manifest.datasets)) faults.push(...(await fileFaultsOf(lake, dataset, isDeep)));
  return faults.length > 0 ? { is: 'faulty', faults } : { is: 'whole', manifest };
}
