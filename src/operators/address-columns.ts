import { type AddressList, textOf } from './address-book.ts';
import type { Utf8Vector } from './table.ts';
import { createTextBlob } from './text-blob.ts';

const BAR = '|'.charCodeAt(0);

/**
 * Makes text columns of addresses given by their ids in one list; each distinct text stands once, in the order of its first
 * row. A batch has thousands of such columns: they share their scratch.
 */
export interface AddressColumns {
  addresses(ids: Uint32Array): Utf8Vector;
  /** `peer_ip|peer_port` of every row, nothing behind the bar where the port is below 0. */
  pairKeys(peers: Uint32Array, ports: Int32Array): Utf8Vector;
}

export function createAddressColumns(list: AddressList): AddressColumns {
  const blob = createTextBlob();
  /** By id: 1 + its place in the column in the making, 0 if it is not there. */
  const places = new Int32Array(list.count);
  let slots = new Int32Array(16);

  const addAddress = (id: number): void => {
    if (list.isIpv4[id] === 1) blob.addIpv4(list.ipv4[id]!);
    else blob.addText(textOf(list, id));
  };

  return {
    addresses(ids) {
      const codes = new Int32Array(ids.length);
      for (let row = 0; row < ids.length; row++) {
        const id = ids[row]!;
        if (places[id] === 0) {
          addAddress(id);
          places[id] = blob.end() + 1;
        }
        codes[row] = places[id]! - 1;
      }
      for (let row = 0; row < ids.length; row++) places[ids[row]!] = 0;
      return blob.take(codes);
    },
    pairKeys(peers, ports) {
      const codes = new Int32Array(peers.length);
      const firstRow = new Int32Array(peers.length);
      while (slots.length < peers.length * 2) slots = new Int32Array(slots.length * 2);
      slots.fill(0);
      for (let row = 0; row < peers.length; row++) {
        const peer = peers[row]!;
        const port = ports[row]!;
        let slot = Math.imul(peer, 0x9e3779b1) ^ Math.imul(port + 1, 0x85ebca6b);
        slot = (slot ^ (slot >>> 15)) & (slots.length - 1);
        let place = slots[slot]! - 1;
        while (place >= 0 && (peers[firstRow[place]!] !== peer || ports[firstRow[place]!] !== port)) {
          slot = (slot + 1) & (slots.length - 1);
          place = slots[slot]! - 1;
        }
        if (place < 0) {
          addAddress(peer);
          blob.addByte(BAR);
          if (port >= 0) blob.addNumber(port);
          place = blob.end();
          firstRow[place] = row;
          slots[slot] = place + 1;
        }
        codes[row] = place;
      }
      return blob.take(codes);
    },
  };
}

/** One such column. */
export const addressColumn = (list: AddressList, ids: Uint32Array): Utf8Vector =>
  createAddressColumns(list).addresses(ids);
