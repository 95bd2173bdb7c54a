import { textOrderOfIpv4 } from './address.ts';
import { type AddressList, listOf } from './address-book.ts';

/** Merges lists, which are ordered already, into one; remaps[l][id of list l] is the id in the merged one. */
export function mergeLists(lists: readonly AddressList[]): { list: AddressList; remaps: readonly Uint32Array[] } {
  const ordered = lists.map(ordersOf);
  const union = unionOf(ordered.map(({ orders }) => orders));
  const texts = new Set(lists.flatMap((list) => [...list.texts.values()]));
  const { list, idOfOrder, idOfOther } = listOf(union, texts);
  const remaps = lists.map(({ count, texts: own }, l) => {
    const { orders, ids } = ordered[l]!;
    const remap = new Uint32Array(count);
    const places = placesIn(union, orders);
    for (let i = 0; i < places.length; i++) remap[ids === undefined ? i : ids[i]!] = idOfOrder[places[i]!]!;
    for (const [id, text] of own) remap[id] = idOfOther.get(text)!;
    return remap;
  });
  return { list, remaps };
}

/** Id in `list` of every address of `other`, by its id there; -1 where the list lacks it. */
export function idsIn(list: AddressList, other: AddressList): Int32Array {
  const found = new Int32Array(other.count).fill(-1);
  const own = ordersOf(list);
  const { orders, ids } = ordersOf(other);
  const places = placesIn(own.orders, orders);
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    if (place >= 0) found[ids === undefined ? i : ids[i]!] = own.ids === undefined ? place : own.ids[place]!;
  }
  if (other.texts.size === 0) return found;
  const idOfText = new Map(Array.from(list.texts, ([id, text]) => [text, id]));
  for (const [id, text] of other.texts) found[id] = idOfText.get(text) ?? -1;
  return found;
}

/**
 * Ids of one list as those of another. Always a whole column at once: what it looks up lies anywhere, and a loop that does
 * nothing else waits for many of them at a time.
 */
export function carriedOver<T extends Uint32Array | Int32Array>(ids: Uint32Array, remap: T): T {
  const carried = (remap instanceof Int32Array ? new Int32Array(ids.length) : new Uint32Array(ids.length)) as T;
  for (let i = 0; i < ids.length; i++) carried[i] = remap[ids[i]!]!;
  return carried;
}

interface Orders {
  /** Text orders of the IPv4 addresses, ascending. */
  readonly orders: Uint32Array;
  /** Their ids; undefined where they are the places themselves. */
  readonly ids: Uint32Array | undefined;
}

function ordersOf({ count, ipv4, isIpv4, texts }: AddressList): Orders {
  const orders = new Uint32Array(count - texts.size);
  const ids = texts.size === 0 ? undefined : new Uint32Array(orders.length);
  let n = 0;
  for (let id = 0; id < count; id++) {
    if (isIpv4[id] === 0) continue;
    if (ids !== undefined) ids[n] = id;
    orders[n++] = textOrderOfIpv4(ipv4[id]!);
  }
  return { orders, ids };
}

/** Two by two: what many lists share is soon written once. */
function unionOf(lists: readonly Uint32Array[]): Uint32Array {
  let round = lists;
  while (round.length > 1) {
    const next: Uint32Array[] = [];
    for (let l = 0; l < round.length; l += 2) {
      const other = round[l + 1];
      next.push(other === undefined ? round[l]! : unionOfTwo(round[l]!, other));
    }
    round = next;
  }
  return round[0] ?? new Uint32Array(0);
}

function unionOfTwo(a: Uint32Array, b: Uint32Array): Uint32Array {
  const union = new Uint32Array(a.length + b.length);
  let i = 0;
  let j = 0;
  let n = 0;
  while (i < a.length && j < b.length) {
    const left = a[i]!;
    const right = b[j]!;
    union[n++] = left < right ? left : right;
    if (left <= right) i++;
    if (right <= left) j++;
  }
  while (i < a.length) union[n++] = a[i++]!;
  while (j < b.length) union[n++] = b[j++]!;
  return union.subarray(0, n);
}

/** Where searching beats walking on. */
const FAR = 16;

/** Where the numbers of one ascending list stand in another; -1 where it lacks them. */
function placesIn(all: Uint32Array, some: Uint32Array): Int32Array {
  const places = new Int32Array(some.length);
  const isSparse = some.length * FAR < all.length;
  let place = 0;
  for (let i = 0; i < some.length; i++) {
    const wanted = some[i]!;
    if (isSparse) place = leastFrom(all, place, wanted);
    else while (place < all.length && all[place]! < wanted) place++;
    places[i] = place < all.length && all[place] === wanted ? place : -1;
  }
  return places;
}

/** First place from `start` on whose number is not below `wanted`. */
function leastFrom(ascending: Uint32Array, start: number, wanted: number): number {
  let low = start;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
