/** Gives the pairs (peer, port) of one host places 0, 1, 2, … in the order of their first coming. Reusable scratch. */
export interface PairPlaces {
  /** Place of a pair; where it has none, what `append` gives, which must count from 0. */
  place(peer: number, port: number, append: () => number): number;
  /** Place of a pair; -1 if it has none. */
  find(peer: number, port: number): number;
  clear(): void;
}

const EMPTY = -1;

/** Peers are small whole numbers, ports -1 .. 65535. */
export function createPairPlaces(): PairPlaces {
  let peers = new Uint32Array(1024);
  let ports = new Int32Array(1024);
  let slotOf = new Int32Array(1024);
  let slots = new Int32Array(4096).fill(EMPTY);
  let count = 0;

  /** Where a pair is, or would be. */
  const seek = (peer: number, port: number): number => {
    const mixed = Math.imul(peer, 0x9e3779b1) ^ Math.imul(port, 0x85ebca6b);
    const last = slots.length - 1;
    let slot = (mixed ^ (mixed >>> 15)) & last;
    for (let place = slots[slot]!; place !== EMPTY; place = slots[slot]!) {
      if (peers[place] === peer && ports[place] === port) return slot;
      slot = (slot + 1) & last;
    }
    return slot;
  };

  const widen = (): void => {
    const [narrowPeers, narrowPorts] = [peers, ports];
    peers = new Uint32Array(count * 2);
    peers.set(narrowPeers);
    ports = new Int32Array(count * 2);
    ports.set(narrowPorts);
    slotOf = new Int32Array(count * 2);
    slots = new Int32Array(slots.length * 2).fill(EMPTY);
    for (let place = 0; place < count; place++) {
      const slot = seek(peers[place]!, ports[place]!);
      slots[slot] = place;
      slotOf[place] = slot;
    }
  };

  return {
    place(peer, port, append) {
      let slot = seek(peer, port);
      const known = slots[slot]!;
      if (known !== EMPTY) return known;
      if (count === peers.length) {
        widen();
        slot = seek(peer, port);
      }
      peers[count] = peer;
      ports[count] = port;
      slotOf[count] = slot;
      slots[slot] = count++;
      return append();
    },
    find: (peer, port) => slots[seek(peer, port)]!,
    clear() {
      for (let place = 0; place < count; place++) slots[slotOf[place]!] = EMPTY;
      count = 0;
    },
  };
}
