import { describe, expect, it } from 'vitest';
import { type Schema, SchemaError, type Table } from '../../src/operators/table.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import { field, tableOf } from './parquet-cells.ts';

function faultsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof SchemaError) return error.faults;
    throw error;
  }
  return [];
}

describe('encoding a table that does not fit its schema', () => {
  it('names every fault at once', () => {
    const table: Table = {
      schema: {
        missing: field('int64'),
        short: field('double'),
        swapped: field('string'),
        listed: field('double'),
        flat: field('list<double>'),
        absent: field('string'),
        unknown: field('string', true),
        empty: field('list<timestamp>'),
        half: field('int64'),
        huge: field('int64', true),
        wide: field('int32'),
        endless: field('double', true),
        nothing: field('double'),
        late: field('timestamp'),
        inside: field('list<double>', true),
        overrun: field('list<double>', true),
        falling: field('list<double>', true),
        sound: field('int64'),
      },
      length: 3,
      columns: {
        short: Float64Array.of(1, 2),
        swapped: Float64Array.of(1, 2, 3),
        listed: { offsets: Uint32Array.of(0, 1, 2, 3), values: Float64Array.of(1, 2, 3) },
        flat: Float64Array.of(1, 2, 3),
        absent: { codes: Int32Array.of(0, -1, -1), values: ['a'] },
        unknown: { codes: Int32Array.of(-1, 0, 1), values: ['a'] },
        empty: { offsets: Uint32Array.of(0, 1, 2, 2), values: Float64Array.of(1, 2) },
        half: Float64Array.of(1, 1.5, Number.POSITIVE_INFINITY),
        huge: Float64Array.of(Number.NaN, 2 ** 53, 1),
        wide: Uint32Array.of(1, 2, 2 ** 31),
        endless: Float64Array.of(Number.NaN, 0, Number.NEGATIVE_INFINITY),
        nothing: Float64Array.of(Number.NaN, 0, 0),
        late: Float64Array.of(0, 9_007_199_254_741, 0.5),
        inside: { offsets: Uint32Array.of(0, 0, 1, 3), values: Float64Array.of(1, Number.NaN, 2) },
        overrun: { offsets: Uint32Array.of(0, 1, 2, 4), values: Float64Array.of(1, 2, 3) },
        falling: { offsets: Uint32Array.of(0, 2, 1, 3), values: Float64Array.of(1, 2, 3) },
        sound: Float64Array.of(1, 2, 3),
        extra: Float64Array.of(1, 2, 3),
      },
    };
    expect(faultsOf(() => encodeParquet(table))).toEqual([
      'extra is not in the schema',
      'missing is missing',
      'short has 2 rows, the table 3',
      'swapped is numbers, the schema says string',
      'listed is lists, the schema says double',
      'flat is numbers, the schema says list<double>',
      'absent is null in 2 of 3 rows, first row 1, and may not be',
      'unknown is not the code of one of 1 values in 1 of 3 rows, first 1 in row 2',
      'empty is null in 1 of 3 rows, first row 2, and may not be',
      'half is not a whole number below 2^53 in 2 of 3 rows, first 1.5 in row 1',
      'huge is not a whole number below 2^53 in 1 of 3 rows, first 9007199254740992 in row 1',
      'wide is not a whole number of 32 bits in 1 of 3 rows, first 2147483648 in row 2',
      'endless is not a finite number in 1 of 3 rows, first -Infinity in row 2',
      'nothing is null in 1 of 3 rows, first row 0, and may not be',
      'late is not whole milliseconds within 285 years of 1970 in 2 of 3 rows, first 9007199254741 in row 1',
      'inside is not a finite number in 1 of 3 elements, first NaN in row 2',
      'overrun has offsets that run to 4 of 3 values',
      'falling has offsets that fall after row 1',
    ]);
  });

  it('looks at the rows asked for, and counts them from the start of the table', () => {
    const table = tableOf({
      n: { type: 'int64', cells: [0.5, 1, 2, 0.5] },
      list: { type: 'list<double>', cells: [null, [1], [2], [Number.NaN]] },
    });
    expect(faultsOf(() => encodeParquet(table, { start: 1, end: 3 }))).toEqual([]);
    expect(faultsOf(() => encodeParquet(table, { start: 1, end: 4 }))).toEqual([
      'n is not a whole number below 2^53 in 1 of 3 rows, first 0.5 in row 3',
      'list is not a finite number in 1 of 3 elements, first NaN in row 3',
    ]);
    expect(faultsOf(() => encodeParquet(table, { start: 0, end: 2 }))).toEqual([
      'n is not a whole number below 2^53 in 1 of 2 rows, first 0.5 in row 0',
      'list is null in 1 of 2 rows, first row 0, and may not be',
    ]);
  });

  it('refuses no rows and rows that are not there', () => {
    const table = tableOf({ n: { type: 'int64', cells: [1, 2] } });
    for (const rows of [
      { start: 0, end: 0 },
      { start: 2, end: 3 },
      { start: 0, end: 3 },
      { start: -1, end: 1 },
      { start: 0, end: 1.5 },
    ]) {
      expect(() => encodeParquet(table, rows)).toThrow(RangeError);
    }
    expect(() => encodeParquet({ schema: table.schema, length: 0, columns: { n: new Float64Array() } })).toThrow(
      'parquet rows 0 to 0 of 0',
    );
  });
});

describe('decoding a file that does not fit the schema', () => {
  const file = encodeParquet(
    tableOf({
      host: { type: 'string', nullable: true, cells: ['a', null] },
      bytes: { type: 'int64', cells: [1, 2] },
      seen: { type: 'timestamp', cells: [1, 2] },
      gaps: { type: 'list<double>', nullable: true, cells: [[1], null] },
      extra: { type: 'double', cells: [1, 2] },
    }),
  );
  const schema: Schema = {
    host: field('string'),
    bytes: field('double'),
    seen: field('int64'),
    gaps: field('list<timestamp>', true),
    ratio: field('double'),
  };

  it('names the file and every fault at once', () => {
    expect(faultsOf(() => decodeParquet(file, schema, { source: 'lake/a.parquet' }))).toEqual([
      'lake/a.parquet: extra is not in the schema',
      'lake/a.parquet: host is null in 1 of 2 rows, and may not be',
      'lake/a.parquet: bytes is INT64, the schema says double',
      'lake/a.parquet: seen is INT64 {"type":"TIMESTAMP","isAdjustedToUTC":true,"unit":"MICROS"}, the schema says int64',
      'lake/a.parquet: gaps is list of DOUBLE, the schema says list<timestamp>',
      'lake/a.parquet: ratio is missing',
    ]);
  });

  it('looks only at the columns asked for', () => {
    const asked = { source: 'a', columns: ['bytes', 'unheard'] };
    expect(faultsOf(() => decodeParquet(file, { ...schema, bytes: field('int64') }, asked))).toEqual([
      'a: unheard is not in the schema',
    ]);
  });

  it('takes a file that may hold nulls but has none for a field that may not', () => {
    const open = encodeParquet(tableOf({ n: { type: 'int32', nullable: true, cells: [1, 2] } }));
    const table = decodeParquet(open, { n: field('int32') }, { source: 'a' });
    expect(table.columns['n']).toEqual(Int32Array.of(1, 2));
  });

  it('says which file is no Parquet, or damaged, and where', () => {
    const whole = { source: 'lake/b.parquet', columns: ['bytes'] };
    const fitting = { bytes: field('int64') };
    expect(() => decodeParquet(Buffer.from('{}'), fitting, whole)).toThrow('parquet file lake/b.parquet, footer:');
    expect(() => decodeParquet(file.subarray(0, -1), fitting, whole)).toThrow('parquet file lake/b.parquet, footer:');
    const torn = Uint8Array.from(file);
    torn.fill(0, 4, 200);
    expect(() => decodeParquet(torn, fitting, whole)).toThrow('parquet file lake/b.parquet, column bytes:');
  });
});
