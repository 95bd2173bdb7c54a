import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import type { ColumnType, Table } from '../../src/operators/table.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import { type Cell, type Column, cellsOf, field, tableOf } from './parquet-cells.ts';

const LARGEST = 2 ** 53 - 1;
const LATEST = 9_007_199_254_740; // ms whose microseconds are still below 2^53

const whole = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), LARGEST, -LARGEST),
);
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.1, 5e-324, 1.7976931348623157e308),
);
const time = fc.oneof(
  fc.integer({ min: -LATEST, max: LATEST }),
  fc.constantFrom(0, 1_767_225_600_000, LATEST, -LATEST),
);
const text = fc.oneof(
  fc.constantFrom('', '10.0.0.1', '10.0.0.2', 'Zürich', '日本', '\u{1f600}', '\uffff', '\u{10000}', 'a\0b'),
  fc.string({ unit: 'grapheme' }),
);
const VALUES: Readonly<Record<ColumnType, fc.Arbitrary<Cell>>> = {
  string: text,
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  int64: whole,
  double,
  timestamp: time,
  'list<double>': fc.array(double, { minLength: 1, maxLength: 20 }),
  'list<timestamp>': fc.array(time, { minLength: 1, maxLength: 20 }),
};
const TYPES = Object.keys(VALUES) as ColumnType[];

function cellsOfType(type: ColumnType, nullable: boolean, rows: number): fc.Arbitrary<Cell[]> {
  const cell = nullable ? fc.option(VALUES[type], { freq: 2 }) : VALUES[type];
  const runs = fc.array(fc.tuple(cell, fc.integer({ min: 1, max: 40 })), { minLength: rows, maxLength: rows });
  return fc.oneof(
    fc.array(cell, { minLength: rows, maxLength: rows }),
    runs.map((run) => run.flatMap(([value, times]) => Array<Cell>(times).fill(value)).slice(0, rows)),
    ...(nullable ? [fc.constant(Array<Cell>(rows).fill(null))] : []),
  );
}

const columnOf = (type: ColumnType, nullable: boolean, rows: number): fc.Arbitrary<Column> =>
  cellsOfType(type, nullable, rows).map((cells) => ({ type, nullable, cells }));

/** A table with a column of every type, once nullable and once not. */
const everyType = fc.integer({ min: 1, max: 70 }).chain((rows) =>
  fc
    .record(
      Object.fromEntries(
        TYPES.flatMap((type) => [
          [type, columnOf(type, false, rows)],
          [`${type}?`, columnOf(type, true, rows)],
        ]),
      ),
    )
    .map(tableOf),
);

const there = (table: Table, rows?: { start: number; end: number }, columns?: readonly string[]): Table =>
  decodeParquet(encodeParquet(table, rows), table.schema, { source: 'memory', ...(columns && { columns }) });

describe('a table through Parquet and back', () => {
  it('keeps every value of every type, and every null', () => {
    fc.assert(
      fc.property(everyType, (table) => {
        const back = there(table);
        expect(back.length).toBe(table.length);
        expect(back.schema).toEqual(table.schema);
        expect(cellsOf(back)).toEqual(cellsOf(table));
      }),
    );
  });

  it('keeps the rows asked for, in bytes that depend on nothing else of the table', () => {
    fc.assert(
      fc.property(everyType, fc.nat(), fc.nat(), (table, a, b) => {
        const start = a % table.length;
        const end = start + 1 + (b % (table.length - start));
        const back = there(table, { start, end });
        const rows = Object.entries(cellsOf(table)).map(([name, cells]) => [name, cells.slice(start, end)]);
        expect(cellsOf(back)).toEqual(Object.fromEntries(rows));
        expect(encodeParquet(back)).toEqual(encodeParquet(table, { start, end }));
      }),
    );
  });

  it('gives the same bytes twice', () => {
    fc.assert(
      fc.property(everyType, (table) => {
        expect(encodeParquet(table)).toEqual(encodeParquet(table));
      }),
    );
  });

  it('keeps many rows of many distinct texts', () => {
    const cells = Array.from({ length: 20_000 }, (_, i) => `host-${(i * 7919) % 12_345}`);
    const values = Array.from({ length: 12_345 }, (_, i) => `host-${i}`);
    const codes = Int32Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 12_345);
    const table: Table = { schema: { host: field('string') }, length: 20_000, columns: { host: { codes, values } } };
    expect(cellsOf(there(table))['host']).toEqual(cells);
  });

  it('reads only the columns asked for, in the order of the schema', () => {
    const table = tableOf({
      host: { type: 'string', cells: ['a', 'b'] },
      peers: { type: 'list<double>', nullable: true, cells: [[1, 2], null] },
      bytes: { type: 'int64', cells: [1, 2] },
      ratio: { type: 'double', cells: [0.5, 1] },
    });
    const back = there(table, undefined, ['ratio', 'host']);
    expect(Object.keys(back.schema)).toEqual(['host', 'ratio']);
    expect(cellsOf(back)).toEqual({ host: ['a', 'b'], ratio: [0.5, 1] });
    expect(cellsOf(there(table, undefined, ['bytes']))).toEqual({ bytes: [1, 2] });
  });

  it('takes counts from integer vectors of every width and gives int32 back as such', () => {
    const schema = { u8: field('int32'), u32: field('int64'), i32: field('double'), f64: field('int32', true) };
    const columns = {
      u8: Uint8Array.of(0, 255),
      u32: Uint32Array.of(0, 2 ** 32 - 1),
      i32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
      f64: Float64Array.of(7, Number.NaN),
    };
    expect(there({ schema, length: 2, columns }).columns).toEqual({
      u8: Int32Array.of(0, 255),
      u32: Float64Array.of(0, 2 ** 32 - 1),
      i32: Float64Array.of(-(2 ** 31), 2 ** 31 - 1),
      f64: Float64Array.of(7, Number.NaN),
    });
  });

  it('replaces a lone surrogate, which has no UTF-8, and still tells texts apart by their codes', () => {
    const back = there(tableOf({ user: { type: 'string', cells: ['x\ud800', 'y', 'x\udfff', 'x\ufffd'] } }));
    expect(back.columns['user']).toEqual({ codes: Int32Array.of(0, 1, 0, 0), values: ['x\ufffd', 'y'] });
  });

  it('reads a file that lies inside a larger buffer', () => {
    const table = tableOf({
      bytes: { type: 'int64', cells: [1, 2, LARGEST] },
      host: { type: 'string', cells: ['a', 'b', 'a'] },
    });
    const file = encodeParquet(table);
    const larger = new Uint8Array(file.length + 20);
    larger.set(file, 3);
    const back = decodeParquet(larger.subarray(3, 3 + file.length), table.schema, { source: 'memory' });
    expect(cellsOf(back)).toEqual(cellsOf(table));
  });

  it('reads version 2 pages, and text and numbers without a dictionary, of another writer', () => {
    const hosts = Array.from({ length: 3_000 }, (_, i) => (i % 5 === 0 ? null : `host-${i % 2_000}`));
    const bytes = Array.from({ length: 3_000 }, (_, i) => i - 1_500);
    const file = parquetWriteBuffer({
      columnData: [
        { name: 'host', data: hosts, type: 'STRING', encoding: 'PLAIN', nullable: true },
        { name: 'user', data: hosts, type: 'STRING', encoding: 'DELTA_BYTE_ARRAY', nullable: true },
        { name: 'bytes', data: bytes.map(BigInt), type: 'INT64', encoding: 'DELTA_BINARY_PACKED', nullable: false },
      ],
      pageSize: 4_096,
      rowGroupSize: 1_000,
    });
    const schema = { host: field('string', true), user: field('string', true), bytes: field('int64') };
    const back = decodeParquet(new Uint8Array(file), schema, { source: 'memory' });
    expect(cellsOf(back)).toEqual({ host: hosts, user: hosts, bytes });
    expect(new Set(Object.values(back.columns['host']!)[1]).size).toBe(1_600);
  });
});
