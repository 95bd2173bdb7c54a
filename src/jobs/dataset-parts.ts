import type { Table } from '../operators/table.ts';
import type { Lake } from '../state/lake.ts';
import type { Manifest } from '../state/manifest.ts';
import { decodeParquet } from '../state/parquet.ts';
import { schemaOfFile } from '../state/parquet-file-schema.ts';
import type { Part } from './sorted-join.ts';

/** The columns by which each dataset is sorted within a mini-batch; together they stand once. */
export const DATASET_KEYS: Readonly<Record<string, readonly string[]>> = {
  delta: ['host_ip', 'role'],
  pair_context: ['host_ip', 'role', 'peer_ip', 'peer_port'],
  pair_counts: ['src_ip', 'dst_ip', 'dst_port'],
  fg_a: ['host_ip'],
  fg_a_pair_context: ['host_ip', 'dst_ip', 'dst_port'],
};

/** The files of a dataset of one revision, in order. */
export function partsOf(lake: Lake, manifest: Manifest, dataset: string): Part[] {
  return (manifest.datasets[dataset]?.files ?? []).map(({ path, rows, sha256 }) => ({
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
