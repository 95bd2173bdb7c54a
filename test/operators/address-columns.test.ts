import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressBook, mergeBooks, textOf } from '../../src/operators/address-book.ts';
import { createAddressColumns } from '../../src/operators/address-columns.ts';
import { textsOf, type Utf8Vector } from '../../src/operators/table.ts';

const GIVEN = ['10.0.0.1', '9.255.0.100', '192.168.17.8', '0.0.0.0', '255.255.255.255', '2001:db8::1', '::', 'ä-host'];

const { list } = (() => {
  const book = createAddressBook(true);
  for (const text of GIVEN) book.idOfText(text);
  return mergeBooks([book.contents()]);
})();
const idOf = (text: string): number =>
  Array.from({ length: list.count }, (_, id) => id).find((id) => textOf(list, id) === text)!;
const rowsOf = (vector: Utf8Vector): string[] => {
  const texts = textsOf(vector);
  return [...vector.codes].map((code) => texts[code]!);
};

describe('address columns', () => {
  const columns = createAddressColumns(list);
  const column = fc.array(fc.record({ ip: fc.constantFrom(...GIVEN), port: fc.integer({ min: -1, max: 65_535 }) }), {
    maxLength: 200,
  });

  it('hold the text of every row, each distinct one once, in the order of its first row', () => {
    fc.assert(
      fc.property(column, (rows) => {
        const texts = rows.map(({ ip }) => ip);
        const vector = columns.addresses(Uint32Array.from(texts, idOf));
        expect(rowsOf(vector)).toEqual(texts);
        expect(textsOf(vector)).toEqual([...new Set(texts)]);
      }),
    );
  });

  it('name pairs by peer and port, nothing behind the bar without one', () => {
    fc.assert(
      fc.property(column, (rows) => {
        const texts = rows.map(({ ip, port }) => (port < 0 ? `${ip}|` : `${ip}|${port}`));
        const peers = Uint32Array.from(rows, ({ ip }) => idOf(ip));
        const vector = columns.pairKeys(
          peers,
          Int32Array.from(rows, ({ port }) => port),
        );
        expect(rowsOf(vector)).toEqual(texts);
        expect(textsOf(vector)).toEqual([...new Set(texts)]);
      }),
    );
  });
});
