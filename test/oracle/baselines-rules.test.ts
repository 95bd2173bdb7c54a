/** Rules of the oracle that the worked example does not reach, by numbers worked out by hand. */

import { describe, expect, it } from 'vitest';
import { baselineOf } from './baselines.ts';
import { floorOf, kindOf, readsLookback, transformed } from './baselines-metrics.ts';
import type { BaselineOptions, BaselineRow } from './baselines-rows.ts';
import { statisticsOf, weightedQuantile } from './baselines-statistics.ts';
import { behaviourColumns, curatedMetrics } from './deviations-columns.ts';
import { pairTablesOf } from './rarity.ts';
import { DAY, HOUR } from './times.ts';

const REF = Date.UTC(2026, 2, 12);
/** [the third, the tenth): safety gap 2 days. */
const START = REF - 9 * DAY;
const SESSIONS = 'sessions_cnt_w_15m';

const whole = (...values: number[]) => values.map((value) => ({ value, weight: 1, votes: 1 }));

describe('weighted quantiles', () => {
  it('are the usual ones where all weights are the same', () => {
    const of = statisticsOf(whole(40, 10, 20, 30), 4);
    expect(of).toEqual({
      median: 25,
      p25: 17.5,
      p75: 32.5,
      p95: 38.5,
      p99: expect.closeTo(39.7, 12),
      mad: 10,
      iqr: 15,
      support_count: 4,
      cold_start_flag: 0,
    });
    const heavy = [40, 10, 20, 30].map((value) => ({ value, weight: 1, votes: 4 }));
    expect(statisticsOf(heavy, 5)).toEqual({ ...of, cold_start_flag: 1 });
  });

  it('put an entry at the middle of its weight', () => {
    const entries = [...whole(1, 2), { value: 10, weight: 0.1, votes: 1 }];
    // Places 0, 1 / 1.55 and 1.
    expect(weightedQuantile(entries, 0.5)).toBeCloseTo(1 + 0.5 * 1.55, 12);
    expect(weightedQuantile(entries, 0.95)).toBeCloseTo(2 + ((0.95 - 1 / 1.55) / (0.55 / 1.55)) * 8, 12);
  });

  it('are the value of one row, and nothing without any', () => {
    expect(statisticsOf([{ value: 7, weight: 0.1, votes: 1 }], 1)).toMatchObject({ median: 7, p99: 7, mad: 0, iqr: 0 });
    expect(statisticsOf([], 1)).toMatchObject({
      median: null,
      mad: null,
      iqr: null,
      support_count: 0,
      cold_start_flag: 1,
    });
  });
});

it('kinds, floors and transforms follow from names', () => {
  expect(
    [
      'in_bytes_asymmetry_ratio_w_1h',
      'peer_ip_entropy_w_8h',
      'new_peer_ratio_lookback30d_w_15m',
      'peer_ip_top1_bytes_share_w_24h',
      'external_bytes_sent_w_1h',
      'duration_mean_w_30m',
      'has_high_risk_port_activity_w_1h',
    ].map((column) => [kindOf(column), floorOf(column), readsLookback(column)]),
  ).toEqual([
    ['asymmetry', 1, false],
    ['entropy', 0.05, false],
    ['share', 0.05, true],
    ['share', 0.05, false],
    ['bytes', 1000, false],
    ['seconds', 1, false],
    ['count', 1, false],
  ]);
  expect(readsLookback('new_to_project_peer_cnt_w_24h')).toBe(true);
  expect(transformed('bytes_src_sum_w_1h', 1000 * (Math.E - 1))).toBeCloseTo(1, 12);
  expect(transformed('deny_ratio_w_1h', 0.25)).toBe(0.25);
  expect(behaviourColumns()).toHaveLength(44);
  expect(curatedMetrics([SESSIONS, 'in_tcp_cnt_w_1h', 'external_bytes_sent_w_1h'])).toEqual([SESSIONS]);
});

/** One row an hour at minute 23, of one metric. */
function rowsOf(host: string, values: readonly (number | null)[], more: Partial<BaselineRow> = {}): BaselineRow[] {
  return values.flatMap((value, hour) =>
    value === null
      ? []
      : [
          {
            host,
            segment: '10.0.0.0/24',
            sliceEnd: START + hour * HOUR + 23 * 60_000,
            miniBatchId: `m${hour}`,
            timeBand: 'off_hours',
            isDegraded: false,
            lookbackDays: 30,
            hostAgeDays: 30,
            values: [value],
            ...more,
          },
        ],
  );
}

const OPTIONS: BaselineOptions = {
  horizon: '7d',
  metrics: [SESSIONS],
  supportMin: 5,
  keyMetrics: [SESSIONS],
};

describe('capping', () => {
  /** Ten sessions an hour, and far more in these hours of the week. */
  const withBursts = (hours: readonly number[]) =>
    rowsOf(
      '10.0.0.1',
      Array.from({ length: 7 * 24 }, (_, hour) => (hours.includes(hour) ? 10_000 : 10)),
    );
  const cappedHours = (hours: readonly number[], more: Partial<BaselineOptions> = {}): number[] =>
    [...baselineOf(withBursts(hours), REF, { ...OPTIONS, ...more }).capped].map(({ sliceEnd }) =>
      Math.floor((sliceEnd - START) / HOUR),
    );

  it.each([
    ['a burst on one day', [30], [30]],
    ['the same hour on two days', [30, 54], [30, 54]],
    ['the same hour on three days', [30, 54, 78], []],
    ['neighbouring hours on three days: the middle one has two neighbours, they have one', [30, 55, 77], [55, 77]],
    ['hours two apart', [30, 54, 80], [30, 54, 80]],
    ['23 and 0', [23, 24, 71], []],
    ['three times on one day', [30, 31, 54], [30, 31, 54]],
  ])('%s', (_, hours, capped) => {
    expect(cappedHours(hours)).toEqual(capped);
  });

  it('counts days and hours in the zone of the calendar', () => {
    // 22:23 and 23:23 UTC are 23:23 and 00:23 there, on two days.
    expect(cappedHours([22, 23, 47], { calendar: { time_zone: 'Europe/Berlin' } })).toEqual([]);
    expect(cappedHours([22, 23, 47])).toEqual([22, 23, 47]);
  });

  it('judges a host of few rows by its segment', () => {
    const few = rowsOf('10.0.0.2', [10_000, 10_000]);
    const many = rowsOf('10.0.0.1', new Array<number>(20).fill(10));
    expect([...baselineOf([...few, ...many], REF, OPTIONS).capped]).toEqual(few);
    expect(baselineOf([...few, ...many], REF, { ...OPTIONS, supportMin: 2 }).capped.size).toBe(0);
  });
});

it('a segment hears hosts, not rows', () => {
  const many = rowsOf('10.0.0.1', new Array<number>(40).fill(100));
  const few = rowsOf('10.0.0.2', new Array<number>(5).fill(1));
  const fewer = rowsOf('10.0.0.3', [50]);
  const { segment, host } = baselineOf([...many, ...few, ...fewer], REF, { ...OPTIONS, keyMetrics: [] });
  const statistics = segment.get('*')!.statistics.get(SESSIONS)!;
  // Weights 1 / 5 five times, 1 / 5, 1 / 40 forty times: 1 lasts to 0.9, 50 stands at 1.0 and 100 begins at 1.1125 of 2.0875.
  expect(statistics.median).toBeCloseTo(50 + (50 * (1.04375 - 1)) / 0.1125, 9);
  expect(statistics.support_count).toBe(46);
  expect(host.get('10.0.0.3')!.get(SESSIONS)).toMatchObject({ median: 50, cold_start_flag: 1 });
});

it('rows of the greatest mini-batch count, degraded ones do not', () => {
  const old = rowsOf('10.0.0.1', [1, 1, 1], { miniBatchId: 'a' });
  const better = rowsOf('10.0.0.1', [null, 2], { miniBatchId: 'b' });
  const worse = rowsOf('10.0.0.1', [null, null, null, 9], { isDegraded: true });
  const { host, leftOutAsDegraded } = baselineOf([...better, ...old, ...worse], REF, OPTIONS);
  expect(host.get('10.0.0.1')!.get(SESSIONS)).toMatchObject({
    support_count: 3,
    median: 1,
    p99: expect.closeTo(1.98, 12),
  });
  expect(leftOutAsDegraded).toBe(1);
});

describe('pairs', () => {
  const seen = (host: string, hours: number, sessions: number) => ({
    host,
    segment: '10.0.0.0/24',
    dstIp: '192.0.2.1',
    dstPort: 443,
    sliceEnd: START + hours * HOUR,
    sessions,
  });

  it('are counted by host and by segment, from the first instant on and before the last', () => {
    const pairs = [
      seen('10.0.0.1', 0, 1),
      seen('10.0.0.2', 30, 3),
      seen('10.0.0.2', 7 * 24, 9),
      seen('10.0.0.2', -1, 9),
    ];
    const { host, segment } = pairTablesOf(pairs, REF, OPTIONS);
    expect(host.get('10.0.0.1|192.0.2.1|443')).toEqual({
      seen: 1,
      lastSeen: START,
      activeDays: 1,
      dailyAverage: 1,
      score: 0.5,
      isNew: 0,
      isRare: 1,
    });
    expect(segment.get('10.0.0.0/24|192.0.2.1|443')).toEqual({
      seen: 4,
      lastSeen: START + 30 * HOUR,
      activeDays: 2,
      dailyAverage: 2,
      score: 0.2,
      isNew: 0,
      isRare: 0,
    });
  });
});
