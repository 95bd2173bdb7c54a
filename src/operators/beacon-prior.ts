/** What is known of a candidate beside its cadence, as bits of a byte. */
export const TRAITS = {
  /** Multicast or broadcast: nobody in particular is spoken to. */
  toMany: 1,
  /** The peer lies in host_networks. */
  internal: 2,
  /** The peer is a known resolver, time server, proxy or the like. */
  infrastructure: 4,
  /** The project is known for two weeks, and the pair for less than one. */
  young: 8,
  /** No session of 24 hours had a reply. */
  unanswered: 16,
  /** Few bytes are sent in a session. */
  small: 32,
} as const;

/** How the hosts of a project use a peer. */
export interface PeerUse {
  /** Hosts of the project that were active in 24 hours. */
  readonly active: number;
  /** Share of them that contacted the peer. */
  readonly prevalence: number;
  /** Some host contacted it a week ago or earlier within the lookback. */
  readonly isEstablished: boolean;
}

/** Median of bytes sent in a session below which it carries no file. */
export const SMALL_BYTES = 4000;
/** Hosts below which shares of them say nothing. */
export const FEWEST_HOSTS = 20;
/** Share from which a peer counts as one that everybody uses. */
export const WIDE_SHARE = 0.1;

/** Share from which a peer is used by most hosts, and below which by hardly any. */
const MOST_SHARE = 0.5;
const SCARCE_SHARE = 0.02;

/** Name resolution, addresses, time, discovery: machines ask for them by the clock. */
const CLOCKWORK_PORTS: ReadonlySet<number> = new Set([53, 67, 68, 123, 137, 138, 1900, 5353]);
const LOGIN_PORTS: ReadonlySet<number> = new Set([22, 23, 445, 3389]);

const FACTORS = {
  clockwork: 0.2,
  internal: 0.2,
  unanswered: 0.5,
  smallLogin: 0.4,
  widelyUsed: 0.3,
  usedByMost: 0.85,
  scarce: 1.15,
} as const;

const CLOCKWORK = [...CLOCKWORK_PORTS].join(', ');
const LOGIN = [...LOGIN_PORTS].join(', ');

/** What priorOf computes, in words. */
export const PRIOR_FORMULA = [
  '0 for multicast and broadcast, else the product of:',
  `${FACTORS.clockwork} if the port is ${CLOCKWORK} and the peer is internal, in infrastructure or has beacon_prevalence >= ${WIDE_SHARE},`,
  `else ${FACTORS.internal} if the peer is internal and the pair is known for a week or more (or the project for less than two weeks);`,
  `${FACTORS.unanswered} if no session of 24 h was answered;`,
  `${FACTORS.smallLogin} if the port is ${LOGIN} and the median of bytes sent in a session is below ${SMALL_BYTES};`,
  `with ${FEWEST_HOSTS} active hosts or more: ${FACTORS.widelyUsed} if beacon_prevalence > ${WIDE_SHARE} and the peer was contacted a week ago or earlier,`,
  `else ${FACTORS.usedByMost} if it is > ${MOST_SHARE}, else ${FACTORS.scarce} if it is < ${SCARCE_SHARE}`,
].join(' ');

const isClockwork = (port: number): boolean => CLOCKWORK_PORTS.has(port);

/**
 * How far a regular pair is to be suspected before its cadence is looked at, 0 .. 1.15: a product of what speaks against it.
 * The factors are multiplied in a fixed order, so that equal pairs have equal priors to the last bit.
 *
 * @param port -1: none.
 * @param traits bits of TRAITS.
 */
export function priorOf(port: number, traits: number, { active, prevalence, isEstablished }: PeerUse): number {
  const has = (trait: number): boolean => (traits & trait) !== 0;
  const isCounted = active >= FEWEST_HOSTS;
  if (has(TRAITS.toMany)) return 0;
  let prior = 1;
  const isServed = has(TRAITS.internal | TRAITS.infrastructure) || (isCounted && prevalence >= WIDE_SHARE);
  if (isClockwork(port) && isServed) prior *= FACTORS.clockwork;
  else if (has(TRAITS.internal) && !has(TRAITS.young)) prior *= FACTORS.internal;
  if (has(TRAITS.unanswered)) prior *= FACTORS.unanswered;
  if (LOGIN_PORTS.has(port) && has(TRAITS.small)) prior *= FACTORS.smallLogin;
  if (!isCounted) return prior;
  if (prevalence > WIDE_SHARE && isEstablished) return prior * FACTORS.widelyUsed;
  if (prevalence > MOST_SHARE) return prior * FACTORS.usedByMost;
  return prevalence < SCARCE_SHARE ? prior * FACTORS.scarce : prior;
}
