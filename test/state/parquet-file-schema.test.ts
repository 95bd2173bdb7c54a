import { describe, expect, it } from 'vitest';
import type { Schema, Table } from '../../src/operators/table.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import { schemaOfFile } from '../../src/state/parquet-file-schema.ts';

const SCHEMA: Schema = {
  text: { type: 'string', doc: '' },
  maybe: { type: 'string', nullable: true, doc: '' },
  port: { type: 'int32', nullable: true, doc: '' },
  flag: { type: 'int32', doc: '' },
  count: { type: 'int64', doc: '' },
  share: { type: 'double', doc: '' },
  at: { type: 'timestamp', nullable: true, doc: '' },
  starts: { type: 'list<timestamp>', nullable: true, doc: '' },
  quantiles: { type: 'list<double>', nullable: true, doc: '' },
};
const one = Float64Array.of(1);
const lists = { offsets: Uint32Array.of(0, 1), values: one };
const TABLE: Table = {
  schema: SCHEMA,
  length: 1,
  columns: {
    text: { codes: Int32Array.of(0), values: ['a'] },
    maybe: { codes: Int32Array.of(-1), values: [] },
    port: Float64Array.of(Number.NaN),
    flag: one,
    count: one,
    share: one,
    at: one,
    starts: lists,
    quantiles: lists,
  },
};

describe('the schema of a file', () => {
  it('is the one that it was written with, and reads it', () => {
    const bytes = encodeParquet(TABLE);
    const schema = schemaOfFile(bytes, 'f');
    expect(schema).toEqual(SCHEMA);
    expect(decodeParquet(bytes, schema, { source: 'f' }).length).toBe(1);
  });

  it('is asked of whole files only', () => {
    expect(() => schemaOfFile(encodeParquet(TABLE).subarray(0, 100), 'f')).toThrow(
      /^parquet file f, schema: .* fetch it/,
    );
  });
});
