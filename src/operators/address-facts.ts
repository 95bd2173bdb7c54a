import { type Address, fnv1a, maskIpv4, parseAddress } from './address.ts';
import { type AddressList, textOf } from './address-book.ts';
import { contains, isSpecial, type Network, networkOf, parseNetwork } from './networks.ts';
import { isBroadcast, SEG_UNKNOWN, type SegmentMapping, segmentsBy } from './segments.ts';

export interface PlaceOptions {
  readonly hostNetworks: readonly string[];
  readonly segmentMapping: SegmentMapping;
  /** Segment ids, or CIDRs. */
  readonly highRiskSegments: readonly string[];
}

/** What is known of every address of a list, by id. */
export interface AddressFacts {
  /** 1: a monitored address. */
  readonly isHost: Uint8Array;
  /** 1: inside host_networks. */
  readonly isInternal: Uint8Array;
  /** 1: in a high-risk segment. */
  readonly isHighRisk: Uint8Array;
  /** Number of the segment; addresses of one segment share it. */
  readonly segment: Int32Array;
  readonly segmentCount: number;
  /** Id of an address that lies in the segment, by its number. */
  readonly memberOf: Uint32Array;
}

/** Looks up hosts, internal addresses and segments for a whole list at once. */
export function factsOf(list: AddressList, options: PlaceOptions): AddressFacts {
  const networks = options.hostNetworks.map(networkOf);
  const isInside = insideOf(networks);
  const segmentOf = segmentsBy(options.segmentMapping);
  const riskyIds = new Set(options.highRiskSegments);
  const isRisky = insideOf(options.highRiskSegments.flatMap((text) => parseNetwork(text) ?? []));
  const numbers = createSegmentNumbers(list.count);
  const facts = {
    isHost: new Uint8Array(list.count),
    isInternal: new Uint8Array(list.count),
    isHighRisk: new Uint8Array(list.count),
    segment: new Int32Array(list.count),
  };
  const { prefixLength } = options.segmentMapping;
  const hasPrefixes = options.segmentMapping.networks.length === 0;
  const reused = { family: 4 as const, value: 0 };
  const prefix = { id: '', length: prefixLength };
  for (let id = 0; id < list.count; id++) {
    let address: Address | undefined = reused;
    if (list.isIpv4[id] === 1) reused.value = list.ipv4[id]!;
    else address = parseAddress(list.texts.get(id)!);
    if (address === undefined) {
      facts.segment[id] = numbers.ofText(SEG_UNKNOWN, id);
      continue;
    }
    // An IPv4 prefix needs no text to be told from others: most addresses of a batch are seen once.
    const isPrefix = address === reused && hasPrefixes;
    const segment = isPrefix ? prefix : segmentOf(address);
    facts.segment[id] = isPrefix
      ? numbers.ofIpv4(maskIpv4(reused.value, prefixLength), id)
      : numbers.ofText(segment.id, id);
    const internal = isInside(address);
    if (internal) facts.isInternal[id] = 1;
    if (internal && !isSpecial(address) && !isBroadcast(address, segment)) facts.isHost[id] = 1;
    if (isRisky(address)) facts.isHighRisk[id] = 1;
    else if (riskyIds.size > 0 && riskyIds.has(isPrefix ? segmentOf(address).id : segment.id)) facts.isHighRisk[id] = 1;
  }
  return { ...facts, ...numbers.counted() };
}

function insideOf(networks: readonly Network[]): (address: Address) => boolean {
  return (address) => {
    for (const network of networks) if (contains(network, address)) return true;
    return false;
  };
}

/** Gives the ids of segments by their numbers. */
export function segmentIdsOf(
  list: AddressList,
  facts: AddressFacts,
  mapping: SegmentMapping,
): (segment: number) => string {
  const segmentOf = segmentsBy(mapping);
  return (segment) => {
    const address = parseAddress(textOf(list, facts.memberOf[segment]!));
    return address === undefined ? SEG_UNKNOWN : segmentOf(address).id;
  };
}

interface SegmentNumbers {
  /** Number of the segment with this base; `member` is remembered for a new one. */
  ofIpv4(base: number, member: number): number;
  ofText(id: string, member: number): number;
  counted(): { readonly segmentCount: number; readonly memberOf: Uint32Array };
}

/** Numbers segments as they come; there are at most as many as addresses. */
function createSegmentNumbers(addresses: number): SegmentNumbers {
  let size = 16;
  while (size < addresses * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const bases = new Uint32Array(addresses);
  const memberOf = new Uint32Array(addresses);
  const byText = new Map<string, number>();
  let count = 0;
  return {
    ofIpv4(base, member) {
      const hash = Math.imul(base, 0x9e3779b1);
      let slot = (hash ^ (hash >>> 15)) & (size - 1);
      for (let number = slots[slot]!; number >= 0; number = slots[slot]!) {
        if (bases[number] === base) return number;
        slot = (slot + 1) & (size - 1);
      }
      slots[slot] = count;
      bases[count] = base;
      memberOf[count] = member;
      return count++;
    },
    ofText(id, member) {
      let number = byText.get(id);
      if (number === undefined) {
        number = count++;
        memberOf[number] = member;
        byText.set(id, number);
      }
      return number;
    },
    counted: () => ({ segmentCount: count, memberOf: memberOf.slice(0, count) }),
  };
}

/** Shard of every host of a list: FNV-1a 32 of the canonical text, modulo the number of shards; -1 for others. */
export function shardsOf(list: AddressList, facts: AddressFacts, shards: number): Int32Array {
  return Int32Array.from(facts.isHost, (isHost, id) => (isHost === 1 ? fnv1a(textOf(list, id)) % shards : -1));
}
