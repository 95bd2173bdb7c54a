/** Drives the operators of beacons by hand: blocks from outbound pairs, shard by shard, then all shards together. */

import { type AddressList, textOf } from '../../src/operators/address-book.ts';
import { mergeLists } from '../../src/operators/address-union.ts';
import { shardBeaconsOf } from '../../src/operators/beacon-candidates.ts';
import { sumContacts } from '../../src/operators/beacon-contacts.ts';
import { beaconRowsOf } from '../../src/operators/beacon-rows.ts';
import { createHeldDay } from '../../src/operators/held-day.ts';
import { REBUILD_COLUMNS, rebuildBlocks } from '../../src/operators/rebuild.ts';
import { rebuildTimings } from '../../src/operators/rebuild-timings.ts';
import { createRooms } from '../../src/operators/rooms.ts';
import type { ListVector, Table, Vector } from '../../src/operators/table.ts';
import { windowOptionsFor } from '../operators/product-options.ts';

/** A row of outbound pair context. */
export interface OutboundPair {
  readonly host: string;
  readonly peer: string;
  readonly port: number | null;
  readonly sessions: number;
  readonly bytesSent: number;
  readonly zeroReply: number;
  /** ms UTC. */
  readonly firstEvent: number | null;
  readonly starts: readonly number[] | null;
  readonly maxDuration: number;
}
export interface PairMiniBatch {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  /** Hosts active in either role; those of the pairs may be left out. */
  readonly active: readonly string[];
  /** Those of them that only had threats, outbound: they have a row, but no pairs. */
  readonly threatened?: readonly string[];
  readonly pairs: readonly OutboundPair[];
}
export interface PeerKnowledge {
  readonly infrastructure: readonly string[];
  isYoung(host: string, peer: string, port: number | null): boolean;
  isEstablished(peer: string): boolean;
}
/** Host → column → value. */
export type Beacons = Readonly<Record<string, Readonly<Record<string, number | string | null>>>>;

const DAY = 86_400_000;
const text = (values: readonly string[]): Vector => ({ codes: Int32Array.from(values, (_, i) => i), values });
const numbers = (values: readonly (number | null)[]): Float64Array =>
  Float64Array.from(values, (value) => value ?? Number.NaN);
const lists = (values: readonly (readonly number[] | null)[]): ListVector => {
  const offsets = [0];
  for (const value of values) offsets.push(offsets.at(-1)! + (value?.length ?? 0));
  return {
    offsets: Uint32Array.from(offsets),
    values: Float64Array.from(values.flatMap((value) => value ?? [])),
    isNull: Uint8Array.from(values, (value) => (value === null ? 1 : 0)),
  };
};
const tableOf = (length: number, columns: Table['columns']): Table => ({ schema: {}, length, columns });
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Published delta and pair context of a mini-batch. */
export function tablesOf({ active, threatened = [], pairs }: PairMiniBatch): { delta: Table; pairContext: Table } {
  const sorted = [...pairs].sort(
    (a, b) => compare(a.host, b.host) || compare(a.peer, b.peer) || (a.port ?? -1) - (b.port ?? -1),
  );
  const outbound = new Set([...threatened, ...pairs.map(({ host }) => host)]);
  const hosts = [...new Set([...active, ...outbound])].sort();
  const zeros = new Float64Array(hosts.length);
  const delta = tableOf(hosts.length, {
    ...Object.fromEntries(REBUILD_COLUMNS.delta.map((name) => [name, zeros])),
    host_ip: text(hosts),
    role: text(hosts.map((host) => (outbound.has(host) ? 'outbound' : 'inbound'))),
  });
  const zero = new Float64Array(sorted.length);
  const pairContext = tableOf(sorted.length, {
    host_ip: text(sorted.map(({ host }) => host)),
    role: text(sorted.map(() => 'outbound')),
    peer_ip: text(sorted.map(({ peer }) => peer)),
    peer_port: numbers(sorted.map(({ port }) => port)),
    sessions_cnt: numbers(sorted.map(({ sessions }) => sessions)),
    deny_cnt: zero,
    zero_reply_cnt: numbers(sorted.map(({ zeroReply }) => zeroReply)),
    bytes_sent_sum: numbers(sorted.map(({ bytesSent }) => bytesSent)),
    bytes_recv_sum: zero,
    event_ts: numbers(sorted.map(() => null)),
    first_event_ts: numbers(sorted.map(({ firstEvent }) => firstEvent)),
    starts: lists(sorted.map(({ starts }) => starts)),
    max_duration_ms: numbers(sorted.map(({ maxDuration }) => maxDuration)),
  });
  return { delta, pairContext };
}

/** Beacons of the hosts of one of the mini-batches. */
export function beaconsOfBlocks(
  miniBatches: readonly PairMiniBatch[],
  currentId: string,
  shards: number,
  knowledge: PeerKnowledge,
): Beacons {
  const current = miniBatches.find(({ miniBatchId }) => miniBatchId === currentId)!;
  const { sliceEnd } = current;
  const covered = miniBatches.filter(
    (one) =>
      one.sliceEnd > sliceEnd - DAY &&
      (one.sliceEnd < sliceEnd || (one.sliceEnd === sliceEnd && one.miniBatchId <= currentId)),
  );
  const { places } = windowOptionsFor({});
  const { segmentMapping } = places;
  const rebuilt = covered.map((one) => {
    const { delta, pairContext } = tablesOf(one);
    return {
      blocks: rebuildBlocks(one, [delta], [pairContext], shards),
      timings: rebuildTimings(one, [pairContext], shards),
    };
  });
  const days = Array.from({ length: shards }, (_, shard) => {
    const day = createHeldDay(places, createRooms());
    day.update(
      new Set(),
      covered.map(({ miniBatchId, sliceEnd: end }, n) => ({
        name: miniBatchId,
        block: { ...rebuilt[n]!.blocks[shard]!, miniBatchId, sliceEnd: end },
      })),
    );
    return day;
  });
  const own = rebuilt[covered.indexOf(current)]!.blocks;
  const found = days.map((day, shard) => {
    const hosts = hostsOf(own[shard]!);
    const timings = new Map(covered.map(({ miniBatchId }, n) => [miniBatchId, rebuilt[n]!.timings[shard]!]));
    const infrastructure = knowledge.infrastructure;
    const beacons = shardBeaconsOf({
      ...{ day, timings, hosts, sliceEnd },
      places: { segmentMapping, infrastructure },
      isYoung: (_, peers) => (host, peer, port) =>
        knowledge.isYoung(textOf(hosts, host), textOf(peers, peer), port < 0 ? null : port),
    });
    return { hosts, beacons };
  });
  const active = found.reduce((sum, { beacons }) => sum + beacons.active, 0);
  const { list, remaps } = mergeLists(found.map(({ beacons }) => beacons.candidates.peers));
  const contacts = sumContacts(
    list,
    found.map(({ beacons }) => beacons.contacts),
  );
  const rows: Record<string, Record<string, number | string | null>> = {};
  found.forEach(({ hosts, beacons }, shard) => {
    const result = beaconRowsOf(beacons, (peer) => {
      const id = remaps[shard]![peer]!;
      const prevalence = contacts[id]! / active;
      return { active, prevalence, isEstablished: knowledge.isEstablished(textOf(list, id)) };
    });
    for (let host = 0; host < hosts.count; host++) {
      rows[textOf(hosts, host)] = {
        beacon_suspicion_score: result.score[host]!,
        beacon_peer: result.peer[host]!,
        beacon_port: result.port[host]!,
        beacon_interval_sec: Number.isNaN(result.intervalSec[host]!) ? null : result.intervalSec[host]!,
        beacon_cadence: result.cadence[host]!,
        beacon_prior: result.prior[host]!,
        beacon_prevalence: result.prevalence[host]!,
        strobe_score: result.strobe[host]!,
        long_session_hours: result.longSessionHours[host]!,
      };
    }
  });
  return rows;
}

function hostsOf({ addresses, roles }: ReturnType<typeof rebuildBlocks>[number]): AddressList {
  const ids = [...new Set([...roles.outbound.hosts, ...roles.inbound.hosts])].sort((a, b) => a - b);
  return {
    count: ids.length,
    ipv4: Uint32Array.from(ids, (id) => addresses.ipv4[id]!),
    isIpv4: Uint8Array.from(ids, (id) => addresses.isIpv4[id]!),
    texts: new Map(ids.flatMap((id, place) => (addresses.texts.has(id) ? [[place, addresses.texts.get(id)!]] : []))),
  };
}
