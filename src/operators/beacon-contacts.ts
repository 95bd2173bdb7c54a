import type { AddressList } from './address-book.ts';
import type { HeldDay } from './held-day.ts';

/** How many hosts of a shard contacted each peer, outbound, in 24 hours. Peers come in any order. */
export interface PeerContacts {
  /** IPv4 value of peer i, where texts lacks it. */
  readonly ipv4: Uint32Array;
  /** Of the peers that are not IPv4. */
  readonly texts: ReadonlyMap<number, string>;
  readonly hosts: Uint32Array;
}

/** Counts the hosts that contacted each peer in the slices that the day holds. */
export function peerContactsOf({ addresses: { list }, rows: { outbound } }: HeldDay): PeerContacts {
  const { places, entryStarts, entryEnds, rowStarts, pairs } = outbound;
  const counts = new Uint32Array(list.count);
  /** Host that contacted a peer last, plus one. */
  const lastHost = new Uint32Array(list.count);
  for (let host = 0; host < places; host++) {
    const end = rowStarts[entryEnds[host]!]!;
    for (let p = rowStarts[entryStarts[host]!]!; p < end; p++) {
      const id = pairs.peer[p]!;
      if (lastHost[id] === host + 1) continue;
      lastHost[id] = host + 1;
      counts[id]!++;
    }
  }
  const length = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const found = { ipv4: new Uint32Array(length), hosts: new Uint32Array(length), texts: new Map<number, string>() };
  for (let id = 0, n = 0; id < counts.length; id++) {
    if (counts[id] === 0) continue;
    found.hosts[n] = counts[id]!;
    if (list.isIpv4[id] === 1) found.ipv4[n] = list.ipv4[id]!;
    else found.texts.set(n, list.texts.get(id)!);
    n++;
  }
  return found;
}

/** How many hosts of all shards contacted each of some peers. */
export function sumContacts(peers: AddressList, shards: readonly PeerContacts[]): Float64Array {
  const placeOfIpv4 = new Map<number, number>();
  const placeOfText = new Map(Array.from(peers.texts, ([peer, text]) => [text, peer]));
  for (let peer = 0; peer < peers.count; peer++) if (peers.isIpv4[peer] === 1) placeOfIpv4.set(peers.ipv4[peer]!, peer);
  const sums = new Float64Array(peers.count);
  for (const { ipv4, texts, hosts } of shards) {
    for (let i = 0; i < ipv4.length; i++) {
      const place = texts.has(i) ? placeOfText.get(texts.get(i)!) : placeOfIpv4.get(ipv4[i]!);
      if (place !== undefined) sums[place]! += hosts[i]!;
    }
  }
  return sums;
}
