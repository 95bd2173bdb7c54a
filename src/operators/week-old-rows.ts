import type { AddressList } from './address-book.ts';
import { idsIn } from './address-union.ts';
import type { YoungPairs } from './beacon-candidates.ts';
import type { PastDays } from './lookback.ts';
import type { BaseRows } from './lookback-base.ts';
import { dayOf, MINUTE_MS, pairCode } from './past-rows.ts';
import { PROJECT } from './project-slice.ts';

/** Days that a project must be known for before its pairs can be young. */
const FEWEST_DAYS = 14;

/** Tells whether the row of (host, peer, port) of a base, by its ids, was there a week before a slice's end or earlier. */
type WeekOld = (host: number, peer: number, port: number) => boolean;

/** The lookback of a slice is that of its end: it begins with the day thirty days before, and never reaches the oldest. */
function weekOldIn({ hosts, offsets, peer, port, first }: BaseRows, sliceEnd: number): WeekOld {
  const minute = (sliceEnd - dayOf(sliceEnd)) / MINUTE_MS;
  return (host, wantedPeer, wantedPort) => {
    const owner = firstNotBelow(hosts.length, (i) => hosts[i]! < host);
    if (hosts[owner] !== host) return false;
    const code = pairCode(wantedPeer, wantedPort);
    const start = offsets[owner]!;
    const found = firstNotBelow(
      offsets[owner + 1]! - start,
      (i) => pairCode(peer[start + i]!, port[start + i]!) < code,
    );
    const row = start + found;
    if (row === offsets[owner + 1]! || peer[row] !== wantedPeer || port[row] !== wantedPort) return false;
    return first !== undefined && first[row]! <= minute;
  };
}

/** Least place from 0 to `count` that is not below. */
function firstNotBelow(count: number, isBelow: (place: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A pair is young where the project is known for 14 days and the host did not contact the peer on that port, outbound, in a
 * slice of the lookback that ends 7 days before `sliceEnd` or earlier.
 *
 * @param base merged days of the hosts' shard.
 * @param projectDays whole days since the project's first slice.
 */
export function youngPairsBy(base: PastDays['base'], projectDays: number, sliceEnd: number): YoungPairs {
  if (projectDays < FEWEST_DAYS) return () => () => false;
  if (base === null) return () => () => true;
  const isWeekOld = weekOldIn(base.roles.outbound, sliceEnd);
  return (hosts, peers) => {
    const hostIds = idsIn(base.addresses, hosts);
    const peerIds = idsIn(base.addresses, peers);
    return (host, peer, port) => {
      const [hostId, peerId] = [hostIds[host]!, peerIds[peer]!];
      return hostId < 0 || peerId < 0 || !isWeekOld(hostId, peerId, port);
    };
  };
}

/**
 * 1 for each of the peers that some host of the project contacted, outbound, in a slice of the lookback that ends 7 days
 * before `sliceEnd` or earlier.
 *
 * @param base merged days of what all hosts did together.
 */
export function establishedPeers(base: PastDays['base'], peers: AddressList, sliceEnd: number): Uint8Array {
  const isEstablished = new Uint8Array(peers.count);
  if (base === null) return isEstablished;
  const project = [...base.addresses.texts].find(([, text]) => text === PROJECT)?.[0];
  if (project === undefined) return isEstablished;
  const isWeekOld = weekOldIn(base.roles.outbound, sliceEnd);
  idsIn(base.addresses, peers).forEach((id, peer) => {
    if (id >= 0 && isWeekOld(project, id, -1)) isEstablished[peer] = 1;
  });
  return isEstablished;
}
