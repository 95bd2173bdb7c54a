/**
 * Addresses are numbers here: an IPv4 address its value, an IPv6 address a number of the range that IPv4 reserves
 * (240.0.0.0/4), which says what it belongs to.
 */
const FIRST_IPV6 = 0xf0000000;
const KIND_SHIFT = 24;
const PLACE_MASK = (1 << KIND_SHIFT) - 1;

export const ipv4 = (a: number, b: number, c: number, d: number): number =>
  ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;

export const isIpv6 = (address: number): boolean => address >= FIRST_IPV6;

/** Well-known IPv6 addresses, by their place. */
const KNOWN = ['fd10:10:10::a', 'ff02::fb', 'ff02::16'] as const;
export type KnownIpv6 = (typeof KNOWN)[number];

export const knownIpv6 = (text: KnownIpv6): number => FIRST_IPV6 + KNOWN.indexOf(text);
/** Web site by rank. */
export const siteIpv6 = (rank: number): number => FIRST_IPV6 + (1 << KIND_SHIFT) + rank;
/** The IPv6 address of the machine with this IPv4 address in 10.0.0.0/8. */
export const machineIpv6 = (address: number): number => FIRST_IPV6 + (2 << KIND_SHIFT) + (address & PLACE_MASK);

/** The address as logs write it. */
export function addressText(address: number): string {
  if (!isIpv6(address)) return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
  const place = address & PLACE_MASK;
  switch ((address >>> KIND_SHIFT) & 15) {
    case 0:
      return KNOWN[place]!;
    case 1:
      return `2001:db8:1:${(1 + (place >>> 12)).toString(16)}::${(1 + (place & 0xfff)).toString(16)}`;
    default:
      return `fd10:10:${(place >>> 16).toString(16)}:${((place >>> 8) & 255).toString(16)}::${(place & 255).toString(16)}`;
  }
}
