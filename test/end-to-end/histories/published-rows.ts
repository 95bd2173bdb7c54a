/** What a home has published, read by the program's own decoder: DuckDB takes longer to open a home than a history takes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellsOf } from '../../../src/jobs/table-cells.ts';
import type { Manifest } from '../../../src/state/manifest.ts';
import { decodeParquet } from '../../../src/state/parquet.ts';
import { schemaOfFile } from '../../../src/state/parquet-file-schema.ts';
import type { DatasetName, LakeRow } from '../../support/committed-lake.ts';

/** Rows of a dataset of one mini-batch, in the files' order. */
export function publishedRows(home: string, manifest: Manifest, dataset: DatasetName): LakeRow[] {
  return (manifest.datasets[dataset]?.files ?? []).flatMap(({ path }) => {
    const bytes = readFileSync(join(home, 'lake', path));
    const { columns, length } = decodeParquet(bytes, schemaOfFile(bytes, path), { source: path });
    const cells = Object.entries(columns).map(([name, vector]) => [name, cellsOf(vector)] as const);
    return Array.from({ length }, (_, row) => Object.fromEntries(cells.map(([name, cellAt]) => [name, cellAt(row)])));
  });
}

/** Digests of a dataset's files: equal ones hold equal rows. */
export const digestsOf = (manifest: Manifest, dataset: DatasetName): string =>
  (manifest.datasets[dataset]?.files ?? []).map(({ sha256 }) => sha256).join();
