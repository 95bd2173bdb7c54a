import type { AddressList } from './address-book.ts';
import { DIRECTIONS } from './metrics.ts';
import { type Numbers, narrowed, narrowedTimes, type Times } from './narrow.ts';
import type { PairRows, RoleRows } from './role-rows.ts';
import type { SliceBlock } from './windows.ts';

/** What windows read of pair rows. */
export type SealedPairs = Pick<PairRows, 'offsets' | 'peer' | 'port'> &
  Readonly<Record<'sessions' | 'denied' | 'zeroReply' | 'bytesSent' | 'bytesReceived', Numbers>> & {
    readonly lastEvent: Times;
  };
/** What windows read of a role's rows. */
export type SealedRows = Omit<RoleRows, 'pairs' | 'totals'> & { readonly totals: Numbers; readonly pairs: SealedPairs };

/**
 * The block with a list of only those addresses that it names, and nothing beyond what windows read: blocks are kept
 * open by the hundred, and a mini-batch's own rows hold more (starts, spreads, quantiles), in wider columns. Ids keep their
 * order.
 */
export function compactBlock(block: SliceBlock): SliceBlock {
  const { addresses } = block;
  const isUsed = new Uint8Array(addresses.count);
  for (const role of DIRECTIONS) {
    for (const id of block.roles[role].hosts) isUsed[id] = 1;
    for (const id of block.roles[role].pairs.peer) isUsed[id] = 1;
  }
  const newId = new Uint32Array(addresses.count);
  const count = isUsed.reduce((n, used) => n + used, 0);
  const compact = {
    count,
    ipv4: new Uint32Array(count),
    isIpv4: new Uint8Array(count),
    texts: new Map<number, string>(),
  };
  let next = 0;
  for (let id = 0; id < addresses.count; id++) {
    if (isUsed[id] === 0) continue;
    newId[id] = next;
    compact.ipv4[next] = addresses.ipv4[id]!;
    compact.isIpv4[next] = addresses.isIpv4[id]!;
    const text = addresses.texts.get(id);
    if (text !== undefined) compact.texts.set(next, text);
    next++;
  }
  const carryOver = (rows: SealedRows): SealedRows =>
    narrowedRows({
      ...rows,
      hosts: rows.hosts.map((id) => newId[id]!),
      pairs: { ...rows.pairs, peer: rows.pairs.peer.map((id) => newId[id]!) },
    });
  return {
    ...block,
    addresses: compact satisfies AddressList,
    roles: { outbound: carryOver(block.roles.outbound), inbound: carryOver(block.roles.inbound) },
  };
}

/** The rows with nothing beyond what windows read, in columns as narrow as they may be. */
export function narrowedRows({ hosts, totals, width, isCapped, pairs }: SealedRows): SealedRows {
  const { offsets, peer, port, sessions, denied, zeroReply, bytesSent, bytesReceived, lastEvent } = pairs;
  return {
    hosts,
    totals: narrowed(totals),
    width,
    isCapped,
    pairs: {
      ...{ offsets, peer, port },
      sessions: narrowed(sessions),
      denied: narrowed(denied),
      zeroReply: narrowed(zeroReply),
      bytesSent: narrowed(bytesSent),
      bytesReceived: narrowed(bytesReceived),
      lastEvent: narrowedTimes(lastEvent),
    },
  };
}
