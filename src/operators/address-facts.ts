import { type Address, maskIpv4, parseAddress, shardOf } from './address.ts';
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
  const growing = createGrowingFacts(options, list.count);
  growing.describe(list, 0);
  return growing.facts;
}

/** Facts of a list that addresses are added to. */
export interface GrowingFacts {
  /** Columns may be longer than the list. */
  readonly facts: AddressFacts;
  /** Looks up the addresses of the list from id `from` on; those before are known. */
  describe(list: AddressList, from: number): void;
}

/** @param capacity addresses to make room for at first. */
export function createGrowingFacts(options: PlaceOptions, capacity: number): GrowingFacts {
  const networks = options.hostNetworks.map(networkOf);
  const isInside = insideOf(networks);
  const segmentOf = segmentsBy(options.segmentMapping);
  const riskyIds = new Set(options.highRiskSegments);
  const isRisky = insideOf(options.highRiskSegments.flatMap((text) => parseNetwork(text) ?? []));
  const { prefixLength } = options.segmentMapping;
  const hasPrefixes = options.segmentMapping.networks.length === 0;
  const reused = { family: 4 as const, value: 0 };
  const prefix = { id: '', length: prefixLength };
  const numbers = createSegmentNumbers(capacity);
  let facts = {
    isHost: new Uint8Array(capacity),
    isInternal: new Uint8Array(capacity),
    isHighRisk: new Uint8Array(capacity),
    segment: new Int32Array(capacity),
    ...numbers.counted(),
  };

  const describeOne = (list: AddressList, id: number): void => {
    let address: Address | undefined = reused;
    if (list.isIpv4[id] === 1) reused.value = list.ipv4[id]!;
    else address = parseAddress(list.texts.get(id)!);
    if (address === undefined) {
      facts.segment[id] = numbers.ofText(SEG_UNKNOWN, id);
      return;
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
  };

  return {
    get facts() {
      return facts;
    },
    describe(list, from) {
      const { isHost, isInternal, isHighRisk, segment } = facts;
      if (list.count > segment.length) {
        const length = Math.max(list.count, segment.length * 2);
        facts = {
          ...facts,
          isHost: widened(isHost, new Uint8Array(length)),
          isInternal: widened(isInternal, new Uint8Array(length)),
          isHighRisk: widened(isHighRisk, new Uint8Array(length)),
          segment: widened(segment, new Int32Array(length)),
        };
      }
      for (let id = from; id < list.count; id++) describeOne(list, id);
      facts = { ...facts, ...numbers.counted() };
    },
  };
}

function widened<T extends Uint8Array | Uint32Array | Int32Array>(column: T, wider: T): T {
  wider.set(column);
  return wider;
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

/** Numbers segments as they come. @param addresses to make room for at first; there are no more segments. */
function createSegmentNumbers(addresses: number): SegmentNumbers {
  let size = 16;
  while (size < addresses * 2) size *= 2;
  let slots = new Int32Array(size).fill(-1);
  let bases = new Uint32Array(size / 2);
  let memberOf = new Uint32Array(size / 2);
  const byText = new Map<string, number>();
  const isOfText = new Set<number>();
  let count = 0;

  /** Slot of the segment with this base, or where it would be. */
  const seek = (base: number): number => {
    const hash = Math.imul(base, 0x9e3779b1);
    const last = slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & last;
    while (slots[slot] !== -1 && bases[slots[slot]!] !== base) slot = (slot + 1) & last;
    return slot;
  };
  const append = (member: number): number => {
    if (count === memberOf.length) {
      memberOf = widened(memberOf, new Uint32Array(count * 2));
      bases = widened(bases, new Uint32Array(count * 2));
      slots = new Int32Array(count * 4).fill(-1);
      for (let number = 0; number < count; number++) if (!isOfText.has(number)) slots[seek(bases[number]!)] = number;
    }
    memberOf[count] = member;
    return count++;
  };
  return {
    ofIpv4(base, member) {
      const known = slots[seek(base)]!;
      if (known !== -1) return known;
      const number = append(member);
      bases[number] = base;
      slots[seek(base)] = number;
      return number;
    },
    ofText(id, member) {
      let number = byText.get(id);
      if (number === undefined) {
        number = append(member);
        byText.set(id, number);
        isOfText.add(number);
      }
      return number;
    },
    counted: () => ({ segmentCount: count, memberOf: memberOf.slice(0, count) }),
  };
}

/** Shard of every host of a list: FNV-1a 32 of the canonical text, modulo the number of shards; -1 for others. */
export function shardsOf(list: AddressList, facts: AddressFacts, shards: number): Int32Array {
  return Int32Array.from(facts.isHost, (isHost, id) => (isHost === 1 ? shardOf(textOf(list, id), shards) : -1));
}
