import type { AddressList } from './address-book.ts';
import { mergeBooks, textOf } from './address-book.ts';
import { type AddressColumns, createAddressColumns } from './address-columns.ts';
import type { AddressFacts } from './address-facts.ts';
import { factsOf, type PlaceOptions, shardsOf } from './address-facts.ts';
import { type DeltaOptions, deltaOf, type Grouping, groupByHost, type RoleColumns } from './delta.ts';
import { FLOW_WORDS, type FlowChunks, type FlowRecords, WORDS_PER_FLOW } from './flow.ts';
import type { FileFlows } from './flow-reader.ts';
import { type PairCountFilters, type PairCounts, pairCountsOf } from './pair-counts.ts';
import { type QualityCounts, settleTimes } from './quality.ts';
import { pairKey, type RoleName } from './role-rows.ts';
import { orderPairs, orderRows, type PairOrder, type RowOrder, type ShardRows } from './row-order.ts';
import type { SegmentMapping } from './segments.ts';

/** Everything that a mini-batch's delta, pair context and pair counts are written from. */
export interface SliceRows {
  readonly addresses: AddressList;
  readonly addressColumns: AddressColumns;
  readonly facts: AddressFacts;
  readonly segmentMapping: SegmentMapping;
  readonly shards: readonly ShardRows[];
  readonly order: RowOrder;
  readonly pairOrder: PairOrder;
  readonly pairCounts: PairCounts;
}

export interface SliceOptions extends DeltaOptions {
  readonly places: PlaceOptions;
  readonly roles: Readonly<Record<RoleName, RoleColumns>>;
  readonly shards: number;
  readonly pairCounts: PairCountFilters;
}

/** The flows of a mini-batch over one list of addresses. */
export interface MiniBatchFlows {
  readonly flows: FlowChunks;
  readonly addresses: AddressList;
  readonly facts: AddressFacts;
  readonly groupings: Readonly<Record<RoleName, Grouping>>;
  /** Hosts with flows, by shard and role, ids ascending. */
  readonly hosts: readonly Readonly<Record<RoleName, Uint32Array>>[];
}

/** Joins the flows of all files. Consumes `files`: the addresses in their flows are numbered anew, in place. */
export function joinFlows(files: FileFlows[], options: SliceOptions, counts: QualityCounts): MiniBatchFlows {
  const { list, remaps } = mergeBooks(files.map((file) => file.addresses));
  const flows: FlowRecords[] = [];
  files.forEach(({ chunks }, f) => {
    const remap = remaps[f]!;
    for (const chunk of chunks) {
      const { length, words } = chunk;
      for (let w = 0; w < length * WORDS_PER_FLOW; w += WORDS_PER_FLOW) {
        words[w + FLOW_WORDS.source] = remap[words[w + FLOW_WORDS.source]!]!;
        words[w + FLOW_WORDS.destination] = remap[words[w + FLOW_WORDS.destination]!]!;
      }
      flows.push(chunk);
    }
  });
  files.length = 0;
  settleTimes(flows, options.slice, options.quality, counts);
  const facts = factsOf(list, options.places);
  const groupings = {
    inbound: groupByHost(flows, options.roles.inbound.host, facts.isHost),
    outbound: groupByHost(flows, options.roles.outbound.host, facts.isHost),
  };
  const shardOf = shardsOf(list, facts, options.shards);
  const hosts = Array.from({ length: options.shards }, (_, shard) => {
    const ofRole = (role: RoleName): Uint32Array => {
      const { offsets } = groupings[role];
      const ids: number[] = [];
      for (let id = 0; id < list.count; id++)
        if (shardOf[id] === shard && offsets[id + 1]! > offsets[id]!) ids.push(id);
      return Uint32Array.from(ids);
    };
    return { inbound: ofRole('inbound'), outbound: ofRole('outbound') };
  });
  return { flows, addresses: list, facts, groupings, hosts };
}

/** Delta rows and pair rows of one shard. */
export function shardRowsOf(batch: MiniBatchFlows, shard: number, options: SliceOptions): ShardRows {
  const rowsOf = (role: RoleName) =>
    deltaOf(
      batch.flows,
      options.roles[role],
      batch.groupings[role],
      batch.hosts[shard]![role],
      batch.facts,
      options,
      (peer, port) => pairKey(textOf(batch.addresses, peer), port),
    );
  return { inbound: rowsOf('inbound'), outbound: rowsOf('outbound') };
}

/** Puts the shards' rows in the order of the datasets and counts pairs. */
export function assembleRows(batch: MiniBatchFlows, shards: readonly ShardRows[], options: SliceOptions): SliceRows {
  const { addresses, facts, flows } = batch;
  const order = orderRows(shards, addresses.count);
  const pairCounts = pairCountsOf(flows, addresses, shards, options.roles.outbound, options.pairCounts);
  const { segmentMapping } = options.places;
  return {
    addresses,
    addressColumns: createAddressColumns(addresses),
    facts,
    segmentMapping,
    shards,
    order,
    pairOrder: orderPairs(shards, order),
    pairCounts,
  };
}
