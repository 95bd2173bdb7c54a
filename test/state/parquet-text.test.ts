import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Schema, Table } from '../../src/operators/table.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';

const schema: Schema = { host: { type: 'string', nullable: true, doc: '' } };
const starts: Schema = { starts: { type: 'list<timestamp>', nullable: true, doc: '' } };

function asUtf8(values: readonly string[], codes: Int32Array): Table {
  const encoded = values.map((value) => new TextEncoder().encode(value));
  const ends = [0];
  for (const bytes of encoded) ends.push(ends.at(-1)! + bytes.length);
  const utf8 = Uint8Array.from(encoded.flatMap((bytes) => [...bytes]));
  return { schema, length: codes.length, columns: { host: { codes, starts: Uint32Array.from(ends), utf8 } } };
}

it('writes text that stands as UTF-8 just as it writes strings', () => {
  const values = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 12 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(values, fc.array(fc.nat(40), { minLength: 1, maxLength: 80 }), (texts, picks) => {
      const codes = Int32Array.from(picks, (pick) => (pick === 40 ? -1 : pick % texts.length));
      const strings: Table = { schema, length: codes.length, columns: { host: { codes, values: texts } } };
      expect(encodeParquet(asUtf8(texts, codes))).toEqual(encodeParquet(strings));
    }),
  );
});

it('tells an empty list from none', () => {
  const isNull = Uint8Array.of(0, 1, 0);
  const vector = { offsets: Uint32Array.of(0, 2, 2, 2), values: Float64Array.of(1000, 2000), isNull };
  const bytes = encodeParquet({ schema: starts, length: 3, columns: { starts: vector } });
  expect(decodeParquet(bytes, starts, { source: 'here' }).columns['starts']).toEqual(vector);
});

it('refuses a null list that has elements', () => {
  const vector = { offsets: Uint32Array.of(0, 1), values: Float64Array.of(1), isNull: Uint8Array.of(1) };
  expect(() => encodeParquet({ schema: starts, length: 1, columns: { starts: vector } })).toThrow(
    'starts is null in row 0, which has elements',
  );
});
