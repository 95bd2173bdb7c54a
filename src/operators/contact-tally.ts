import type { AddressFacts } from './address-facts.ts';
import type { PairColumns } from './gathered-rows.ts';
import { createPairPlaces } from './pair-places.ts';
import { createPartySums, type PartySums } from './party-sums.ts';
import { FIRST_EPHEMERAL_PORT } from './past-rows.ts';
import type { SpreadMeter } from './spread.ts';

/** Columns of pair rows of days before. */
export interface PastPairs {
  /** As ids of the facts; -1: unknown to them. */
  readonly peerIds: Int32Array;
  /** -1: no port. */
  readonly port: Int32Array;
  readonly sessions: ArrayLike<number>;
  /** Those of the oldest day, where it is among them. */
  readonly oldestSessions?: ArrayLike<number>;
}

/** Whom one host had contact with in one direction, merged over the slices of growing windows. Reusable scratch. */
export interface ContactTally {
  /** Columns by place of a peer, `peers.count` of them. Renewed as peers are added. */
  peer: PeerColumns;
  readonly peers: PartySums;
  readonly pairs: PartySums;
  /** Ports from FIRST_EPHEMERAL_PORT on are one. */
  readonly ports: PartySums;
  portAt(place: number): number;
  clear(): void;
  /** Adds pair rows start .. end - 1, whose peers are ids of the facts. */
  addPairs(pairs: PairColumns, start: number, end: number): void;
  /** Adds rows start .. end - 1 of days before. Passes over what is in no window. */
  addPast(rows: PastPairs, start: number, end: number): void;
  /** Looks up what is known of the peers added so far. */
  describePeers(): void;
  closeToday(): void;
  closeWindow(window: number): void;
}

/** What is known of peers. */
export interface PeerColumns {
  readonly id: Uint32Array;
  readonly segment: Int32Array;
  readonly isInternal: Uint8Array;
  readonly isHighRisk: Uint8Array;
  readonly bytes: Float64Array;
  readonly bytesSent: Float64Array;
  readonly denied: Float64Array;
  readonly zeroReply: Float64Array;
  readonly hasAdminPort: Uint8Array;
  /** Place of the pair that came last. */
  readonly lastPair: Uint32Array;
  readonly lastPort: Int32Array;
}

const EMPTY = -1;
const NO_PORT_YET = -2;

const peerColumns = (size: number): PeerColumns => ({
  id: new Uint32Array(size),
  segment: new Int32Array(size),
  isInternal: new Uint8Array(size),
  isHighRisk: new Uint8Array(size),
  bytes: new Float64Array(size),
  bytesSent: new Float64Array(size),
  denied: new Float64Array(size),
  zeroReply: new Float64Array(size),
  hasAdminPort: new Uint8Array(size),
  lastPair: new Uint32Array(size),
  lastPort: new Int32Array(size),
});

/** @param meter hears of the sessions of every port. */
export function createContactTally(
  facts: AddressFacts,
  adminPorts: readonly number[],
  meter: Pick<SpreadMeter, 'addPort' | 'forgetPorts'>,
): ContactTally {
  const isAdmin = new Uint8Array(65_536);
  for (const port of adminPorts) isAdmin[port] = 1;
  /** Places of peers by a hash of their ids: small enough to stay in the processor's cache, as a place for each id is not. */
  let slots = new Int32Array(4096).fill(EMPTY);
  let slotOf = new Int32Array(1024);
  /** Peers that were looked up. */
  let described = 0;
  let idAt: Uint32Array = new Uint32Array(1024);
  /** Place of a port, plus one; 0 where it has none. */
  const portPlaceOf = new Uint16Array(FIRST_EPHEMERAL_PORT + 1);
  const portOf = new Uint16Array(FIRST_EPHEMERAL_PORT + 1);
  const places = createPairPlaces();
  const peers = createPartySums();
  const pairs = createPartySums();
  const ports = createPartySums();

  /** Where a peer is, or would be. */
  const seek = (id: number): number => {
    const mixed = Math.imul(id, 0x9e3779b1);
    const last = slots.length - 1;
    let slot = (mixed ^ (mixed >>> 15)) & last;
    for (let place = slots[slot]!; place !== EMPTY; place = slots[slot]!) {
      if (idAt[place] === id) return slot;
      slot = (slot + 1) & last;
    }
    return slot;
  };

  const widen = (): void => {
    const { count } = peers;
    const wider = peerColumns(count * 2);
    for (const name of Object.keys(wider) as (keyof PeerColumns)[]) wider[name].set(tally.peer[name]);
    tally.peer = wider;
    idAt = wider.id;
    slotOf = new Int32Array(count * 2);
    slots = new Int32Array(slots.length * 2).fill(EMPTY);
    for (let place = 0; place < count; place++) {
      const slot = seek(idAt[place]!);
      slots[slot] = place;
      slotOf[place] = slot;
    }
  };

  const appendPeer = (id: number): number => {
    if (peers.count === idAt.length) widen();
    const slot = seek(id);
    const place = peers.append();
    slots[slot] = place;
    slotOf[place] = slot;
    const { peer } = tally;
    peer.id[place] = id;
    peer.bytes[place] = peer.bytesSent[place] = peer.denied[place] = peer.zeroReply[place] = 0;
    peer.hasAdminPort[place] = 0;
    peer.lastPort[place] = NO_PORT_YET;
    return place;
  };

  const portPlace = (port: number): number => {
    const group = port < FIRST_EPHEMERAL_PORT ? port : FIRST_EPHEMERAL_PORT;
    const known = portPlaceOf[group]!;
    if (known > 0) return known - 1;
    const place = ports.append();
    portPlaceOf[group] = place + 1;
    portOf[place] = group;
    return place;
  };

  const tally: ContactTally = {
    peer: { ...peerColumns(1024), id: idAt },
    peers,
    pairs,
    ports,
    portAt: (place) => portOf[place]!,
    clear() {
      for (let place = 0; place < peers.count; place++) slots[slotOf[place]!] = EMPTY;
      for (let place = 0; place < ports.count; place++) portPlaceOf[portOf[place]!] = 0;
      described = 0;
      peers.clear();
      pairs.clear();
      ports.clear();
      places.clear();
      meter.forgetPorts();
    },
    addPairs({ peer: ids, port: portColumn, sessions, denied, zeroReply, bytesSent, bytesReceived }, start, end) {
      for (let p = start; p < end; p++) {
        const id = ids[p]!;
        const known = slots[seek(id)]!;
        const place = known === EMPTY ? appendPeer(id) : known;
        const { peer } = tally;
        const count = sessions[p]!;
        const sent = bytesSent[p]!;
        const both = sent + bytesReceived[p]!;
        peers.sessions[place]! += count;
        peer.bytes[place]! += both;
        peer.bytesSent[place]! += sent;
        peer.denied[place]! += denied[p]!;
        peer.zeroReply[place]! += zeroReply[p]!;
        const port = portColumn[p]!;
        // Most peers have one port.
        if (peer.lastPort[place] !== port) {
          peer.lastPort[place] = port;
          peer.lastPair[place] = places.place(place, port, pairs.append);
        }
        pairs.sessions[peer.lastPair[place]!]! += count;
        if (port < 0) continue;
        if (isAdmin[port] === 1) peer.hasAdminPort[place] = 1;
        meter.addPort(port, count, both);
        const group = portPlace(port);
        ports.sessions[group]! += count;
      }
    },
    addPast({ peerIds, port: portColumn, sessions, oldestSessions }, start, end) {
      const { lastPort, lastPair } = tally.peer;
      for (let p = start; p < end; p++) {
        const count = sessions[p]!;
        const oldest = oldestSessions === undefined ? 0 : oldestSessions[p]!;
        const port = portColumn[p]!;
        const id = peerIds[p]!;
        const place = id < 0 ? EMPTY : slots[seek(id)]!;
        if (place !== EMPTY) {
          peers.past[place]! += count;
          peers.oldest[place]! += oldest;
          const pair = lastPort[place] === port ? lastPair[place]! : places.find(place, port);
          if (pair >= 0) {
            pairs.past[pair]! += count;
            pairs.oldest[pair]! += oldest;
          }
        }
        if (port < 0) continue;
        const known = portPlaceOf[port < FIRST_EPHEMERAL_PORT ? port : FIRST_EPHEMERAL_PORT]!;
        if (known === 0) continue;
        ports.past[known - 1]! += count;
        ports.oldest[known - 1]! += oldest;
      }
    },
    describePeers() {
      const { id, segment, isInternal, isHighRisk } = tally.peer;
      const first = described;
      described = peers.count;
      for (let place = first; place < described; place++) segment[place] = facts.segment[id[place]!]!;
      for (let place = first; place < described; place++) isInternal[place] = facts.isInternal[id[place]!]!;
      for (let place = first; place < described; place++) isHighRisk[place] = facts.isHighRisk[id[place]!]!;
    },
    closeToday() {
      for (const parties of [peers, pairs, ports]) parties.closeToday();
    },
    closeWindow(window) {
      for (const parties of [peers, pairs, ports]) parties.closeWindow(window);
    },
  };
  return tally;
}
