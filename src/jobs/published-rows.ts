import type { Schema, Table } from '../operators/table.ts';
import type { Lake } from '../state/lake.ts';
import type { Manifest } from '../state/manifest.ts';
import { decodeParquet } from '../state/parquet.ts';
import { openFile } from './dataset-parts.ts';
import type { Part } from './sorted-join.ts';
import { cellsOf } from './table-cells.ts';
import { selectRows } from './table-rows.ts';

const HOST_SCHEMA: Schema = { host_ip: { type: 'string', doc: '' } };

/** Hosts that have an FG-A row. */
export async function publishedHosts(lake: Lake, manifest: Manifest): Promise<string[]> {
  const hosts: string[] = [];
  for (const part of hostParts(lake, manifest)) {
    const table = await part.open();
    const cellAt = cellsOf(table.columns['host_ip']!);
    for (let row = 0; row < table.length; row++) hosts.push(String(cellAt(row)));
  }
  return hosts;
}

/** The hosts of FG-A alone. */
export function hostParts(lake: Lake, manifest: Manifest): Part[] {
  return (manifest.datasets['fg_a']?.files ?? []).map(({ path, rows }) => ({
    rows,
    digest: null,
    source: path,
    open: async () => decodeParquet(await lake.read(path), HOST_SCHEMA, { source: path, columns: ['host_ip'] }),
  }));
}

/** A dataset's rows of some hosts. */
export function partsOfHosts(lake: Lake, manifest: Manifest, dataset: string, hosts: ReadonlySet<string>): Part[] {
  return (manifest.datasets[dataset]?.files ?? []).map(({ path, rows }) => ({
    rows,
    digest: null,
    source: path,
    open: async () => selectRows(await openFile(lake, path), 'host_ip', hosts),
  }));
}

/** A table in hand. */
export const partOf = (table: Table): Part[] => [
  { rows: table.length, digest: null, source: 'what was computed again', open: async () => table },
];

/** A table of hosts alone, given in their order. */
export const hostTable = (hosts: readonly string[]): Table => ({
  schema: HOST_SCHEMA,
  length: hosts.length,
  columns: { host_ip: { codes: Int32Array.from(hosts, (_, i) => i), values: hosts } },
});
