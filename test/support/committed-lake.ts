/**
 * What a home has committed, as a reader without the program's help sees it: the index names manifests, manifests name
 * files, DuckDB reads those. Nothing here opens the program's stores, which tidy up when they are opened.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Manifest } from '../../src/state/manifest.ts';

export const PROJECT = 'default';
export const VERSION = 'v1';
export const DATASETS = ['delta', 'pair_context', 'pair_counts', 'fg_a', 'fg_a_pair_context'] as const;
export type DatasetName = (typeof DATASETS)[number];
export type LakeRow = Readonly<Record<string, unknown>>;
export type IndexItem = Readonly<Record<string, unknown>>;

/** What differs from one run to the next, however equal they are. */
const OF_THE_RUN = new Set(['committed_at', 'attempt_token', 'planned_at']);

/** Items of the batch index by key; safe beside processes that write them. */
export function readIndex(home: string): Map<string, IndexItem> {
  const table = join(home, 'state', 'items', 'batch_index', PROJECT);
  const index = new Map<string, IndexItem>();
  for (const name of namesIn(table).sort()) {
    const item = newestItem(join(table, name));
    if (item !== null) index.set(decodeURIComponent(name), item);
  }
  return index;
}

/** The same without what is of the run alone. */
export function lastingIndex(home: string): Record<string, IndexItem> {
  const entries = [...readIndex(home)].map(([key, item]): [string, IndexItem] => [
    key,
    Object.fromEntries(Object.entries(item).filter(([name]) => !OF_THE_RUN.has(name))),
  ]);
  return Object.fromEntries(entries);
}

/** An item is a folder of numbered files, of which the greatest counts; it may be replaced between two looks. */
function newestItem(folder: string): IndexItem | null {
  for (;;) {
    const newest = namesIn(folder).sort().at(-1);
    if (newest === undefined) return null;
    try {
      return (JSON.parse(readFileSync(join(folder, newest), 'utf8')) as { item: IndexItem | null }).item;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Manifests that count, in the order of mini-batches. Throws if one is not there, or not the one that the index names. */
export function readManifests(home: string): Manifest[] {
  const manifests = [...readIndex(home)].flatMap(([key, item]) => {
    const path = item['manifest_path'];
    if (!key.startsWith(`${VERSION}#batch#`) || typeof path !== 'string') return [];
    const bytes = readFileSync(join(home, 'lake', path));
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== item['manifest_sha256']) throw new Error(`${key}: ${path} is not the manifest that the index names`);
    return [JSON.parse(bytes.toString('utf8')) as Manifest];
  });
  const place = ({ slice, mini_batch_id: id }: Manifest): string => `${slice.slice_end_ts} ${id}`;
  return manifests.sort((a, b) => (place(a) < place(b) ? -1 : 1));
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
