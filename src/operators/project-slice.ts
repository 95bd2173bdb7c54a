import { type Address, parseAddress } from './address.ts';
import type { AddressList } from './address-book.ts';
import { mergeLists } from './address-union.ts';
import { DIRECTIONS } from './metrics.ts';
import { narrowed } from './narrow.ts';
import { FIRST_EPHEMERAL_PORT, type PastRows, type PastSlice, pairCode, peerOf, portOf } from './past-rows.ts';
import type { RoleName } from './role-rows.ts';
import { SEG_UNKNOWN, type SegmentMapping, segmentsBy } from './segments.ts';

/** Owners of rows that no host owns. A blank keeps them apart from every address. */
export const PROJECT = 'the project';
export const segmentOwner = (segmentId: string): string => `segment ${segmentId}`;

/** What all hosts did together. */
export interface ProjectSums {
  readonly addresses: AddressList;
  /** Sessions with each of the addresses, outbound. */
  readonly peerSessions: Float64Array;
  readonly segmentIds: readonly string[];
  /** Sessions by `pairCode(place in segmentIds, service port)`. */
  readonly segmentPorts: Readonly<Record<RoleName, ReadonlyMap<number, number>>>;
}

/**
 * What all hosts of a mini-batch did together, whatever their shard, as rows of two kinds of owners: the service ports of
 * each segment, in each role (peer: the segment itself), and the outbound peers of the project (without a port).
 */
export function projectSliceOf(
  { miniBatchId, sliceEnd }: Pick<PastSlice, 'miniBatchId' | 'sliceEnd'>,
  shards: readonly Pick<PastSlice, 'addresses' | 'roles'>[],
  mapping: SegmentMapping,
): PastSlice {
  const segments = segmentNumbers(mapping);
  const lists = [...new Set(shards.map(({ addresses }) => addresses))];
  const { list, remaps } = lists.length === 1 ? { list: lists[0]!, remaps: [] } : mergeLists(lists);
  const peerSessions = new Float64Array(list.count);
  const segmentPorts: Record<RoleName, Map<number, number>> = { outbound: new Map(), inbound: new Map() };
  for (const { addresses, roles } of shards) {
    const remap = remaps[lists.indexOf(addresses)];
    for (const role of DIRECTIONS) {
      const { hosts, pairs } = roles[role];
      const ports = segmentPorts[role];
      hosts.forEach((host, row) => {
        const segment = segments.numberOf(addresses, host);
        for (let p = pairs.offsets[row]!; p < pairs.offsets[row + 1]!; p++) {
          const sessions = pairs.sessions[p]!;
          const port = pairs.port[p]!;
          if (role === 'outbound') {
            const peer = pairs.peer[p]!;
            peerSessions[remap === undefined ? peer : remap[peer]!]! += sessions;
          }
          if (port < 0 || port >= FIRST_EPHEMERAL_PORT) continue;
          const code = pairCode(segment, port);
          ports.set(code, (ports.get(code) ?? 0) + sessions);
        }
      });
    }
  }
  return {
    miniBatchId,
    sliceEnd,
    ...projectRowsOf({ addresses: list, peerSessions, segmentIds: segments.ids(), segmentPorts }),
  };
}

function segmentNumbers(mapping: SegmentMapping) {
  const segmentOf = segmentsBy(mapping);
  const numbers = new Map<string, number>();
  return {
    numberOf({ isIpv4, ipv4, texts }: AddressList, host: number): number {
      const address: Address | undefined =
        isIpv4[host] === 1 ? { family: 4, value: ipv4[host]! } : parseAddress(texts.get(host)!);
      const id = address === undefined ? SEG_UNKNOWN : segmentOf(address).id;
      let number = numbers.get(id);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(id, number);
      }
      return number;
    },
    ids: (): readonly string[] => [...numbers.keys()],
  };
}

/** The rows of sums, over a list of only those addresses that have some, and of the owners. */
export function projectRowsOf(sums: ProjectSums): Pick<PastSlice, 'addresses' | 'roles'> {
  const { segmentIds, segmentPorts } = sums;
  const peers = contactedIn(sums);
  const owners = [PROJECT, ...segmentIds.map(segmentOwner)].sort();
  const ownerList: AddressList = {
    count: owners.length,
    ipv4: new Uint32Array(owners.length),
    isIpv4: new Uint8Array(owners.length),
    texts: new Map(owners.entries()),
  };
  const { list, remaps } = mergeLists([peers.list, ownerList]);
  const [peerIds, ownerIds] = remaps as [Uint32Array, Uint32Array];
  const idOfOwner = new Map(owners.map((owner, place) => [owner, ownerIds[place]!]));
  const segmentOwners = segmentIds.map((id) => idOfOwner.get(segmentOwner(id))!);
  const rowsOfRole = (role: RoleName): PastRows =>
    rowsByOwner(
      segmentPorts[role],
      segmentOwners,
      role === 'outbound' ? idOfOwner.get(PROJECT)! : undefined,
      peerIds,
      peers.sessions,
    );
  return { addresses: list, roles: { outbound: rowsOfRole('outbound'), inbound: rowsOfRole('inbound') } };
}

function contactedIn({ addresses, peerSessions }: ProjectSums): { sessions: Float64Array; list: AddressList } {
  let count = 0;
  for (let id = 0; id < addresses.count; id++) if (peerSessions[id]! > 0) count++;
  const sessions = new Float64Array(count);
  const list = { count, ipv4: new Uint32Array(count), isIpv4: new Uint8Array(count), texts: new Map<number, string>() };
  let n = 0;
  for (let id = 0; id < addresses.count; id++) {
    if (peerSessions[id] === 0) continue;
    sessions[n] = peerSessions[id]!;
    list.ipv4[n] = addresses.ipv4[id]!;
    list.isIpv4[n] = addresses.isIpv4[id]!;
    if (list.isIpv4[n] === 0) list.texts.set(n, addresses.texts.get(id)!);
    n++;
  }
  return { sessions, list };
}

/** @param project owner of the peers, where they are asked for. */
function rowsByOwner(
  ports: ReadonlyMap<number, number>,
  segmentOwners: readonly number[],
  project: number | undefined,
  peers: Uint32Array,
  peerSessions: Float64Array,
): PastRows {
  const byOwner = Float64Array.from(ports.keys(), (code) => pairCode(segmentOwners[peerOf(code)]!, portOf(code)));
  const sessionsOf = new Map(Array.from(ports, ([, sessions], i) => [byOwner[i]!, sessions]));
  byOwner.sort();
  const most = byOwner.length + (project === undefined ? 0 : peers.length);
  const peer = new Uint32Array(most);
  const port = new Int32Array(most);
  const sessions = new Float64Array(most);
  const hosts: number[] = [];
  const offsets: number[] = [];
  let n = 0;
  const begin = (owner: number): void => {
    if (hosts.at(-1) === owner) return;
    hosts.push(owner);
    offsets.push(n);
  };
  const addPeers = (): void => {
    if (project === undefined || peers.length === 0) return;
    begin(project);
    peer.set(peers, n);
    port.fill(-1, n, n + peers.length);
    sessions.set(peerSessions, n);
    n += peers.length;
  };
  let hasPeers = false;
  for (const code of byOwner) {
    const owner = peerOf(code);
    if (!hasPeers && project !== undefined && owner > project) {
      addPeers();
      hasPeers = true;
    }
    begin(owner);
    peer[n] = owner;
    port[n] = portOf(code);
    sessions[n++] = sessionsOf.get(code)!;
  }
  if (!hasPeers) addPeers();
  return {
    hosts: Uint32Array.from(hosts),
    pairs: { offsets: Uint32Array.from([...offsets, n]), peer, port, sessions: narrowed(sessions) },
  };
}
