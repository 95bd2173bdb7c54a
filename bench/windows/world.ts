import { fnv1a, parseIpv4, textOrderOfIpv4 } from '../../src/operators/address.ts';
import { type AddressList, textOf } from '../../src/operators/address-book.ts';
import type { RoleName } from '../../src/operators/role-rows.ts';
import { type Random, seededRandom } from '../ingest/random.ts';
import { externalAddress, hostAddress } from '../ingest/traffic.ts';

/** Who there is. Every host has, in each role, `RANKS` (peer, port) pairs of its own, of which it draws by Zipf's law. */
export interface World {
  readonly hosts: number;
  /** Sessions that a host draws for a slice, by role. */
  readonly draws: Readonly<Record<RoleName, number>>;
  /** Every address. */
  readonly addresses: AddressList;
  /** Ids of hosts and of outside addresses. */
  readonly hostIds: Uint32Array;
  readonly externalIds: Uint32Array;
  readonly shards: number;
  /** Hosts (ids, ascending) of each shard. */
  readonly hostsOf: readonly Uint32Array[];
}

export const SEED = 7;
export const SHARDS = 16;
export const RANKS = 1000;
const EXTERNALS_PER_HOST = 10;
const INTERNAL_SHARE: Readonly<Record<RoleName, number>> = { outbound: 0.2, inbound: 0.8 };
/** A host is contacted a third as often as it contacts others. */
const INBOUND_SHARE = 1 / 3;
const COMMON_PORTS = [443, 443, 443, 443, 443, 80, 80, 53, 445, 389, 88, 123, 22, 3389, 1433];
const SERVICE_PORTS = Array.from({ length: 200 }, (_, n) => 1024 + 97 * n);
/** All ports below FIRST_EPHEMERAL. */
export const KNOWN_PORTS: readonly number[] = [...new Set([...COMMON_PORTS, ...SERVICE_PORTS])];
const FIRST_EPHEMERAL = 49_152;

/** @param draws sessions that a host begins in a slice; they go to somewhat fewer distinct pairs. */
export function worldOf(hosts: number, draws: number): World {
  const hostValues = Array.from({ length: hosts }, (_, host) => parseIpv4(hostAddress(host))!);
  const externalValues = Array.from({ length: hosts * EXTERNALS_PER_HOST }, (_, n) => parseIpv4(externalAddress(n))!);
  const byText = (a: number, b: number): number => textOrderOfIpv4(a) - textOrderOfIpv4(b);
  const values = Uint32Array.from(new Set([...hostValues, ...externalValues])).sort(byText);
  const idOf = new Map(Array.from(values, (value, id) => [value, id]));
  const addresses: AddressList = {
    count: values.length,
    ipv4: values,
    isIpv4: new Uint8Array(values.length).fill(1),
    texts: new Map(),
  };
  const hostIds = Uint32Array.from(hostValues, (value) => idOf.get(value)!);
  const shardOf = (id: number): number => fnv1a(textOf(addresses, id)) % SHARDS;
  return {
    hosts,
    draws: { outbound: draws, inbound: Math.round(draws * INBOUND_SHARE) },
    addresses,
    hostIds,
    externalIds: Uint32Array.from(externalValues, (value) => idOf.get(value)!),
    shards: SHARDS,
    hostsOf: Array.from({ length: SHARDS }, (_, shard) => hostIds.filter((id) => shardOf(id) === shard).sort()),
  };
}

/** The pairs that a host may contact, ordered by (peer, port); `places[r]` is where its r-th favourite stands. */
export interface Acquaintances {
  readonly peer: Uint32Array;
  readonly port: Int32Array;
  readonly places: Uint16Array;
}

export function acquaintancesOf(world: World, role: RoleName, random: Random): Acquaintances {
  const codes = new Float64Array(RANKS);
  for (let rank = 0; rank < RANKS; rank++) {
    const isInternal = random.unit() < INTERNAL_SHARE[role];
    const peer = isInternal
      ? world.hostIds[random.skewed(world.hosts, 1.5)]!
      : world.externalIds[random.skewed(world.externalIds.length, 3)]!;
    codes[rank] = (peer * 65_536 + portOf(random)) * RANKS + rank;
  }
  codes.sort();
  const own = { peer: new Uint32Array(RANKS), port: new Int32Array(RANKS), places: new Uint16Array(RANKS) };
  let last = -1;
  let place = -1;
  for (const code of codes) {
    const pair = Math.floor(code / RANKS);
    if (pair !== last) place++;
    last = pair;
    own.peer[place] = Math.floor(pair / 65_536);
    own.port[place] = pair % 65_536;
    own.places[code % RANKS] = place;
  }
  return { ...own, peer: own.peer.slice(0, place + 1), port: own.port.slice(0, place + 1) };
}

function portOf(random: Random): number {
  const dice = random.unit();
  if (dice < 0.02) return FIRST_EPHEMERAL + random.below(16_000);
  if (dice < 0.06) return SERVICE_PORTS[random.below(SERVICE_PORTS.length)]!;
  return COMMON_PORTS[random.below(COMMON_PORTS.length)]!;
}

/** Share of a host's draws that its r-th favourite has. */
export const SHARES: Float64Array = (() => {
  const weights = Float64Array.from({ length: RANKS }, (_, rank) => 1 / (rank + 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
})();

/** The favourite that a 16-bit number draws. */
export const RANK_OF: Uint16Array = (() => {
  const ranks = new Uint16Array(65_536);
  let rank = 0;
  let below = SHARES[0]!;
  for (let n = 0; n < ranks.length; n++) {
    while (rank < RANKS - 1 && n / ranks.length >= below) below += SHARES[++rank]!;
    ranks[n] = rank;
  }
  return ranks;
})();

export const randomFor = (shard: number): Random => seededRandom(SEED * 1_000 + shard);
