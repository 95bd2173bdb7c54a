import { describe, expect, it } from 'vitest';
import type { Cell, Row } from '../oracle/metrics.ts';
import { judge, type OracleMiniBatch, type OracleParameters } from '../oracle/oracle.ts';
import { allFaults } from './agreement.ts';
import { runHistory } from './product-run.ts';
import { type LogRecord, miniBatchOf } from './random-traffic.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const T = Date.UTC(2026, 3, 20, 10, 38);

const contact = (at: number, own: LogRecord = {}): LogRecord => ({
  source_ip: '10.0.0.1',
  destination_ip: '203.0.113.9',
  destination_port: 443,
  source_bytes: 10,
  destination_bytes: 20,
  event_start: at - 60_000,
  event_end: at - 30_000,
  ...own,
});

/** The row of 10.0.0.1 at T; `before`: what was delivered so long before T. Everything else agrees with the judge too. */
function rowAtT(
  before: readonly (readonly [ago: number, own?: LogRecord])[],
  last: LogRecord = {},
  parameters: OracleParameters = { minDays: 0 },
): Row {
  const history: OracleMiniBatch[] = [...before, [0, last] as const].map(([ago, own], n) =>
    miniBatchOf(`mb-${String(n).padStart(2, '0')}`, T - ago, [contact(T - ago, own)]),
  );
  const rows = runHistory(parameters, history, { shards: 2 });
  const judged = judge(parameters, history);
  expect(judged.flatMap((output, i) => allFaults(output, rows[i]!))).toEqual([]);
  return rows.at(-1)!.fg_a.find((row) => row['host_ip'] === '10.0.0.1')!;
}

const overWindows = (row: Row, metric: string): Cell[] =>
  ['15m', '30m', '1h', '8h', '24h'].map((window) => row[`${metric}_w_${window}`]!);
const newPeers = (ago: number): Cell[] => overWindows(rowAtT([[ago]]), 'new_peer_cnt_lookback30d');

describe('a peer seen before', () => {
  const midnight = T - Date.UTC(2026, 3, 20);
  it.each([
    ['15 minutes ago: new to the windows that hold that time', QUARTER, [0, 1, 1, 1, 1]],
    ['an hour ago: known to the hour, whose lookback ends there', HOUR, [0, 0, 0, 1, 1]],
    ['24 hours ago', DAY, [0, 0, 0, 0, 0]],
    ['30 days ago', 30 * DAY, [0, 0, 0, 0, 0]],
    ['first thing on the oldest day', 30 * DAY + midnight - 8 * 60_000, [0, 0, 0, 0, 0]],
    [
      'a slice before that: only windows that begin yesterday reach so far',
      30 * DAY + midnight + QUARTER,
      [1, 1, 1, 1, 0],
    ],
    ['before the day that those reach', 31 * DAY + midnight + QUARTER, [1, 1, 1, 1, 1]],
  ])('%s', (_, ago, expected) => {
    expect(newPeers(ago)).toEqual(expected);
  });

  it('once is rare, twice is not', () => {
    const rare = (times: number): Cell => {
      const before = Array.from({ length: times }, (_, n) => [(n + 2) * DAY] as const);
      return rowAtT(before)['rare_peer_cnt_lookback30d_w_15m']!;
    };
    expect([0, 1, 2].map(rare)).toEqual([0, 1, 0]);
  });

  it('by another host of the segment makes its port known to the segment, and the peer to the project', () => {
    const other = { source_ip: '10.0.0.2' };
    const elsewhere = { source_ip: '10.9.0.2' };
    const ofSegment = (own: LogRecord): Cell => rowAtT([[2 * DAY, own]])['new_src_dst_port_cnt_lookback30d_w_15m']!;
    const ofProject = (own: LogRecord): Cell => rowAtT([[2 * DAY, own]])['new_to_project_peer_cnt_w_1h']!;
    expect([ofSegment(other), ofSegment(elsewhere)]).toEqual([0, 1]);
    expect([ofProject(other), ofProject(elsewhere)]).toEqual([0, 0]);
    expect(ofProject({ ...elsewhere, destination_ip: '203.0.113.10' })).toBe(1);
  });

  it('is nothing new to a newcomer, nor while the project is young', () => {
    const rules = { minDays: 7 };
    const young = rowAtT([[6 * DAY]], { destination_ip: '198.51.100.1' }, rules);
    expect([young['lookback_days'], young['is_new_host'], young['new_peer_cnt_lookback30d_w_15m']]).toEqual([6, 1, 0]);
    const newcomer = rowAtT([[8 * DAY, { source_ip: '10.0.0.7' }]], {}, rules);
    expect([newcomer['lookback_days'], newcomer['host_age_days'], newcomer['is_new_host']]).toEqual([8, 0, 1]);
    const settled = rowAtT([[8 * DAY]], { destination_ip: '198.51.100.1' }, rules);
    expect([settled['is_new_host'], settled['new_peer_cnt_lookback30d_w_15m']]).toEqual([0, 1]);
  });
});

describe('the age of a host', () => {
  it.each([
    ['just now', 0, 0],
    ['a day less a slice', DAY - QUARTER, 0],
    ['a day', DAY, 1],
    ['30 days and 23 hours', 30 * DAY + 23 * HOUR, 30],
    ['31 days', 31 * DAY, 31],
    ['31 days and a slice: out of sight', 31 * DAY + QUARTER, 0],
  ])('%s', (_, ago, days) => {
    expect(rowAtT(ago === 0 ? [] : [[ago]])['host_age_days']).toBe(days);
  });
});
