import { describe, expect, it } from 'vitest';
import {
  hostColumns,
  joinedKey,
  metadataColumns,
  packSegments,
  placeOfText,
  segmentColumns,
} from '../../src/operators/baseline-pack.ts';
import { DEFAULT_DEVIATION_OPTIONS } from '../../src/operators/deviation-metrics.ts';
import type { Table } from '../../src/operators/table.ts';
import { hostPacksOf } from './host-packs.ts';
import { diceOf, hostTable, metadataTable, randomBaseline, segmentTable } from './random-baselines.ts';

const OPTIONS = { ...DEFAULT_DEVIATION_OPTIONS, joinKeys: ['host_ip', 'window_label'] };
const BY_BAND = { ...OPTIONS, joinKeys: ['host_ip', 'window_label', 'time_band'] };
const packHosts = (...tables: Parameters<typeof hostPacksOf>) => hostPacksOf(...tables)[0]!;
const baseline = randomBaseline(diceOf(5), false);
const byBand = randomBaseline(diceOf(5), true);

const without = (table: Table, ...names: readonly string[]): Table => ({
  ...table,
  columns: Object.fromEntries(Object.entries(table.columns).filter(([name]) => !names.includes(name))),
});
const changed = (table: Table, name: string, value: number): Table => ({
  ...table,
  columns: { ...table.columns, [name]: new Float64Array(table.length).fill(value) },
});

describe('packs', () => {
  it('read these columns alone', () => {
    // 440 metrics x (median, mad, iqr, flag), 8 p95, p25 and p75 of 44 behaviours, which have 16 metrics of their own.
    expect(hostColumns(OPTIONS)).toHaveLength(1 + 440 * 4 + 8 + 28 * 2 + 16 * 4);
    expect(segmentColumns(OPTIONS)).toHaveLength(hostColumns(OPTIONS).length + 1);
    expect(metadataColumns(BY_BAND).slice(0, 2)).toEqual(['host_ip', 'time_band']);
    const only = (table: Table, names: readonly string[]): Table =>
      without(table, ...Object.keys(table.columns).filter((name) => !names.includes(name)));
    const hosts = only(hostTable(baseline), hostColumns(OPTIONS));
    const metadata = only(metadataTable(baseline), metadataColumns(OPTIONS));
    expect(packHosts([hosts], [metadata], OPTIONS)).toEqual(
      packHosts([hostTable(baseline)], [metadataTable(baseline)], OPTIONS),
    );
    expect(packSegments([only(segmentTable(baseline), segmentColumns(OPTIONS))], OPTIONS)).toEqual(
      packSegments([segmentTable(baseline)], OPTIONS),
    );
  });

  it('take about 8 kB a warm host, and nothing for a cold one', () => {
    const pack = packHosts([hostTable(baseline)], [metadataTable(baseline)], OPTIONS);
    const warm = [...baseline.metadata.values()].filter(({ is_cold_start }) => is_cold_start === 0).length;
    expect(pack.values.byteLength).toBe(warm * 8 * (2 * 440 + 2 * 8 + 2 * 44));
    expect(pack.values.byteLength / warm).toBeLessThan(8_192);
    expect(pack.keys).toEqual([...baseline.metadata.keys()].sort());
    expect([...pack.row].filter((row) => row < 0)).toHaveLength(pack.keys.length - warm);
  });

  it('are the same whatever tables the rows come in, and split by host', () => {
    const pack = packHosts([hostTable(baseline)], [metadataTable(baseline)], OPTIONS);
    const halves = [0, 1].map((half) => {
      const own = [...baseline.host].filter((_, i) => i % 2 === half);
      return hostTable({ ...baseline, host: new Map(own) });
    });
    expect(packHosts(halves, [metadataTable(baseline)], OPTIONS)).toEqual(pack);
    const width = 2 * 440 + 2 * 8 + 2 * 44;
    const shards = hostPacksOf(halves, [metadataTable(baseline)], OPTIONS, 3, (host) => host.length % 3);
    expect(shards.flatMap(({ keys }) => keys).sort()).toEqual(pack.keys);
    for (const shard of shards) {
      shard.keys.forEach((key, i) => {
        const whole = placeOfText(pack.keys, key);
        const rowOf = ({ values }: typeof pack, row: number) =>
          row < 0 ? [] : [...values.subarray(row * width, (row + 1) * width)];
        expect(rowOf(shard, shard.row[i]!)).toEqual(rowOf(pack, pack.row[whole]!));
        expect(shard.activeDays[i]).toBe(pack.activeDays[whole]);
      });
    }
  });

  it('leave out segments of too few hosts, but know them', () => {
    const pack = packSegments([segmentTable(baseline)], OPTIONS);
    const rowOf = (segment: string): number => pack.row[placeOfText(pack.keys, segment)]!;
    expect(rowOf('10.2.0.0/24')).toBe(-1);
    expect(rowOf('10.1.0.0/24')).toBeGreaterThanOrEqual(0);
    expect(rowOf('*')).toBeGreaterThanOrEqual(0);
    expect(placeOfText(pack.keys, '10.3.0.0/24')).toBe(-1);
  });

  it('are keyed by what baselines are joined by', () => {
    const pack = packHosts([hostTable(byBand)], [metadataTable(byBand)], BY_BAND);
    expect(pack.keys.every((key) => /\|(working|off)_hours$/.test(key))).toBe(true);
    expect(joinedKey(pack, '10.1.0.1', '10.1.0.0/24', 'off_hours')).toBe('10.1.0.1|off_hours');
    const bySegment = { ...pack, joinsSegment: true };
    expect(joinedKey(bySegment, '10.1.0.1', '10.1.0.0/24', 'off_hours')).toBe('10.1.0.1|10.1.0.0/24|off_hours');
    expect(joinedKey({ ...bySegment, joinsBand: false }, '*', undefined, 'off_hours')).toBe('*');
  });
});

describe('tables that are not as they should be', () => {
  const pack = (hosts: Table, metadata: Table) => () => packHosts([hosts], [metadata], OPTIONS);

  it.each(['sessions_cnt_w_15m_mad', 'in_deny_ratio_w_24h_cold_start_flag', 'external_bytes_sent_w_1h_p25'])(
    'are refused where hosts lack %s',
    (name) => {
      const fault = `fg_b/host: ${name} is missing`;
      expect(pack(without(hostTable(baseline), name), metadataTable(baseline))).toThrow(fault);
    },
  );

  it('are refused with every column that is missing', () => {
    const table = without(
      segmentTable(baseline),
      'sessions_cnt_w_1h_median',
      'rst_cnt_w_1h_support_count',
      'hosts_count',
    );
    let message = '';
    try {
      packSegments([table], OPTIONS);
    } catch (error) {
      message = String(error);
    }
    for (const name of ['sessions_cnt_w_1h_median', 'rst_cnt_w_1h_support_count', 'hosts_count'])
      expect(message).toContain(`fg_b/segment: ${name} is missing`);
    expect(pack(hostTable(baseline), without(metadataTable(baseline), 'active_days'))).toThrow(
      'fg_b/ip_metadata: active_days is missing',
    );
    expect(() => packHosts([hostTable(baseline)], [metadataTable(baseline)], BY_BAND)).toThrow('time_band is missing');
  });

  it('are refused where a warm host has no row, or a key stands twice', () => {
    const [[warm]] = [...baseline.metadata].filter(([, { is_cold_start }]) => is_cold_start === 0) as [
      [string, unknown],
    ];
    const some = new Map([...baseline.host].filter(([key]) => key !== warm));
    expect(pack(hostTable({ ...baseline, host: some }), metadataTable(baseline))).toThrow(`no row for ${warm}`);
    const twice = () => packHosts([hostTable(baseline), hostTable(baseline)], [metadataTable(baseline)], OPTIONS);
    expect(twice).toThrow(/fg_b\/host: .*more than once/);
    expect(() => packSegments([segmentTable(baseline), segmentTable(baseline)], OPTIONS)).toThrow(/more than once/);
  });

  it('are refused where the project is missing', () => {
    const some = new Map([...baseline.segment].filter(([key]) => key !== '*'));
    expect(() => packSegments([segmentTable({ ...baseline, segment: some })], OPTIONS)).toThrow(
      'the row of the whole project, *, is missing',
    );
  });

  it.each(['is_cold_start', 'is_non_persistent_machine', 'active_days', 'active_working_share'])(
    'are refused where %s is null: nothing is filled in',
    (name) => {
      const holed = changed(metadataTable(baseline), name, Number.NaN);
      expect(pack(hostTable(baseline), holed)).toThrow(`fg_b/ip_metadata: ${name} is null in row 0`);
    },
  );

  it('are refused where the hosts of a segment are not counted', () => {
    const holed = changed(segmentTable(baseline), 'hosts_count', Number.NaN);
    expect(() => packSegments([holed], OPTIONS)).toThrow('fg_b/segment: hosts_count is null in row 0');
  });

  it('are refused where a metric has support and no value: nothing is filled in', () => {
    const holed = changed(
      changed(hostTable(baseline), 'rst_cnt_w_1h_cold_start_flag', 0),
      'rst_cnt_w_1h_mad',
      Number.NaN,
    );
    expect(pack(holed, metadataTable(baseline))).toThrow('rst_cnt_w_1h has support but no median, mad, iqr');
  });
});
