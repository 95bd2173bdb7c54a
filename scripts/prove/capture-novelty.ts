/** What is new about each published row, by one SQL query over the published pair context of a whole capture. */

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Manifest } from '../../src/state/manifest.ts';
import { duckdbNovelty, noveltyColumn } from '../../test/oracle/duckdb-novelty.ts';
import { type DatasetName, fileScan, filesOf, type LakeRow } from '../../test/support/committed-lake.ts';
import type { Agreement } from '../../test/support/row-agreement.ts';

const NOVELTY = /_lookback30d_|^new_to_project_peer_cnt_/;
const TOLERANCE = 1e-9;

/** `features`: published FG-A rows by mini-batch, computed with min_days 0. */
export async function noveltyAgreement(
  reader: DuckDBConnection,
  home: string,
  manifests: readonly Manifest[],
  features: ReadonlyMap<string, readonly LakeRow[]>,
): Promise<Agreement> {
  const scan = (dataset: DatasetName): string => fileScan(home, filesOf(manifests, dataset));
  const miniBatches = manifests.map(({ mini_batch_id: id, slice }) => ({
    id,
    sliceEnd: Date.parse(slice.slice_end_ts),
  }));
  const known = await duckdbNovelty(reader, { pairs: scan('pair_context'), hosts: scan('delta'), miniBatches });
  const expected = new Map<string, Map<string, number>>();
  for (const row of known) {
    const key = keyOf(row.mini_batch_id, row.host_ip);
    const columns = expected.get(key) ?? new Map<string, number>();
    expected.set(key, columns);
    for (const [metric, value] of Object.entries(row.metrics)) {
      const column = noveltyColumn(metric, row);
      if (column !== undefined) columns.set(column, value);
    }
  }
  const faults: string[] = [];
  let [rows, cells] = [0, 0];
  for (const [id, published] of features) {
    for (const row of published) {
      const own = expected.get(keyOf(id, String(row['host_ip']))) ?? new Map<string, number>();
      rows++;
      for (const column of Object.keys(row).filter((name) => NOVELTY.test(name))) {
        cells++;
        const [found, wanted] = [Number(row[column]), own.get(column) ?? 0];
        if (Math.abs(found - wanted) > TOLERANCE)
          faults.push(`novelty by SQL: ${id} ${String(row['host_ip'])}: ${column} expected ${wanted}, got ${found}`);
      }
    }
  }
  return { faults, rows, cells };
}

const keyOf = (miniBatchId: string, host: string): string => `${miniBatchId} ${host}`;
