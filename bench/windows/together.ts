import type { DayRollup } from '../../src/operators/day-rollup.ts';
import type { LookbackBase } from '../../src/operators/lookback-base.ts';
import { DIRECTIONS } from '../../src/operators/metrics.ts';
import { type PastSlice, pairCode } from '../../src/operators/past-rows.ts';
import { projectRowsOf } from '../../src/operators/project-slice.ts';
import type { RoleName } from '../../src/operators/role-rows.ts';
import { segmentsBy } from '../../src/operators/segments.ts';
import { DAY_MS } from '../../src/operators/time.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { SPEC } from './spec.ts';
import { KNOWN_PORTS, type World } from './world.ts';

/** Sessions of a day and of the days before, for each of yesterday's slices that were heard of. */
const DAY_FACTOR = 2;
const BASE_FACTOR = 28;

/** What all hosts of the world do together, summed up shard by shard. */
export interface Together {
  add(block: SliceBlock): void;
  slice(miniBatchId: string, sliceEnd: number): PastSlice;
  day(day: number): DayRollup;
  base(today: number): LookbackBase;
}

/** Sessions by peer, and by segment and service port. */
interface Sums {
  readonly peers: Uint32Array;
  readonly ports: Readonly<Record<RoleName, Uint32Array>>;
}

export function createTogether(world: World): Together {
  const segmentOf = segmentsBy(SPEC.segmentMapping);
  const segmentIds: string[] = [];
  const numbers = new Map<string, number>();
  const segmentOfHost = new Int32Array(world.addresses.count).fill(-1);
  for (const host of world.hostIds) {
    const { id } = segmentOf({ family: 4, value: world.addresses.ipv4[host]! });
    if (!numbers.has(id)) numbers.set(id, segmentIds.push(id) - 1);
    segmentOfHost[host] = numbers.get(id)!;
  }
  const placeOfPort = new Int32Array(65_536).fill(-1);
  KNOWN_PORTS.forEach((port, place) => {
    placeOfPort[port] = place;
  });
  const empty = (): Sums => {
    const ports = (): Uint32Array => new Uint32Array(segmentIds.length * KNOWN_PORTS.length);
    return { peers: new Uint32Array(world.addresses.count), ports: { outbound: ports(), inbound: ports() } };
  };
  const slices = new Map<number, Sums>();
  const rowsOf = ({ peers, ports }: Sums, factor = 1) =>
    projectRowsOf({
      addresses: world.addresses,
      peerSessions: Float64Array.from(peers, (sessions) => sessions * factor),
      segmentIds,
      segmentPorts: { outbound: byCode(ports.outbound), inbound: byCode(ports.inbound) },
    });
  const byCode = (ports: Uint32Array): Map<number, number> => {
    const sums = new Map<number, number>();
    ports.forEach((sessions, at) => {
      const code = pairCode(Math.floor(at / KNOWN_PORTS.length), KNOWN_PORTS[at % KNOWN_PORTS.length]!);
      if (sessions > 0) sums.set(code, sessions);
    });
    return sums;
  };
  const all = (): Sums => {
    const sums = empty();
    const add = (into: Uint32Array, from: Uint32Array): void => {
      for (let at = 0; at < into.length; at++) into[at]! += from[at]!;
    };
    for (const { peers, ports } of slices.values()) {
      add(sums.peers, peers);
      for (const role of DIRECTIONS) add(sums.ports[role], ports[role]);
    }
    return sums;
  };
  const never = { hosts: new Uint32Array(0), offsets: new Uint32Array(1), sliceEnds: new Float64Array(0) };
  return {
    add({ sliceEnd, roles }) {
      let sums = slices.get(sliceEnd);
      if (sums === undefined) {
        sums = empty();
        slices.set(sliceEnd, sums);
      }
      for (const role of DIRECTIONS) {
        const { hosts, pairs } = roles[role];
        for (let row = 0; row < hosts.length; row++) {
          const segment = segmentOfHost[hosts[row]!]!;
          for (let p = pairs.offsets[row]!; p < pairs.offsets[row + 1]!; p++) {
            const sessions = pairs.sessions[p]!;
            if (role === 'outbound') sums.peers[pairs.peer[p]!]! += sessions;
            const place = placeOfPort[pairs.port[p]!]!;
            if (place >= 0) sums.ports[role][segment * KNOWN_PORTS.length + place]! += sessions;
          }
        }
      }
    },
    slice: (miniBatchId, sliceEnd) => ({ miniBatchId, sliceEnd, ...rowsOf(slices.get(sliceEnd) ?? empty()) }),
    day: () => ({ ...rowsOf(all(), DAY_FACTOR), active: never }),
    base(today) {
      const { addresses, roles } = rowsOf(all(), BASE_FACTOR);
      const flat = (role: RoleName) => {
        const { hosts, pairs } = roles[role];
        return { hosts, ...pairs, oldestSessions: pairs.sessions };
      };
      const hosts = roles.outbound.hosts;
      return {
        addresses,
        roles: { outbound: flat('outbound'), inbound: flat('inbound') },
        first: { hosts, sliceEnds: new Float64Array(hosts.length).fill(today - 29 * DAY_MS) },
        oldest: never,
      };
    },
  };
}
