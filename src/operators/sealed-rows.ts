import type { AddressList } from './address-book.ts';
import { DIRECTIONS } from './metrics.ts';
import type { PairRows, RoleRows } from './role-rows.ts';
import type { SliceBlock } from './windows.ts';

/** What windows read of pair rows. */
export type SealedPairs = Omit<PairRows, 'firstEvent' | 'maxDuration' | 'starts'>;
/** What windows read of a role's rows. */
export type SealedRows = Omit<RoleRows, 'pairs'> & { readonly pairs: SealedPairs };

/**
 * The block with a list of only those addresses that it names, and nothing beyond what windows read: blocks are kept
 * open by the hundred, and a mini-batch's own rows hold more (starts, spreads, quantiles). Ids keep their order.
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
  const carryOver = ({ hosts, totals, width, isCapped, pairs }: SealedRows): SealedRows => {
    const { offsets, port, sessions, denied, zeroReply, bytesSent, bytesReceived, lastEvent } = pairs;
    const peer = pairs.peer.map((id) => newId[id]!);
    return {
      hosts: hosts.map((id) => newId[id]!),
      totals,
      width,
      isCapped,
      pairs: { offsets, peer, port, sessions, denied, zeroReply, bytesSent, bytesReceived, lastEvent },
    };
  };
  return {
    ...block,
    addresses: compact satisfies AddressList,
    roles: { outbound: carryOver(block.roles.outbound), inbound: carryOver(block.roles.inbound) },
  };
}
