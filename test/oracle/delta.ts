/** What one mini-batch says by itself: delta rows, pair context and pair counts. */

import {
  countAdditive,
  describePeers,
  isDenied,
  isUnanswered,
  maxSessionsPerMinute,
  quantileList,
  type Row,
  sum,
} from './metrics.ts';
import { compareText } from './numbers.ts';
import type { Settings } from './parameters.ts';
import {
  type Block,
  groupBy,
  hostRoleOf,
  isIcmp,
  isTraffic,
  pairedSides,
  pairKeyOf,
  type Side,
  sessionsOf,
} from './sides.ts';
import { SECOND } from './times.ts';

const STARTS_KEPT = 64;

/** One row per (host, role). */
export function deltaRows(block: Block, settings: Settings): Row[] {
  const rows = [...groupBy(block.sides, hostRoleOf).values()].map((sides): Row => {
    const traffic = sides.filter(isTraffic);
    return {
      host_ip: sides[0]!.host.text,
      role: sides[0]!.role,
      segment_id: sides[0]!.host.segment,
      ...countAdditive(sides, settings),
      ...describePeers(traffic),
      max_sessions_per_minute: maxSessionsPerMinute(sides),
      bytes_sent_quantiles: quantileList(traffic.map((side) => side.sent)),
      bytes_recv_quantiles: quantileList(traffic.map((side) => side.received)),
      duration_quantiles: quantileList(traffic.map((side) => side.flow.duration / SECOND)),
    };
  });
  return sortRows(rows, ['host_ip', 'role']);
}

/** One row per (host, role, peer, port), as far as the cap lets them. */
export function pairContextRows(block: Block, settings: Settings): Row[] {
  const pairs = groupBy(pairedSides(block.sides), (side) => `${hostRoleOf(side)} ${pairKeyOf(side)}`);
  const rows = [...pairs.values()].map((sides): Row => {
    const first = sides[0]!;
    const starts = startsOf(sides);
    return {
      host_ip: first.host.text,
      role: first.role,
      peer_ip: first.peer.text,
      peer_port: first.port,
      sessions_cnt: sessionsOf(sides),
      deny_cnt: sessionsOf(sides.filter((side) => isDenied(side, settings))),
      zero_reply_cnt: sessionsOf(sides.filter(isUnanswered)),
      bytes_sent_sum: sum(sides.map((side) => side.sent ?? 0)),
      bytes_recv_sum: sum(sides.map((side) => side.received ?? 0)),
      first_event_ts: starts[0] ?? null,
      event_ts: newestEnd(sides),
      // Two sessions of which none has a start: the worked example says an empty list, and it goes before the prose.
      starts: sessionsOf(sides) < 2 ? null : starts.slice(0, STARTS_KEPT),
      max_duration_ms: sides
        .map((side) => side.flow.duration)
        .reduce((longest, duration) => Math.max(longest, duration)),
      pair_key: pairKeyOf(first),
    };
  });
  return sortRows(rows, ['host_ip', 'role', 'pair_key']);
}

function startsOf(sides: readonly Side[]): number[] {
  const starts = sides.map((side) => side.flow.start).filter((start) => start !== null);
  return starts.sort((a, b) => a - b);
}

export function newestEnd(sides: readonly Side[]): number | null {
  const ends = sides.map((side) => side.flow.end).filter((end) => end !== null);
  return ends.length === 0 ? null : ends.reduce((newest, end) => Math.max(newest, end));
}

/** One row per (source, destination, port) of any addresses, hosts or not. */
export function pairCountRows(block: Block): Row[] {
  const counted = block.parsed.flows.filter(
    (flow) =>
      flow.kind === 'TRAFFIC' &&
      !isIcmp(flow) &&
      flow.source.text !== '' &&
      flow.destination.text !== '' &&
      flow.destinationPort !== null &&
      flow.destinationPort > 0,
  );
  const pairs = groupBy(counted, (flow) => `${flow.source.text} ${flow.destination.text} ${flow.destinationPort}`);
  const rows = [...pairs.values()].map(
    (flows): Row => ({
      src_ip: flows[0]!.source.text,
      dst_ip: flows[0]!.destination.text,
      dst_port: flows[0]!.destinationPort,
      segment_id: flows[0]!.source.segment,
      event_ts: block.sliceEnd,
      sessions_cnt: sum(flows.map((flow) => flow.repeat)),
    }),
  );
  return sortRows(rows, ['src_ip', 'dst_ip', 'dst_port']);
}

/** Rows in the order of their key columns, text by code unit and numbers by size. */
export function sortRows(rows: readonly Row[], keys: readonly string[]): Row[] {
  return [...rows].sort((a, b) => {
    for (const key of keys) {
      const [left, right] = [a[key], b[key]];
      const order =
        typeof left === 'number' && typeof right === 'number' ? left - right : compareText(String(left), String(right));
      if (order !== 0) return order;
    }
    return 0;
  });
}
