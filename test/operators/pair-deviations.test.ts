import { describe, expect, it } from 'vitest';
import { PAIR_SOURCES, rarestPairsOf, rarityOf } from '../../src/operators/pair-deviations.ts';
import { joinPairs, packPairs, pairColumns, splitPairs } from '../../src/operators/pair-pack.ts';
import { tableOf } from './random-baselines.ts';
import { windowPairsFrom } from './window-pairs.ts';

type PairRow = readonly [owner: string, dst: string, port: number, seen: number, days: number];
const DAY = Date.UTC(2026, 2, 3);

function packOf(owner: 'host_ip' | 'segment_id', rows: readonly PairRow[]) {
  return packPairs(pairsTable(owner, rows), owner);
}

const pairsTable = (owner: 'host_ip' | 'segment_id', rows: readonly PairRow[]) =>
  tableOf({
    [owner]: rows.map(([name]) => name),
    dst_ip: rows.map(([, dst]) => dst),
    dst_port: rows.map(([, , port]) => port),
    pair_seen_count: rows.map(([, , , seen]) => seen),
    pair_last_seen_ts: rows.map(([, , , seen]) => DAY + seen),
    active_days: rows.map(([, , , , days]) => days),
    is_rare_pair_flag: rows.map(([, , , seen]) => (seen <= 1 ? 1 : 0)),
  });

const SEGMENT = '10.1.0.0/24';
const known = {
  byHost: packOf('host_ip', [
    ['10.1.0.1', '192.0.2.1', 443, 9, 3],
    ['10.1.0.1', '192.0.2.10', 443, 4, 2],
    ['10.1.0.1', '192.0.2.2', 443, 4, 4],
    ['10.1.0.1', '192.0.2.2', 80, 4, 1],
    ['10.1.0.2', '192.0.2.1', 443, 1, 1],
  ]),
  bySegment: packOf('segment_id', [
    [SEGMENT, '192.0.2.1', 443, 99, 5],
    [SEGMENT, '192.0.2.77', 53, 30, 5],
  ]),
};

/** The rarest pair of one host that used some pairs. */
function rarest(
  host: string,
  used: readonly (readonly [string, number])[],
  isWarm = true,
  tables: typeof known | undefined = known,
) {
  const pairs = windowPairsFrom(used.map(([dst, port]) => ({ src: host, dst, port })));
  const found = rarestPairsOf([host], [SEGMENT], Uint8Array.of(isWarm ? 1 : 0), pairs, tables);
  return {
    source: PAIR_SOURCES[found.source[0]!],
    ...{ score: found.score[0], seen: found.seen[0], days: found.activeDays[0], average: found.dailyAverage[0] },
    ...{ last: found.lastSeen[0], isNew: found.isNew[0], isRare: found.isRare[0], anyRare: found.anyRare[0] },
  };
}

describe('the rarest pair of a row', () => {
  it("is the host's", () => {
    expect(rarest('10.1.0.1', [['192.0.2.1', 443]])).toEqual({
      ...{ source: 'host', score: 0.1, seen: 9, days: 3, average: 3, last: DAY + 9, isNew: 0, isRare: 0, anyRare: 0 },
    });
    expect(rarest('10.1.0.2', [['192.0.2.1', 443]])).toMatchObject({
      source: 'host',
      score: 0.5,
      isRare: 1,
      anyRare: 1,
    });
  });

  it("is the segment's for a pair that the host lacks, and for hosts without a baseline", () => {
    expect(rarest('10.1.0.1', [['192.0.2.77', 53]])).toMatchObject({ source: 'segment', seen: 30, average: 6 });
    expect(rarest('10.1.0.1', [['192.0.2.1', 443]], false)).toMatchObject({ source: 'segment', seen: 99 });
    expect(rarest('10.1.0.9', [['192.0.2.1', 443]])).toMatchObject({ source: 'segment', seen: 99 });
  });

  it('is unseen, the rarest of all, where neither has it', () => {
    expect(
      rarest('10.1.0.1', [
        ['192.0.2.1', 443],
        ['198.51.100.1', 443],
      ]),
    ).toEqual({
      ...{
        source: 'unseen',
        score: 1,
        seen: 0,
        days: 0,
        average: 0,
        last: Number.NaN,
        isNew: 1,
        isRare: 1,
        anyRare: 1,
      },
    });
    expect(rarest('10.1.0.1', [['192.0.2.1', 444]])).toMatchObject({ source: 'unseen' });
  });

  it('is none without a pair, and missing where pair counts are switched off', () => {
    const zeros = { score: 0, seen: 0, days: 0, average: 0, last: Number.NaN, isNew: 0, isRare: 0, anyRare: 0 };
    expect(rarest('10.1.0.1', [])).toEqual({ source: 'none', ...zeros });
    const pairs = windowPairsFrom([{ src: '10.1.0.1', dst: '198.51.100.1', port: 443 }]);
    const off = rarestPairsOf(['10.1.0.1'], [SEGMENT], Uint8Array.of(1), pairs, undefined);
    expect(PAIR_SOURCES[off.source[0]!]).toBe('missing');
    expect([off.score[0], off.anyRare[0], off.lastSeen[0], off.unseen]).toEqual([0, 0, Number.NaN, 0]);
  });

  it('is, of equally rare ones, the first by destination as text, then by port', () => {
    const used = [
      ['192.0.2.2', 443],
      ['192.0.2.10', 443],
      ['192.0.2.2', 80],
      ['192.0.2.1', 443],
    ] as const;
    expect(rarest('10.1.0.1', used)).toMatchObject({ seen: 4, days: 2 }); // 192.0.2.10 before 192.0.2.2
    expect(
      rarest(
        '10.1.0.1',
        used.filter(([dst]) => dst === '192.0.2.2'),
      ),
    ).toMatchObject({ days: 1 });
  });

  it('counts every pair that was looked up elsewhere', () => {
    const used = ['192.0.2.1', '192.0.2.77', '198.51.100.1', '198.51.100.2'];
    const pairs = windowPairsFrom(used.map((dst) => ({ src: '10.1.0.1', dst, port: dst.endsWith('77') ? 53 : 443 })));
    const { fromSegment, unseen } = rarestPairsOf(['10.1.0.1'], [SEGMENT], Uint8Array.of(1), pairs, known);
    expect({ fromSegment, unseen }).toEqual({ fromSegment: 1, unseen: 2 });
  });

  it('is rarer the less it was seen', () => {
    expect([0, 1, 9].map(rarityOf)).toEqual([1, 0.5, 0.1]);
  });
});

describe('packs of pairs', () => {
  const rows: PairRow[] = [
    ['10.1.0.2', 'fd00::1', 443, 3, 1],
    ['10.1.0.2', '192.0.2.1', 53, 3, 1],
    ['10.1.0.10', '192.0.2.1', 443, 2, 1],
  ];

  it('do not depend on the order of rows and tables', () => {
    const pack = packOf('host_ip', rows);
    expect(pack.owners).toEqual(['10.1.0.10', '10.1.0.2']);
    const reversed = rows.toReversed().map((row) => packOf('host_ip', [row]));
    expect(joinPairs(reversed, 'host_ip')).toEqual(pack);
  });

  it('split by owner without losing a pair', () => {
    const shards = splitPairs(packOf('host_ip', rows), 2, (host) => (host === '10.1.0.2' ? 1 : 0));
    expect(shards[0]).toEqual(packOf('host_ip', rows.slice(2)));
    expect(shards[1]).toEqual(packOf('host_ip', rows.slice(0, 2)));
  });

  it('refuse a table that lacks a column, and a pair that stands twice', () => {
    const table = pairsTable('segment_id', [['s', '192.0.2.1', 443, 1, 1]]);
    const { active_days: _, ...columns } = table.columns;
    expect(() => packPairs({ ...table, columns }, 'segment_id')).toThrow('fg_b/pair/segment: active_days is missing');
    expect(() =>
      joinPairs(
        [table, table].map((one) => packPairs(one, 'segment_id')),
        'segment_id',
      ),
    ).toThrow(/more than once/);
    expect(pairColumns('host_ip')[0]).toBe('host_ip');
    for (const name of ['dst_port', 'pair_seen_count', 'pair_last_seen_ts', 'active_days', 'is_rare_pair_flag']) {
      const holed = { ...table, columns: { ...table.columns, [name]: Float64Array.of(Number.NaN) } };
      expect(() => packPairs(holed, 'segment_id')).toThrow(`fg_b/pair/segment: ${name} is null in row 0`);
    }
  });

  it('hold nothing where nothing was seen', () => {
    const { owners, offsets, peer } = joinPairs([], 'host_ip');
    expect([owners, [...offsets], [...peer]]).toEqual([[], [0], []]);
  });
});
