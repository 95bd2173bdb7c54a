import { formatAddress, formatIpv4, ipv4OfTextOrder, parseAddress, textOrderOfIpv4 } from './address.ts';

/** The two kinds of id that stand for no address. */
export const ABSENT = -1;
export const MALFORMED = -2;

/** How many texts of one book are remembered; further ones are read anew each time, so that noise cannot fill memory. */
const REMEMBERED_TEXTS = 65_536;
/** No address is longer; what is longer is not remembered. */
const LONGEST_ADDRESS = 45;

/** Gives every distinct address a small id, in order of arrival. */
export interface AddressBook {
  /** Id of an IPv4 address. */
  idOfIpv4(value: number): number;
  /** Id of an address given as text; MALFORMED if it cannot be read (unless malformed texts are kept as they are). */
  idOfText(text: string): number;
  contents(): BookContents;
}

/** What a book holds, as plain values that can cross threads: id i is texts.get(i), else the IPv4 address ipv4[i]. */
export interface BookContents {
  readonly ipv4: Uint32Array;
  readonly texts: ReadonlyMap<number, string>;
}

export function createAddressBook(keepMalformed: boolean): AddressBook {
  let ipv4: Uint32Array = new Uint32Array(1024);
  let count = 0;
  let slots: Int32Array = new Int32Array(4096).fill(-1);
  let shift = 20;
  const texts = new Map<number, string>();
  const idOfCanonical = new Map<string, number>();
  const remembered = new Map<string, number>();

  const append = (value: number): number => {
    if (count === ipv4.length) {
      const wider = new Uint32Array(count * 2);
      wider.set(ipv4);
      ipv4 = wider;
    }
    ipv4[count] = value;
    return count++;
  };

  const widen = (): void => {
    shift--;
    slots = new Int32Array(slots.length * 2).fill(-1);
    for (let id = 0; id < count; id++) {
      if (texts.has(id)) continue;
      let slot = Math.imul(ipv4[id]!, 0x9e3779b1) >>> shift;
      while (slots[slot] !== -1) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = id;
    }
  };

  const idOfIpv4 = (value: number): number => {
    let slot = Math.imul(value, 0x9e3779b1) >>> shift;
    for (;;) {
      const id = slots[slot]!;
      if (id === -1) break;
      if (ipv4[id] === value) return id;
      slot = (slot + 1) & (slots.length - 1);
    }
    const id = append(value);
    slots[slot] = id;
    if (count * 2 > slots.length) widen();
    return id;
  };

  const idOfOther = (text: string): number => {
    let id = idOfCanonical.get(text);
    if (id === undefined) {
      id = append(0);
      texts.set(id, text);
      idOfCanonical.set(text, id);
    }
    return id;
  };

  const idOfText = (text: string): number => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const address = parseAddress(text);
    let id: number;
    if (address === undefined) id = keepMalformed ? idOfOther(text) : MALFORMED;
    else id = address.family === 4 ? idOfIpv4(address.value) : idOfOther(formatAddress(address));
    if (text.length <= LONGEST_ADDRESS && remembered.size < REMEMBERED_TEXTS) remembered.set(text, id);
    return id;
  };

  return { idOfIpv4, idOfText, contents: () => ({ ipv4: ipv4.slice(0, count), texts }) };
}

/** Every distinct address of a mini-batch in the order of its text; an address's id is its place. */
export interface AddressList {
  readonly count: number;
  /** IPv4 value of id i, where isIpv4[i] is 1. */
  readonly ipv4: Uint32Array;
  readonly isIpv4: Uint8Array;
  /** Text of the ids that are not IPv4. */
  readonly texts: ReadonlyMap<number, string>;
}

export function textOf(list: AddressList, id: number): string {
  return list.isIpv4[id] === 1 ? formatIpv4(list.ipv4[id]!) : list.texts.get(id)!;
}

/** The list of only those addresses whose ids are marked with 1, in the same order. */
export function listOfThose(list: AddressList, isOne: Uint8Array): AddressList {
  const count = isOne.reduce((sum, one) => sum + one, 0);
  const part = { count, ipv4: new Uint32Array(count), isIpv4: new Uint8Array(count), texts: new Map<number, string>() };
  for (let id = 0, next = 0; id < isOne.length; id++) {
    if (isOne[id] === 0) continue;
    part.ipv4[next] = list.ipv4[id]!;
    part.isIpv4[next] = list.isIpv4[id]!;
    const text = list.texts.get(id);
    if (text !== undefined) part.texts.set(next, text);
    next++;
  }
  return part;
}

/** Merges books into one list in text order; remaps[b][id of book b] is the id in the list. */
export function mergeBooks(books: readonly BookContents[]): { list: AddressList; remaps: readonly Uint32Array[] } {
  // A book in which the place of an address among all texts stands for the address.
  const all = createAddressBook(false);
  const remaps = books.map(({ ipv4, texts }) => {
    const ids = new Uint32Array(ipv4.length);
    for (let i = 0; i < ids.length; i++) if (!texts.has(i)) ids[i] = all.idOfIpv4(textOrderOfIpv4(ipv4[i]!));
    return ids;
  });
  const orders = all.contents().ipv4.sort();
  const { list, idOfOrder, idOfOther } = listOf(orders, new Set(books.flatMap((book) => [...book.texts.values()])));
  const idOfAll = new Uint32Array(orders.length);
  for (let i = 0; i < orders.length; i++) idOfAll[all.idOfIpv4(orders[i]!)] = idOfOrder[i]!;
  books.forEach(({ texts }, b) => {
    const ids = remaps[b]!;
    for (let i = 0; i < ids.length; i++) ids[i] = idOfAll[ids[i]!]!;
    for (const [i, text] of texts) ids[i] = idOfOther.get(text)!;
  });
  return { list, remaps };
}

/**
 * The list of distinct IPv4 addresses, given by their text order, ascending, and of other texts. Says where in the list
 * each of them stands.
 */
export function listOf(
  orders: Uint32Array,
  texts: ReadonlySet<string>,
): { list: AddressList; idOfOrder: Uint32Array; idOfOther: ReadonlyMap<string, number> } {
  const others = [...texts].sort(compareText);
  const count = orders.length + others.length;
  const list = { count, ipv4: new Uint32Array(count), isIpv4: new Uint8Array(count), texts: new Map<number, string>() };
  const idOfOther = new Map<string, number>();
  const idOfOrder = new Uint32Array(orders.length);
  let id = 0;
  let order = 0;
  for (const text of [...others, undefined]) {
    const before = text === undefined ? orders.length : placeAmong(orders, text);
    for (; order < before; order++) {
      list.ipv4[id] = ipv4OfTextOrder(orders[order]!);
      list.isIpv4[id] = 1;
      idOfOrder[order] = id++;
    }
    if (text === undefined) break;
    list.texts.set(id, text);
    idOfOther.set(text, id++);
  }
  return { list, idOfOrder, idOfOther };
}

/** How many IPv4 addresses, given by their text order, come before a text. */
function placeAmong(orders: Uint32Array, text: string): number {
  let low = 0;
  let high = orders.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (formatIpv4(ipv4OfTextOrder(orders[middle]!)) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Order by UTF-16 code units: addresses are ASCII, where it is the order of bytes that Parquet readers use. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
