/** How likely such a pair calls home, before its times are looked at. */

import { contains, type Network, parseAddress, parseNetwork } from './addresses.ts';
import type { PairContextRow } from './beacons.ts';
import { median, sentPerSession } from './beacons-cadence.ts';
import { DAY } from './times.ts';

export interface PriorOptions {
  readonly instant: number;
  readonly isInternal: (address: string) => boolean;
  /** The segment that holds an internal address. */
  readonly segmentOf: (address: string) => Network | null;
  readonly infrastructure?: readonly string[];
  /** Of the row: whole days since the project's first slice. */
  readonly lookbackDays: number;
}

/** What is known of the project. Instants are slice ends, epoch ms, within the lookback. */
export interface Contacts {
  /** Hosts that were active in either role in the last 24 hours. */
  readonly activeHosts: ReadonlySet<string>;
  /** When the host first contacted that peer and port; absent = never before. */
  readonly pairFirstSeen: (host: string, peer: string, port: number | null) => number | undefined;
  /** When any host of the project first contacted that peer. */
  readonly peerFirstSeen: (peer: string) => number | undefined;
}

const CHATTER_PORTS = [53, 67, 68, 123, 137, 138, 1900, 5353];
const SHELL_PORTS = [22, 23, 445, 3389];
const WEEK = 7 * DAY;
const LEAST_HOSTS = 20;

/** `lastDay`: outbound rows of all hosts. */
export function priorOf(
  pair: readonly PairContextRow[],
  lastDay: readonly PairContextRow[],
  contacts: Contacts,
  options: PriorOptions,
): { readonly prior: number; readonly prevalence: number } {
  const { host, peer, port } = pair[0]!;
  const { instant, lookbackDays } = options;
  const users = new Set(lastDay.filter((row) => row.peer === peer).map((row) => row.host));
  const active = contacts.activeHosts.size;
  const prevalence = active === 0 ? 0 : users.size / active;
  const isTelling = active >= LEAST_HOSTS;
  const isInternal = options.isInternal(peer);

  let prior = isToMany(peer, options) ? 0 : 1;
  const isService = isInternal || isIn(options.infrastructure ?? [], peer) || (isTelling && prevalence >= 0.1);
  if (port !== null && CHATTER_PORTS.includes(port) && isService) prior *= 0.2;
  else if (isInternal) {
    const seen = contacts.pairFirstSeen(host, peer, port);
    const isYoung = seen === undefined || instant - seen < WEEK;
    if (!(lookbackDays >= 14 && isYoung)) prior *= 0.2;
  }
  if (pair.every(({ zeroReplies, sessions }) => zeroReplies === sessions)) prior *= 0.5;
  if (port !== null && SHELL_PORTS.includes(port) && median(sentPerSession(pair)) < 4000) prior *= 0.4;
  if (isTelling) {
    const seen = contacts.peerFirstSeen(peer);
    if (prevalence > 0.1 && seen !== undefined && instant - seen >= WEEK) prior *= 0.3;
    else if (prevalence > 0.5) prior *= 0.85;
    else if (prevalence < 0.02) prior *= 1.15;
  }
  return { prior, prevalence };
}

/** Multicast or broadcast. */
function isToMany(peer: string, { isInternal, segmentOf }: PriorOptions): boolean {
  if (isIn(['224.0.0.0/4', 'ff00::/8', '255.255.255.255/32'], peer)) return true;
  const [address, segment] = [parseAddress(peer), segmentOf(peer)];
  if (address === null || address.bits !== 32 || segment === null || segment.length >= 31) return false;
  return isInternal(peer) && address.value === segment.address.value + (1n << BigInt(32 - segment.length)) - 1n;
}

function isIn(networks: readonly string[], text: string): boolean {
  const address = parseAddress(text);
  if (address === null) return false;
  return networks.some((cidr) => {
    const network = parseNetwork(cidr);
    return network !== null && contains(network, address);
  });
}
