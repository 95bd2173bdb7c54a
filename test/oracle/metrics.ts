/** The numbers that describe a list of sides: of one slice, or of a whole window. */

import { quantile, ratio } from './numbers.ts';
import type { Settings } from './parameters.ts';
import { groupBy, isIcmp, isTraffic, type Side, sessionsOf } from './sides.ts';
import { MINUTE, SECOND } from './times.ts';

export type Cell = number | string | null | readonly number[];
export type Row = Record<string, Cell>;

/** Everything that sums over sessions, under its delta name. */
export function countAdditive(sides: readonly Side[], settings: Settings): Record<string, number> {
  const traffic = sides.filter(isTraffic);
  const threats = sides.filter((side) => !isTraffic(side));
  const count = (holds: (side: Side) => boolean): number => sessionsOf(traffic.filter(holds));
  const denyReason = (side: Side): boolean =>
    side.flow.reason !== null && settings.denyReasons.includes(side.flow.reason);

  const counts: Record<string, number> = {
    sessions_cnt: sessionsOf(traffic),
    allow_cnt: count((side) => side.flow.action === 'allow' && !denyReason(side)),
    drop_cnt: count((side) => isDenied(side, settings)),
    alert_cnt:
      count((side) => side.flow.action === 'alert') + threats.filter((side) => side.flow.action === 'alert').length,
    rst_cnt: count((side) => side.flow.reason?.startsWith('tcp-rst') ?? false),
    aged_out_cnt: count((side) => side.flow.reason === 'aged-out'),
    zero_reply_cnt: count(isUnanswered),
    short_session_cnt: count((side) => side.flow.duration <= SECOND),
    bytes_sent_sum: sum(traffic.map((side) => side.sent ?? 0)),
    bytes_recv_sum: sum(traffic.map((side) => side.received ?? 0)),
    duration_sum: sum(traffic.map((side) => side.flow.duration)) / SECOND,
    tcp_cnt: count((side) => side.flow.transport === 'tcp'),
    udp_cnt: count((side) => side.flow.transport === 'udp'),
    icmp_cnt: count((side) => isIcmp(side.flow)),
    threat_cnt: threats.length,
    traffic_cnt: sessionsOf(traffic),
  };
  for (const [name, ports] of settings.portSets) {
    counts[`${name}_port_sessions_cnt`] = count((side) => side.port !== null && ports.has(side.port));
  }
  return counts;
}

export function isDenied(side: Side, settings: Settings): boolean {
  const { action, reason } = side.flow;
  return (
    (action !== null && settings.denyActions.includes(action)) ||
    (reason !== null && settings.denyReasons.includes(reason))
  );
}

/** The server answered with nothing, and the log says so. */
export function isUnanswered(side: Side): boolean {
  return side.flow.destinationBytes === 0;
}

/** The most sessions that began in one UTC minute, minutes of different mini-batches apart. */
export function maxSessionsPerMinute(sides: readonly Side[]): number {
  const started = sides.filter((side) => isTraffic(side) && side.flow.start !== null);
  const minutes = groupBy(started, (side) => `${side.miniBatch} ${Math.floor(side.flow.start! / MINUTE)}`);
  return most([...minutes.values()].map(sessionsOf));
}

/** How the sessions spread over peers and ports. */
export function describePeers(sides: readonly Side[]): Record<string, number> {
  const withPort = sides.filter((side) => side.port !== null);
  const peers = [...groupBy(sides, (side) => side.peer.text).values()];
  const ports = [...groupBy(withPort, (side) => side.port).values()];
  const sessions = sessionsOf(sides);
  const bytes = bytesOf(sides);
  return {
    peer_ip_nunique: peers.length,
    peer_port_nunique: ports.length,
    peer_segment_nunique: new Set(sides.map((side) => side.peer.segment)).size,
    peer_ip_entropy: entropy(peers.map(sessionsOf)),
    peer_port_entropy: entropy(ports.map(sessionsOf)),
    peer_ip_top1_sessions_share: ratio(most(peers.map(sessionsOf)), sessions),
    peer_port_top1_sessions_share: ratio(most(ports.map(sessionsOf)), sessions),
    peer_ip_top1_bytes_share: ratio(most(peers.map(bytesOf)), bytes),
    peer_port_top1_bytes_share: ratio(most(ports.map(bytesOf)), bytes),
  };
}

function bytesOf(sides: readonly Side[]): number {
  return sum(sides.map((side) => (side.sent ?? 0) + (side.received ?? 0)));
}

/** -Σ p ln p in nats, summed over the distinct counts in ascending order. */
export function entropy(counts: readonly number[]): number {
  const total = sum(counts);
  const multiplicity = groupBy(counts, (count) => count);
  let result = 0;
  for (const count of [...multiplicity.keys()].sort((a, b) => a - b)) {
    const share = count / total;
    result -= multiplicity.get(count)!.length * share * Math.log(share);
  }
  return result === 0 ? 0 : result;
}

const QUANTILES = [0.25, 0.5, 0.75, 0.95, 0.99];

/** p25, p50, p75, p95, p99 over the records that have a value; null without any. */
export function quantileList(values: readonly (number | null)[]): readonly number[] | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : QUANTILES.map((q) => quantile(known, q)!);
}

/** The greatest of numbers that are not negative; 0 of none. A loop, because spread arguments overflow on long lists. */
export function most(values: readonly number[]): number {
  return values.reduce((greatest, value) => Math.max(greatest, value), 0);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
