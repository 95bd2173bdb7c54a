import type { ContactTally } from './contact-tally.ts';
import type { Behaviour, PeerCondition } from './metrics.ts';
import type { SpreadMeter } from './spread.ts';
import type { WindowTotals } from './window-values.ts';

/** Sets what the totals say of the peers and ports of the window so far. */
export function measurePeers(tally: ContactTally, meter: SpreadMeter, totals: WindowTotals): void {
  const { peer, peers, segments, highRisk } = tally;
  totals.highRiskPeers = highRisk.length;
  totals.highRiskSessions = 0;
  for (const place of highRisk) totals.highRiskSessions += peers.sessions[place]!;
  meter.addPeers(peers.sessions, peer.bytes, peers.count, segments);
  meter.take(totals.spread, 0);
}

/** Writes behaviour i of the window so far at `first + i * stride`. Reusable scratch. */
export type BehaviourMeter = (tally: ContactTally, values: Float64Array, first: number, stride: number) => void;

const CONDITIONS: readonly PeerCondition[] = ['internal', 'internal_admin', 'external', 'denied', 'noreply'];
const bitOf = (condition: PeerCondition): number => 1 << CONDITIONS.indexOf(condition);
const [INTERNAL, INTERNAL_ADMIN, EXTERNAL, DENIED, NOREPLY] = CONDITIONS.map(bitOf) as [
  number,
  number,
  number,
  number,
  number,
];

/** What is true of a peer by its place, as bits: by whether it is inside, plus 2 if it has an administration port. */
const PLACE_BITS = Uint8Array.of(EXTERNAL, INTERNAL, EXTERNAL, INTERNAL | INTERNAL_ADMIN);

export function createBehaviourMeter(behaviours: readonly Behaviour[]): BehaviourMeter {
  /** By bit: the behaviours that have it. What compares the window with its lookback is set elsewhere. */
  const plan = behaviours.flatMap(({ measure }, b) =>
    measure.is === 'new_to_project' ? [] : [{ b, is: measure.is, bit: bitOf(measure.where) }],
  );
  /** Peers, by all that is true of them. */
  const peersOf = new Uint32Array(1 << CONDITIONS.length);
  const bytesSentOf = new Float64Array(1 << CONDITIONS.length);
  const sumOf = (sums: ArrayLike<number>, bit: number): number => {
    let sum = 0;
    for (let bits = 0; bits < sums.length; bits++) if ((bits & bit) !== 0) sum += sums[bits]!;
    return sum;
  };
  return ({ peer, peers, internalSegments }, values, first, stride) => {
    const { isInternal, hasAdminPort, denied, zeroReply, bytesSent } = peer;
    const { sessions, count } = peers;
    peersOf.fill(0);
    bytesSentOf.fill(0);
    for (let place = 0; place < count; place++) {
      const bits =
        PLACE_BITS[isInternal[place]! | (hasAdminPort[place]! << 1)]! |
        (denied[place]! > 0 ? DENIED : 0) |
        (zeroReply[place] === sessions[place] ? NOREPLY : 0);
      peersOf[bits]!++;
      bytesSentOf[bits]! += bytesSent[place]!;
    }
    for (const { b, is, bit } of plan) {
      values[first + b * stride] =
        is === 'segments' ? internalSegments : sumOf(is === 'peers' ? peersOf : bytesSentOf, bit);
    }
  };
}
