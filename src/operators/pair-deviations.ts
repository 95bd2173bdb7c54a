import { textOf } from './address-book.ts';
import { idsIn } from './address-union.ts';
import { placeOfText } from './baseline-pack.ts';
import type { WindowPairs } from './fg-a-pairs.ts';
import { type PairPack, pairRowOf } from './pair-pack.ts';

/** Where the rarity of a row's rarest pair comes from. */
export const PAIR_SOURCES = ['host', 'segment', 'unseen', 'none', 'missing'] as const;
export type PairSource = (typeof PAIR_SOURCES)[number];

/** The rarest outbound pair of each row's slice. Where there is none, numbers are 0 and lastSeen NaN. */
export interface RarestPairs {
  /** Place in PAIR_SOURCES. */
  readonly source: Uint8Array;
  readonly score: Float64Array;
  readonly seen: Float64Array;
  readonly activeDays: Float64Array;
  readonly dailyAverage: Float64Array;
  /** Ms UTC; NaN: never. */
  readonly lastSeen: Float64Array;
  readonly isNew: Uint8Array;
  readonly isRare: Uint8Array;
  /** 1: any pair of the row is new or rare. */
  readonly anyRare: Uint8Array;
  /** Pairs that were looked up in the segment's table, and that neither has. */
  readonly fromSegment: number;
  readonly unseen: number;
}

/** What was known of pairs at a publication. */
export interface KnownPairs {
  readonly byHost: PairPack;
  readonly bySegment: PairPack;
}

/** How rare a pair with so many sessions is: 1 for one never seen. */
export const rarityOf = (seen: number): number => 1 / (1 + seen);

/**
 * Finds the rarest pair of every row: the score descending, then destination as text, then port.
 *
 * @param hosts host_ip of the rows; `segmentIds` and `isWarm` by row.
 * @param pairs what the rows' hosts did in the slice, ordered by (host, peer, port).
 * @param byHost pairs of the warm hosts. A pair that the host's lacks, and every pair of others, is looked up in `bySegment`.
 *   undefined: pair counts are switched off; every row is `missing`.
 */
export function rarestPairsOf(
  hosts: readonly string[],
  segmentIds: readonly string[],
  isWarm: Uint8Array,
  pairs: WindowPairs,
  known: KnownPairs | undefined,
): RarestPairs {
  const numbers = () => new Float64Array(hosts.length);
  const flags = () => new Uint8Array(hosts.length);
  const found = {
    source: flags().fill(PAIR_SOURCES.indexOf(known === undefined ? 'missing' : 'none')),
    ...{ score: numbers(), seen: numbers(), activeDays: numbers(), dailyAverage: numbers() },
    lastSeen: numbers().fill(Number.NaN),
    ...{ isNew: flags(), isRare: flags(), anyRare: flags() },
  };
  let fromSegment = 0;
  let unseen = 0;
  if (known === undefined) return { ...found, fromSegment, unseen };

  const { byHost, bySegment } = known;
  const inHosts = idsIn(byHost.addresses, pairs.addresses);
  const inSegments = idsIn(bySegment.addresses, pairs.addresses);
  const rowOfHost = new Map(hosts.map((host, row) => [host, row]));
  const ownerOfSegment = new Map<string, number>();
  const UNSEEN = PAIR_SOURCES.indexOf('unseen');
  for (let start = 0, end = 0; start < pairs.length; start = end) {
    const hostIp = textOf(pairs.addresses, pairs.host[start]!);
    for (end = start + 1; end < pairs.length && pairs.host[end] === pairs.host[start]; ) end++;
    const row = rowOfHost.get(hostIp);
    if (row === undefined) continue;
    const segmentId = segmentIds[row]!;
    const segment = ownerOfSegment.get(segmentId) ?? placeOfText(bySegment.owners, segmentId);
    ownerOfSegment.set(segmentId, segment);
    const host = isWarm[row] === 1 ? placeOfText(byHost.owners, hostIp) : -1;
    let least = Number.POSITIVE_INFINITY;
    for (let p = start; p < end; p++) {
      const port = pairs.port[p]!;
      let pack = byHost;
      let at = host < 0 ? -1 : pairRowOf(byHost, host, inHosts[pairs.peer[p]!]!, port);
      if (at < 0) {
        pack = bySegment;
        if (segment >= 0) at = pairRowOf(bySegment, segment, inSegments[pairs.peer[p]!]!, port);
        if (at < 0) unseen++;
        else fromSegment++;
      }
      const seen = at < 0 ? 0 : pack.seen[at]!;
      const isRare = at < 0 ? 1 : pack.isRare[at]!;
      if (isRare === 1) found.anyRare[row] = 1;
      if (seen >= least) continue;
      least = seen;
      found.source[row] = at < 0 ? UNSEEN : pack === byHost ? 0 : 1;
      found.score[row] = rarityOf(seen);
      found.seen[row] = seen;
      found.activeDays[row] = at < 0 ? 0 : pack.activeDays[at]!;
      found.dailyAverage[row] = at < 0 ? 0 : seen / pack.activeDays[at]!;
      found.lastSeen[row] = at < 0 ? Number.NaN : pack.lastSeen[at]!;
      found.isNew[row] = at < 0 ? 1 : 0;
      found.isRare[row] = isRare;
    }
  }
  return { ...found, fromSegment, unseen };
}
