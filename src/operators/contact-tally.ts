import type { AddressFacts } from './address-facts.ts';
import type { PairColumns } from './pair-columns.ts';
import { createPairPlaces } from './pair-places.ts';
import { createPartySums, type PartySums } from './party-sums.ts';
import { FIRST_EPHEMERAL_PORT } from './past-rows.ts';
import { NO_PORT_YET, type PeerColumns, peerColumns, widerPeerColumns } from './peer-columns.ts';
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
  /** Distinct segments of the peers that were described, and of those inside. */
  segments: number;
  internalSegments: number;
  /** Places of the described peers in a high-risk segment. */
  readonly highRisk: number[];
  clear(): void;
  /**
   * Adds pair rows start .. end - 1, whose peers are ids of the facts.
   *
   * @param hasBehaviours whether what behaviours ask of peers is to be known.
   * @param isCompared whether ports and pairs are to be told apart, for what compares them with days before.
   */
  addPairs(pairs: PairColumns, start: number, end: number, hasBehaviours: boolean, isCompared: boolean): void;
  /** Adds rows start .. end - 1 of days before. Passes over what is in no window. */
  addPast(rows: PastPairs, start: number, end: number): void;
  /** Looks up what is known of the peers added so far. */
  describePeers(): void;
  closeToday(): void;
  closeWindow(window: number): void;
}

const EMPTY = -1;
/** Rooms for peers at first, and slots for them. */
const FIRST_PEERS = 1024;
const FIRST_SLOTS = 2048;

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
  /** A bit for every port: rows name ports at random, and what they look at has to stay in the processor's cache. */
  const adminBits = new Uint32Array(65_536 / 32);
  for (const port of adminPorts) adminBits[port >>> 5]! |= 1 << (port & 31);
  /**
   * Places of peers, plus one, found by a hash of the id; 0: a free slot. Small enough to stay in the processor's cache, as
   * a place for each id is not.
   */
  let slots = new Uint32Array(FIRST_SLOTS);
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
  /** By segment: the last host that had a peer in it, and one inside, by its number modulo 256. */
  const seenAt = new Uint8Array(facts.segmentCount);
  const seenInsideAt = new Uint8Array(facts.segmentCount);
  let host = 1;

  /** Where a peer is among the slots, or would be. */
  const seek = (id: number): number => {
    const ids = tally.peer.id;
    const mixed = Math.imul(id, 0x9e3779b1);
    const last = slots.length - 1;
    let slot = (mixed ^ (mixed >>> 15)) & last;
    for (let known = slots[slot]!; known !== 0 && ids[known - 1] !== id; known = slots[slot]!) slot = (slot + 1) & last;
    return slot;
  };
  /** Place of a peer; EMPTY if it has none. */
  const find = (id: number): number => slots[seek(id)]! - 1;

  const widen = (): void => {
    const { count } = peers;
    const wider = widerPeerColumns(tally.peer);
    tally.peer = wider;
    slots = new Uint32Array(slots.length * 2);
    for (let place = 0; place < count; place++) slots[seek(wider.id[place]!)] = place + 1;
  };

  /** Its columns are as `clear` left them. */
  const appendPeer = (id: number, found: number): number => {
    let slot = found;
    if (peers.count === tally.peer.id.length) {
      widen();
      slot = seek(id);
    }
    const place = peers.append();
    slots[slot] = place + 1;
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
      const known = slots[slot]!;
      rowPlaces[p - start] = known === 0 ? appendPeer(id, slot) : known - 1;
    }
  };

  // A loop for each purpose: one for all has more columns than the processor has registers.
  const addCounts = ({ sessions, bytesSent, bytesReceived }: PairColumns, start: number, end: number): void => {
    const sessionsOf = peers.sessions;
    const { bytes } = tally.peer;
    for (let p = start; p < end; p++) {
      const place = rowPlaces[p - start]!;
      sessionsOf[place]! += sessions[p]!;
      bytes[place]! += bytesSent[p]! + bytesReceived[p]!;
    }
  };

  const addPorts = (columns: PairColumns, start: number, end: number): void => {
    const { portPlusOne, sessions, bytesSent, bytesReceived } = columns;
    for (let p = start; p < end; p++) {
      const port = portPlusOne[p]! - 1;
      if (port >= 0) meter.addPort(port, sessions[p]!, bytesSent[p]! + bytesReceived[p]!);
    }
  };

  const addConduct = (columns: PairColumns, start: number, end: number): void => {
    const { portPlusOne, denied, zeroReply, bytesSent } = columns;
    const { bytesSent: sentOf, denied: deniedOf, zeroReply: zeroReplyOf, hasAdminPort } = tally.peer;
    for (let p = start; p < end; p++) {
      const place = rowPlaces[p - start]!;
      sentOf[place]! += bytesSent[p]!;
      // Most rows have neither.
      if (denied[p] !== 0) deniedOf[place]! += denied[p]!;
      if (zeroReply[p] !== 0) zeroReplyOf[place]! += zeroReply[p]!;
      const port = portPlusOne[p]! - 1;
      if (port >= 0) hasAdminPort[place]! |= (adminBits[port >>> 5]! >>> (port & 31)) & 1;
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
    internalSegments: 0,
    highRisk: [],
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
      tally.internalSegments = 0;
      tally.highRisk.length = 0;
      host = (host + 1) & 0xff;
      if (host === 0) {
        seenAt.fill(0);
        seenInsideAt.fill(0);
        host = 1;
      }
      peers.clear();
      pairs.clear();
      ports.clear();
      places.clear();
      meter.forgetPorts();
    },
    addPairs(columns, start, end, hasBehaviours, isCompared) {
      if (rowPlaces.length < end - start) rowPlaces = new Uint32Array((end - start) * 2);
      placePeers(columns.peer, start, end);
      addCounts(columns, start, end);
      addPorts(columns, start, end);
      if (hasBehaviours) addConduct(columns, start, end);
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
      const { id, facts: factsOf, isInternal } = tally.peer;
      const first = described;
      described = peers.count;
      // The first loop waits for memory, many rows at a time; it had better do nothing else.
      for (let place = first; place < described; place++) factsOf[place] = packed[id[place]!]!;
      for (let place = first; place < described; place++) {
        const fact = factsOf[place]!;
        isInternal[place] = fact & 1;
        if ((fact & 2) !== 0) tally.highRisk.push(place);
        const segment = fact >>> 2;
        if (seenAt[segment] !== host) {
          seenAt[segment] = host;
          tally.segments++;
        }
        if ((fact & 1) === 0 || seenInsideAt[segment] === host) continue;
        seenInsideAt[segment] = host;
        tally.internalSegments++;
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
