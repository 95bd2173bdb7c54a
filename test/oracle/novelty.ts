/** What is new about a window, measured against the thirty days before it. */

import { ratio } from './numbers.ts';
import type { Settings } from './parameters.ts';
import { type Block, groupBy, hostRoleOf, pairedSides, pairKeyOf, type Role, type Side, sessionsOf } from './sides.ts';
import { DAY } from './times.ts';

/** From this port on, ports count as one: clients pick them at random. */
const FIRST_EPHEMERAL_PORT = 32_768;

/** The sessions of one pair in one mini-batch: all that the lookback needs to know. */
export interface PastPair {
  readonly hostRole: string;
  readonly role: Role;
  readonly segment: string;
  readonly peer: string;
  readonly port: number | null;
  readonly pairKey: string;
  readonly sessions: number;
}

export function pastPairsOf(block: Block): PastPair[] {
  const pairs = groupBy(pairedSides(block.sides), (side) => `${hostRoleOf(side)} ${pairKeyOf(side)}`);
  return [...pairs.values()].map((sides) => ({
    hostRole: hostRoleOf(sides[0]!),
    role: sides[0]!.role,
    segment: sides[0]!.host.segment,
    peer: sides[0]!.peer.text,
    port: sides[0]!.port,
    pairKey: pairKeyOf(sides[0]!),
    sessions: sessionsOf(sides),
  }));
}

/** What one host did in one role during the lookback: sessions by peer, by port (ephemeral ones as one), by pair. */
interface PastHost {
  readonly peers: Map<string, number>;
  readonly ports: Map<string, number>;
  readonly pairs: Map<string, number>;
}

export interface Lookback {
  readonly hosts: ReadonlyMap<string, PastHost>;
  /** `<segment> <role>` → ports that any of its hosts used. */
  readonly segmentPorts: ReadonlyMap<string, ReadonlySet<number>>;
  /** Peers that any host contacted. */
  readonly projectPeers: ReadonlySet<string>;
}

/** The first instant whose slices belong to the lookback of a window that begins at `windowStart`. */
export function lookbackStart(windowStart: number): number {
  return Math.floor((windowStart - 30 * DAY) / DAY) * DAY;
}

/** Gather the lookback; hosts other than the wanted ones only add to their segment's and the project's part. */
export function gatherLookback(past: Iterable<readonly PastPair[]>, wanted: ReadonlySet<string>): Lookback {
  const hosts = new Map<string, PastHost>();
  const segmentPorts = new Map<string, Set<number>>();
  const projectPeers = new Set<string>();
  for (const pairs of past) {
    for (const pair of pairs) {
      if (pair.role === 'outbound') projectPeers.add(pair.peer);
      if (pair.port !== null) {
        const key = `${pair.segment} ${pair.role}`;
        const ports = segmentPorts.get(key) ?? new Set();
        segmentPorts.set(key, ports.add(pair.port));
      }
      if (!wanted.has(pair.hostRole)) continue;
      const host = hosts.get(pair.hostRole) ?? { peers: new Map(), ports: new Map(), pairs: new Map() };
      hosts.set(pair.hostRole, host);
      add(host.peers, pair.peer, pair.sessions);
      if (pair.port !== null) add(host.ports, portGroup(pair.port), pair.sessions);
      add(host.pairs, pair.pairKey, pair.sessions);
    }
  }
  return { hosts, segmentPorts, projectPeers };
}

function add(sessions: Map<string, number>, key: string, more: number): void {
  sessions.set(key, (sessions.get(key) ?? 0) + more);
}

function portGroup(port: number): string {
  return port >= FIRST_EPHEMERAL_PORT ? 'ephemeral' : String(port);
}

/** The seven novelty metrics of one host and role; `sides` are those of its pair contexts in the window. */
export function describeNovelty(
  sides: readonly Side[],
  lookback: Lookback,
  settings: Settings,
): Record<string, number> {
  const nothing: PastHost = { peers: new Map(), ports: new Map(), pairs: new Map() };
  const first = sides[0];
  const past = (first && lookback.hosts.get(hostRoleOf(first))) ?? nothing;
  const segmentPorts = (first && lookback.segmentPorts.get(`${first.host.segment} ${first.role}`)) ?? new Set<number>();

  const ports = sides.map((side) => side.port).filter((port) => port !== null);
  const peers = [...new Set(sides.map((side) => side.peer.text))];
  const portGroups = [...new Set(ports.map(portGroup))];
  const pairKeys = [...new Set(sides.map(pairKeyOf))];
  const servicePorts = [...new Set(ports)].filter((port) => port < FIRST_EPHEMERAL_PORT);

  const isNew = (sessions: number | undefined): boolean => sessions === undefined;
  const isRare = (sessions: number | undefined, most: number): boolean => sessions !== undefined && sessions <= most;
  const newPeers = peers.filter((peer) => isNew(past.peers.get(peer)));
  return {
    new_peer_cnt: newPeers.length,
    rare_peer_cnt: peers.filter((peer) => isRare(past.peers.get(peer), settings.rareThresholds.peer)).length,
    new_peer_ratio: ratio(newPeers.length, peers.length),
    new_dst_port_cnt: portGroups.filter((port) => isNew(past.ports.get(port))).length,
    rare_dst_port_cnt: portGroups.filter((port) => isRare(past.ports.get(port), settings.rareThresholds.port)).length,
    new_pair_cnt: pairKeys.filter((key) => isNew(past.pairs.get(key))).length,
    new_src_dst_port_cnt: servicePorts.filter((port) => !segmentPorts.has(port)).length,
  };
}
