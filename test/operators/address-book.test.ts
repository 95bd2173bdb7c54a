import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpv4 } from '../../src/operators/address.ts';
import {
  type AddressBook,
  type AddressList,
  createAddressBook,
  MALFORMED,
  mergeBooks,
  textOf,
} from '../../src/operators/address-book.ts';
import { parseAddress as judge } from '../oracle/addresses.ts';

const textsOf = (list: AddressList): string[] => Array.from({ length: list.count }, (_, id) => textOf(list, id));
const textIn = (book: AddressBook, id: number): string => {
  const { ipv4, texts } = book.contents();
  return texts.get(id) ?? formatIpv4(ipv4[id]!);
};

const ipv4 = fc
  .oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0x0a000000, max: 0x0a000040 }))
  .map(formatIpv4);
const group = fc.constantFrom('0', '1', 'db8', 'ffff', 'FE80', '0001');
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'));
const malformed = fc.constantFrom('', 'host', '1.2.3', '10.0.0.1 ', '~', '1', '9.9.9.999', 'ü');
const anyText = fc.oneof(
  { weight: 4, arbitrary: ipv4 },
  { weight: 2, arbitrary: ipv6 },
  { weight: 1, arbitrary: malformed },
);
const texts = fc.array(anyText, { maxLength: 80, size: 'max' });

describe('a book', () => {
  it('gives one id to one address, however it is written, in order of arrival', () => {
    const book = createAddressBook(false);
    const given = ['10.0.0.1', '::1', '::ffff:10.0.0.1', '0:0::1', '10.0.0.2', '::FFFF:0a00:0002', '::1'];
    expect(given.map((text) => book.idOfText(text))).toEqual([0, 1, 0, 1, 2, 2, 1]);
    expect(book.idOfIpv4(0x0a000002)).toBe(2);
  });

  it('keeps its ids while it grows', () => {
    const book = createAddressBook(false);
    const ids = Array.from({ length: 20_000 }, (_, n) => book.idOfIpv4(Math.imul(n, 0x10001) >>> 0));
    const others = Array.from({ length: 500 }, (_, n) => book.idOfText(`2001:db8::${n}`));
    expect(Array.from({ length: 20_000 }, (_, n) => book.idOfIpv4(Math.imul(n, 0x10001) >>> 0))).toEqual(ids);
    expect(Array.from({ length: 500 }, (_, n) => book.idOfText(`2001:db8::${n}`))).toEqual(others);
    expect(new Set([...ids, ...others]).size).toBe(20_500);
    expect(Math.max(...ids, ...others)).toBe(20_499);
  });

  it('says of every id which address it is', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const book = createAddressBook(false);
        const ids = given.map((text) => book.idOfText(text));
        for (const [i, id] of ids.entries()) {
          const expected = judge(given[i]!)?.text;
          expect(id === MALFORMED ? undefined : textIn(book, id)).toBe(expected);
        }
      }),
    );
  });

  it('keeps malformed text as it is, where it is told to', () => {
    const book = createAddressBook(true);
    const ids = ['host', '10.0.0.1', 'HOST', 'host', '', ''].map((text) => book.idOfText(text));
    expect(ids).toEqual([0, 1, 2, 0, 3, 3]);
    expect(ids.map((id) => textIn(book, id))).toEqual(['host', '10.0.0.1', 'HOST', 'host', '', '']);
  });

  it('does not grow by what it cannot read, and still reads after much of it', () => {
    const book = createAddressBook(false);
    const ids = new Set(Array.from({ length: 200_000 }, (_, n) => book.idOfText(`noise ${n}`)));
    expect([...ids]).toEqual([MALFORMED]);
    expect(book.idOfText('2001:DB8::1')).toBe(0);
    expect(book.idOfText('2001:db8:0::1')).toBe(0);
    expect(book.idOfText('10.0.0.1')).toBe(book.idOfIpv4(0x0a000001));
    expect(book.contents()).toMatchObject({ ipv4: { length: 2 }, texts: new Map([[0, '2001:db8::1']]) });
  });

  it('gives its contents as they are: what comes later is not in them', () => {
    const book = createAddressBook(false);
    book.idOfIpv4(1);
    const early = book.contents();
    book.idOfIpv4(2);
    expect([...early.ipv4]).toEqual([1]);
  });
});

describe('merged books', () => {
  it('list every address once, in the order of its text, and say where each of theirs is', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), fc.boolean(), (given, keepMalformed) => {
        const books = given.map((own) => {
          const book = createAddressBook(keepMalformed);
          const ids = own.map((text) => book.idOfText(text));
          return { book, ids };
        });
        const contents = books.map(({ book }) => book.contents());
        const { list, remaps } = mergeBooks(contents);
        const canonicalOf = (text: string): string[] => [judge(text)?.text ?? (keepMalformed ? text : [])].flat();
        expect(textsOf(list)).toEqual([...new Set(given.flat().flatMap(canonicalOf))].sort());
        for (const [b, { ids }] of books.entries()) {
          for (const [i, id] of ids.entries()) {
            if (id >= 0) expect([textOf(list, remaps[b]![id]!)]).toEqual(canonicalOf(given[b]![i]!));
          }
        }
        for (let id = 0; id < list.count; id++) expect(list.isIpv4[id] === 1).toBe(!list.texts.has(id));
      }),
      { numRuns: 200 },
    );
  });

  it('may be none, or empty', () => {
    expect(mergeBooks([])).toMatchObject({ list: { count: 0 }, remaps: [] });
    const { list, remaps } = mergeBooks([createAddressBook(false).contents(), createAddressBook(true).contents()]);
    expect(list.count).toBe(0);
    expect(remaps.map((remap) => remap.length)).toEqual([0, 0]);
  });
});
