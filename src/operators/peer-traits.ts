import { type Address, parseAddress } from './address.ts';
import type { AddressList } from './address-book.ts';
import { TRAITS } from './beacon-prior.ts';
import { contains, networkOf } from './networks.ts';
import { isBroadcast, type SegmentMapping, segmentsBy } from './segments.ts';

export interface PeerPlaces {
  readonly segmentMapping: SegmentMapping;
  /** Networks of resolvers, time servers, proxies and the like. */
  readonly infrastructure: readonly string[];
}

/** Gives what a peer's address itself says, as bits of TRAITS. One that cannot be read says whether it is internal. */
export function peerTraitsBy({
  segmentMapping,
  infrastructure,
}: PeerPlaces): (list: AddressList, id: number, isInternal: boolean) => number {
  const segmentOf = segmentsBy(segmentMapping);
  const networks = infrastructure.map(networkOf);
  return ({ isIpv4, ipv4, texts }, id, isInternal) => {
    const address: Address | undefined =
      isIpv4[id] === 1 ? { family: 4, value: ipv4[id]! } : parseAddress(texts.get(id)!);
    let traits = isInternal ? TRAITS.internal : 0;
    if (address === undefined) return traits;
    const isLast = isInternal && isBroadcast(address, segmentOf(address));
    if (isMulticast(address) || isLast || isLimitedBroadcast(address)) traits |= TRAITS.toMany;
    if (networks.some((network) => contains(network, address))) traits |= TRAITS.infrastructure;
    return traits;
  };
}

/** 224.0.0.0/4, ff00::/8. */
function isMulticast(address: Address): boolean {
  if (address.family === 4) return address.value >>> 28 === 0xe;
  return address.groups[0]! >>> 8 === 0xff;
}

const isLimitedBroadcast = (address: Address): boolean => address.family === 4 && address.value === 0xffffffff;
