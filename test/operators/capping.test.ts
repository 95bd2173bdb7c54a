import { describe, expect, it } from 'vitest';
import { baselineMetricOf } from '../../src/operators/baseline-metrics.ts';
import { capRows } from '../../src/operators/capping.ts';
import { type BinRow, binOf } from './bin-rows.ts';

const RULES = { zMax: 6, wAnom: 0.1, timeZone: 'UTC' };
interface Valued extends BinRow {
  readonly x: number;
}

function cap(rows: readonly Valued[], metric = 'sessions_cnt_w_15m', rules = RULES, supportMin = 5) {
  const values = Float64Array.from(rows, ({ x }) => x);
  const { weights, isExcused } = capRows(
    binOf(rows),
    [{ metric: baselineMetricOf(metric)!, values, supportMin }],
    rules,
  );
  const named = (of: Uint8Array) => rows.flatMap(({ host, end }, i) => (of[i] === 1 ? [`${host} ${end}`] : []));
  return {
    capped: named(Uint8Array.from(weights, (weight) => (weight === 0.1 ? 1 : 0))),
    excused: named(isExcused),
    weights,
  };
}

/** An hour-by-hour day of one host with 9, 10 or 11 sessions. */
const ordinary = (host: string, hours = 24, x = 10): Valued[] =>
  Array.from({ length: hours }, (_, hour) => ({
    host,
    end: `2026-03-02T${String(hour).padStart(2, '0')}:08:00Z`,
    x: x + (hour % 3) - 1,
  }));
const at = (host: string, end: string, x: number): Valued => ({ host, end, x });

describe('capping', () => {
  it('takes weight from what is far from the median, on the scale of logarithms and at least its floor', () => {
    // ln 11 = 2.3979, floor 0.35: beyond 11 * e^2.1 - 1 = 88.8; below it needs less than 11 / e^2.1 - 1 = 0.347.
    const burst = [at('10.0.0.1', '2026-03-09T08:08:00Z', 88), at('10.0.0.1', '2026-03-09T12:08:00Z', 90)];
    const quiet = [at('10.0.0.1', '2026-03-09T18:08:00Z', 1), at('10.0.0.1', '2026-03-09T22:08:00Z', 0)];
    expect(cap([...ordinary('10.0.0.1'), ...burst, ...quiet]).capped).toEqual([
      '10.0.0.1 2026-03-09T12:08:00Z',
      '10.0.0.1 2026-03-09T22:08:00Z',
    ]);
  });

  it('judges shares as they are', () => {
    // All shares 0.02: beyond 0.02 + 6 * 0.15 = 0.92.
    const rows = ordinary('10.0.0.1').map((row) => ({ ...row, x: 0.02 }));
    const burst = [at('10.0.0.1', '2026-03-09T08:08:00Z', 0.91), at('10.0.0.1', '2026-03-09T12:08:00Z', 0.93)];
    expect(cap([...rows, ...burst], 'deny_ratio_w_15m').capped).toEqual(['10.0.0.1 2026-03-09T12:08:00Z']);
  });

  it('judges bytes by thousands', () => {
    // All 9,000 bytes: beyond 10 * e^2.1 - 1 = 80.66 thousand.
    const rows = ordinary('10.0.0.1').map((row) => ({ ...row, x: 9_000 }));
    const burst = [at('10.0.0.1', '2026-03-09T08:08:00Z', 80_600), at('10.0.0.1', '2026-03-09T12:08:00Z', 80_700)];
    expect(cap([...rows, ...burst], 'bytes_src_sum_w_15m').capped).toEqual(['10.0.0.1 2026-03-09T12:08:00Z']);
  });

  it('excuses what recurs on three days at about the same hour', () => {
    const backups = (ends: readonly string[]) =>
      cap([...ordinary('10.0.0.1'), ...ends.map((end) => at('10.0.0.1', end, 500))]);
    const thrice = ['2026-03-03T02:23:00Z', '2026-03-04T01:08:00Z', '2026-03-05T03:53:00Z'];
    // Two o'clock has all three days beside it, one and three only two.
    expect(backups(thrice)).toMatchObject({
      capped: thrice.slice(1).map((end) => `10.0.0.1 ${end}`),
      excused: [`10.0.0.1 ${thrice[0]}`],
    });
    // Three in one night are one day.
    expect(backups(['2026-03-03T02:23:00Z', '2026-03-03T02:38:00Z', '2026-03-03T03:08:00Z']).excused).toEqual([]);
    expect(backups(['2026-03-03T02:23:00Z', '2026-03-04T02:38:00Z', '2026-03-11T03:08:00Z']).capped).toEqual([]);
  });

  it('has 23 and 0 o’clock for neighbours', () => {
    const nights = ['2026-03-03T23:53:00Z', '2026-03-05T00:08:00Z', '2026-03-06T23:08:00Z'];
    expect(cap([...ordinary('10.0.0.1'), ...nights.map((end) => at('10.0.0.1', end, 500))]).excused).toHaveLength(3);
    const apart = ['2026-03-03T22:53:00Z', '2026-03-05T00:08:00Z', '2026-03-06T22:08:00Z'];
    expect(cap([...ordinary('10.0.0.1'), ...apart.map((end) => at('10.0.0.1', end, 500))]).capped).toHaveLength(3);
  });

  it('reads hours and days on the clocks of the zone, over the change to summer time too', () => {
    // In Berlin 01:23 on all four nights; in UTC 00:23 before the 29th of March, 23:23 of the day before after it.
    const berlin = ['2026-03-28T00:23:00Z', '2026-03-29T00:23:00Z', '2026-03-29T23:23:00Z', '2026-03-30T23:23:00Z'];
    const rows = [...ordinary('10.0.0.1'), ...berlin.map((end) => at('10.0.0.1', end, 500))];
    expect(cap(rows, 'sessions_cnt_w_15m', { ...RULES, timeZone: 'Europe/Berlin' }).excused).toHaveLength(4);
    // Two rows of one local day, two days in all.
    const two = [...ordinary('10.0.0.1'), ...berlin.slice(1, 3).map((end) => at('10.0.0.1', end, 500))];
    expect(
      cap([...two, at('10.0.0.1', '2026-03-29T00:53:00Z', 500)], 'sessions_cnt_w_15m', {
        ...RULES,
        timeZone: 'Europe/Berlin',
      }).excused,
    ).toEqual([]);
    // Two dates in UTC; on clocks ten hours behind one of them is before midnight, and there are three.
    const line = ['2026-03-03T09:53:00Z', '2026-03-03T10:08:00Z', '2026-03-04T10:53:00Z'];
    const across = [...ordinary('10.0.0.1'), ...line.map((end) => at('10.0.0.1', end, 500))];
    expect(cap(across).excused).toEqual([]);
    expect(cap(across, 'sessions_cnt_w_15m', { ...RULES, timeZone: 'Pacific/Honolulu' }).excused).toHaveLength(3);
  });

  it('judges a host with few rows by its segment, and one with enough by itself', () => {
    const server = ordinary('10.0.0.9', 24, 4_000);
    const few = [at('10.0.0.7', '2026-03-09T08:08:00Z', 4_000), at('10.0.0.7', '2026-03-09T12:08:00Z', 10)];
    const many = Array.from({ length: 6 }, (_, i) => ordinary(`10.0.0.${i}`)).flat();
    // What is common for the server is not for the pool, of which most rows have 10.
    expect(cap([...many, ...server, ...few]).capped).toEqual(['10.0.0.7 2026-03-09T08:08:00Z']);
    // By itself a host of five rows is its own measure.
    const enough = [
      ...few,
      ...few.map(({ end }, i) => at('10.0.0.7', end.replace('-09T', '-10T'), i === 0 ? 4_000 : 4_001)),
    ];
    const fifth = at('10.0.0.7', '2026-03-12T08:08:00Z', 4_000);
    expect(cap([...many, ...server, ...enough, fifth]).capped).toEqual(['10.0.0.7 2026-03-09T12:08:00Z']);
  });

  it('asks every key metric, and one is enough', () => {
    const rows = [...ordinary('10.0.0.1'), at('10.0.0.1', '2026-03-09T08:08:00Z', 10)];
    const key = (name: string, last: number) => ({
      metric: baselineMetricOf(name)!,
      values: Float64Array.from([...ordinary('10.0.0.1').map(({ x }) => x), last]),
      supportMin: 5,
    });
    const { weights } = capRows(binOf(rows), [key('sessions_cnt_w_15m', 10), key('peer_ip_nunique_w_15m', 900)], RULES);
    expect(weights.at(-1)).toBe(0.1);
    expect(weights.slice(0, -1).every((weight) => weight === 1)).toBe(true);
  });

  it('does not judge rows that have no value', () => {
    const rows = [...ordinary('10.0.0.1'), { ...at('10.0.0.1', '2026-03-09T08:08:00Z', 900), isYoung: true }];
    expect(cap(rows, 'new_pair_cnt_lookback30d_w_15m').capped).toEqual([]);
    expect(cap(rows).capped).toHaveLength(1);
    expect(cap([...ordinary('10.0.0.1'), at('10.0.0.1', '2026-03-09T08:08:00Z', Number.NaN)]).capped).toEqual([]);
    expect(cap([at('10.0.0.1', '2026-03-09T08:08:00Z', Number.NaN)]).capped).toEqual([]);
    expect(cap([]).weights).toHaveLength(0);
  });
});
