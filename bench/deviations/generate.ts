import { createAddressBook, mergeBooks } from '../../src/operators/address-book.ts';
import { BASELINE_METRICS, type BaselineMetric, floorOf } from '../../src/operators/baseline-metrics.ts';
import type { HostPack, SegmentPack } from '../../src/operators/baseline-pack.ts';
import type { BeaconRows } from '../../src/operators/beacon-rows.ts';
import type { DeviationOptions } from '../../src/operators/deviation-metrics.ts';
import type { DeviationInput, PackedBaselines } from '../../src/operators/deviations.ts';
import type { WindowPairs } from '../../src/operators/fg-a-pairs.ts';
import { FEATURE_COUNT, WINDOWS } from '../../src/operators/metrics.ts';
import type { PairPack } from '../../src/operators/pair-pack.ts';
import { statisticLayoutOf } from '../../src/operators/statistic-rows.ts';

// Hosts as an office has them: most metrics of a workstation are 0 most of the time, servers have inbound traffic, a
// value is around its median, one host in twenty is cold, one metric in fifty.

export interface World {
  readonly shards: readonly DeviationInput[];
  /** By horizon, then shard. */
  readonly baselines: readonly (readonly PackedBaselines[])[];
}

const SEGMENT_HOSTS = 200;
const PAIRS_A_HOST = 12;
const KNOWN_PAIRS_A_HOST = 60;

export function generateWorld(hosts: number, shardCount: number, horizons: number, options: DeviationOptions): World {
  const dice = createDice(1);
  const layout = statisticLayoutOf(options);
  const byName = new Map(BASELINE_METRICS.map((metric) => [metric.name, metric]));
  const share = new Float64Array(BASELINE_METRICS.length).map(() => dice() ** 2);
  const segmentIds = Array.from({ length: Math.ceil(hosts / SEGMENT_HOSTS) }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  const members: string[][] = Array.from({ length: shardCount }, () => []);
  for (let i = 0; i < hosts; i++) {
    const segment = Math.floor(i / SEGMENT_HOSTS);
    members[i % shardCount]!.push(`10.${segment >> 8}.${segment & 255}.${(i % SEGMENT_HOSTS) + 1}`);
  }
  const shards: DeviationInput[] = [];
  const baselines: PackedBaselines[][] = Array.from({ length: horizons }, () => []);
  const segments = segmentPackOf(segmentIds, options, dice);
  for (const unsorted of members) {
    const ips = unsorted.toSorted();
    const usual = ips.map(() => usualOf(dice, share));
    const features = new Float64Array(new SharedArrayBuffer(ips.length * FEATURE_COUNT * 8));
    usual.forEach((medians, row) => {
      for (const metric of BASELINE_METRICS)
        features[row * FEATURE_COUNT + metric.place] = around(medians[metric.place]!, metric, dice);
    });
    const segmentOf = (ip: string): string => `${ip.slice(0, ip.lastIndexOf('.'))}.0/24`;
    shards.push({
      ...{ hosts: ips, segmentIds: ips.map(segmentOf), features, timeBand: 'working_hours' },
      ...{ pairs: pairsOf(ips, PAIRS_A_HOST, dice), beacons: beaconsOf(ips.length, dice) },
    });
    for (const packs of baselines) {
      const warm = ips.map(() => dice() > 0.05);
      let rows = 0;
      const row = Int32Array.from(warm, (isWarm) => (isWarm ? rows++ : -1));
      const values = new Float64Array(rows * layout.width);
      ips.forEach((_, i) => {
        const at = row[i]! * layout.width;
        if (row[i]! < 0) return;
        const write = (
          metrics: readonly BaselineMetric[],
          from: number,
          pairOf: (m: number, metric: BaselineMetric) => [number, number],
        ) =>
          metrics.forEach((metric, m) => {
            const [first, second] = dice() < 0.02 ? [Number.NaN, Number.NaN] : pairOf(usual[i]![metric.place]!, metric);
            values[at + from + 2 * m] = first;
            values[at + from + 2 * m + 1] = second;
          });
        write(layout.centred, 0, (m, { kind }) => [m, Math.max(m * 0.3, floorOf(kind))]);
        write(layout.suspicion, layout.suspicionAt, (m, { kind }) => [m * 2, Math.max(m * 0.5, floorOf(kind))]);
        write(layout.behaviours, layout.behavioursAt, (m) => [Math.log1p(m), 0.5]);
      });
      const hostPack: HostPack = {
        ...{ layout: layout.id, joinsSegment: false, joinsBand: false, keys: ips, row, values },
        isNonPersistent: new Uint8Array(ips.length),
        activeDays: new Int32Array(ips.length).fill(5),
        workingShare: new Float64Array(ips.length).fill(0.9),
      };
      const pairs = { byHost: pairPackOf(ips, dice), bySegment: pairPackOf(segmentIds, dice) };
      packs.push({ hosts: hostPack, segments, pairs });
    }
  }
  if (byName.size !== BASELINE_METRICS.length) throw new Error('two metrics of one name');
  return { shards, baselines };
}

/** Usual values of a host, by the place of the metric. */
function usualOf(dice: () => number, share: Float64Array): Float64Array {
  const activity = Math.exp(normal(dice) + 1);
  const isServer = dice() < 0.05;
  return Float64Array.from(BASELINE_METRICS, ({ direction, window, kind, place }) => {
    const isPresent = dice() < (direction === 'inbound' && !isServer ? 0.1 : 1) * share[place]!;
    if (!isPresent) return 0;
    if (kind === 'share' || kind === 'entropy') return Math.round(dice() * 1e6) / 1e6;
    const size = activity * Math.sqrt(WINDOWS[window]) * (kind === 'bytes' ? 20_000 : 5);
    return kind === 'count' || kind === 'bytes' ? Math.round(size) : size;
  });
}

function around(median: number, { kind }: BaselineMetric, dice: () => number): number {
  if (median === 0) return dice() < 0.02 ? 1 + Math.floor(dice() * 3) : 0;
  const value = median * Math.exp(0.4 * normal(dice));
  if (kind === 'share' || kind === 'entropy') return Math.min(1, value);
  return kind === 'count' || kind === 'bytes' ? Math.round(value) : value;
}

function segmentPackOf(segmentIds: readonly string[], options: DeviationOptions, dice: () => number): SegmentPack {
  const { id, width } = statisticLayoutOf(options);
  const keys = ['*', ...segmentIds].sort();
  const row = Int32Array.from(keys, (_, i) => i);
  const values = Float64Array.from({ length: keys.length * width }, (_, i) =>
    i % 2 === 0 ? Math.round(dice() * 20) : 2,
  );
  return { layout: id, joinsSegment: false, joinsBand: false, minHosts: options.segmentMinHosts, keys, row, values };
}

const destination = (dice: () => number): string =>
  dice() < 0.5 ? `192.0.${Math.floor(dice() * 8)}.${Math.floor(dice() * 250)}` : `10.0.0.${Math.floor(dice() * 250)}`;

/** Distinct pairs of some owners, in the order of (owner, destination, port). */
function pairList(owners: readonly string[], each: number, dice: () => number) {
  const book = createAddressBook(true);
  const seen = new Set<string>();
  const rows = owners
    .flatMap((owner, o) =>
      Array.from({ length: each }, () => ({
        owner,
        o,
        dst: book.idOfText(destination(dice)),
        port: 80 + Math.floor(dice() * 4),
      })),
    )
    .filter(({ o, dst, port }) => !seen.has(`${o} ${dst} ${port}`) && seen.add(`${o} ${dst} ${port}`));
  return { book, rows };
}

function pairsOf(hosts: readonly string[], each: number, dice: () => number): WindowPairs {
  const { book, rows } = pairList(hosts, each, dice);
  const ids = hosts.map((host) => book.idOfText(host));
  const { list, remaps } = mergeBooks([book.contents()]);
  const placed = rows
    .map(({ o, dst, port }) => ({ host: remaps[0]![ids[o]!]!, peer: remaps[0]![dst]!, port }))
    .sort((a, b) => a.host - b.host || a.peer - b.peer || a.port - b.port);
  return {
    ...{ addresses: list, length: placed.length },
    host: Uint32Array.from(placed, ({ host }) => host),
    peer: Uint32Array.from(placed, ({ peer }) => peer),
    port: Int32Array.from(placed, ({ port }) => port),
    sessions: new Float64Array(placed.length).fill(1),
    lastEvent: new Float64Array(placed.length).fill(Number.NaN),
  };
}

function pairPackOf(owners: readonly string[], dice: () => number): PairPack {
  const { book, rows } = pairList(owners, KNOWN_PAIRS_A_HOST, dice);
  const { list, remaps } = mergeBooks([book.contents()]);
  const placed = rows
    .map(({ o, dst, port }) => ({ o, peer: remaps[0]![dst]!, port }))
    .sort((a, b) => a.o - b.o || a.peer - b.peer || a.port - b.port);
  const offsets = new Uint32Array(owners.length + 1);
  placed.forEach(({ o }, i) => {
    offsets[o + 1] = i + 1;
  });
  return {
    ...{ owners, offsets, addresses: list },
    peer: Uint32Array.from(placed, ({ peer }) => peer),
    port: Int32Array.from(placed, ({ port }) => port),
    seen: Float64Array.from(placed, () => 1 + Math.floor(dice() * 50)),
    lastSeen: new Float64Array(placed.length).fill(Date.UTC(2026, 2, 1)),
    activeDays: new Int32Array(placed.length).fill(3),
    isRare: new Uint8Array(placed.length),
  };
}

function beaconsOf(length: number, dice: () => number): BeaconRows {
  const isBeacon = Array.from({ length }, () => dice() < 0.1);
  const numbers = (none: number) => Float64Array.from(isBeacon, (is) => (is ? dice() : none));
  return {
    ...{
      score: numbers(0),
      cadence: numbers(0),
      prior: numbers(0),
      prevalence: numbers(0),
      intervalSec: numbers(Number.NaN),
    },
    peer: isBeacon.map((is) => (is ? destination(dice) : '')),
    port: Int32Array.from(isBeacon, (is) => (is ? 443 : 0)),
    ...{ strobe: numbers(0), longSessionHours: numbers(0) },
  };
}

/** Numbers of [0, 1), the same every time (mulberry32). */
function createDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const normal = (dice: () => number): number => Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice());
