/** A flow seen from one of its two ends, and the pairs that a mini-batch's flows make. */

import type { Endpoint } from './addresses.ts';
import { compareText } from './numbers.ts';
import type { Settings } from './parameters.ts';
import type { Flow, Parsed } from './quality.ts';

export type Role = 'outbound' | 'inbound';
export const ROLES: readonly Role[] = ['outbound', 'inbound'];

export interface Side {
  readonly role: Role;
  readonly host: Endpoint;
  readonly peer: Endpoint;
  /** The service port; null where there is none to speak of. */
  readonly port: number | null;
  /** Bytes that the host sent; received. */
  readonly sent: number | null;
  readonly received: number | null;
  readonly flow: Flow;
  readonly miniBatch: string;
  /** The pair fell to the cap: it counts in its own slice's delta, and in no pair context. */
  readonly isCapped: boolean;
}

/** A mini-batch after parsing. */
export interface Block {
  readonly id: string;
  readonly sliceEnd: number;
  readonly batchEnd: number;
  readonly parsed: Parsed;
  readonly sides: readonly Side[];
}

const ICMP = ['icmp', 'icmp6', 'ipv6-icmp'];

export function isIcmp(flow: Flow): boolean {
  return flow.transport !== null && ICMP.includes(flow.transport);
}

export function isTraffic(side: Side): boolean {
  return side.flow.kind === 'TRAFFIC';
}

/** Both ends of every flow, as far as they are hosts. */
export function sidesOf(flows: readonly Flow[], miniBatch: string, settings: Settings): Side[] {
  const sides: Side[] = [];
  for (const flow of flows) {
    const port = isIcmp(flow) ? null : flow.destinationPort;
    const shared = { port, flow, miniBatch, isCapped: false };
    if (flow.source.isHost) {
      const ends = { host: flow.source, peer: flow.destination };
      sides.push({ ...shared, ...ends, role: 'outbound', sent: flow.sourceBytes, received: flow.destinationBytes });
    }
    if (flow.destination.isHost) {
      const ends = { host: flow.destination, peer: flow.source };
      sides.push({ ...shared, ...ends, role: 'inbound', sent: flow.destinationBytes, received: flow.sourceBytes });
    }
  }
  return capPairs(sides, settings.pairCap);
}

/** Mark the sides of those pairs of a (host, role) that are beyond the cap: fewest sessions first, greatest key first. */
function capPairs(sides: readonly Side[], cap: number): Side[] {
  const capped = new Set<string>();
  for (const [hostRole, own] of groupBy(sides.filter(isTraffic), hostRoleOf)) {
    const pairs = [...groupBy(own, pairKeyOf)].map(([key, members]) => ({ key, sessions: sessionsOf(members) }));
    pairs.sort((a, b) => b.sessions - a.sessions || compareText(a.key, b.key));
    for (const pair of pairs.slice(cap)) capped.add(`${hostRole} ${pair.key}`);
  }
  return sides.map((side) =>
    isTraffic(side) && capped.has(`${hostRoleOf(side)} ${pairKeyOf(side)}`) ? { ...side, isCapped: true } : side,
  );
}

/** The sides that pair contexts hold. */
export function pairedSides(sides: readonly Side[]): Side[] {
  return sides.filter((side) => isTraffic(side) && !side.isCapped);
}

export function hostRoleOf(side: Side): string {
  return `${side.host.text} ${side.role}`;
}

export function pairKeyOf(side: Side): string {
  return `${side.peer.text}|${side.port ?? ''}`;
}

export function sessionsOf(sides: readonly Side[]): number {
  return sides.reduce((sum, side) => sum + side.flow.repeat, 0);
}

export function groupBy<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
