import { type AddressList, type BookContents, createAddressBook, mergeBooks, textOf } from './address-book.ts';
import { compareText } from './baseline-pack.ts';
import { numbersOfAll, requireColumns, textsByRow } from './statistic-rows.ts';
import { SchemaError, type Table } from './table.ts';

/** How often the hosts of a shard, or segments, had which pairs before. Rows of an owner ascend by (peer, port). */
export interface PairPack {
  /** Ascending: host_ip, or segment_id. */
  readonly owners: readonly string[];
  /** Rows of owner i are offsets[i] .. offsets[i + 1]. */
  readonly offsets: Uint32Array;
  readonly addresses: AddressList;
  /** Destination, a place in `addresses`. */
  readonly peer: Uint32Array;
  readonly port: Int32Array;
  /** Sessions in the horizon, above 0. */
  readonly seen: Float64Array;
  /** Ms UTC. */
  readonly lastSeen: Float64Array;
  readonly activeDays: Int32Array;
  readonly isRare: Uint8Array;
}

export type PairOwner = 'host_ip' | 'segment_id';

/** The columns of FG-B's pair tables that packs are made of; daily average and score follow from them. */
export const pairColumns = (owner: PairOwner): readonly string[] => [
  owner,
  ...['dst_ip', 'dst_port', 'pair_seen_count', 'pair_last_seen_ts', 'active_days', 'is_rare_pair_flag'],
];

/**
 * @param table of FG-B's pairs by host or by segment; its rows in any order, fastest by key.
 * @throws {SchemaError} for a column that is missing, or a pair that stands twice.
 */
export function packPairs(table: Table, owner: PairOwner): PairPack {
  const source = sourceOf(owner);
  requireColumns(table, pairColumns(owner), source);
  const numbers = (name: string) => numbersOfAll(table, name, source);
  const book = createAddressBook(true);
  const placeOfOwner = new Map<string, number>();
  const rows = {
    length: table.length,
    owner: Int32Array.from(textsByRow(table, owner), (text) => {
      const place = placeOfOwner.get(text) ?? placeOfOwner.size;
      placeOfOwner.set(text, place);
      return place;
    }),
    peer: Uint32Array.from(textsByRow(table, 'dst_ip'), (text) => book.idOfText(text)),
    port: Int32Array.from(numbers('dst_port')),
    seen: Float64Array.from(numbers('pair_seen_count')),
    lastSeen: Float64Array.from(numbers('pair_last_seen_ts')),
    activeDays: Int32Array.from(numbers('active_days')),
    isRare: Uint8Array.from(numbers('is_rare_pair_flag')),
  };
  return joined([{ rows, owners: [...placeOfOwner.keys()], addresses: book.contents() }], owner);
}

/**
 * One pack of several, in any order, fastest by key.
 * @throws {SchemaError} for a pair that stands twice.
 */
export function joinPairs(packs: readonly PairPack[], owner: PairOwner): PairPack {
  const parts = packs.map(({ owners, offsets, addresses, ...columns }) => {
    const owner = new Int32Array(columns.peer.length);
    owners.forEach((_, i) => void owner.fill(i, offsets[i], offsets[i + 1]));
    return { rows: { length: owner.length, owner, ...columns }, owners, addresses };
  });
  return joined(parts, owner);
}

interface PairPart {
  /** Owners and peers are places in the part's own lists. */
  readonly rows: PairRows;
  readonly owners: readonly string[];
  readonly addresses: BookContents;
}

function joined(parts: readonly PairPart[], of: PairOwner): PairPack {
  const owners = [...new Set(parts.flatMap((part) => part.owners))].sort(compareText);
  const rankOf = new Map(owners.map((text, rank) => [text, rank]));
  const { list: addresses, remaps } = mergeBooks(parts.map((part) => part.addresses));
  const all = roomFor(parts.reduce((sum, { rows }) => sum + rows.length, 0));
  let at = 0;
  parts.forEach(({ rows, owners: own }, p) => {
    const ranks = own.map((text) => rankOf.get(text)!);
    for (const column of COLUMNS) all[column].set(rows[column], at);
    for (let i = 0; i < rows.length; i++) {
      all.owner[at + i] = ranks[rows.owner[i]!]!;
      all.peer[at + i] = remaps[p]![rows.peer[i]!]!;
    }
    at += rows.length;
  });
  const rows = sorted(all);
  const twice = firstRepeat(rows);
  if (twice >= 0) {
    const pair = [owners[rows.owner[twice]!], textOf(addresses, rows.peer[twice]!), rows.port[twice]];
    throw new SchemaError([`${sourceOf(of)}: ${pair.join(', ')} more than once`]);
  }
  const offsets = new Uint32Array(owners.length + 1);
  for (let i = 0; i < rows.length; i++) offsets[rows.owner[i]! + 1] = i + 1;
  const { peer, port, seen, lastSeen, activeDays, isRare } = rows;
  return { owners, offsets, addresses, peer, port, seen, lastSeen, activeDays, isRare };
}

const sourceOf = (owner: PairOwner): string => `fg_b/pair/${owner === 'host_ip' ? 'host' : 'segment'}`;

/** The pairs of every shard's hosts by themselves. */
export function splitPairs(pack: PairPack, shards: number, shardOf: (owner: string) => number): PairPack[] {
  const members: number[][] = Array.from({ length: shards }, () => []);
  pack.owners.forEach((owner, i) => {
    members[shardOf(owner)]!.push(i);
  });
  return members.map((places) => {
    const offsets = new Uint32Array(places.length + 1);
    places.forEach((i, n) => {
      offsets[n + 1] = offsets[n]! + pack.offsets[i + 1]! - pack.offsets[i]!;
    });
    const take = <T extends Float64Array | Int32Array | Uint32Array | Uint8Array>(from: T, to: T): T => {
      places.forEach((i, n) => {
        to.set(from.subarray(pack.offsets[i], pack.offsets[i + 1]), offsets[n]!);
      });
      return to;
    };
    const length = offsets[places.length]!;
    const peer = take(pack.peer, new Uint32Array(length));
    return {
      ...{ owners: places.map((i) => pack.owners[i]!), offsets },
      ...usedAddresses(pack.addresses, peer),
      port: take(pack.port, new Int32Array(length)),
      seen: take(pack.seen, new Float64Array(length)),
      lastSeen: take(pack.lastSeen, new Float64Array(length)),
      activeDays: take(pack.activeDays, new Int32Array(length)),
      isRare: take(pack.isRare, new Uint8Array(length)),
    };
  });
}

/** Row of an owner's pair; -1 where it never had it. */
export function pairRowOf({ offsets, peer, port }: PairPack, owner: number, peerId: number, dstPort: number): number {
  const end = offsets[owner + 1]!;
  let low = offsets[owner]!;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (peer[middle]! < peerId || (peer[middle] === peerId && port[middle]! < dstPort)) low = middle + 1;
    else high = middle;
  }
  return low < end && peer[low] === peerId && port[low] === dstPort ? low : -1;
}

interface PairRows {
  readonly length: number;
  readonly owner: Int32Array;
  readonly peer: Uint32Array;
  readonly port: Int32Array;
  readonly seen: Float64Array;
  readonly lastSeen: Float64Array;
  readonly activeDays: Int32Array;
  readonly isRare: Uint8Array;
}

const roomFor = (length: number): PairRows => ({
  length,
  owner: new Int32Array(length),
  peer: new Uint32Array(length),
  port: new Int32Array(length),
  seen: new Float64Array(length),
  lastSeen: new Float64Array(length),
  activeDays: new Int32Array(length),
  isRare: new Uint8Array(length),
});
const COLUMNS = ['owner', 'peer', 'port', 'seen', 'lastSeen', 'activeDays', 'isRare'] as const;

/** Rows by (owner, peer, port). */
function sorted(rows: PairRows): PairRows {
  const compare = (a: number, b: number): number =>
    rows.owner[a]! - rows.owner[b]! || rows.peer[a]! - rows.peer[b]! || rows.port[a]! - rows.port[b]!;
  let i = 1;
  while (i < rows.length && compare(i - 1, i) <= 0) i++;
  if (i >= rows.length) return rows;
  const order = Uint32Array.from({ length: rows.length }, (_, row) => row).sort(compare);
  const ordered = roomFor(rows.length);
  for (const column of COLUMNS) for (let n = 0; n < order.length; n++) ordered[column][n] = rows[column][order[n]!]!;
  return ordered;
}

/** The first row whose key is that of the row before; -1 if there is none. */
function firstRepeat({ length, owner, peer, port }: PairRows): number {
  for (let i = 1; i < length; i++)
    if (owner[i] === owner[i - 1] && peer[i] === peer[i - 1] && port[i] === port[i - 1]) return i;
  return -1;
}

/** The part of a list that some ids name, and the ids in it, which are written anew. */
function usedAddresses(list: AddressList, ids: Uint32Array): { addresses: AddressList; peer: Uint32Array } {
  const newId = new Int32Array(list.count).fill(-1);
  for (const id of ids) newId[id] = 0;
  let count = 0;
  for (let id = 0; id < list.count; id++) if (newId[id] === 0) newId[id] = count++;
  const kept = (_: number, id: number): boolean => newId[id]! >= 0;
  const texts = new Map([...list.texts].flatMap(([id, text]) => (newId[id]! < 0 ? [] : [[newId[id]!, text] as const])));
  const addresses = { count, ipv4: list.ipv4.filter(kept), isIpv4: list.isIpv4.filter(kept), texts };
  return { addresses, peer: ids.map((id) => newId[id]!) };
}
