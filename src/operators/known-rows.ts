import type { AddressList } from './address-book.ts';
import { mergeLists } from './address-union.ts';
import { type PastDays, reachesOldestDay, ringOf } from './lookback.ts';
import { DIRECTIONS, WINDOW_NAMES } from './metrics.ts';
import { createPartySums } from './party-sums.ts';
import { dayOf, type PastSlice } from './past-rows.ts';
import type { RoleName } from './role-rows.ts';

/** Rows of the longest window, each with the windows in whose lookback it already was. */
export interface KnownRows {
  readonly addresses: AddressList;
  readonly roles: Readonly<Record<RoleName, KnownRoleRows>>;
}

export interface KnownRoleRows {
  readonly hosts: Uint32Array;
  readonly offsets: Uint32Array;
  readonly peer: Uint32Array;
  /** -1: no port. */
  readonly port: Int32Array;
  /** Bit w: in the lookback of window w. */
  readonly windows: Uint8Array;
}

/**
 * Marks what the slices of the longest window that ends at `sliceEnd` hold.
 *
 * @param slices all of that window, in any order, of owners' rows: those with a port are of the owner itself, whatever
 *   peer they name.
 */
export function knownRowsOf(slices: readonly PastSlice[], past: PastDays, sliceEnd: number): KnownRows {
  const newestFirst = [...slices].sort((a, b) => b.sliceEnd - a.sliceEnd);
  const days = [past.yesterday, past.base].filter((one) => one !== null);
  const { list, remaps } = mergeLists([...newestFirst, ...days].map(({ addresses }) => addresses));
  const today = dayOf(sliceEnd);
  const tally = createOwnerTally(list.count);

  const rowsOf = (role: RoleName): KnownRoleRows => {
    const recent = newestFirst.map(({ roles, sliceEnd: end }, s) => ({
      ...ownedRows(roles[role].hosts, roles[role].pairs, remaps[s]!),
      ring: ringOf(end, sliceEnd),
      isToday: end >= today,
    }));
    const older: OwnedRows[] = [];
    if (past.yesterday !== null) {
      const { hosts, pairs } = past.yesterday.roles[role];
      older.push(ownedRows(hosts, pairs, remaps[newestFirst.length]!));
    }
    if (past.base !== null) {
      const rows = past.base.roles[role];
      older.push(ownedRows(rows.hosts, rows, remaps.at(-1)!));
    }
    const owners = Uint32Array.from(new Set(recent.flatMap(({ rowOf }) => [...rowOf.keys()]))).sort();
    const offsets = new Uint32Array(owners.length + 1);
    const found: Pick<KnownRoleRows, 'peer' | 'port' | 'windows'>[] = [];
    owners.forEach((owner, i) => {
      tally.clear();
      let ring = 0;
      let isTodayClosed = false;
      for (const slice of recent) {
        for (; ring < slice.ring; ring++) tally.sums.closeWindow(ring);
        if (!isTodayClosed && !slice.isToday) {
          tally.sums.closeToday();
          isTodayClosed = true;
        }
        tally.addRecent(slice, owner);
      }
      for (; ring < WINDOW_NAMES.length; ring++) tally.sums.closeWindow(ring);
      if (!isTodayClosed) tally.sums.closeToday();
      for (const rows of older) tally.addPast(rows, owner);
      const marked = tally.marked(owner, reachesOldestDay(sliceEnd));
      offsets[i + 1] = offsets[i]! + marked.windows.length;
      found.push(marked);
    });
    const count = offsets[owners.length]!;
    const rows = { peer: new Uint32Array(count), port: new Int32Array(count), windows: new Uint8Array(count) };
    found.forEach(({ peer, port, windows }, i) => {
      rows.peer.set(peer, offsets[i]);
      rows.port.set(port, offsets[i]);
      rows.windows.set(windows, offsets[i]);
    });
    return { hosts: owners, offsets, ...rows };
  };
  const [outbound, inbound] = DIRECTIONS.map(rowsOf) as [KnownRoleRows, KnownRoleRows];
  return { addresses: list, roles: { outbound, inbound } };
}

interface OwnedRows {
  /** Row of an owner, by its id in the common list. */
  readonly rowOf: ReadonlyMap<number, number>;
  readonly remap: Uint32Array;
  readonly pairs: {
    readonly offsets: Uint32Array;
    readonly peer: Uint32Array;
    readonly port: Int32Array;
    readonly sessions: ArrayLike<number>;
    readonly oldestSessions?: ArrayLike<number>;
  };
}

const ownedRows = (owners: Uint32Array, pairs: OwnedRows['pairs'], remap: Uint32Array): OwnedRows => ({
  rowOf: new Map(Array.from(owners, (id, row) => [remap[id]!, row])),
  remap,
  pairs,
});

const PORTS = 65_536;

/** Sums of one owner's rows. Those of a slice come in the order of their peers, and so do their places. Reusable scratch. */
function createOwnerTally(addresses: number) {
  const sums = createPartySums();
  /** Place of a peer without a port, then of every port, plus one. */
  const placeOf = new Uint32Array(addresses + PORTS);
  let codeAt = new Uint32Array(1024);

  const append = (code: number): number => {
    const place = sums.append();
    if (place === codeAt.length) {
      const wider = new Uint32Array(place * 2);
      wider.set(codeAt);
      codeAt = wider;
    }
    codeAt[place] = code;
    placeOf[code] = place + 1;
    return place;
  };

  return {
    sums,
    clear() {
      for (let place = 0; place < sums.count; place++) placeOf[codeAt[place]!] = 0;
      sums.clear();
    },
    addRecent({ rowOf, remap, pairs: { offsets, peer, port, sessions } }: OwnedRows, owner: number) {
      const row = rowOf.get(owner);
      if (row === undefined) return;
      for (let p = offsets[row]!; p < offsets[row + 1]!; p++) {
        const code = port[p]! < 0 ? remap[peer[p]!]! : addresses + port[p]!;
        const known = placeOf[code]!;
        const place = known === 0 ? append(code) : known - 1;
        sums.sessions[place]! += sessions[p]!;
      }
    },
    addPast({ rowOf, remap, pairs: { offsets, peer, port, sessions, oldestSessions } }: OwnedRows, owner: number) {
      const row = rowOf.get(owner);
      if (row === undefined) return;
      for (let p = offsets[row]!; p < offsets[row + 1]!; p++) {
        const place = placeOf[port[p]! < 0 ? remap[peer[p]!]! : addresses + port[p]!]! - 1;
        if (place < 0) continue;
        sums.past[place]! += sessions[p]!;
        if (oldestSessions !== undefined) sums.oldest[place]! += oldestSessions[p]!;
      }
    },
    marked(owner: number, reachesOldest: readonly boolean[]) {
      const windows = new Uint8Array(sums.count);
      sums.compare(reachesOldest, (place, window, before) => {
        if (before > 0) windows[place]! |= 1 << window;
      });
      const codes = codeAt.subarray(0, sums.count);
      return {
        windows,
        peer: codes.map((code) => (code < addresses ? code : owner)),
        port: Int32Array.from(codes, (code) => (code < addresses ? -1 : code - addresses)),
      };
    },
  };
}
