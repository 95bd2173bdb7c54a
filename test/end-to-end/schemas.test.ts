/** What the page of schemas says is what the files have, and what does not fit it is never published. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/commands/command.ts';
import { openHome } from '../../src/commands/home.ts';
import { runBatch } from '../../src/commands/run-batch.ts';
import { readSettings } from '../../src/config/read-settings.ts';
import { runMiniBatch } from '../../src/consumers/mini-batch.ts';
import { miniBatchFolderOf } from '../../src/consumers/settle-slice.ts';
import type { Table } from '../../src/operators/table.ts';
import { runCommand } from '../support/command-run.ts';
import {
  DATASETS,
  type DatasetName,
  filesOf,
  openReader,
  readIndex,
  readManifests,
} from '../support/committed-lake.ts';
import { filesBelow } from '../support/folder-content.ts';
import { folderOf } from '../support/mini-batch-folders.ts';
import { SLICE_END, writeFiles } from '../support/poison-files.ts';

interface Page {
  readonly feature_spec_version: string;
  readonly datasets: Readonly<
    Record<
      DatasetName,
      {
        readonly partition_keys: readonly string[];
        readonly partition_instant: string;
        readonly sorted_by: readonly string[];
        readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
      }
    >
  >;
}

const page = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'schemas', 'v1.json'), 'utf8'),
) as Page;

let root = '';
let input = '';
let reader: DuckDBConnection;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ndr-schemas-'));
  input = folderOf(root, { id: 'one', sliceEnd: SLICE_END });
  // Hosts in no order, peers of both families, a pair with many ports.
  writeFiles(input, {
    'a.jsonl': [
      { flow: { source_ip: '10.1.0.{n}', destination_port: 443 }, times: 30 },
      { flow: { source_ip: 'fd00::{n}', destination_ip: '2001:db8::1' }, times: 30 },
      { flow: { destination_port: null } },
      { flow: { destination_port: 22 } },
    ],
  });
  reader = await openReader();
});
afterAll(() => {
  reader.closeSync();
  rmSync(root, { recursive: true, force: true });
});

const at = new Date(SLICE_END).toISOString();

describe('docs/schemas/v1.json', () => {
  const home = (): string => join(root, 'home');
  const query = async (sql: string) => (await reader.runAndReadAll(sql)).getRowObjectsJS();
  beforeAll(async () => {
    const { code, notes } = await runCommand(runBatch, { home: home(), flags: { input, at } });
    expect({ code, notes }).toEqual({ code: 0, notes: [] });
  });

  it('names every dataset', () => {
    // FG-C is there once baselines are published.
    expect(Object.keys(page.datasets)).toEqual([...DATASETS, 'fg_c']);
    expect(page.feature_spec_version).toBe('v1');
  });

  it.each(DATASETS)('says what the files of %s have: names, types, nullability, order and path', async (dataset) => {
    const { columns, partition_keys, partition_instant, sorted_by } = page.datasets[dataset];
    const [path] = filesOf(readManifests(home()), dataset);
    const file = `'${join(home(), 'lake', path!)}'`;
    const described = await query(`SELECT * FROM parquet_schema(${file})`);
    const elements = described.slice(1).filter(({ name }) => name !== 'list' && name !== 'element');
    expect(elements.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
    const types = described.flatMap(({ name, type, logical_type, converted_type, num_children }, n) => {
      if (n === 0 || name === 'list' || name === 'element') return [];
      const leaf = Number(num_children ?? 0) > 0 ? described[n + 2]! : { type, logical_type, converted_type };
      const isTime =
        String(leaf['logical_type']).includes('TIMESTAMP') || leaf['converted_type'] === 'TIMESTAMP_MICROS';
      const isText = leaf['converted_type'] === 'UTF8';
      const plain = `${leaf['type']}${isText ? ' (STRING)' : isTime ? ' (TIMESTAMP, microseconds, UTC)' : ''}`;
      return [Number(num_children ?? 0) > 0 ? `LIST of ${plain}` : plain];
    });
    expect(types).toEqual(columns.map(({ type }) => type));
    expect(elements.map(({ repetition_type }) => repetition_type === 'OPTIONAL')).toEqual(
      columns.map(({ nullable }) => nullable),
    );

    const parts = path!
      .split('/')
      .slice(2, -1)
      .map((part) => part.split('=') as [string, string]);
    expect(parts.map(([key]) => key)).toEqual(partition_keys);
    const instant = SLICE_END - (partition_instant === 'slice_start_ts' ? 900_000 : 0);
    const iso = new Date(instant).toISOString();
    expect(parts.map(([, value]) => value)).toEqual([
      'v1',
      iso.slice(0, 10),
      iso.slice(11, 13),
      iso.slice(14, 16),
      'one',
    ]);

    const rows = await query(`SELECT ${sorted_by.join(', ')} FROM read_parquet(${file}, hive_partitioning = false)`);
    const keyOf = (row: Readonly<Record<string, unknown>>) => sorted_by.map((name) => row[name]);
    expect(new Set(rows.map((row) => JSON.stringify(keyOf(row)))).size).toBe(rows.length);
    const hosts = rows.map((row) => String(row[sorted_by[0]!]));
    expect(hosts).toEqual([...hosts].sort());
  });
});

describe('a table that does not fit the schema of its dataset', () => {
  const without = (table: Table, name: string): Table['columns'] =>
    Object.fromEntries(Object.entries(table.columns).filter(([other]) => other !== name));
  const nothing = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);
  const wrong: readonly [string, string, (table: Table) => Table][] = [
    ['lacks a column', 'sessions_cnt is missing', (table) => ({ ...table, columns: without(table, 'sessions_cnt') })],
    [
      'lacks it in its own schema as well',
      'sessions_cnt is missing',
      (table) => ({
        ...table,
        columns: without(table, 'sessions_cnt'),
        schema: Object.fromEntries(Object.entries(table.schema).filter(([name]) => name !== 'sessions_cnt')),
      }),
    ],
    [
      'has one more',
      'extra is not in the schema',
      (table) => ({ ...table, columns: { ...table.columns, extra: new Float64Array(table.length) } }),
    ],
    [
      'has one more, and a schema that knows it',
      'extra is not in the schema',
      (table) => ({
        ...table,
        columns: { ...table.columns, extra: new Float64Array(table.length) },
        schema: { ...table.schema, extra: { type: 'double', doc: '' } },
      }),
    ],
    [
      'has text for numbers',
      'sessions_cnt is text',
      (table) => ({ ...table, columns: { ...table.columns, sessions_cnt: table.columns['mini_batch_id']! } }),
    ],
    [
      'is null where it may not be',
      'sessions_cnt',
      (table) => ({ ...table, columns: { ...table.columns, sessions_cnt: nothing(table.length) } }),
    ],
    [
      'has fractions for counts',
      'sessions_cnt',
      (table) => ({ ...table, columns: { ...table.columns, sessions_cnt: new Float64Array(table.length).fill(0.5) } }),
    ],
    [
      'has a column that is too short',
      'sessions_cnt has',
      (table) => ({ ...table, columns: { ...table.columns, sessions_cnt: new Float64Array(table.length - 1) } }),
    ],
  ];

  it.each(wrong)('publishes nothing where it %s', async (what, fault, broken) => {
    const folder = join(root, what.replaceAll(/[^a-z]/g, '-'));
    const context: CommandContext = {
      settings: readSettings({ env: { NDR_THREADS: '1' }, overrides: { home: folder } }),
      flags: {},
      terminal: { out: () => {}, note: () => {}, progress: () => {} },
      clock: Date.now,
      codeVersion: 'test',
      cores: 2,
      worker: new URL('../../src/worker.ts', import.meta.url),
      stop: new AbortController().signal,
    };
    const { deps, spec, sliceRules } = await openHome(context, () => {});
    // Of five datasets one is wrong: pair counts, which come after two sound ones.
    const isPairCounts = ({ columns }: Table): boolean => 'src_ip' in columns;
    const pool: typeof deps.pool = {
      ...deps.pool,
      encode: (task) => deps.pool.encode(isPairCounts(task.table) ? { ...task, table: broken(task.table) } : task),
    };
    const request = { spec, sliceRules, folder: miniBatchFolderOf(input), at: SLICE_END };
    await expect(runMiniBatch({ ...deps, pool }, request)).rejects.toThrow(fault);
    expect(filesBelow(join(folder, 'lake'))).toEqual([]);
    expect([...readIndex(folder).keys()].filter((key) => key.includes('#batch#'))).toEqual([]);
    // Nothing stands in the way of the next attempt.
    expect(await runMiniBatch(deps, request)).toMatchObject({ is: 'committed', revision: 1 });
  });
});
