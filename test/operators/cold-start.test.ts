import { describe, expect, it } from 'vitest';
import { baselineMetricOf } from '../../src/operators/baseline-metrics.ts';
import { groupByHost } from '../../src/operators/baseline-rows.ts';
import { compareCodePoints, ipMetadataOf } from '../../src/operators/cold-start.ts';
import { type BinRow, binOf } from './bin-rows.ts';

const RULES = { supportMinDays: 2, nonPersistentPrefixes: ['vdi-'] };
const row = (host: string, end: string, more: Partial<BinRow> = {}): BinRow => ({ host, end, ...more });
const steady = (host: string): BinRow[] => [
  row(host, '2026-03-02T08:08:00Z', { band: 'working_hours' }),
  row(host, '2026-03-02T23:53:00Z'),
  row(host, '2026-03-03T00:08:00Z'),
  row(host, '2026-03-03T09:08:00Z', { band: 'working_hours' }),
];

function metadata(
  rows: readonly BinRow[],
  names: Readonly<Record<string, readonly string[]>> = {},
  { metrics = ['sessions_cnt_w_15m'], byTimeBand = false, values = undefined as readonly number[] | undefined } = {},
) {
  const bin = binOf(rows);
  const required = metrics.map((name) => ({
    metric: baselineMetricOf(name)!,
    values: Float64Array.from(rows, (_, i) => values?.[i] ?? 0),
    supportMin: 3,
  }));
  return ipMetadataOf(bin, groupByHost(bin, byTimeBand), required, (host) => names[host] ?? [], RULES);
}

describe('hosts with and without a history', () => {
  it('have a full one with enough rows on enough UTC days', () => {
    const tooFew = steady('10.0.0.2').slice(1, 3);
    const oneDay = steady('10.0.0.3').map((own) => ({ ...own, end: own.end.replace('-03T', '-02T') }));
    const found = metadata([...steady('10.0.0.1'), ...tooFew, ...oneDay]);
    expect([...found.isFullHistory]).toEqual([1, 0, 0]);
    expect([...found.isColdStart]).toEqual([0, 1, 1]);
    expect([...found.activeSlices]).toEqual([4, 2, 4]);
    expect([...found.activeDays]).toEqual([2, 2, 1]);
    expect([...found.activeWorkingShare]).toEqual([0.5, 0, 0.5]);
  });

  it('need it of every required metric; a young row has no value of those that look back', () => {
    const young = steady('10.0.0.1').map((own, i) => ({ ...own, isYoung: i < 2 }));
    const metrics = ['sessions_cnt_w_15m', 'new_peer_cnt_lookback30d_w_15m'];
    expect([...metadata(young, {}, { metrics }).isFullHistory]).toEqual([0]);
    expect([...metadata(young).isFullHistory]).toEqual([1]);
    expect([...metadata(steady('10.0.0.1'), {}, { values: [1, Number.NaN, Number.NaN, 1] }).isFullHistory]).toEqual([
      0,
    ]);
  });

  it('are cold where the machine does not last, by any of its names in any case', () => {
    const names = { '10.0.0.1': ['pc-7', 'VDI-0042'], '10.0.0.2': ['pc-vdi-1'], '10.0.0.3': [] };
    const found = metadata(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].flatMap(steady), names);
    expect([...found.isNonPersistent]).toEqual([1, 0, 0, 0]);
    expect([...found.isColdStart]).toEqual([1, 0, 0, 0]);
    expect([...found.isFullHistory]).toEqual([1, 1, 1, 1]);
    expect(found.machineName).toEqual(['VDI-0042', 'pc-vdi-1', null, null]);
  });

  it('have a history for each time band where that is a key, and activity as a whole', () => {
    const rows = [...steady('10.0.0.1'), row('10.0.0.1', '2026-03-03T23:08:00Z')];
    const found = metadata(rows, {}, { byTimeBand: true });
    expect([...found.isFullHistory]).toEqual([1, 0]);
    expect([...found.activeSlices]).toEqual([5, 5]);
    expect([...found.activeWorkingShare]).toEqual([0.4, 0.4]);
  });

  it('order names by code point', () => {
    // U+FF5E stands before U+1F5A5, whose first UTF-16 unit is smaller.
    expect(['\u{1f5a5}', '\uff5e', 'b', 'ab', 'a'].toSorted(compareCodePoints)).toEqual([
      'a',
      'ab',
      'b',
      '\uff5e',
      '\u{1f5a5}',
    ]);
    expect(compareCodePoints('x', 'x')).toBe(0);
  });
});
