import type { AddressList } from './address-book.ts';
import { type AddressFacts, createGrowingFacts, type PlaceOptions } from './address-facts.ts';
import { carriedOver, mergeLists } from './address-union.ts';

/** Lasting ids of addresses, in order of arrival, and what is known of each address. */
export interface AddressDictionary {
  /** Its columns may be longer than its count, and are not ordered. */
  readonly list: AddressList;
  readonly facts: AddressFacts;
  /** Ids of the addresses of another list, by their ids there. New ones are given where there are none yet. */
  enter(other: AddressList): Uint32Array;
  /** As `enter`, of many lists, each ordered by text. */
  enterAll(lists: readonly AddressList[]): Uint32Array[];
  /** As `enter`, but -1 where there is none. */
  find(other: AddressList): Int32Array;
  readonly bytes: number;
}

const NONE = -1;
/** Lists of which merging them first is not worth it. */
const FEW = 4;
/** Of all columns, by address of the capacity: value, kind, three facts, segment, and four halves of slots. */
const BYTES_OF_ADDRESS = 28;

export function createAddressDictionary(places: PlaceOptions): AddressDictionary {
  let ipv4 = new Uint32Array(1024);
  let isIpv4 = new Uint8Array(1024);
  /** Pairs of an IPv4 value and its id plus one, found by a hash of the value; 0: a free slot. */
  let slots = new Uint32Array(4096);
  let count = 0;
  const texts = new Map<number, string>();
  const idOfText = new Map<string, number>();
  const growing = createGrowingFacts(places, 1024);
  let list: AddressList = { count, ipv4, isIpv4, texts };

  /** Where an IPv4 address is among the slots, or would be. */
  const seek = (value: number): number => {
    const hash = Math.imul(value, 0x9e3779b1);
    const last = slots.length - 1;
    let slot = ((hash ^ (hash >>> 15)) << 1) & last;
    while (slots[slot + 1] !== 0 && slots[slot] !== value) slot = (slot + 2) & last;
    return slot;
  };
  const append = (): number => {
    if (count === ipv4.length) {
      const [values, kinds] = [ipv4, isIpv4];
      ipv4 = new Uint32Array(count * 2);
      ipv4.set(values);
      isIpv4 = new Uint8Array(count * 2);
      isIpv4.set(kinds);
      slots = new Uint32Array(count * 8);
      for (let id = 0; id < count; id++) if (isIpv4[id] === 1) occupy(ipv4[id]!, id);
    }
    return count++;
  };
  const occupy = (value: number, id: number): void => {
    const slot = seek(value);
    slots[slot] = value;
    slots[slot + 1] = id + 1;
  };
  const idOfIpv4 = (value: number): number => {
    const known = slots[seek(value) + 1]!;
    if (known !== 0) return known - 1;
    const id = append();
    ipv4[id] = value;
    isIpv4[id] = 1;
    occupy(value, id);
    return id;
  };
  const idOfOther = (text: string): number => {
    const known = idOfText.get(text);
    if (known !== undefined) return known;
    const id = append();
    texts.set(id, text);
    idOfText.set(text, id);
    return id;
  };

  const enter = (other: AddressList): Uint32Array => {
    const known = count;
    const ids = new Uint32Array(other.count);
    for (let id = 0; id < other.count; id++)
      ids[id] = other.isIpv4[id] === 1 ? idOfIpv4(other.ipv4[id]!) : idOfOther(other.texts.get(id)!);
    if (count > known) {
      list = { count, ipv4, isIpv4, texts };
      growing.describe(list, known);
    }
    return ids;
  };

  return {
    get list() {
      return list;
    },
    get facts() {
      return growing.facts;
    },
    get bytes() {
      return ipv4.length * BYTES_OF_ADDRESS;
    },
    enter,
    enterAll(lists) {
      if (lists.length <= FEW) return lists.map(enter);
      // Lists of one day have most addresses in common: each is looked up once.
      const { list: union, remaps } = mergeLists(lists);
      const ids = enter(union);
      return remaps.map((remap) => carriedOver(remap, ids));
    },
    find(other) {
      const ids = new Int32Array(other.count);
      for (let id = 0; id < other.count; id++)
        ids[id] =
          other.isIpv4[id] === 1 ? slots[seek(other.ipv4[id]!) + 1]! - 1 : (idOfText.get(other.texts.get(id)!) ?? NONE);
      return ids;
    },
  };
}
