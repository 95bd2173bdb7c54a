import { SPREAD_METRICS } from './delta-metrics.ts';
import { createCountHistogram, ratio } from './distribution.ts';

const PARTIES = ['peer_ip', 'peer_port', 'peer_segment'] as const;
const MEASURES = ['nunique', 'entropy', 'top1_sessions_share', 'top1_bytes_share'] as const;
const placeOf = (party: number, measure: number): number => party * MEASURES.length + measure;
/** Where each spread metric finds its value among all parties times all measures. */
const PLAN = SPREAD_METRICS.map(({ measure }) => {
  if (!('over' in measure)) throw new Error('a spread metric is one over a party');
  return placeOf(PARTIES.indexOf(measure.over), MEASURES.indexOf(measure.is));
});
const [PEER, PORT, SEGMENT] = [0, 1, 2] as const;
const [NUNIQUE, ENTROPY, TOP_SESSIONS, TOP_BYTES] = [0, 1, 2, 3] as const;

/** Measures how a host's sessions and bytes spread over its peers, their ports and segments. Reusable scratch. */
export interface SpreadMeter {
  /** Takes one peer with all its sessions, and its bytes both ways. */
  addPeer(sessions: number, bytes: number, segment: number): void;
  /** Takes all peers at once, the first `count` of two columns, and how many segments they lie in. */
  addPeers(sessions: Float64Array, bytes: Float64Array, count: number, segments: number): void;
  /** Adds sessions to a port (0..65535); the same port may come many times. */
  addPort(port: number, sessions: number, bytes: number): void;
  /** Writes the spread metrics of what was added, in the order of the metric table, and forgets the peers. */
  take(out: Float64Array, at: number): void;
  forgetPorts(): void;
}

export function createSpreadMeter(segments: number): SpreadMeter {
  const histogram = createCountHistogram();
  const measured = new Float64Array(PARTIES.length * MEASURES.length);
  const seenAt = new Int32Array(segments);
  let round = 1;
  let peers = 0;
  let distinctSegments = 0;
  let sessionsInAll = 0;
  let bytesInAll = 0;
  let topSessions = 0;
  let topBytes = 0;
  /** Sessions and bytes of a port side by side: rows name ports at random, and each line of memory is waited for. */
  const portSums = new Float64Array(2 * 65_536);
  const ports = new Int32Array(65_536);
  let portCount = 0;

  const measurePorts = (): void => {
    let total = 0;
    let mostSessions = 0;
    let mostBytes = 0;
    for (let i = 0; i < portCount; i++) {
      const at = 2 * ports[i]!;
      const sessions = portSums[at]!;
      const bytes = portSums[at + 1]!;
      total += sessions;
      histogram.add(sessions);
      if (sessions > mostSessions) mostSessions = sessions;
      if (bytes > mostBytes) mostBytes = bytes;
    }
    measured[placeOf(PORT, NUNIQUE)] = portCount;
    measured[placeOf(PORT, ENTROPY)] = histogram.takeEntropy(total);
    measured[placeOf(PORT, TOP_SESSIONS)] = ratio(mostSessions, sessionsInAll);
    measured[placeOf(PORT, TOP_BYTES)] = ratio(mostBytes, bytesInAll);
  };

  return {
    addPeer(sessions, bytes, segment) {
      peers++;
      sessionsInAll += sessions;
      bytesInAll += bytes;
      if (sessions > topSessions) topSessions = sessions;
      if (bytes > topBytes) topBytes = bytes;
      histogram.add(sessions);
      if (seenAt[segment] !== round) {
        seenAt[segment] = round;
        distinctSegments++;
      }
    },
    addPeers(sessions, bytes, count, segments) {
      let [allSessions, allBytes, mostSessions, mostBytes] = [0, 0, 0, 0];
      for (let i = 0; i < count; i++) {
        const ownSessions = sessions[i]!;
        const ownBytes = bytes[i]!;
        allSessions += ownSessions;
        allBytes += ownBytes;
        if (ownSessions > mostSessions) mostSessions = ownSessions;
        if (ownBytes > mostBytes) mostBytes = ownBytes;
      }
      histogram.addAll(sessions, count);
      peers += count;
      distinctSegments += segments;
      sessionsInAll += allSessions;
      bytesInAll += allBytes;
      topSessions = Math.max(topSessions, mostSessions);
      topBytes = Math.max(topBytes, mostBytes);
    },
    addPort(port, sessions, bytes) {
      const at = 2 * port;
      if (portSums[at] === 0) ports[portCount++] = port;
      portSums[at]! += sessions;
      portSums[at + 1]! += bytes;
    },
    take(out, at) {
      measured[placeOf(PEER, NUNIQUE)] = peers;
      measured[placeOf(PEER, ENTROPY)] = histogram.takeEntropy(sessionsInAll);
      measured[placeOf(PEER, TOP_SESSIONS)] = ratio(topSessions, sessionsInAll);
      measured[placeOf(PEER, TOP_BYTES)] = ratio(topBytes, bytesInAll);
      measured[placeOf(SEGMENT, NUNIQUE)] = distinctSegments;
      measurePorts();
      for (let i = 0; i < PLAN.length; i++) out[at + i] = measured[PLAN[i]!]!;
      round++;
      peers = 0;
      distinctSegments = 0;
      sessionsInAll = 0;
      bytesInAll = 0;
      topSessions = 0;
      topBytes = 0;
    },
    forgetPorts() {
      for (let i = 0; i < portCount; i++) {
        portSums[2 * ports[i]!] = 0;
        portSums[2 * ports[i]! + 1] = 0;
      }
      portCount = 0;
    },
  };
}
