import { type DeltaRows, ROLES, type RoleName } from './role-rows.ts';

/** What one shard's hosts did in a mini-batch. */
export type ShardRows = Readonly<Record<RoleName, DeltaRows>>;

/** Rows of many shards in the order of (host, role): where each is found. */
export interface RowOrder {
  readonly length: number;
  readonly shard: Uint16Array;
  /** Index into ROLES. */
  readonly role: Uint8Array;
  /** Index into the hosts of that shard and role. */
  readonly row: Uint32Array;
}

/** Orders the delta rows of all shards by (host, role). Shards share no host. */
export function orderRows(shards: readonly ShardRows[], addressCount: number): RowOrder {
  const shardOf = new Int32Array(addressCount).fill(-1);
  let length = 0;
  shards.forEach((rows, shard) => {
    for (const role of ROLES) {
      length += rows[role].hosts.length;
      for (const id of rows[role].hosts) shardOf[id] = shard;
    }
  });
  const order = { length, shard: new Uint16Array(length), role: new Uint8Array(length), row: new Uint32Array(length) };
  const next = shards.map(() => ROLES.map(() => 0));
  let n = 0;
  for (let id = 0; id < addressCount; id++) {
    const shard = shardOf[id]!;
    if (shard < 0) continue;
    ROLES.forEach((name, role) => {
      const row = next[shard]![role]!;
      if (shards[shard]![name].hosts[row] !== id) return;
      order.shard[n] = shard;
      order.role[n] = role;
      order.row[n++] = row;
      next[shard]![role] = row + 1;
    });
  }
  return order;
}

/** Pair rows in the order of (host, role, peer, port): those of delta row i begin at firstPair[i]. */
export interface PairOrder {
  readonly length: number;
  readonly firstPair: Uint32Array;
}

export function orderPairs(shards: readonly ShardRows[], order: RowOrder): PairOrder {
  const firstPair = new Uint32Array(order.length + 1);
  for (let i = 0; i < order.length; i++) {
    const { offsets } = shards[order.shard[i]!]![ROLES[order.role[i]!]!].pairs;
    const row = order.row[i]!;
    firstPair[i + 1] = firstPair[i]! + offsets[row + 1]! - offsets[row]!;
  }
  return { length: firstPair[order.length]!, firstPair };
}

/** Last place of an ascending list whose number is `value` or less. */
export function lastAtMost(ascending: Uint32Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
