import { type AddressList, textOf } from './address-book.ts';
import type { PeerContacts } from './beacon-contacts.ts';
import { type PeerUse, priorOf } from './beacon-prior.ts';

/** Beaconing, strobe and long sessions, one entry for each host of a shard's window rows, in their order. */
export interface BeaconRows {
  /** 0 .. 1; 0 without a candidate. */
  readonly score: Float64Array;
  /** Canonical text; '' without a candidate. */
  readonly peer: readonly string[];
  /** 0: none, or no candidate. */
  readonly port: Int32Array;
  /** Seconds; NaN without a candidate. */
  readonly intervalSec: Float64Array;
  readonly cadence: Float64Array;
  readonly prior: Float64Array;
  /** Share of the project's hosts that contacted the peer. */
  readonly prevalence: Float64Array;
  /** 0 .. 1. */
  readonly strobe: Float64Array;
  readonly longSessionHours: Float64Array;
}

/** Pairs that begin sessions regularly, in any order. */
export interface BeaconCandidates {
  /** Ascending as text, so that ids compare like it. */
  readonly peers: AddressList;
  /** Place of the host in the shard's window rows. */
  readonly host: Uint32Array;
  /** Id in `peers`. */
  readonly peer: Uint32Array;
  /** -1: none. */
  readonly port: Int32Array;
  readonly intervalMs: Float64Array;
  /** Above 0. */
  readonly cadence: Float64Array;
  /** Bits of TRAITS. */
  readonly traits: Uint8Array;
}

/** What one shard's hosts did in the 24 hours up to a slice's end, as far as it can be told without the other shards. */
export interface ShardBeacons {
  /** Hosts active in either role. */
  readonly active: number;
  readonly candidates: BeaconCandidates;
  readonly contacts: PeerContacts;
  readonly strobe: Float64Array;
  readonly longSessionHours: Float64Array;
}

/**
 * Chooses each host's best pair: the greatest cadence x prior, then the least peer as text, then the least port (none is 0).
 *
 * @param useOf how the project uses a peer, by its id in the candidates' list.
 */
export function beaconRowsOf(
  { candidates, strobe, longSessionHours }: Pick<ShardBeacons, 'candidates' | 'strobe' | 'longSessionHours'>,
  useOf: (peer: number) => PeerUse,
): BeaconRows {
  const hosts = strobe.length;
  const { host, peer, port, intervalMs, cadence, traits, peers } = candidates;
  const best = new Int32Array(hosts).fill(-1);
  const priors = new Float64Array(host.length);
  const weight = (c: number): number => cadence[c]! * priors[c]!;
  const isBetter = (a: number, b: number): boolean => {
    if (weight(a) !== weight(b)) return weight(a) > weight(b);
    if (peer[a] !== peer[b]) return peer[a]! < peer[b]!;
    return port[a]! < port[b]!;
  };
  for (let c = 0; c < host.length; c++) {
    priors[c] = priorOf(port[c]!, traits[c]!, useOf(peer[c]!));
    const other = best[host[c]!]!;
    if (priors[c]! > 0 && (other < 0 || isBetter(c, other))) best[host[c]!] = c;
  }
  const numbers = (numberOf: (c: number) => number, none: number): Float64Array =>
    Float64Array.from(best, (c) => (c < 0 ? none : numberOf(c)));
  return {
    score: numbers((c) => Math.min(1, weight(c)), 0),
    peer: Array.from(best, (c) => (c < 0 ? '' : textOf(peers, peer[c]!))),
    port: Int32Array.from(best, (c) => (c < 0 ? 0 : Math.max(0, port[c]!))),
    intervalSec: numbers((c) => intervalMs[c]! / 1000, Number.NaN),
    cadence: numbers((c) => cadence[c]!, 0),
    prior: numbers((c) => priors[c]!, 0),
    prevalence: numbers((c) => useOf(peer[c]!).prevalence, 0),
    strobe,
    longSessionHours,
  };
}
