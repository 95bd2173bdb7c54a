/** Beacons of published rows, from the pair context of all mini-batches up to theirs. */

import { contains, parseAddress, parseNetwork, segmentOf } from '../oracle/addresses.ts';
import type { BaselineRow } from '../oracle/baselines-rows.ts';
import { type BeaconFeatures, beaconsOf } from '../oracle/beacons.ts';
import { compareText } from '../oracle/numbers.ts';
import { type OracleParameters, settle } from '../oracle/parameters.ts';
import { groupBy } from '../oracle/sides.ts';
import { DAY } from '../oracle/times.ts';
import type { PublishedHistory } from './published-history.ts';

interface Placed {
  readonly sliceEnd: number;
  readonly miniBatchId: string;
}

/** Whether `a` is no later mini-batch than `b`. */
const isUpTo = (a: Placed, b: Placed): boolean =>
  a.sliceEnd < b.sliceEnd || (a.sliceEnd === b.sliceEnd && compareText(a.miniBatchId, b.miniBatchId) <= 0);

export function beaconJudge(
  { rows, pairContext }: PublishedHistory,
  parameters: OracleParameters,
): (row: BaselineRow) => BeaconFeatures {
  const settings = settle(parameters);
  const byPair = groupBy(pairContext, ({ host, peer, port }) => `${host}|${peer}|${port ?? ''}`);
  const byPeer = groupBy(pairContext, ({ peer }) => peer);
  const isInternal = (text: string): boolean => {
    const address = parseAddress(text);
    return address !== null && settings.hostNetworks.some((cidr) => contains(parseNetwork(cidr)!, address));
  };
  /** What all rows of a mini-batch have in common. */
  const lastDayBefore = (at: Placed) => {
    const inDay = (placed: Placed): boolean => placed.sliceEnd > at.sliceEnd - DAY && isUpTo(placed, at);
    return {
      contexts: pairContext.filter(inDay),
      activeHosts: new Set(rows.filter(inDay).map(({ host }) => host)),
    };
  };
  let known: { readonly of: string; readonly lastDay: ReturnType<typeof lastDayBefore> } | undefined;
  return (row) => {
    if (known?.of !== row.miniBatchId) known = { of: row.miniBatchId, lastDay: lastDayBefore(row) };
    const { contexts, activeHosts } = known.lastDay;
    // Whole days on the old edge.
    const from = Math.floor((row.sliceEnd - 30 * DAY) / DAY) * DAY;
    const first = (seen: readonly Placed[] = []): number | undefined => {
      const within = seen.filter((placed) => placed.sliceEnd >= from && isUpTo(placed, row));
      return within.length === 0 ? undefined : Math.min(...within.map(({ sliceEnd }) => sliceEnd));
    };
    return beaconsOf(
      row.host,
      contexts,
      {
        activeHosts,
        pairFirstSeen: (host, peer, port) => first(byPair.get(`${host}|${peer}|${port ?? ''}`)),
        peerFirstSeen: (peer) => first(byPeer.get(peer)),
      },
      {
        instant: row.sliceEnd,
        isInternal,
        segmentOf: (text) => {
          const address = parseAddress(text);
          return address === null ? null : segmentOf(address, settings);
        },
        infrastructure: parameters.infrastructure ?? [],
        lookbackDays: row.lookbackDays,
      },
    );
  };
}
