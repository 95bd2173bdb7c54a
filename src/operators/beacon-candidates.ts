import { type AddressList, listOfThose, mergeBooks } from './address-book.ts';
import { cadenceOf } from './beacon-cadence.ts';
import { peerContactsOf } from './beacon-contacts.ts';
import { SMALL_BYTES, TRAITS } from './beacon-prior.ts';
import type { BeaconCandidates, ShardBeacons } from './beacon-rows.ts';
import type { HeldDay } from './held-day.ts';
import { createHostContacts, type RepeatedPair } from './host-contacts.ts';
import { DIRECTIONS } from './metrics.ts';
import type { PairTimings } from './pair-timings.ts';
import { type PeerPlaces, peerTraitsBy } from './peer-traits.ts';
import { HOUR_MS } from './time.ts';
import { timedEntriesOf } from './timed-entries.ts';

const SECONDS_OF_DAY = 86_400;

/** What beacons of a shard are looked for in. */
export interface BeaconSources {
  /** The blocks of the 24 hours up to the slice's end that come no later in order, the mini-batch's own among them. */
  readonly day: HeldDay;
  /** Timings of those blocks, by their names in the day. */
  readonly timings: ReadonlyMap<string, PairTimings>;
  /** Hosts of the window rows, in their order. */
  readonly hosts: AddressList;
  readonly sliceEnd: number;
  readonly places: PeerPlaces;
  /** Tells of internal peers whether the pair counts as young. */
  readonly isYoung: YoungPairs;
}

/** Pairs that are not known to be old; peers and hosts are ids of the lists given. Ports of -1 are none. */
export type YoungPairs = (
  hosts: AddressList,
  peers: AddressList,
) => (host: number, peer: number, port: number) => boolean;

/**
 * The outbound pairs of each host that have a session in the slice and begin sessions regularly, with all that can be said of
 * them without the other shards; the busiest external service (sessions of 24 h / 86,400, at most 1); the longest outbound
 * session to an external peer that ended in 24 h.
 */
export function shardBeaconsOf(sources: BeaconSources): ShardBeacons {
  const { day, hosts, sliceEnd, places, isYoung } = sources;
  const { list, facts } = day.addresses;
  const ids = day.addresses.find(hosts);
  const timed = timedEntriesOf(sources);
  const contacts = createHostContacts(day.rows.outbound, timed, facts.isInternal, sliceEnd);
  const strobe = new Float64Array(hosts.count);
  const longSessionHours = new Float64Array(hosts.count);
  const found = { host: [] as number[], id: [] as number[], port: [] as number[] };
  const intervalMs: number[] = [];
  const cadence: number[] = [];
  const traits: number[] = [];
  const traitsOf = peerTraitsBy(places);
  const known = new Map<number, number>();
  const judge = (host: number, { peer, port, starts, bytes, isUnanswered }: RepeatedPair): void => {
    const regular = cadenceOf(starts, bytes);
    if (regular === undefined) return;
    let own = known.get(peer);
    if (own === undefined) {
      own = traitsOf(list, peer, facts.isInternal[peer] === 1);
      known.set(peer, own);
    }
    found.host.push(host);
    found.id.push(peer);
    found.port.push(port);
    intervalMs.push(regular.intervalMs);
    cadence.push(regular.value);
    if (isUnanswered) own |= TRAITS.unanswered;
    if (regular.medianBytes < SMALL_BYTES) own |= TRAITS.small;
    traits.push(own);
  };
  for (let host = 0; host < hosts.count; host++) {
    const { busiest, longest } = contacts.gather(ids[host]!, (pair) => judge(host, pair));
    strobe[host] = Math.min(1, busiest / SECONDS_OF_DAY);
    longSessionHours[host] = longest / HOUR_MS;
  }
  const { peers, peer } = peersOf(list, found.id);
  const candidates: BeaconCandidates = {
    ...{ peers, peer },
    host: Uint32Array.from(found.host),
    port: Int32Array.from(found.port),
    intervalMs: Float64Array.from(intervalMs),
    cadence: Float64Array.from(cadence),
    traits: Uint8Array.from(traits),
  };
  markYoung(candidates, isYoung(hosts, peers));
  return { active: activeIn(day), candidates, contacts: peerContactsOf(day), strobe, longSessionHours };
}

/** The peers as a list in the order of their texts, and the ids of each in it. */
function peersOf(list: AddressList, ids: readonly number[]): { peers: AddressList; peer: Uint32Array } {
  const isPeer = new Uint8Array(list.count);
  for (const id of ids) isPeer[id] = 1;
  // Lasting ids are given in the order of arrival.
  const placeOf = new Uint32Array(list.count);
  let place = 0;
  for (let id = 0; id < list.count; id++) if (isPeer[id] === 1) placeOf[id] = place++;
  const { list: peers, remaps } = mergeBooks([listOfThose(list, isPeer)]);
  return { peers, peer: Uint32Array.from(ids, (id) => remaps[0]![placeOf[id]!]!) };
}

function markYoung({ host, peer, port, traits }: BeaconCandidates, isYoung: ReturnType<YoungPairs>): void {
  for (let c = 0; c < host.length; c++) {
    if ((traits[c]! & TRAITS.internal) === 0) continue;
    if (isYoung(host[c]!, peer[c]!, port[c]!)) traits[c]! |= TRAITS.young;
  }
}

/** Hosts active in either role. */
function activeIn({ addresses, rows }: HeldDay): number {
  const isActive = new Uint8Array(addresses.list.count);
  for (const role of DIRECTIONS) {
    const { placeOf } = rows[role];
    for (let id = 0; id < isActive.length; id++) if (placeOf[id]! >= 0) isActive[id] = 1;
  }
  return isActive.reduce((sum, one) => sum + one, 0);
}
