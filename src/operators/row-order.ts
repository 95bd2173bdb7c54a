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

/** Pair rows in the order of (host, role, peer, port): the delta row each belongs to, and its index there. */
export interface PairOrder {
  readonly length: number;
  /** Index into the row order. */
  readonly owner: Uint32Array;
  readonly pair: Uint32Array;
}

export function orderPairs(shards: readonly ShardRows[], order: RowOrder): PairOrder {
  const offsetsOf = (i: number): Uint32Array => shards[order.shard[i]!]![ROLES[order.role[i]!]!].pairs.offsets;
  let length = 0;
  for (let i = 0; i < order.length; i++) {
    const offsets = offsetsOf(i);
    length += offsets[order.row[i]! + 1]! - offsets[order.row[i]!]!;
  }
  const owner = new Uint32Array(length);
  const pair = new Uint32Array(length);
  let n = 0;
  for (let i = 0; i < order.length; i++) {
    const offsets = offsetsOf(i);
    for (let p = offsets[order.row[i]!]!; p < offsets[order.row[i]! + 1]!; p++) {
      owner[n] = i;
      pair[n++] = p;
    }
  }
  return { length, owner, pair };
}
