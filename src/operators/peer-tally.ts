import type { AddressFacts } from './address-facts.ts';
import type { Behaviour, PeerCondition } from './metrics.ts';
import type { SealedPairs } from './sealed-rows.ts';
import { createSpreadMeter } from './spread.ts';
import type { WindowTotals } from './window-values.ts';

/** The peers of one host, merged over the blocks of a growing window. Reusable scratch. */
export interface PeerTally {
  clear(): void;
  /** Adds pair rows start .. end - 1, whose peers `remap` carries over to the ids of the facts. */
  addPairs(pairs: SealedPairs, start: number, end: number, remap: Uint32Array): void;
  /** Sets what the totals say of peers and ports. */
  measure(totals: WindowTotals): void;
  /** Writes behaviour i at `first + i * stride`. */
  measureBehaviours(behaviours: readonly Behaviour[], values: Float64Array, first: number, stride: number): void;
}

export function createPeerTally(addresses: number, facts: AddressFacts, adminPorts: readonly number[]): PeerTally {
  const isAdmin = new Uint8Array(65_536);
  for (const port of adminPorts) isAdmin[port] = 1;
  const meter = createSpreadMeter(facts.segmentCount);
  /** Place of a peer in the arrays below, plus one; 0 where it has none. */
  const placeOf = new Uint32Array(addresses);
  let peer = new Uint32Array(1024);
  let sessions = new Float64Array(1024);
  let bytes = new Float64Array(1024);
  let bytesSent = new Float64Array(1024);
  let denied = new Float64Array(1024);
  let zeroReply = new Float64Array(1024);
  let hasAdminPort = new Uint8Array(1024);
  let peers = 0;
  const segmentSeen = new Uint32Array(facts.segmentCount);
  let segmentRound = 0;

  const widen = (): void => {
    const capacity = peer.length * 2;
    const wider = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const copy = new Float64Array(capacity);
      copy.set(column);
      return copy;
    };
    const widerPeer = new Uint32Array(capacity);
    widerPeer.set(peer);
    peer = widerPeer;
    sessions = wider(sessions);
    bytes = wider(bytes);
    bytesSent = wider(bytesSent);
    denied = wider(denied);
    zeroReply = wider(zeroReply);
    const widerFlags = new Uint8Array(capacity);
    widerFlags.set(hasAdminPort);
    hasAdminPort = widerFlags;
  };

  const append = (id: number): number => {
    if (peers === peer.length) widen();
    const place = peers++;
    placeOf[id] = place + 1;
    peer[place] = id;
    sessions[place] = 0;
    bytes[place] = 0;
    bytesSent[place] = 0;
    denied[place] = 0;
    zeroReply[place] = 0;
    hasAdminPort[place] = 0;
    return place;
  };

  const holds = (place: number, condition: PeerCondition): boolean => {
    switch (condition) {
      case 'internal':
        return facts.isInternal[peer[place]!] === 1;
      case 'internal_admin':
        return facts.isInternal[peer[place]!] === 1 && hasAdminPort[place] === 1;
      case 'external':
        return facts.isInternal[peer[place]!] === 0;
      case 'denied':
        return denied[place]! > 0;
      default:
        return zeroReply[place] === sessions[place];
    }
  };

  return {
    clear() {
      for (let place = 0; place < peers; place++) placeOf[peer[place]!] = 0;
      peers = 0;
      meter.forgetPorts();
    },
    addPairs(pairs, start, end, remap) {
      for (let p = start; p < end; p++) {
        const id = remap[pairs.peer[p]!]!;
        const known = placeOf[id]!;
        const place = known === 0 ? append(id) : known - 1;
        const count = pairs.sessions[p]!;
        const sent = pairs.bytesSent[p]!;
        const both = sent + pairs.bytesReceived[p]!;
        sessions[place]! += count;
        bytes[place]! += both;
        bytesSent[place]! += sent;
        denied[place]! += pairs.denied[p]!;
        zeroReply[place]! += pairs.zeroReply[p]!;
        const port = pairs.port[p]!;
        if (port < 0) continue;
        if (isAdmin[port] === 1) hasAdminPort[place] = 1;
        meter.addPort(port, count, both);
      }
    },
    measure(totals) {
      totals.highRiskSessions = 0;
      totals.highRiskPeers = 0;
      for (let place = 0; place < peers; place++) {
        const id = peer[place]!;
        meter.addPeer(sessions[place]!, bytes[place]!, facts.segment[id]!);
        if (facts.isHighRisk[id] === 1) {
          totals.highRiskSessions += sessions[place]!;
          totals.highRiskPeers++;
        }
      }
      meter.take(totals.spread, 0);
    },
    measureBehaviours(behaviours, values, first, stride) {
      behaviours.forEach(({ measure }, b) => {
        let value = 0;
        if (measure.is === 'new_to_project') {
          values[first + b * stride] = 0;
          return;
        }
        segmentRound++;
        for (let place = 0; place < peers; place++) {
          if (!holds(place, measure.where)) continue;
          if (measure.is === 'bytes_sent') value += bytesSent[place]!;
          else if (measure.is === 'peers') value++;
          else if (segmentSeen[facts.segment[peer[place]!]!] !== segmentRound) {
            segmentSeen[facts.segment[peer[place]!]!] = segmentRound;
            value++;
          }
        }
        values[first + b * stride] = value;
      });
    },
  };
}
