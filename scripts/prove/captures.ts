/** Every number of every dataset of every capture, against the naive oracle, SQL over the raw lines, and a whole-lake scan. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Manifest } from '../../src/state/manifest.ts';
import { CAPTURE_FIELD_MAPPING } from '../../test/oracle/captures.ts';
import { duckdbFeatures, FEATURE_TABLES } from '../../test/oracle/duckdb.ts';
import { judge, type OracleOutput } from '../../test/oracle/oracle.ts';
import {
  DATASETS,
  type DatasetName,
  type LakeRow,
  openReader,
  PROJECT,
  readManifests,
  readRows,
  VERSION,
} from '../../test/support/committed-lake.ts';
import { folderOf } from '../../test/support/mini-batch-folders.ts';
import { qualityFaults } from '../../test/support/quality-agreement.ts';
import { type Agreement, addAgreements, agreementOf, judgedRows } from '../../test/support/row-agreement.ts';
import { noveltyAgreement } from './capture-novelty.ts';
import type { Capture, CaptureRuns } from './capture-runs.ts';
import { count, type Section, table, totals } from './evidence.ts';

const NOTHING: Agreement = { faults: [], rows: 0, cells: 0 };

export async function proveCaptures(runs: CaptureRuns, say: (line: string) => void): Promise<Section> {
  const reader = await openReader();
  const faults: string[] = [];
  const rows: (string | number)[][] = [];
  let [oracleSeconds, sqlSeconds] = [0, 0];
  for (const capture of runs.captures) {
    const { name, miniBatches, flows } = capture;
    const run = await runs.run(capture, 1, 1);
    faults.push(...run.faults);
    if (run.faults.length > 0) continue;
    const manifests = readManifests(run.home);
    const lake = await readLake(reader, run.home, manifests);

    say(`${name}: judging`);
    const begun = performance.now();
    const outputs = judge({ fieldMapping: CAPTURE_FIELD_MAPPING, minDays: 0 }, miniBatches);
    oracleSeconds += (performance.now() - begun) / 1000;
    const judged = [sliceFaults(outputs, manifests), ...outputs.map((output) => judgedAgreement(output, lake))];
    const judgement = judged.reduce(addAgreements, NOTHING);

    say(`${name}: computing by SQL`);
    const queried = performance.now();
    const sql = await sqlAgreement(capture, lake);
    const novelty = await noveltyAgreement(reader, run.home, manifests, lake.get('fg_a')!);
    sqlSeconds += (performance.now() - queried) / 1000;

    const scanned = await scanLake(reader, run.home, manifests);
    const again = await runs.runAgain(capture, run);
    const found = [...judgement.faults, ...sql.faults, ...novelty.faults, ...scanned.faults, ...again];
    faults.push(...found.map((fault) => `${name}: ${fault}`));
    const checked = [judgement.rows, judgement.cells, sql.rows, sql.cells, novelty.cells, scanned.rows];
    rows.push([name, flows, miniBatches.length, ...checked]);
  }
  reader.closeSync();
  if (rows.length > 1) rows.push(totals(rows));
  const ofSql = ['rows by SQL', 'cells by SQL', 'novelty by SQL'];
  const header = ['capture', 'flows', 'mini-batches', 'rows', 'cells', ...ofSql, 'rows scanned'];
  return {
    faults,
    lines: [
      'Each capture, split into folders of 15 minutes by the time at which its flows ended (`max_event_end` settles the slice), through',
      '`ndr backfill` in a process of its own, one shard, one thread. Read back with DuckDB from the files that the manifests name.',
      '',
      '- *rows*, *cells*: delta, pair context, pair counts, FG-A and its pair context of every mini-batch against a row-at-a-time oracle that',
      '  imports nothing from the program: every column, counts and text exactly, quotients, entropies and quantiles to 1e-9 relative. `min_days` is',
      '  0, since most captures are of hours: novelty counts from the first row on. Slices and the counts of quality rules agree too.',
      '- *by SQL*: delta (counts, sums, distributions, quantiles), pair context and pair counts of every mini-batch against DuckDB SQL over its raw files.',
      '- *novelty by SQL*: every novelty column of FG-A against one query over the published pair context of the whole capture (running sums joined',
      '  at both edges of each lookback).',
      '- *rows scanned*: `read_parquet` over each whole dataset with `hive_partitioning`; rows as many as the manifests say, and the path of each',
      '  row names its mini-batch, version and slice.',
      '- A second backfill of each home committed nothing.',
      '',
      ...table(header, rows),
      '',
      `The oracle took ${count(Math.round(oracleSeconds))} s, SQL ${count(Math.round(sqlSeconds))} s.`,
    ],
  };
}

type LakeRows = ReadonlyMap<DatasetName, ReadonlyMap<string, readonly LakeRow[]>>;

async function readLake(reader: DuckDBConnection, home: string, manifests: readonly Manifest[]): Promise<LakeRows> {
  const lake = new Map<DatasetName, ReadonlyMap<string, readonly LakeRow[]>>();
  for (const dataset of DATASETS) lake.set(dataset, await readRows(reader, home, manifests, dataset));
  return lake;
}

const rowsOf = (lake: LakeRows, dataset: DatasetName, id: string): readonly LakeRow[] =>
  lake.get(dataset)!.get(id) ?? [];

function judgedAgreement(output: OracleOutput, lake: LakeRows): Agreement {
  const { mini_batch_id: id } = output;
  return DATASETS.map((dataset) => {
    const agreement = agreementOf(dataset, judgedRows(output, dataset), rowsOf(lake, dataset, id), 'all');
    return { ...agreement, faults: agreement.faults.map((fault) => `oracle: ${id} ${dataset}: ${fault}`) };
  }).reduce(addAgreements, NOTHING);
}

/** Slices and data quality of the manifests, which hold no rows. */
function sliceFaults(outputs: readonly OracleOutput[], manifests: readonly Manifest[]): Agreement {
  const faults = outputs.flatMap((output, n) => {
    const manifest = manifests[n];
    if (manifest?.mini_batch_id !== output.mini_batch_id)
      return [`mini-batch ${n} is ${manifest?.mini_batch_id}, expected ${output.mini_batch_id}`];
    const { slice_end_ts, source } = manifest.slice;
    const isSettled = Date.parse(slice_end_ts) === output.slice_end_ts && source === 'max_event_end';
    const slice = isSettled ? [] : [`${output.mini_batch_id} was settled at ${slice_end_ts} by ${source}`];
    return [...slice, ...qualityFaults(output, manifest)];
  });
  return { ...NOTHING, faults };
}

async function sqlAgreement({ raw, miniBatches }: Capture, lake: LakeRows): Promise<Agreement> {
  let agreement = NOTHING;
  for (const miniBatch of miniBatches) {
    const { id, sliceEnd: sliceEndMs } = miniBatch;
    const folder = folderOf(raw, miniBatch);
    const files = readdirSync(folder).map((name) => join(folder, name));
    const tables = await duckdbFeatures({ files, fieldMapping: CAPTURE_FIELD_MAPPING, sliceEndMs, miniBatchId: id });
    for (const dataset of FEATURE_TABLES) {
      const own = agreementOf(dataset, tables[dataset], rowsOf(lake, dataset, id), 'expected');
      agreement = addAgreements(agreement, {
        ...own,
        faults: own.faults.map((fault) => `SQL: ${id} ${dataset}: ${fault}`),
      });
    }
  }
  return agreement;
}

/** Reads each dataset as engines do that know nothing of manifests: everything below its prefix. */
async function scanLake(reader: DuckDBConnection, home: string, manifests: readonly Manifest[]): Promise<Agreement> {
  let scanned = NOTHING;
  for (const dataset of DATASETS) {
    const expected = manifests.reduce((sum, { datasets }) => sum + (datasets[dataset]?.rows ?? 0), 0);
    if (expected === 0) continue;
    const instant = { delta: 'slice_start_ts', pair_context: 'slice_start_ts', pair_counts: 'event_ts' };
    const column = dataset in instant ? instant[dataset as keyof typeof instant] : 'window_end_ts';
    const pattern = join(home, 'lake', PROJECT, dataset, '**', '*.parquet').replaceAll("'", "''");
    const query = `
      SELECT count(*) AS n, count_if(batch <> mini_batch_id OR feature_spec_version <> '${VERSION}'
        OR dt || ' ' || hh || ':' || mm <> strftime(${column}::TIMESTAMP, '%Y-%m-%d %H:%M')) AS strays
      FROM read_parquet('${pattern}', hive_partitioning = true, hive_types_autocast = false)`;
    const [row] = (await reader.runAndReadAll(query)).getRowObjectsJS();
    const isWhole = Number(row?.['n']) === expected && Number(row?.['strays']) === 0;
    const fault = `scan: ${dataset} has ${row?.['n']} rows, ${row?.['strays']} of them elsewhere; the manifests say ${expected}`;
    scanned = addAgreements(scanned, { faults: isWhole ? [] : [fault], rows: expected, cells: 0 });
  }
  return scanned;
}
