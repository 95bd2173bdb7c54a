import type { ContactTally } from './contact-tally.ts';
import type { Behaviour, PeerCondition } from './metrics.ts';
import type { SpreadMeter } from './spread.ts';
import type { WindowTotals } from './window-values.ts';

/** Sets what the totals say of the peers and ports of the window so far. */
export function measurePeers({ peer, peers, segments }: ContactTally, meter: SpreadMeter, totals: WindowTotals): void {
  const { sessions, count } = peers;
  const { bytes, isHighRisk } = peer;
  totals.highRiskSessions = 0;
  totals.highRiskPeers = 0;
  for (let place = 0; place < count; place++) {
    if (isHighRisk[place] === 0) continue;
    totals.highRiskSessions += sessions[place]!;
    totals.highRiskPeers++;
  }
  meter.addPeers(sessions, bytes, count, segments);
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

/** @param segments number of segments there are. */
export function createBehaviourMeter(behaviours: readonly Behaviour[], segments: number): BehaviourMeter {
  /** By bit: the behaviours that have it. What compares the window with its lookback is set elsewhere. */
  const plan = behaviours.flatMap(({ measure }, b) =>
    measure.is === 'new_to_project' ? [] : [{ b, is: measure.is, bit: bitOf(measure.where) }],
  );
  const seenAt = new Uint32Array(segments);
  let round = 0;
  /** Peers, by all that is true of them. */
  const peersOf = new Uint32Array(1 << CONDITIONS.length);
  const bytesSentOf = new Float64Array(1 << CONDITIONS.length);
  const sumOf = (sums: ArrayLike<number>, bit: number): number => {
    let sum = 0;
    for (let bits = 0; bits < sums.length; bits++) if ((bits & bit) !== 0) sum += sums[bits]!;
    return sum;
  };
  let conditions = new Uint8Array(1024);
  return ({ peer, peers }, values, first, stride) => {
    const { segment, isInternal, hasAdminPort, denied, zeroReply, bytesSent } = peer;
    const { sessions, count } = peers;
    if (conditions.length < count) conditions = new Uint8Array(count * 2);
    peersOf.fill(0);
    bytesSentOf.fill(0);
    for (let place = 0; place < count; place++) {
      const inside = isInternal[place] === 1;
      const bits =
        (inside ? INTERNAL : EXTERNAL) |
        (inside && hasAdminPort[place] === 1 ? INTERNAL_ADMIN : 0) |
        (denied[place]! > 0 ? DENIED : 0) |
        (zeroReply[place] === sessions[place] ? NOREPLY : 0);
      conditions[place] = bits;
      peersOf[bits]!++;
      bytesSentOf[bits]! += bytesSent[place]!;
    }
    for (const { b, is, bit } of plan) {
      if (is !== 'segments') {
        values[first + b * stride] = sumOf(is === 'peers' ? peersOf : bytesSentOf, bit);
        continue;
      }
      round++;
      let sum = 0;
      for (let place = 0; place < count; place++) {
        if ((conditions[place]! & bit) === 0 || seenAt[segment[place]!] === round) continue;
        seenAt[segment[place]!] = round;
        sum++;
      }
      values[first + b * stride] = sum;
    }
  };
}
