export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Attributes by name. */
export type Item = { readonly [attribute: string]: Json };

/** What must hold for a put to happen: no item there, or one whose named attributes equal these. */
export type Condition = { readonly absent: true } | { readonly matches: Item };

/** Sort keys from `from` to `to`, both included, by code point. */
export interface KeyRange {
  readonly from?: string;
  readonly to?: string;
}

/** Which of a range's keys, and from which end; without it all of them, in their order. */
export interface KeyOrder {
  /** Greatest first. */
  readonly reverse?: boolean;
  /** At most so many, from that end. */
  readonly limit?: number;
}

export interface KeyedItem {
  readonly sk: string;
  readonly item: Item;
}

/**
 * Small records by (table, partition key, sort key). Every call concerns one item and is atomic: a put whose condition
 * was judged on one state of the item never lands on another. Reads see every put that ended before they began.
 */
export interface Items {
  get(table: string, pk: string, sk: string): Promise<Item | undefined>;
  /** Without a condition the item is replaced whatever it was. */
  put(table: string, pk: string, sk: string, item: Item, condition?: Condition): Promise<'stored' | 'conflict'>;
  /** Items by sort key, in code point order. */
  query(table: string, pk: string, range?: KeyRange): AsyncIterable<KeyedItem>;
  /** Sort keys alone: cheap where `query` reads every item. May still name items that were removed. */
  keys(table: string, pk: string, range?: KeyRange, order?: KeyOrder): Promise<readonly string[]>;
  /** Does nothing if the item is absent. */
  remove(table: string, pk: string, sk: string): Promise<void>;
}

/** The range of every sort key that begins with `prefix`. */
export const beginningWith = (prefix: string): KeyRange => ({ from: prefix, to: `${prefix}\u{10ffff}` });

/** Why a text can be no key of any store; undefined: it can. */
export function keyFault(key: string): string | undefined {
  if (key === '') return 'is empty';
  return key.isWellFormed() ? undefined : 'holds half a surrogate pair';
}

/** True if `condition` lets a put replace `present`. */
export function meets(condition: Condition | undefined, present: Item | undefined): boolean {
  if (condition === undefined) return true;
  if ('absent' in condition) return present === undefined;
  if (present === undefined) return false;
  return Object.entries(condition.matches).every(([name, value]) => {
    const held = Object.hasOwn(present, name) ? present[name] : undefined;
    return held !== undefined && isSame(held, value);
  });
}

/** Lists by place, maps by name. */
export function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = new Map<string, Json>(Object.entries(b));
  return (
    left.length === right.size && left.every(([name, value]) => right.has(name) && isSame(value, right.get(name)!))
  );
}
