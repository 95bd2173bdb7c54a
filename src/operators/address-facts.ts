import { type Address, fnv1a, parseAddress } from './address.ts';
import { type AddressList, textOf } from './address-book.ts';
import { contains, isSpecial, networkOf, parseNetwork } from './networks.ts';
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
  /** Index into `segments`. */
  readonly segment: Int32Array;
  readonly segments: readonly string[];
}

/** Looks up hosts, internal addresses and segments for a whole list at once. */
export function factsOf(list: AddressList, options: PlaceOptions): AddressFacts {
  const networks = options.hostNetworks.map(networkOf);
  const segmentOf = segmentsBy(options.segmentMapping);
  const riskyIds = new Set(options.highRiskSegments);
  const riskyNetworks = options.highRiskSegments.flatMap((text) => parseNetwork(text) ?? []);
  const isHost = new Uint8Array(list.count);
  const isInternal = new Uint8Array(list.count);
  const isHighRisk = new Uint8Array(list.count);
  const segment = new Int32Array(list.count);
  const segments: string[] = [];
  const codes = new Map<string, number>();
  for (let id = 0; id < list.count; id++) {
    const address: Address | undefined =
      list.isIpv4[id] === 1 ? { family: 4, value: list.ipv4[id]! } : parseAddress(list.texts.get(id)!);
    const place = address === undefined ? { id: SEG_UNKNOWN, length: 128 } : segmentOf(address);
    let code = codes.get(place.id);
    if (code === undefined) {
      code = segments.push(place.id) - 1;
      codes.set(place.id, code);
    }
    segment[id] = code;
    if (address === undefined) continue;
    const internal = networks.some((network) => contains(network, address));
    if (internal) isInternal[id] = 1;
    if (internal && !isSpecial(address) && !isBroadcast(address, place)) isHost[id] = 1;
    if (riskyIds.has(place.id) || riskyNetworks.some((network) => contains(network, address))) isHighRisk[id] = 1;
  }
  return { isHost, isInternal, isHighRisk, segment, segments };
}

/** Shard of every host of a list: FNV-1a 32 of the canonical text, modulo the number of shards; -1 for others. */
export function shardsOf(list: AddressList, facts: AddressFacts, shards: number): Int32Array {
  return Int32Array.from(facts.isHost, (isHost, id) => (isHost === 1 ? fnv1a(textOf(list, id)) % shards : -1));
}
