import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairRarityTable } from '../../src/operators/baseline-datasets.ts';
import { createPairTally, rarityOf, tallyPairs } from '../../src/operators/rarity.ts';
import { rowsOf } from './table-rows.ts';

const START = Date.parse('2026-03-03T00:00:00Z');
const DESTINATIONS = ['10.0.0.9', '10.0.0.10', '2001:db8::1'];
type Count = readonly [owner: number, destination: number, port: number, sessions: number, at: string];

const columnsOf = (counts: readonly Count[]) => ({
  length: counts.length,
  owner: Uint32Array.from(counts, ([owner]) => owner),
  destination: Uint32Array.from(counts, ([, destination]) => destination),
  port: Int32Array.from(counts, ([, , port]) => port),
  sessions: Float64Array.from(counts, ([, , , sessions]) => sessions),
  at: Float64Array.from(counts, ([, , , , at]) => Date.parse(at)),
});
function tallied(...parts: readonly (readonly Count[])[]) {
  const tally = createPairTally(START);
  for (const part of parts) tallyPairs(tally, columnsOf(part));
  return tally;
}

const COUNTS: readonly Count[] = [
  [1, 0, 443, 5, '2026-03-04T08:08:00Z'],
  [0, 0, 443, 2, '2026-03-03T08:08:00Z'],
  [0, 1, 53, 1, '2026-03-03T08:08:00Z'],
  [0, 0, 443, 4, '2026-03-03T23:53:00Z'],
  [0, 0, 443, 1, '2026-03-09T00:08:00Z'],
  [0, 0, 80, 1, '2026-03-04T00:08:00Z'],
];

describe('the rarity of pairs', () => {
  it('is by sessions seen, on the days on which they were', () => {
    const rarity = rarityOf(tallied(COUNTS), DESTINATIONS, 0.5);
    const rows = rowsOf(pairRarityTable('host_ip', rarity, ['10.0.1.1', '10.0.1.2'], DESTINATIONS));
    const at = (text: string) => Date.parse(text);
    expect(rows).toEqual([
      row(['host_ip', '10.0.1.1'], '10.0.0.10', 53, [1, at('2026-03-03T08:08:00Z'), 1, 1, 0.5, 0, 1]),
      row(['host_ip', '10.0.1.1'], '10.0.0.9', 80, [1, at('2026-03-04T00:08:00Z'), 1, 1, 0.5, 0, 1]),
      row(['host_ip', '10.0.1.1'], '10.0.0.9', 443, [7, at('2026-03-09T00:08:00Z'), 2, 3.5, 0.125, 0, 0]),
      row(['host_ip', '10.0.1.2'], '10.0.0.9', 443, [5, at('2026-03-04T08:08:00Z'), 1, 5, 1 / 6, 0, 0]),
    ]);
  });

  it('of a segment is that of all its hosts together', () => {
    const ofSegment = COUNTS.map(([, ...count]): Count => [0, ...count]);
    const rarity = rarityOf(tallied(ofSegment), DESTINATIONS, 0.5);
    const rows = rowsOf(pairRarityTable('segment_id', rarity, ['10.0.1.0/24'], DESTINATIONS));
    expect(rows.map((own) => [own['dst_ip'], own['dst_port'], own['pair_seen_count'], own['active_days']])).toEqual([
      ['10.0.0.10', 53, 1, 1],
      ['10.0.0.9', 80, 1, 1],
      ['10.0.0.9', 443, 12, 3],
    ]);
    expect(rows.every((own) => own['segment_id'] === '10.0.1.0/24')).toBe(true);
  });

  it('does not hang on the order of the counts, nor on how they come, however many', () => {
    const count = fc.tuple(
      fc.nat(9),
      fc.nat(2),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(6),
    );
    fc.assert(
      fc.property(fc.array(count, { maxLength: 4_000, size: 'max' }), (raw) => {
        const counts = raw.map(
          ([o, d, p, s, day]): Count => [o, d, p, s, new Date(START + (day + 0.5) * 86_400_000).toISOString()],
        );
        const want = rarityOf(tallied(counts), DESTINATIONS, 0.5);
        const half = counts.length >> 1;
        expect(rarityOf(tallied(counts.slice(half).reverse(), counts.slice(0, half)), DESTINATIONS, 0.5)).toEqual(want);
        expect(want.seenCount.reduce((sum, seen) => sum + seen, 0)).toBe(counts.reduce((sum, own) => sum + own[3], 0));
        expect(want.length).toBe(new Set(counts.map(([o, d, p]) => `${o} ${d} ${p}`)).size);
      }),
      { numRuns: 20 },
    );
  });

  it('is rare from the threshold on', () => {
    const flags = (threshold: number) => [...rarityOf(tallied(COUNTS), DESTINATIONS, threshold).isRare];
    expect(flags(0.125)).toEqual([1, 1, 1, 1]);
    expect(flags(0.51)).toEqual([0, 0, 0, 0]);
  });

  it('refuses counts from outside the horizon', () => {
    expect(() => tallied([[0, 0, 443, 1, '2026-03-02T23:53:00Z']])).toThrow(/outside the 32 days/);
  });
});

function row([owner, name]: readonly [string, string], dst: string, port: number, values: readonly number[]) {
  const [seen, last, days, average, score, isNew, isRare] = values;
  return {
    [owner]: name,
    dst_ip: dst,
    dst_port: port,
    pair_seen_count: seen,
    pair_last_seen_ts: last,
    active_days: days,
    pair_daily_avg: average,
    pair_rarity_score: score,
    is_new_pair_flag: isNew,
    is_rare_pair_flag: isRare,
  };
}
