/** How rare the pairs of a row are. */

import type { BaselineRow } from './baselines-rows.ts';
import type { DeviationRow, UsedPair } from './deviations.ts';
import { compareText } from './numbers.ts';
import { type PairRarity, type PairTables, pairKey, rarityOf } from './rarity.ts';

interface Judged extends UsedPair {
  readonly source: 'host' | 'segment' | 'unseen';
  readonly rarity: PairRarity;
}

export function pairFeatures(
  row: BaselineRow,
  tables: PairTables,
  used: readonly UsedPair[],
  { isWarm, isEnabled, threshold }: { isWarm: boolean; isEnabled: boolean; threshold: number },
): DeviationRow {
  if (!isEnabled) return zeros('missing');
  const judged = used.map(({ dstIp, dstPort }): Judged => {
    const ofHost = isWarm ? tables.host.get(pairKey(row.host, dstIp, dstPort)) : undefined;
    if (ofHost !== undefined) return { dstIp, dstPort, source: 'host', rarity: ofHost };
    const ofSegment = tables.segment.get(pairKey(row.segment, dstIp, dstPort));
    if (ofSegment !== undefined) return { dstIp, dstPort, source: 'segment', rarity: ofSegment };
    return { dstIp, dstPort, source: 'unseen', rarity: rarityOf([], threshold) };
  });
  const [rarest] = judged.sort(
    (a, b) => b.rarity.score - a.rarity.score || compareText(a.dstIp, b.dstIp) || a.dstPort - b.dstPort,
  );
  if (rarest === undefined) return zeros('none');
  const { score, seen, activeDays, dailyAverage, lastSeen, isNew, isRare } = rarest.rarity;
  return {
    pair_rarity_score: score,
    pair_seen_count: seen,
    active_days: activeDays,
    pair_daily_avg: dailyAverage,
    pair_last_seen_ts: lastSeen,
    is_new_pair_flag: isNew,
    is_rare_pair_flag: isRare,
    rare_pair_flag: Number(judged.some(({ rarity }) => rarity.isNew === 1 || rarity.isRare === 1)),
    pair_rarity_source: rarest.source,
  };
}

const zeros = (source: 'missing' | 'none'): DeviationRow => ({
  pair_rarity_score: 0,
  pair_seen_count: 0,
  active_days: 0,
  pair_daily_avg: 0,
  pair_last_seen_ts: null,
  is_new_pair_flag: 0,
  is_rare_pair_flag: 0,
  rare_pair_flag: 0,
  pair_rarity_source: source,
});
