/**
 * IP addresses as values. IPv4 is an unsigned 32-bit number; IPv6 is eight 16-bit groups. The canonical text is
 * dotted decimal, or RFC 5952 for IPv6; an IPv4-mapped IPv6 address becomes IPv4. Leading zeros, zones and blanks are malformed.
 */
export type Address =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly groups: readonly number[] };

const OCTET = /^(0|[1-9]\d{0,2})$/;

/** Reads a dotted-decimal address as an unsigned 32-bit number; undefined if it is not one. */
export function parseIpv4(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let value = 0;
  for (const octet of octets) {
    if (!OCTET.test(octet)) return undefined;
    const n = Number(octet);
    if (n > 255) return undefined;
    value = value * 256 + n;
  }
  return value;
}

/** Reads an IPv6 address (embedded dotted decimal included) as eight groups; undefined if it is not one. */
export function parseIpv6(text: string): number[] | undefined {
  if (text.length < 2 || text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = readGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? readGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function readGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (mayEndInIpv4 && i === parts.length - 1 && part.includes('.')) {
      const v4 = parseIpv4(part);
      if (v4 === undefined) return undefined;
      groups.push(v4 >>> 16, v4 & 0xffff);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** Reads either family; undefined if the text is malformed. */
export function parseAddress(text: string): Address | undefined {
  const value = parseIpv4(text);
  if (value !== undefined) return { family: 4, value };
  if (!text.includes(':')) return undefined;
  const groups = parseIpv6(text);
  if (groups === undefined) return undefined;
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? { family: 4, value: groups[6]! * 65536 + groups[7]! } : { family: 6, groups };
}

export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
export function formatIpv6(groups: readonly number[]): string {
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) {
      start = i;
      length = run;
    }
    i += run;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIpv4(address.value) : formatIpv6(address.groups);
}

/** Keeps the first `length` bits of an unsigned 32-bit address. */
export function maskIpv4(value: number, length: number): number {
  return length === 0 ? 0 : (value & (0xffffffff << (32 - length))) >>> 0;
}

export function maskIpv6(groups: readonly number[], length: number): number[] {
  return groups.map((group, i) => {
    const bits = Math.min(16, Math.max(0, length - i * 16));
    return group & (0xffff << (16 - bits)) & 0xffff;
  });
}

/** OCTET_RANK[n] orders 0..255 as their decimal texts are ordered: 0, 1, 10, 100, 101, … */
const OCTET_RANK = (() => {
  const order = Array.from({ length: 256 }, (_, n) => String(n)).sort();
  const rank = new Uint8Array(256);
  order.forEach((text, i) => {
    rank[Number(text)] = i;
  });
  return rank;
})();
const RANKED_OCTET = (() => {
  const octet = new Uint8Array(256);
  OCTET_RANK.forEach((rank, n) => {
    octet[rank] = n;
  });
  return octet;
})();

/** Maps an IPv4 address to the number whose order is the order of the dotted texts ('.' sorts before every digit). */
export function textOrderOfIpv4(value: number): number {
  return (
    ((OCTET_RANK[value >>> 24]! << 24) |
      (OCTET_RANK[(value >>> 16) & 255]! << 16) |
      (OCTET_RANK[(value >>> 8) & 255]! << 8) |
      OCTET_RANK[value & 255]!) >>>
    0
  );
}

/** The inverse of {@link textOrderOfIpv4}. */
export function ipv4OfTextOrder(order: number): number {
  return (
    ((RANKED_OCTET[order >>> 24]! << 24) |
      (RANKED_OCTET[(order >>> 16) & 255]! << 16) |
      (RANKED_OCTET[(order >>> 8) & 255]! << 8) |
      RANKED_OCTET[order & 255]!) >>>
    0
  );
}

/** FNV-1a, 32 bits, of the text's UTF-8 bytes (canonical addresses are ASCII). */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ (text.charCodeAt(i) & 0xff), 0x01000193);
  return hash >>> 0;
}

/** Which of so many shards a host belongs to, by its canonical address. */
export const shardOf = (host: string, shards: number): number => fnv1a(host) % shards;
