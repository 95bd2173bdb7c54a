import { type Address, formatIpv4, formatIpv6, maskIpv4, maskIpv6 } from './address.ts';
import { contains, networkOf } from './networks.ts';

/** How addresses are grouped: named networks first (longest match), else the prefix of the given length. */
export interface SegmentMapping {
  readonly prefixLength: number;
  readonly ipv6PrefixLength: number;
  readonly networks: readonly { readonly name: string; readonly cidr: string }[];
}

/** The segment of an address that cannot be read. */
export const SEG_UNKNOWN = 'SEG_UNKNOWN';

export interface Segment {
  readonly id: string;
  /** Prefix length of the network that decided. */
  readonly length: number;
}

/** Returns the function address → segment. */
export function segmentsBy(mapping: SegmentMapping): (address: Address) => Segment {
  const named = mapping.networks
    .map(({ name, cidr }) => ({ name, network: networkOf(cidr) }))
    .sort((a, b) => b.network.length - a.network.length);
  return (address) => {
    for (const { name, network } of named) {
      if (contains(network, address)) return { id: name, length: network.length };
    }
    if (address.family === 4) {
      const length = mapping.prefixLength;
      return { id: `${formatIpv4(maskIpv4(address.value, length))}/${length}`, length };
    }
    const length = mapping.ipv6PrefixLength;
    return { id: `${formatIpv6(maskIpv6(address.groups, length))}/${length}`, length };
  };
}

/** The last address of an IPv4 segment shorter than /31 is its broadcast address. */
export function isBroadcast(address: Address, segment: Segment): boolean {
  if (address.family !== 4 || segment.length > 30) return false;
  return (address.value | maskIpv4(0xffffffff, segment.length)) >>> 0 === 0xffffffff;
}
