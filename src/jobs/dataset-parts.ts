import type { Table } from '../operators/table.ts';
import type { Lake } from '../state/lake.ts';
import type { Manifest, ManifestFile } from '../state/manifest.ts';
import { decodeParquet } from '../state/parquet.ts';
import { schemaOfFile } from '../state/parquet-file-schema.ts';
import { partitionValues } from '../state/partition.ts';
import type { Part } from './sorted-join.ts';

/** The columns by which each dataset is sorted within a mini-batch; together they stand once. */
export const DATASET_KEYS: Readonly<Record<string, readonly string[]>> = {
  delta: ['host_ip', 'role'],
  pair_context: ['host_ip', 'role', 'peer_ip', 'peer_port'],
  pair_counts: ['src_ip', 'dst_ip', 'dst_port'],
  fg_a: ['host_ip'],
  fg_a_pair_context: ['host_ip', 'dst_ip', 'dst_port'],
  fg_c: ['host_ip'],
};

/** Files of a revision whose rows are sorted together. */
export interface HeldDataset {
  readonly dataset: string;
  readonly files: readonly ManifestFile[];
}

/** What a revision holds, by name: a dataset, or one for each horizon where every horizon has rows of its own. */
export function heldDatasets({ datasets }: Pick<Manifest, 'datasets'>): ReadonlyMap<string, HeldDataset> {
  const held = new Map<string, HeldDataset>();
  for (const [dataset, { folders, files }] of Object.entries(datasets)) {
    for (const folder of folders) {
      const horizon = partitionValues(folder).get('baseline_horizon');
      const own = files.filter(({ path }) => path.startsWith(`${folder}/`));
      held.set(horizon === undefined ? dataset : `${dataset} ${horizon}`, { dataset, files: own });
    }
  }
  return held;
}

/** The files of what a revision holds under a name, in order. */
export function partsOf(lake: Lake, manifest: Manifest, name: string): Part[] {
  return (heldDatasets(manifest).get(name)?.files ?? []).map(({ path, rows, sha256 }) => ({
    rows,
    digest: sha256,
    source: path,
    open: () => openFile(lake, path),
  }));
}

/** All columns of a file, whatever spec wrote it. */
export async function openFile(lake: Lake, path: string): Promise<Table> {
  const bytes = await lake.read(path);
  return decodeParquet(bytes, schemaOfFile(bytes, path), { source: path });
}
