import { textOf } from '../operators/address-book.ts';
import { type Numbers, timeAt } from '../operators/narrow.ts';
import type { RoleName } from '../operators/role-rows.ts';
import { compactBlock, type SealedPairs, type SealedRows } from '../operators/sealed-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';

/** The block with the rows of those hosts alone, and nothing beyond what windows read. */
export function selectHosts(block: SliceBlock, isWanted: (hostIp: string) => boolean): SliceBlock {
  const { addresses, roles } = block;
  const select = (role: RoleName): SealedRows => rowsOf(roles[role], (id) => isWanted(textOf(addresses, id)));
  return compactBlock({ ...block, roles: { outbound: select('outbound'), inbound: select('inbound') } });
}

function rowsOf({ hosts, totals, width, isCapped, pairs }: SealedRows, isWanted: (id: number) => boolean): SealedRows {
  const kept: number[] = [];
  hosts.forEach((id, row) => {
    if (isWanted(id)) kept.push(row);
  });
  const offsets = new Uint32Array(kept.length + 1);
  const places: number[] = [];
  const newTotals = new Float64Array(kept.length * width);
  kept.forEach((row, i) => {
    newTotals.set(totals.subarray(row * width, (row + 1) * width), i * width);
    for (let p = pairs.offsets[row]!; p < pairs.offsets[row + 1]!; p++) places.push(p);
    offsets[i + 1] = places.length;
  });
  const numbers = (column: Numbers): Float64Array => Float64Array.from(places, (p) => column[p]!);
  const selected: SealedPairs = {
    offsets,
    peer: Uint32Array.from(places, (p) => pairs.peer[p]!),
    port: Int32Array.from(places, (p) => pairs.port[p]!),
    sessions: numbers(pairs.sessions),
    denied: numbers(pairs.denied),
    zeroReply: numbers(pairs.zeroReply),
    bytesSent: numbers(pairs.bytesSent),
    bytesReceived: numbers(pairs.bytesReceived),
    lastEvent: Float64Array.from(places, (p) => timeAt(pairs.lastEvent, p)),
  };
  return {
    hosts: Uint32Array.from(kept, (row) => hosts[row]!),
    totals: newTotals,
    width,
    isCapped: Uint8Array.from(kept, (row) => isCapped[row]!),
    pairs: selected,
  };
}
