/** What a home has committed, as readers see it: the index names manifests, they name files, DuckDB reads those. */

import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { type Manifest, readManifest } from '../../src/state/manifest.ts';

export const PROJECT = 'default';
export const VERSION = 'v1';
export const DATASETS = ['delta', 'pair_context', 'pair_counts', 'fg_a', 'fg_a_pair_context'] as const;
export type DatasetName = (typeof DATASETS)[number];
export type LakeRow = Readonly<Record<string, unknown>>;

/** Manifests that count, in the order of mini-batches. */
export async function readManifests(home: string): Promise<Manifest[]> {
  const lake = await openDirectoryLake(join(home, 'lake'));
  const index = openBatchIndex(await openDirectoryItems(join(home, 'state', 'items')));
  const committed = await index.committedBetween(PROJECT, VERSION, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const manifests: Manifest[] = [];
  for (const { manifest } of committed) manifests.push(await readManifest(lake, manifest));
  return manifests;
}

export async function openReader(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

/** Paths of a dataset's files below the lake, over all manifests. */
export const filesOf = (manifests: readonly Manifest[], dataset: DatasetName): string[] =>
  manifests.flatMap(({ datasets }) => datasets[dataset]?.files.map(({ path }) => path) ?? []);

/** Rows of a dataset by mini-batch, in the files' order; a mini-batch without rows has none. */
export async function readRows(
  connection: DuckDBConnection,
  home: string,
  manifests: readonly Manifest[],
  dataset: DatasetName,
): Promise<Map<string, LakeRow[]>> {
  const byMiniBatch = new Map<string, LakeRow[]>(manifests.map(({ mini_batch_id: id }) => [id, []]));
  const files = filesOf(manifests, dataset);
  if (files.length === 0) return byMiniBatch;
  const rows = (await connection.runAndReadAll(`SELECT * FROM ${fileScan(home, files)}`)).getRowObjectsJS();
  for (const row of rows) byMiniBatch.get(String(row['mini_batch_id']))?.push(row);
  return byMiniBatch;
}

/** `read_parquet` over files of the lake. The path's keys stay out, so that rows hold what the files hold. */
export function fileScan(home: string, files: readonly string[]): string {
  const list = files.map((path) => `'${join(home, 'lake', path).replaceAll("'", "''")}'`).join(', ');
  return `read_parquet([${list}], hive_partitioning = false)`;
}
