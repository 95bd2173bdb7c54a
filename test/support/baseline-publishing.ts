/** Publishes baselines that were not computed by the program, so that what reads them can be tried by itself. */

import { createHash } from 'node:crypto';
import type { Command } from '../../src/commands/command.ts';
import { openHome } from '../../src/commands/home.ts';
import { scope } from '../../src/lifecycle.ts';
import {
  hostBaselineSchema,
  ipMetadataSchema,
  PAIR_HOST_SCHEMA,
  PAIR_SEGMENT_SCHEMA,
  segmentBaselineSchema,
} from '../../src/operators/baseline-datasets.ts';
import type { Schema, Table, Vector } from '../../src/operators/table.ts';
import { formatInstant } from '../../src/operators/time.ts';
import { type FgBTable, type PublicationManifest, publicationFolder } from '../../src/state/baseline-publications.ts';
import { encodeParquet } from '../../src/state/parquet.ts';
import type { Horizon } from '../oracle/baselines-rows.ts';
import { BASELINE_TABLES } from './baseline-tables.ts';
import { runCommand } from './command-run.ts';
import { type LakeRow, PROJECT, VERSION } from './committed-lake.ts';

export interface ForeignBaseline {
  readonly horizon: Horizon;
  /** Epoch ms. */
  readonly ref: number;
  readonly start: number;
  readonly end: number;
  readonly joinKeys: readonly string[];
  readonly metrics: readonly string[];
  readonly rows: Readonly<Record<FgBTable, readonly LakeRow[]>>;
  /** Columns that are left out of a table, as a version of the program might that does not know them. */
  readonly without?: readonly string[];
}

/** Writes the tables and makes them visible. */
export async function publishForeign(home: string, baseline: ForeignBaseline): Promise<void> {
  const { horizon, ref, start, end, joinKeys, metrics, rows, without = [] } = baseline;
  const schemas: Readonly<Record<FgBTable, Schema>> = {
    host: hostBaselineSchema(joinKeys, metrics),
    segment: segmentBaselineSchema(joinKeys, metrics),
    ip_metadata: ipMetadataSchema(joinKeys),
    'pair/host': PAIR_HOST_SCHEMA,
    'pair/segment': PAIR_SEGMENT_SCHEMA,
  };
  const publish: Command = {
    summary: '',
    usage: '',
    examples: [],
    flags: {},
    run: (context) =>
      scope(async (onExit) => {
        const { deps } = await openHome(context, onExit);
        const datasets: Record<string, PublicationManifest['datasets']['host']> = {};
        for (const table of BASELINE_TABLES) {
          const folder = publicationFolder(`${PROJECT}/fg_b`, table, VERSION, horizon, ref);
          const schema = Object.fromEntries(Object.entries(schemas[table]).filter(([name]) => !without.includes(name)));
          const bytes = encodeParquet(tableOf(rows[table], schema));
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          const path = `${folder}/part-0-${sha256.slice(0, 12)}.parquet`;
          await deps.lake.create(path, bytes);
          const files = [{ path, rows: rows[table].length, bytes: bytes.length, sha256 }];
          datasets[table] = { folders: [folder], rows: rows[table].length, files };
        }
        const manifest: PublicationManifest = {
          publication_version: 1,
          project_name: PROJECT,
          feature_spec_version: VERSION,
          baseline_horizon: horizon,
          baseline_month: formatInstant(ref).slice(0, 7),
          ref: formatInstant(ref),
          baseline_start_ts: formatInstant(start),
          baseline_end_ts: formatInstant(end),
          join_keys: joinKeys,
          metrics,
          pair_counts: true,
          spec_digest: '',
          inputs_digest: '',
          mini_batches: 0,
          code_version: 'test',
          health: {},
          datasets: { ...datasets, publication_metadata: { folders: [], rows: 0, files: [] } } as never,
        };
        await deps.baselines.record(
          manifest,
          publicationFolder(`${PROJECT}/fg_b`, 'publication_metadata', VERSION, horizon, ref),
        );
        return 0;
      }),
  };
  const { code, notes } = await runCommand(publish, { home });
  if (code !== 0) throw new Error(`publishing ended with ${code}: ${notes.join('\n')}`);
}

/** Columns are nullable where a row has no value: a foreign table need not be a sound one. */
function tableOf(rows: readonly LakeRow[], own: Schema): Table {
  const hasNull = (name: string): boolean => rows.some((row) => (row[name] ?? null) === null);
  const schema: Schema = Object.fromEntries(
    Object.entries(own).map(([name, field]) => [name, hasNull(name) ? { ...field, nullable: true } : field]),
  );
  const columns = Object.entries(schema).map(([name, { type }]): [string, Vector] => {
    const cells = rows.map((row) => row[name] ?? null);
    if (type === 'string')
      return [
        name,
        { codes: Int32Array.from(cells, (cell, i) => (cell === null ? -1 : i)), values: cells.map(String) },
      ];
    if (type === 'int32') return [name, Int32Array.from(cells, Number)];
    return [name, Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)))];
  });
  return { schema, length: rows.length, columns: Object.fromEntries(columns) };
}
