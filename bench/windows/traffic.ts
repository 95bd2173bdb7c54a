import type { DayRollup } from '../../src/operators/day-rollup.ts';
import { mergedMetrics } from '../../src/operators/delta-metrics.ts';
import type { LookbackBase } from '../../src/operators/lookback-base.ts';
import { DIRECTIONS, SLICE_MS } from '../../src/operators/metrics.ts';
import { narrowed } from '../../src/operators/narrow.ts';
import type { PastRows } from '../../src/operators/past-rows.ts';
import type { RoleName } from '../../src/operators/role-rows.ts';
import type { SealedPairs, SealedRows } from '../../src/operators/sealed-rows.ts';
import { DAY_MS } from '../../src/operators/time.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import type { Random } from '../ingest/random.ts';
import { type Acquaintances, acquaintancesOf, RANK_OF, RANKS, randomFor, SHARES, type World } from './world.ts';

const METRICS = mergedMetrics([]).map(({ name }) => name);
const [SESSIONS, ALLOWED, DENIED, ZERO_REPLY, SENT, RECEIVED, DURATION, TRAFFIC] = [
  'sessions_cnt',
  'allow_cnt',
  'drop_cnt',
  'zero_reply_cnt',
  'bytes_sent_sum',
  'bytes_recv_sum',
  'duration_sum',
  'traffic_cnt',
].map((name) => METRICS.indexOf(name)) as [number, number, number, number, number, number, number, number];
const SLICES_OF_DAY = 96;
/** Days that a base merges, without the oldest. */
const BASE_DAYS = 28;
/** Share of a host's acquaintances that it met yesterday for the first time. */
const NEW_SHARE = 0.05;

/** The hosts of one shard, and what they do, in the order of the calls. Addresses are those of the whole world. */
export interface ShardTraffic {
  slices(batches: readonly Pick<SliceBlock, 'miniBatchId' | 'sliceEnd'>[]): SliceBlock[];
  /** What a day's slices come to, and a month's. */
  day(day: number): DayRollup;
  base(today: number): LookbackBase;
}

export function shardTraffic(world: World, shard: number): ShardTraffic {
  const random = randomFor(shard);
  const hosts = world.hostsOf[shard]!;
  const known = Object.fromEntries(
    DIRECTIONS.map((role) => [role, Array.from(hosts, () => acquaintancesOf(world, role, random))]),
  ) as Record<RoleName, Acquaintances[]>;
  const rolesOf = <T>(rowsOf: (role: RoleName) => T): Record<RoleName, T> => ({
    outbound: rowsOf('outbound'),
    inbound: rowsOf('inbound'),
  });
  const active = (day: number) => ({
    hosts,
    offsets: Uint32Array.from({ length: hosts.length + 1 }, (_, host) => host * SLICES_OF_DAY),
    sliceEnds: Float64Array.from(
      { length: hosts.length * SLICES_OF_DAY },
      (_, i) => day + 8 * 60_000 + (i % SLICES_OF_DAY) * SLICE_MS,
    ),
  });
  return {
    slices(batches) {
      const ends = batches.map(({ sliceEnd }) => sliceEnd);
      const rows = rolesOf((role) => rowsOfSlices(hosts, known[role], world.draws[role], ends, random));
      return batches.map(({ miniBatchId, sliceEnd }, n) => ({
        ...{ miniBatchId, sliceEnd, addresses: world.addresses },
        roles: rolesOf((role) => rows[role][n]!),
      }));
    },
    day: (day) => ({
      addresses: world.addresses,
      roles: rolesOf((role) => pastRows(hosts, known[role], world.draws[role] * SLICES_OF_DAY, 0, random)),
      active: active(day),
    }),
    base: (today) => ({
      addresses: world.addresses,
      roles: rolesOf((role) => baseRows(hosts, known[role], world.draws[role] * SLICES_OF_DAY, random)),
      first: { hosts, sliceEnds: new Float64Array(hosts.length).fill(today - 29 * DAY_MS) },
      oldest: active(today - 31 * DAY_MS),
    }),
  };
}

/** Rows of one role, slice by slice; host by host, since what a host knows is then at hand. */
function rowsOfSlices(
  hosts: Uint32Array,
  known: readonly Acquaintances[],
  draws: number,
  sliceEnds: readonly number[],
  random: Random,
): SealedRows[] {
  const slices = sliceEnds.map(() => emptyRows(hosts, draws));
  const drawn = new Uint8Array(RANKS);
  const words = new Uint32Array(32);
  known.forEach(({ peer: peers, port: ports, places }, host) => {
    slices.forEach(({ totals, pairs }, slice) => {
      for (let n = 0; n < draws; n++) {
        const place = places[RANK_OF[random.below(65_536)]!]!;
        if (drawn[place]!++ === 0) words[place >>> 5]! |= 1 << (place & 31);
      }
      const first = pairs.offsets[host]!;
      let length = first;
      for (let word = 0; word < words.length; word++) {
        for (let left = words[word]!; left !== 0; left &= left - 1) {
          const place = word * 32 + 31 - Math.clz32(left & -left);
          const count = drawn[place]!;
          const dice = random.unit();
          const cubed = dice * dice * dice;
          drawn[place] = 0;
          pairs.peer[length] = peers[place]!;
          pairs.port[length] = ports[place]!;
          pairs.sessions[length] = count;
          pairs.denied[length] = dice < 0.03 ? count : 0;
          pairs.zeroReply[length] = dice < 0.05 ? count : 0;
          pairs.bytesSent[length] = count * (60 + Math.floor(cubed * cubed * 200_000));
          pairs.bytesReceived[length] = dice < 0.05 ? 0 : count * (60 + Math.floor(cubed * cubed * dice * dice * 5e6));
          pairs.lastEvent[length++] = sliceEnds[slice]! - Math.floor(dice * 900_000);
        }
        words[word] = 0;
      }
      pairs.offsets[host + 1] = length;
      setTotals(totals, host * METRICS.length, pairs, first, length, draws);
    });
  });
  return slices.map((rows) => ({ ...rows, pairs: cutTo(rows.pairs, rows.pairs.offsets.at(-1)!) }));
}

function emptyRows(hosts: Uint32Array, draws: number) {
  const most = hosts.length * draws;
  return {
    hosts,
    totals: new Float64Array(hosts.length * METRICS.length),
    width: METRICS.length,
    isCapped: new Uint8Array(hosts.length),
    pairs: {
      offsets: new Uint32Array(hosts.length + 1),
      peer: new Uint32Array(most),
      port: new Int32Array(most),
      sessions: new Uint8Array(most),
      denied: new Uint8Array(most),
      zeroReply: new Uint8Array(most),
      bytesSent: new Uint32Array(most),
      bytesReceived: new Uint32Array(most),
      lastEvent: new Float64Array(most),
    },
  };
}

type Pairs = ReturnType<typeof emptyRows>['pairs'];

const cutTo = ({ offsets, ...columns }: Pairs, length: number): Pairs => ({
  offsets,
  ...(Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, column.subarray(0, length)]),
  ) as unknown as Omit<Pairs, 'offsets'>),
});

/** What the pairs come to, and something plausible for the rest. */
function setTotals(
  totals: Float64Array,
  at: number,
  pairs: SealedPairs,
  first: number,
  end: number,
  draws: number,
): void {
  for (let m = 0; m < METRICS.length; m++) totals[at + m] = Math.floor(draws / (m + 1));
  for (const place of [SESSIONS, ALLOWED, TRAFFIC]) totals[at + place] = draws;
  totals[at + DURATION] = draws * 1500;
  for (const place of [DENIED, ZERO_REPLY, SENT, RECEIVED]) totals[at + place] = 0;
  for (let p = first; p < end; p++) {
    totals[at + ALLOWED]! -= pairs.denied[p]!;
    totals[at + DENIED]! += pairs.denied[p]!;
    totals[at + ZERO_REPLY]! += pairs.zeroReply[p]!;
    totals[at + SENT]! += pairs.bytesSent[p]!;
    totals[at + RECEIVED]! += pairs.bytesReceived[p]!;
  }
}

/** As many sessions of each acquaintance as `draws` are expected to bring, but for a share of them that is new. */
function pastRows(
  hosts: Uint32Array,
  known: readonly Acquaintances[],
  draws: number,
  isNewShare: number,
  random: Random,
): PastRows {
  const most = hosts.length * RANKS;
  const offsets = new Uint32Array(hosts.length + 1);
  const peer = new Uint32Array(most);
  const port = new Int32Array(most);
  const sessions = new Float64Array(most);
  const expected = new Float64Array(RANKS);
  let length = 0;
  known.forEach((own, host) => {
    expected.fill(0);
    own.places.forEach((place, rank) => {
      expected[place]! += draws * SHARES[rank]!;
    });
    own.peer.forEach((id, place) => {
      const count = Math.floor(expected[place]! + random.unit());
      if (count === 0 || isNew(id, own.port[place]!) < isNewShare) return;
      peer[length] = id;
      port[length] = own.port[place]!;
      sessions[length++] = count;
    });
    offsets[host + 1] = length;
  });
  return {
    hosts,
    pairs: {
      offsets,
      peer: peer.slice(0, length),
      port: port.slice(0, length),
      sessions: narrowed(sessions.slice(0, length)),
    },
  };
}

/** A number in [0, 1) that belongs to the pair. */
const isNew = (peer: number, port: number): number => (Math.imul(peer * 31 + port, 0x9e3779b1) >>> 0) / 2 ** 32;

function baseRows(hosts: Uint32Array, known: readonly Acquaintances[], daily: number, random: Random) {
  const { pairs } = pastRows(hosts, known, daily * BASE_DAYS, NEW_SHARE, random);
  const { offsets, peer, port, sessions } = pairs;
  return {
    hosts,
    offsets,
    peer,
    port,
    sessions,
    oldestSessions: narrowed(Float64Array.from(sessions, (count) => Math.floor(count / BASE_DAYS + random.unit()))),
  };
}
