/** How often pairs were seen, by host and by segment. */

import { type BaselineOptions, settleBaseline, spanOf, utcDayOf } from './baselines-rows.ts';
import { most, sum } from './metrics.ts';
import { groupBy } from './sides.ts';

/** One row of pair counts whose source is a host. */
export interface PairCount {
  readonly host: string;
  readonly segment: string;
  readonly dstIp: string;
  readonly dstPort: number;
  /** Epoch ms. */
  readonly sliceEnd: number;
  readonly sessions: number;
}

export interface PairRarity {
  readonly seen: number;
  /** Epoch ms; null of a pair never seen. */
  readonly lastSeen: number | null;
  readonly activeDays: number;
  readonly dailyAverage: number;
  readonly score: number;
  readonly isNew: number;
  readonly isRare: number;
}

/** By `<host or segment>|<dst_ip>|<dst_port>`. */
export interface PairTables {
  readonly host: ReadonlyMap<string, PairRarity>;
  readonly segment: ReadonlyMap<string, PairRarity>;
}

export const pairKey = (owner: string, dstIp: string, dstPort: number): string => `${owner}|${dstIp}|${dstPort}`;

/** Degraded slices count too: a pair that was seen is known. */
export function pairTablesOf(pairs: readonly PairCount[], ref: number, options: BaselineOptions): PairTables {
  const settings = settleBaseline(options);
  const { start, end } = spanOf(ref, settings);
  const within = pairs.filter(({ sliceEnd }) => sliceEnd >= start && sliceEnd < end);
  const tableBy = (owner: (pair: PairCount) => string): Map<string, PairRarity> => {
    const groups = groupBy(within, (pair) => pairKey(owner(pair), pair.dstIp, pair.dstPort));
    return new Map([...groups].map(([key, own]) => [key, rarityOf(own, settings.rarityThreshold)]));
  };
  return { host: tableBy(({ host }) => host), segment: tableBy(({ segment }) => segment) };
}

export function rarityOf(seen: readonly PairCount[], threshold: number): PairRarity {
  const sessions = sum(seen.map((pair) => pair.sessions));
  const activeDays = new Set(seen.map(({ sliceEnd }) => utcDayOf(sliceEnd))).size;
  const score = 1 / (1 + sessions);
  return {
    seen: sessions,
    lastSeen: seen.length === 0 ? null : most(seen.map(({ sliceEnd }) => sliceEnd)),
    activeDays,
    dailyAverage: activeDays === 0 ? 0 : sessions / activeDays,
    score,
    isNew: Number(sessions === 0),
    isRare: Number(score >= threshold),
  };
}
