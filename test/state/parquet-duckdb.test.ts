import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Schema } from '../../src/operators/table.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import { type Column, cellsOf, field, tableOf } from './parquet-cells.ts';

const LARGEST = 2 ** 53 - 1;
const DAY = 1_767_225_600_000; // 2026-01-01

const COLUMNS: Readonly<Record<string, Column>> = {
  host: { type: 'string', cells: ['10.0.0.2', '日本', '', '10.0.0.2', '\u{1f600}', '\uffff'] },
  user: { type: 'string', nullable: true, cells: [null, 'b', 'a', null, null, 'b'] },
  nobody: { type: 'string', nullable: true, cells: [null, null, null, null, null, null] },
  port: { type: 'int32', cells: [0, 65535, 443, -1, 2 ** 31 - 1, -(2 ** 31)] },
  proto: { type: 'int32', nullable: true, cells: [6, null, 17, 6, null, 1] },
  bytes: { type: 'int64', cells: [0, LARGEST, -LARGEST, 2 ** 32, -(2 ** 32) - 1, 12] },
  flows: { type: 'int64', nullable: true, cells: [null, 1, 2, 3, LARGEST, null] },
  ratio: { type: 'double', cells: [0, -0, 0.1, -1.5e300, 5e-324, 1 / 3] },
  score: { type: 'double', nullable: true, cells: [0.25, null, null, 1, null, -1] },
  slice: { type: 'timestamp', cells: [0, DAY, DAY + 1, -1, 1, 9_007_199_254_740] },
  seen: { type: 'timestamp', nullable: true, cells: [null, DAY, null, null, DAY + 999, null] },
  gaps: { type: 'list<double>', nullable: true, cells: [null, [1.5], [1, 2, 3], null, [-0.5, 0], [7]] },
  times: { type: 'list<timestamp>', cells: [[DAY], [DAY, DAY + 1], [0], [1], [2], [3, 4, 5]] },
};
const table = tableOf(COLUMNS);

let folder: string;
let connection: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  await writeFile(join(folder, 'ours.parquet'), encodeParquet(table));
});

afterAll(async () => {
  connection.closeSync();
  await rm(folder, { recursive: true });
});

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const reader = await connection.runAndReadAll(sql.replaceAll('FOLDER', folder));
  return reader.getRowObjectsJS();
}

/** Every column as it stands in a cell: times in ms, whole numbers as numbers. */
const AS_CELLS = Object.entries(COLUMNS).map(([name, { type }]) => {
  if (type === 'timestamp') return `epoch_ms(${name})::DOUBLE AS ${name}`;
  if (type === 'list<timestamp>') return `[epoch_ms(t)::DOUBLE FOR t IN ${name}] AS ${name}`;
  return type === 'int64' ? `${name}::DOUBLE AS ${name}` : name;
});

describe('DuckDB on a file of ours', () => {
  it('sees the types that the schema means, and which may be null', async () => {
    const described = await query(`DESCRIBE SELECT * FROM 'FOLDER/ours.parquet'`);
    expect(Object.fromEntries(described.map((row) => [row['column_name'], row['column_type']]))).toEqual({
      host: 'VARCHAR',
      user: 'VARCHAR',
      nobody: 'VARCHAR',
      port: 'INTEGER',
      proto: 'INTEGER',
      bytes: 'BIGINT',
      flows: 'BIGINT',
      ratio: 'DOUBLE',
      score: 'DOUBLE',
      slice: 'TIMESTAMP WITH TIME ZONE',
      seen: 'TIMESTAMP WITH TIME ZONE',
      gaps: 'DOUBLE[]',
      times: 'TIMESTAMP WITH TIME ZONE[]',
    });
    const leaves = await query(`SELECT name, repetition_type FROM parquet_schema('FOLDER/ours.parquet')`);
    const repetitions = Object.fromEntries(leaves.map((row) => [row['name'], row['repetition_type']]));
    for (const [name, { nullable }] of Object.entries(COLUMNS)) {
      expect([name, repetitions[name]]).toEqual([name, nullable ? 'OPTIONAL' : 'REQUIRED']);
    }
  });

  it('reads every value', async () => {
    const rows = await query(`SELECT ${AS_CELLS} FROM 'FOLDER/ours.parquet'`);
    const cells = Object.keys(COLUMNS).map((name) => [name, rows.map((row) => row[name])]);
    expect(Object.fromEntries(cells)).toEqual(cellsOf(table));
  });

  it('finds zstd, one row group, the writer, and the bounds of every column', async () => {
    const chunks = await query(
      `SELECT path_in_schema AS path, compression, stats_min_value AS min, stats_max_value AS max,
        stats_null_count AS nulls, num_values AS entries, row_group_id AS part, row_group_num_rows AS rows
       FROM parquet_metadata('FOLDER/ours.parquet')`,
    );
    expect(new Set(chunks.map((chunk) => `${chunk['compression']} ${chunk['part']} ${chunk['rows']}`))).toEqual(
      new Set(['ZSTD 0 6']),
    );
    const bounds = chunks.map(({ path, min, max, nulls }) => [path, min, max, Number(nulls)]);
    expect(bounds).toEqual([
      ['host', '', '\u{1f600}', 0],
      ['user', 'a', 'b', 3],
      ['nobody', null, null, 6],
      ['port', '-2147483648', '2147483647', 0],
      ['proto', '1', '17', 2],
      ['bytes', '-9007199254740991', '9007199254740991', 0],
      ['flows', '1', '9007199254740991', 2],
      ['ratio', '-1.5e+300', '0.3333333333333333', 0],
      ['score', '-1.0', '1.0', 3],
      ['slice', '1969-12-31 23:59:59.999+00', '2255-06-05 23:47:34.74+00', 0],
      ['seen', '2026-01-01 00:00:00+00', '2026-01-01 00:00:00.999+00', 4],
      ['gaps, list, element', '-0.5', '7.0', 2],
      ['times, list, element', '1970-01-01 00:00:00+00', '2026-01-01 00:00:00.001+00', 0],
    ]);
    expect(await query(`SELECT created_by, num_rows FROM parquet_file_metadata('FOLDER/ours.parquet')`)).toEqual([
      { created_by: 'ndr-stream', num_rows: 6n },
    ]);
  });

  it('keeps the bounds of long text whole', async () => {
    const long = 'a very long name that two hosts share up to here '.repeat(3);
    const file = encodeParquet(tableOf({ host: { type: 'string', cells: [`${long}1`, `${long}2`] } }));
    await writeFile(join(folder, 'long.parquet'), file);
    const [chunk] = await query(`SELECT stats_min_value, stats_max_value FROM parquet_metadata('FOLDER/long.parquet')`);
    expect(chunk).toEqual({ stats_min_value: `${long}1`, stats_max_value: `${long}2` });
  });

  it('skips and finds rows by those bounds', async () => {
    const [found] = await query(
      `SELECT count(*) AS n FROM 'FOLDER/ours.parquet' WHERE bytes = 9007199254740991 AND host = '日本' AND score IS NULL`,
    );
    expect(found).toEqual({ n: 1n });
    expect(
      await query(`SELECT host FROM 'FOLDER/ours.parquet' WHERE slice > TIMESTAMPTZ '2256-01-01 00:00:00+00'`),
    ).toEqual([]);
  });

  it('reads 20,000 rows of 9,000 distinct texts with nulls between', async () => {
    const cells = Array.from({ length: 20_000 }, (_, i) => (i % 7 === 0 ? null : `host-${(i * i) % 8_999}`));
    const values = Array.from({ length: 8_999 }, (_, i) => `host-${i}`);
    const codes = Int32Array.from({ length: 20_000 }, (_, i) => (i % 7 === 0 ? -1 : (i * i) % 8_999));
    const schema = { host: field('string', true) };
    await writeFile(
      join(folder, 'hosts.parquet'),
      encodeParquet({ schema, length: 20_000, columns: { host: { codes, values } } }),
    );
    const rows = await query(`SELECT host FROM 'FOLDER/hosts.parquet'`);
    expect(rows.map((row) => row['host'])).toEqual(cells);
  });
});

describe('a file of DuckDB in our hands', () => {
  const schema: Schema = {
    host: field('string'),
    user: field('string', true),
    port: field('int32'),
    bytes: field('int64'),
    score: field('double', true),
    slice: field('timestamp'),
    gaps: field('list<double>', true),
  };
  const rows = `SELECT 'host-' || (i % 50) AS host, CASE WHEN i % 3 = 0 THEN 'u' || i END AS user,
      (i % 10)::INTEGER AS port, (i * 1000003)::BIGINT AS bytes, CASE WHEN i % 4 > 0 THEN i / 8 END AS score,
      to_timestamp(i) AS slice, CASE WHEN i % 2 = 0 THEN [i / 2, i + 0.5] WHEN i % 5 = 0 THEN [] END AS gaps
    FROM range(5000) AS numbers(i)`;
  const i = Array.from({ length: 5000 }, (_, n) => n);
  const expected = {
    host: i.map((n) => `host-${n % 50}`),
    user: i.map((n) => (n % 3 === 0 ? `u${n}` : null)),
    port: i.map((n) => n % 10),
    bytes: i.map((n) => n * 1000003),
    score: i.map((n) => (n % 4 > 0 ? n / 8 : null)),
    slice: i.map((n) => n * 1000),
    gaps: i.map((n) => (n % 2 === 0 ? [n / 2, n + 0.5] : null)),
  };

  it.each(['COMPRESSION zstd', 'COMPRESSION snappy, PARQUET_VERSION v2', 'COMPRESSION zstd, PARQUET_VERSION v2'])(
    'is read over several row groups with %s',
    async (options) => {
      await query(`COPY (${rows}) TO 'FOLDER/theirs.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048, ${options})`);
      const file = await readFile(join(folder, 'theirs.parquet'));
      expect(cellsOf(decodeParquet(file, schema, { source: 'theirs' }))).toEqual(expected);
    },
  );

  it('is refused where it holds what a table cannot', async () => {
    await query(
      `COPY (SELECT 9007199254740992 AS bytes, 'inf'::DOUBLE AS score, [1, NULL]::DOUBLE[] AS gaps, 1::UINTEGER AS port)
       TO 'FOLDER/beyond.parquet' (FORMAT parquet)`,
    );
    const file = await readFile(join(folder, 'beyond.parquet'));
    const { bytes, score, gaps, port } = schema;
    expect(() =>
      decodeParquet(file, { bytes: bytes!, score: score!, gaps: gaps!, port: port! }, { source: 'x' }),
    ).toThrow(
      'table does not fit its schema: ' +
        'x: bytes is beyond 9007199254740991, which a table cannot hold, in 1 of 1 values; ' +
        'x: score is beyond 1.7976931348623157e+308, which a table cannot hold, in 1 of 1 values; ' +
        'x: gaps is null in 1 of 2 elements; x: port is INT32 UINT_32, the schema says int32',
    );
  });
});
