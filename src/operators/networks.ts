import { type Address, maskIpv4, maskIpv6, parseAddress, parseIpv4, parseIpv6 } from './address.ts';

/** A network in CIDR form, e.g. 10.0.0.0/8 or fc00::/7. */
export type Network =
  | { readonly family: 4; readonly base: number; readonly length: number }
  | { readonly family: 6; readonly base: readonly number[]; readonly length: number };

/**
 * Reads `address/length`, or a bare address as a network of one; undefined if malformed. Host bits are dropped. A network of
 * IPv4-mapped addresses is the IPv4 network: no address is ever kept in the mapped form.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const lengthText = slash < 0 ? undefined : text.slice(slash + 1);
  if (lengthText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return undefined;
  const v4 = parseIpv4(address);
  if (v4 !== undefined) {
    const length = lengthText === undefined ? 32 : Number(lengthText);
    return length > 32 ? undefined : { family: 4, base: maskIpv4(v4, length), length };
  }
  const groups = parseIpv6(address);
  if (groups === undefined) return undefined;
  const length = lengthText === undefined ? 128 : Number(lengthText);
  if (length > 128) return undefined;
  const mapped = parseAddress(address);
  if (mapped?.family === 4 && length >= 96) {
    return { family: 4, base: maskIpv4(mapped.value, length - 96), length: length - 96 };
  }
  return { family: 6, base: maskIpv6(groups, length), length };
}

/** Reads a network that a decoder has accepted before. */
export function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw new Error(`network ${JSON.stringify(text)} is not address/length`);
  return network;
}

export function contains(network: Network, address: Address): boolean {
  if (network.family === 4) return address.family === 4 && maskIpv4(address.value, network.length) === network.base;
  if (address.family === 4) return false;
  const masked = maskIpv6(address.groups, network.length);
  return masked.every((group, i) => group === network.base[i]);
}

/** Addresses that never are a host, whatever host_networks says: multicast, unspecified, loopback, limited broadcast. */
export function isSpecial(address: Address): boolean {
  if (address.family === 4) {
    const first = address.value >>> 24;
    return (first >= 224 && first < 240) || address.value === 0 || first === 127 || address.value === 0xffffffff;
  }
  if (address.groups[0]! >>> 8 === 0xff) return true;
  const last = address.groups[7]!;
  return last <= 1 && address.groups.slice(0, 7).every((group) => group === 0);
}
