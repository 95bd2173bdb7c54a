import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressList, createAddressBook, mergeBooks, textOf } from '../../src/operators/address-book.ts';
import { carriedOver, idsIn, mergeLists } from '../../src/operators/address-union.ts';

const text = fc.oneof(
  fc
    .tuple(fc.constantFrom(1, 10, 100, 2, 203), fc.nat(2), fc.nat(300))
    .map(([a, b, n]) => `${a}.${b}.${n >> 8}.${n & 255}`),
  fc.constantFrom('::1', 'fe80::1', '2001:db8::5', 'no address', ''),
);
const listOfTexts = (texts: readonly string[]): AddressList => {
  const book = createAddressBook(true);
  for (const one of texts) book.idOfText(one);
  return mergeBooks([book.contents()]).list;
};
const textsIn = (list: AddressList): string[] => Array.from({ length: list.count }, (_, id) => textOf(list, id));

describe('merged lists', () => {
  it('hold every address once, in the order of its text, and say where each of theirs is', () => {
    const some = fc.array(fc.array(text, { maxLength: 60 }), { maxLength: 6 });
    fc.assert(
      fc.property(some, (many) => {
        const lists = many.map(listOfTexts);
        const { list, remaps } = mergeLists(lists);
        expect(textsIn(list)).toEqual([...new Set(many.flat())].sort());
        lists.forEach((own, l) => {
          expect(Array.from(remaps[l]!, (id) => textOf(list, id))).toEqual(textsIn(own));
        });
      }),
    );
  });

  it('are searched, not walked, for a few addresses among many', () => {
    const many = Array.from({ length: 500 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    const few = ['10.0.0.0', '10.0.1.7', '9.9.9.9'];
    const { list, remaps } = mergeLists([listOfTexts(many), listOfTexts(few)]);
    expect(Array.from(remaps[1]!, (id) => textOf(list, id))).toEqual(few);
  });
});

describe('the ids of one list in another', () => {
  it('are -1 where it lacks the address', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), fc.array(text, { maxLength: 40 }), (own, others) => {
        const [list, other] = [listOfTexts(own), listOfTexts(others)];
        const found = Array.from(idsIn(list, other), (id) => (id < 0 ? undefined : textOf(list, id)));
        expect(found).toEqual(textsIn(other).map((one) => (own.includes(one) ? one : undefined)));
      }),
    );
  });

  it('carry a column over', () => {
    expect(carriedOver(Uint32Array.of(2, 0, 2), Int32Array.of(7, 8, -1))).toEqual(Int32Array.of(-1, 7, -1));
    expect(carriedOver(Uint32Array.of(1), Uint32Array.of(7, 8))).toEqual(Uint32Array.of(8));
  });
});
