import type { AddressList } from './address-book.ts';
import type { AddressDictionary } from './address-dictionary.ts';
import { type AddressFacts, segmentIdsOf } from './address-facts.ts';
import { carriedOver } from './address-union.ts';
import type { ContactTally, PastPairs } from './contact-tally.ts';
import { ratio } from './distribution.ts';
import type { KnownRoleRows, KnownRows } from './known-rows.ts';
import { type Lookback, reachesOldestDay } from './lookback.ts';
import { type NoveltyMeasure, WINDOW_NAMES } from './metrics.ts';
import { FIRST_EPHEMERAL_PORT } from './past-rows.ts';
import { PROJECT, segmentOwner } from './project-slice.ts';
import type { RoleName } from './role-rows.ts';
import type { SegmentMapping } from './segments.ts';

/** What is new in the windows of one host and direction. Reusable scratch. */
export interface NoveltyMeter {
  /** Compares the closed windows of a host with its lookback. */
  compare(host: number, tally: ContactTally): void;
  valueOf(measure: NoveltyMeasure | 'new_to_project', window: number): number;
}

/** What all directions of a list share: the lookback's ids, carried over to those of the list; -1 where it lacks one. */
export interface LookbackIds {
  readonly yesterday: Int32Array;
  readonly base: Int32Array;
  readonly known: Int32Array;
}

const NO_IDS = new Int32Array(0);

export function lookbackIdsOf({ find }: AddressDictionary, { yesterday, base, known }: Lookback): LookbackIds {
  return {
    yesterday: yesterday === null ? NO_IDS : find(yesterday.addresses),
    base: base === null ? NO_IDS : find(base.addresses),
    known: find(known.addresses),
  };
}

/**
 * @param list addresses of all blocks, in any order; hosts and peers are its ids.
 * @param sliceEnd end of all windows, ms UTC.
 */
export function createNoveltyMeter(
  list: AddressList,
  facts: AddressFacts,
  mapping: SegmentMapping,
  lookback: Lookback,
  ids: LookbackIds,
  role: RoleName,
  sliceEnd: number,
): NoveltyMeter {
  const { rules, yesterday, base, known } = lookback;
  const reachesOldest = reachesOldestDay(sliceEnd);
  const counts = () => new Float64Array(WINDOW_NAMES.length);
  const found = {
    peers: counts(),
    new_peers: counts(),
    rare_peers: counts(),
    new_ports: counts(),
    rare_ports: counts(),
    new_pairs: counts(),
    ports_new_to_segment: counts(),
    new_to_project: counts(),
  };
  const pasts: Past[] = [];
  if (yesterday !== null) {
    const { hosts, pairs } = yesterday.roles[role];
    const { offsets, port, sessions } = pairs;
    const rows = { peerIds: carriedOver(pairs.peer, ids.yesterday), port, sessions };
    pasts.push({ rows, offsets, rowOf: rowsOf(list, ids.yesterday, hosts) });
  }
  if (base !== null) {
    const { hosts, offsets, peer, port, sessions, oldestSessions } = base.roles[role];
    const rows = { peerIds: carriedOver(peer, ids.base), port, sessions, oldestSessions };
    pasts.push({ rows, offsets, rowOf: rowsOf(list, ids.base, hosts) });
  }
  const projectMarks = projectMarksOf(list, known, ids.known, role);
  const segmentMarks = segmentMarksOf(list, facts, mapping, known, role);

  return {
    compare(host, tally) {
      for (const windows of Object.values(found)) windows.fill(0);
      for (const { rows, offsets, rowOf } of pasts) {
        const row = rowOf[host]!;
        if (row >= 0) tally.addPast(rows, offsets[row]!, offsets[row + 1]!);
      }
      const marks = segmentMarks(host);
      const { id } = tally.peer;
      tally.peers.compare(reachesOldest, (place, window, before) => {
        found.peers[window]!++;
        if (before === 0) found.new_peers[window]!++;
        else if (before <= rules.rarePeer) found.rare_peers[window]!++;
        if ((projectMarks[id[place]!]! & (1 << window)) === 0) found.new_to_project[window]!++;
      });
      tally.ports.compare(reachesOldest, (place, window, before) => {
        if (before === 0) found.new_ports[window]!++;
        else if (before <= rules.rarePort) found.rare_ports[window]!++;
        const port = tally.portAt(place);
        if (port < FIRST_EPHEMERAL_PORT && (marks[port]! & (1 << window)) === 0) found.ports_new_to_segment[window]!++;
      });
      tally.pairs.compare(reachesOldest, (_place, window, before) => {
        if (before === 0) found.new_pairs[window]!++;
      });
    },
    valueOf(measure, window) {
      if (measure !== 'new_peer_ratio') return found[measure][window]!;
      return ratio(found.new_peers[window]!, found.peers[window]!);
    },
  };
}

/** Rows of days before, for the ids of the list. */
interface Past {
  readonly rows: PastPairs;
  readonly offsets: Uint32Array;
  /** Row of a host, -1 where there is none. */
  readonly rowOf: Int32Array;
}

function rowsOf(list: AddressList, ids: Int32Array, hosts: Uint32Array): Int32Array {
  const rowOf = new Int32Array(list.count).fill(-1);
  for (let row = 0; row < hosts.length; row++) {
    const id = ids[hosts[row]!]!;
    if (id >= 0) rowOf[id] = row;
  }
  return rowOf;
}

/** By id of the list: in which windows' lookbacks any host of the project contacted it. */
function projectMarksOf(list: AddressList, known: KnownRows, ids: Int32Array, role: RoleName): Uint8Array {
  const marks = new Uint8Array(list.count);
  const rows = known.roles[role];
  const row = rowOfOwner(known.addresses, rows, PROJECT);
  if (row < 0) return marks;
  for (let p = rows.offsets[row]!; p < rows.offsets[row + 1]!; p++) {
    const id = ids[rows.peer[p]!]!;
    if (id >= 0) marks[id] = rows.windows[p]!;
  }
  return marks;
}

/** Gives, by host, the marks of all service ports of its segment. Hosts of one segment mostly come one after another. */
function segmentMarksOf(
  list: AddressList,
  facts: AddressFacts,
  mapping: SegmentMapping,
  { addresses, roles }: KnownRows,
  role: RoleName,
): (host: number) => Uint8Array {
  const rows = roles[role];
  const idOf = segmentIdsOf(list, facts, mapping);
  const rowOfName = new Map<string, number>();
  rows.hosts.forEach((owner, row) => {
    const name = addresses.texts.get(owner);
    if (name !== undefined) rowOfName.set(name, row);
  });
  const marks = new Uint8Array(FIRST_EPHEMERAL_PORT);
  let current = -1;
  return (host) => {
    const segment = facts.segment[host]!;
    if (segment === current) return marks;
    current = segment;
    marks.fill(0);
    const row = rowOfName.get(segmentOwner(idOf(segment)));
    if (row === undefined) return marks;
    for (let p = rows.offsets[row]!; p < rows.offsets[row + 1]!; p++) marks[rows.port[p]!] = rows.windows[p]!;
    return marks;
  };
}

function rowOfOwner(addresses: AddressList, { hosts }: KnownRoleRows, owner: string): number {
  return hosts.findIndex((id) => addresses.texts.get(id) === owner);
}
