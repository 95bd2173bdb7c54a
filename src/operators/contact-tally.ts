import type { AddressFacts } from './address-facts.ts';
import type { PairColumns } from './held-rows.ts';
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
  /** Distinct segments of the peers that were described. */
  segments: number;
  clear(): void;
  /**
   * Adds pair rows start .. end - 1, whose peers are ids of the facts.
   *
   * @param isCompared whether ports and pairs are to be told apart, for what compares them with days before.
   */
  addPairs(pairs: PairColumns, start: number, end: number, isCompared: boolean): void;
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
/** Rooms for peers at first, and slots for them. */
const FIRST_PEERS = 1024;
const FIRST_SLOTS = 2048;

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
  lastPort: new Int32Array(size).fill(NO_PORT_YET),
});

/** By id: segment * 4, + 2 if it is a high-risk one, + 1 if the address is internal. */
function packedFacts({ segment, isInternal, isHighRisk }: AddressFacts): Uint32Array {
  const packed = new Uint32Array(segment.length);
  for (let id = 0; id < packed.length; id++)
    packed[id] = (segment[id]! << 2) | (isHighRisk[id]! << 1) | isInternal[id]!;
  return packed;
}

/** @param meter hears of the sessions of every port. */
export function createContactTally(
  facts: AddressFacts,
  adminPorts: readonly number[],
  meter: Pick<SpreadMeter, 'addPort' | 'forgetPorts'>,
): ContactTally {
  const isAdmin = new Uint8Array(65_536);
  for (const port of adminPorts) isAdmin[port] = 1;
  /**
   * Pairs of a peer's id plus one and its place, found by a hash of the id; 0: a free slot. Small enough to stay in the
   * processor's cache, as a place for each id is not.
   */
  let slots = new Uint32Array(2 * FIRST_SLOTS);
  /** Peers that were looked up. */
  let described = 0;
  /** Place of a port, plus one; 0 where it has none. */
  const portPlaceOf = new Uint16Array(FIRST_EPHEMERAL_PORT + 1);
  const portOf = new Uint16Array(FIRST_EPHEMERAL_PORT + 1);
  const places = createPairPlaces();
  const peers = createPartySums();
  const pairs = createPartySums();
  const ports = createPartySums();

  const packed = packedFacts(facts);
  let rowPlaces = new Uint32Array(1024);
  /** By segment: the last host that had a peer in it, by its number modulo 256. */
  const seenAt = new Uint8Array(facts.segmentCount);
  let host = 1;

  /** Where a peer is among the slots, or would be. */
  const seek = (id: number): number => {
    const mixed = Math.imul(id, 0x9e3779b1);
    const last = slots.length - 1;
    let slot = ((mixed ^ (mixed >>> 15)) << 1) & last;
    for (let key = slots[slot]!; key !== 0 && key !== id + 1; key = slots[slot]!) slot = (slot + 2) & last;
    return slot;
  };
  /** Place of a peer; EMPTY if it has none. */
  const find = (id: number): number => {
    const slot = seek(id);
    return slots[slot] === 0 ? EMPTY : slots[slot + 1]!;
  };
  const occupy = (slot: number, id: number, place: number): void => {
    slots[slot] = id + 1;
    slots[slot + 1] = place;
  };

  const widen = (): void => {
    const { count } = peers;
    const wider = peerColumns(count * 2);
    for (const name of Object.keys(wider) as (keyof PeerColumns)[]) wider[name].set(tally.peer[name]);
    wider.lastPort.fill(NO_PORT_YET, count);
    tally.peer = wider;
    slots = new Uint32Array(slots.length * 2);
    for (let place = 0; place < count; place++) occupy(seek(wider.id[place]!), wider.id[place]!, place);
  };

  /** Its columns are as `clear` left them. */
  const appendPeer = (id: number, found: number): number => {
    let slot = found;
    if (peers.count === tally.peer.id.length) {
      widen();
      slot = seek(id);
    }
    const place = peers.append();
    occupy(slot, id, place);
    tally.peer.id[place] = id;
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

  /** Notes the place of the peer of each row. */
  const placePeers = (ids: Uint32Array, start: number, end: number): void => {
    for (let p = start; p < end; p++) {
      const id = ids[p]!;
      const slot = seek(id);
      rowPlaces[p - start] = slots[slot] === 0 ? appendPeer(id, slot) : slots[slot + 1]!;
    }
  };

  const addCounts = (columns: PairColumns, start: number, end: number): void => {
    const { portPlusOne: ports, sessions, denied, zeroReply, bytesSent, bytesReceived } = columns;
    const { peer } = tally;
    const sessionsOf = peers.sessions;
    const { bytes, bytesSent: sentOf, denied: deniedOf, zeroReply: zeroReplyOf, hasAdminPort } = peer;
    for (let p = start; p < end; p++) {
      const place = rowPlaces[p - start]!;
      const count = sessions[p]!;
      const sent = bytesSent[p]!;
      const both = sent + bytesReceived[p]!;
      sessionsOf[place]! += count;
      bytes[place]! += both;
      sentOf[place]! += sent;
      // Most rows have neither.
      if (denied[p] !== 0) deniedOf[place]! += denied[p]!;
      if (zeroReply[p] !== 0) zeroReplyOf[place]! += zeroReply[p]!;
      const port = ports[p]! - 1;
      if (port < 0) continue;
      if (isAdmin[port] === 1) hasAdminPort[place] = 1;
      meter.addPort(port, count, both);
    }
  };

  /** Adds the sessions of the rows to their pairs and ports. */
  const addParties = ({ portPlusOne: portColumn, sessions }: PairColumns, start: number, end: number): void => {
    const { lastPort, lastPair } = tally.peer;
    for (let p = start; p < end; p++) {
      const place = rowPlaces[p - start]!;
      const count = sessions[p]!;
      const port = portColumn[p]! - 1;
      // Most peers have one port.
      if (lastPort[place] !== port) {
        lastPort[place] = port;
        lastPair[place] = places.place(place, port, pairs.append);
      }
      pairs.sessions[lastPair[place]!]! += count;
      if (port < 0) continue;
      const group = portPlace(port);
      ports.sessions[group]! += count;
    }
  };

  const tally: ContactTally = {
    segments: 0,
    peer: peerColumns(FIRST_PEERS),
    peers,
    pairs,
    ports,
    portAt: (place) => portOf[place]!,
    clear() {
      const { count } = peers;
      const { bytes, bytesSent, denied, zeroReply, hasAdminPort, lastPort } = tally.peer;
      slots.fill(0);
      for (const column of [bytes, bytesSent, denied, zeroReply, hasAdminPort]) column.fill(0, 0, count);
      lastPort.fill(NO_PORT_YET, 0, count);
      for (let place = 0; place < ports.count; place++) portPlaceOf[portOf[place]!] = 0;
      described = 0;
      tally.segments = 0;
      host = (host + 1) & 0xff;
      if (host === 0) {
        seenAt.fill(0);
        host = 1;
      }
      peers.clear();
      pairs.clear();
      ports.clear();
      places.clear();
      meter.forgetPorts();
    },
    addPairs(columns, start, end, isCompared) {
      if (rowPlaces.length < end - start) rowPlaces = new Uint32Array((end - start) * 2);
      placePeers(columns.peer, start, end);
      addCounts(columns, start, end);
      if (isCompared) addParties(columns, start, end);
    },
    addPast({ peerIds, port: portColumn, sessions, oldestSessions }, start, end) {
      const { lastPort, lastPair } = tally.peer;
      for (let p = start; p < end; p++) {
        const count = sessions[p]!;
        const oldest = oldestSessions === undefined ? 0 : oldestSessions[p]!;
        const port = portColumn[p]!;
        const id = peerIds[p]!;
        const place = id < 0 ? EMPTY : find(id);
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
      // The first loop waits for memory, many rows at a time; it had better do nothing else.
      for (let place = first; place < described; place++) segment[place] = packed[id[place]!]!;
      for (let place = first; place < described; place++) {
        const fact = segment[place]!;
        isInternal[place] = fact & 1;
        isHighRisk[place] = (fact >>> 1) & 1;
        const own = fact >>> 2;
        segment[place] = own;
        if (seenAt[own] === host) continue;
        seenAt[own] = host;
        tally.segments++;
      }
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
