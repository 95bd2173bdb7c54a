/** Addresses, networks, hosts and segments, on plain big integers. */

import type { Settings } from './parameters.ts';

export interface Address {
  /** RFC 5952 text; an IPv4-mapped address is the IPv4 address. */
  readonly text: string;
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** What there is to know about the text in an address field. */
export interface Endpoint {
  readonly text: string;
  readonly isHost: boolean;
  readonly isInternal: boolean;
  readonly isHighRisk: boolean;
  readonly segment: string;
}

export interface Network {
  readonly name: string;
  readonly address: Address;
  readonly length: number;
}

export const UNKNOWN_SEGMENT = 'SEG_UNKNOWN';

export function parseAddress(text: string): Address | null {
  const four = parseFour(text);
  if (four !== null) return { text: textOfFour(four), bits: 32, value: four };
  const six = parseSix(text);
  if (six === null) return null;
  if (six >> 32n === 0xffffn) {
    const mapped = six & 0xffffffffn;
    return { text: textOfFour(mapped), bits: 32, value: mapped };
  }
  return { text: textOfSix(six), bits: 128, value: six };
}

function parseFour(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function parseSix(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const left = groupsOf(halves[0]!, halves.length === 1);
  const right = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (left === null || right === null) return null;
  const known = left.length + right.length;
  if (halves.length === 1 ? known !== 8 : known > 7) return null;
  const zeros = new Array<bigint>(8 - known).fill(0n);
  return [...left, ...zeros, ...right].reduce((value, group) => value * 65_536n + group, 0n);
}

/** The 16-bit groups of one side of `::`; only the end of the whole address may be a dotted quad. */
function groupsOf(text: string, isEnd: boolean): bigint[] | null {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(BigInt(`0x${part}`));
      continue;
    }
    const four = isEnd && index === parts.length - 1 ? parseFour(part) : null;
    if (four === null) return null;
    groups.push(four >> 16n, four & 0xffffn);
  }
  return groups;
}

function textOfFour(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

/** Lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function textOfSix(value: bigint): string {
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16));
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length++;
    if (length > bestLength) {
      bestStart = start;
      bestLength = length;
    }
  }
  if (bestStart < 0) return groups.join(':');
  return `${groups.slice(0, bestStart).join(':')}::${groups.slice(bestStart + bestLength).join(':')}`;
}

/** A CIDR (or a bare address, which is a network of one); null where it is neither. */
export function parseNetwork(cidr: string, name = cidr): Network | null {
  const [addressText, lengthText] = cidr.split('/') as [string, string | undefined];
  const address = parseAddress(addressText);
  if (address === null) return null;
  const isMapped = address.bits === 32 && addressText.includes(':');
  const length = lengthText === undefined ? address.bits : Number(lengthText) - (isMapped ? 96 : 0);
  if (!(length >= 0 && length <= address.bits)) return null;
  return { name, address: firstOf(address, length), length };
}

export function contains(network: Network, address: Address): boolean {
  return (
    network.address.bits === address.bits &&
    firstOf(address, network.length).value === firstOf(network.address, network.length).value
  );
}

function firstOf(address: Address, length: number): Address {
  const free = BigInt(address.bits - length);
  const value = (address.value >> free) << free;
  return { text: address.bits === 32 ? textOfFour(value) : textOfSix(value), bits: address.bits, value };
}

/** The network that is an address's segment: the longest named one that holds it, else its prefix. */
export function segmentOf(address: Address, settings: Settings): Network {
  const mapping = settings.segmentMapping;
  if (mapping.strategy === 'cidr_map') {
    const named = Object.entries(mapping.networks ?? {}).flatMap(([name, cidrs]) =>
      [cidrs].flat().map((cidr) => parseNetwork(cidr, name)),
    );
    const holding = named.filter((network): network is Network => network !== null && contains(network, address));
    holding.sort((a, b) => b.length - a.length);
    if (holding[0]) return holding[0];
  }
  const length = address.bits === 32 ? (mapping.prefix_length ?? 24) : (mapping.ipv6_prefix_length ?? 64);
  const first = firstOf(address, length);
  return { name: `${first.text}/${length}`, address: first, length };
}

const NEVER_HOSTS = [
  '224.0.0.0/4',
  'ff00::/8',
  '0.0.0.0/32',
  '::/128',
  '127.0.0.0/8',
  '::1/128',
  '255.255.255.255/32',
].map((cidr) => parseNetwork(cidr)!);

/** Judge the text of an address field. Text that is no address is an endpoint too: a peer of an unknown segment. */
export function judgeEndpoint(text: string, settings: Settings): Endpoint {
  const address = parseAddress(text);
  if (address === null) {
    const isHighRisk = settings.highRiskSegments.includes(UNKNOWN_SEGMENT);
    return { text, isHost: false, isInternal: false, isHighRisk, segment: UNKNOWN_SEGMENT };
  }
  const segment = segmentOf(address, settings);
  const isInternal = settings.hostNetworks.some((cidr) => isInside(cidr, address));
  const isHighRisk = settings.highRiskSegments.some((entry) => entry === segment.name || isInside(entry, address));
  const isHost =
    isInternal && !NEVER_HOSTS.some((network) => contains(network, address)) && !isLastOfSegment(address, segment);
  return { text: address.text, isHost, isInternal, isHighRisk, segment: segment.name };
}

function isInside(cidr: string, address: Address): boolean {
  const network = parseNetwork(cidr);
  return network !== null && contains(network, address);
}

function isLastOfSegment(address: Address, segment: Network): boolean {
  if (address.bits !== 32 || segment.length >= 31) return false;
  const size = 1n << BigInt(32 - segment.length);
  return address.value === segment.address.value + size - 1n;
}
