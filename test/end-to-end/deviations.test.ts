/** Deviations of a handful of hosts from baselines written by hand: which baseline, which scale, and what is refused. */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import { type BackfillLab, openLab } from '../support/backfill-lab.ts';
import { type ForeignBaseline, publishForeign } from '../support/baseline-publishing.ts';
import { readDeviationRows } from '../support/baseline-tables.ts';
import { writeSpecs } from '../support/command-run.ts';
import { type LakeRow, openReader, readManifests } from '../support/committed-lake.ts';
import { idOf } from '../support/mini-batch-folders.ts';

const SLICE_END = Date.UTC(2026, 2, 20, 12, 8);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const METRICS = BASELINE_METRICS.map(({ name }) => name);

interface Talk {
  readonly from: string;
  readonly to?: string;
  readonly port?: number;
  readonly times?: number;
  readonly more?: Readonly<Record<string, unknown>>;
}
const talks: readonly Talk[] = [
  { from: '10.0.0.1', times: 10 },
  { from: '10.0.0.2', times: 10 },
  { from: '10.0.0.3', to: '192.0.2.77', times: 10 },
  { from: '10.0.0.4', to: '192.0.2.2', times: 10 },
  { from: '10.0.5.1', times: 10 },
  { from: '10.7.7.7', times: 10, more: { network_transport: 'icmp' } },
  { from: 'fd00:7::1', times: 10 },
  { from: '10.0.0.4', to: 'printer-7' },
];
const lines = talks.flatMap(({ from, to = '192.0.2.1', port = 443, times = 1, more }) =>
  Array.from({ length: times }, (_, n) =>
    JSON.stringify({
      source_ip: from,
      destination_ip: to,
      source_port: 50_000 + n,
      destination_port: port,
      source_bytes: 500,
      destination_bytes: 99,
      event_start: new Date(SLICE_END - 60_000 - n).toISOString(),
      event_end: new Date(SLICE_END - 58_000 - n).toISOString(),
      event_action: n % 2 === 0 ? 'allow' : 'deny',
      network_transport: 'tcp',
      ...more,
    }),
  ),
);

type Figures = Readonly<Record<string, number | null>>;
const QUIET: Figures = {
  ...{ median: 0, p25: 0, p75: 0, p95: 0, p99: 0, mad: 0, iqr: 0 },
  ...{ support_count: 100, cold_start_flag: 0 },
};
/** A row in which every metric was always 0, but for some figures. */
const figures = (own: Readonly<Record<string, Figures>> = {}, all: Figures = QUIET): LakeRow =>
  Object.fromEntries(
    METRICS.flatMap((metric) =>
      Object.entries({ ...all, ...own[metric] }).map(([name, value]) => [`${metric}_${name}`, value]),
    ),
  );
const host = (host_ip: string, own = {}): LakeRow => ({ host_ip, window_label: 'w_15m', ...figures(own) });
const segment = (segment_id: string, hosts_count: number, own = {}): LakeRow => ({
  ...{ segment_id, window_label: 'w_15m', hosts_count, sample_rate: 1 },
  ...figures(own),
});
const known = (host_ip: string, isCold = 0): LakeRow => ({
  ...{ host_ip, window_label: 'w_15m', is_full_history: 1 - isCold, is_non_persistent_machine: 0 },
  ...{ is_cold_start: isCold, machine_name: null, active_slices: 100, active_days: 7, active_working_share: 0.5 },
});
const pair = (owner: 'host_ip' | 'segment_id', name: string, dst_ip: string, seen: number): LakeRow => ({
  ...{ [owner]: name, dst_ip, dst_port: 443, pair_seen_count: seen, pair_last_seen_ts: SLICE_END - 5 * DAY },
  ...{ active_days: 2, pair_daily_avg: seen / 2, pair_rarity_score: 1 / (1 + seen), is_new_pair_flag: 0 },
  is_rare_pair_flag: Number(1 / (1 + seen) >= 0.5),
});

const SESSIONS = 'sessions_cnt_w_15m';
const medianOf = (median: number) => ({ [SESSIONS]: { median } });
/** Scales: by MAD, by IQR, by the floor of the kind, by the floor though there is a MAD. */
const SCALES = {
  [SESSIONS]: { median: 2, mad: 4, iqr: 7 },
  allow_cnt_w_15m: { mad: 1e-7, iqr: 2.5 },
  deny_cnt_w_15m: { mad: 1e-7, iqr: 1e-7 },
  traffic_cnt_w_15m: { mad: 0.5, iqr: 9 },
  bytes_src_sum_w_15m: { median: 1000, mad: 3 },
  deny_ratio_w_15m: { median: 0.25 },
  peer_ip_entropy_w_15m: { median: 1 },
  duration_sum_w_15m: { median: 5, mad: 0.2 },
  bytes_asymmetry_ratio_w_15m: { median: 1, iqr: 0.3 },
  alert_cnt_w_15m: { cold_start_flag: 1 },
  rst_cnt_w_15m: { cold_start_flag: 1 },
  rst_cnt_w_1h: { cold_start_flag: 1 },
};
const NEVER: Figures = {
  ...{ median: null, p25: null, p75: null, p95: null, p99: null, mad: null, iqr: null },
  ...{ support_count: 0, cold_start_flag: 1 },
};
const NEVER_RESET = { rst_cnt_w_15m: NEVER, rst_cnt_w_1h: NEVER };

const OLD_ENOUGH = SLICE_END - 6 * HOUR;
const BASELINE: ForeignBaseline = {
  horizon: '7d',
  ref: OLD_ENOUGH,
  start: OLD_ENOUGH - 9 * DAY,
  end: OLD_ENOUGH - 2 * DAY,
  joinKeys: ['host_ip', 'window_label'],
  metrics: METRICS,
  rows: {
    host: [host('10.0.0.1', SCALES), host('10.0.0.2', medianOf(1)), host('10.0.0.4', medianOf(1))],
    segment: [
      segment('*', 6, { ...medianOf(5), ...NEVER_RESET }),
      segment('10.0.0.0/24', 3, { ...medianOf(4), alert_cnt_w_15m: { median: 3 }, ...NEVER_RESET }),
      segment('10.0.5.0/24', 2, medianOf(3)),
    ],
    ip_metadata: [known('10.0.0.1'), known('10.0.0.2', 1), known('10.0.0.4')],
    'pair/host': [pair('host_ip', '10.0.0.1', '192.0.2.1', 3), pair('host_ip', '10.0.0.2', '192.0.2.1', 1)],
    'pair/segment': [
      pair('segment_id', '10.0.0.0/24', '192.0.2.1', 9),
      pair('segment_id', '10.0.0.0/24', '192.0.2.2', 1),
      pair('segment_id', '10.0.0.0/24', 'printer-7', 999),
    ],
  },
};

let lab: BackfillLab;
let reader: DuckDBConnection;
beforeAll(async () => {
  lab = openLab([{ id: idOf(SLICE_END), sliceEnd: SLICE_END, lines }]);
  reader = await openReader();
});
afterAll(() => {
  reader.closeSync();
  lab.close();
});

let homes = 0;
/** A home with these baselines and, unless it fails, the mini-batch. */
async function scored(
  publications: readonly ForeignBaseline[],
  fgC: Readonly<Record<string, unknown>> = {},
  damage: (home: string) => void = () => {},
) {
  const home = lab.place(`home-${homes++}`);
  writeSpecs(home, { delta_builder: { dq: { drop_malformed_ip: false } }, fg_c_builder: fgC });
  for (const publication of publications) await publishForeign(home, publication);
  damage(home);
  const end = await lab.tryBackfill(home);
  const manifests = readManifests(home);
  const files = manifests.flatMap(({ datasets }) => datasets['fg_c']?.files.map(({ path }) => path) ?? []);
  const rows = await readDeviationRows(reader, home, files);
  return { end, manifests, rows, row: (ip: string) => rows.find(({ host_ip }) => host_ip === ip)! };
}

describe('the baseline of a row', () => {
  let home: Awaited<ReturnType<typeof scored>>;
  beforeAll(async () => {
    home = await scored([BASELINE]);
  });

  it.each([
    ['10.0.0.1', 'a host with a full history', 'host', 0, 2],
    ['10.0.0.2', 'one that is cold', 'segment', 1, 4],
    ['10.0.0.3', 'one that was never seen', 'segment', 1, 4],
    ['10.0.5.1', 'one of a segment of two hosts', 'project', 1, 5],
    ['10.7.7.7', 'one of a /24 that was never seen', 'project', 1, 5],
    ['fd00:7::1', 'one of a /64 that was never seen', 'project', 1, 5],
  ])('%s, %s: %s', (ip, _, source, isCold, median) => {
    const row = home.row(ip);
    expect([row['baseline_source'], row['is_cold_start']]).toEqual([source, isCold]);
    expect(row[`${SESSIONS}_ratio`]).toBeCloseTo((10 + 1) / (median + 1), 12);
  });

  it('is published for every host, also beside a peer that is no address', () => {
    expect(home.end.code).toBe(0);
    expect(home.rows.map(({ host_ip }) => host_ip)).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '10.0.0.3',
      '10.0.0.4',
      '10.0.5.1',
      '10.7.7.7',
      'fd00:7::1',
    ]);
    expect(home.manifests[0]!.fallbacks).toMatchObject({
      cold_start: 1,
      no_metadata: 4,
      segment_small: 1,
      segment_unseen: 2,
    });
  });

  it('scales by MAD, else IQR, and never by less than the floor of the kind', () => {
    const row = home.row('10.0.0.1');
    const z = (metric: string): unknown => row[`${metric}_z_mad`];
    expect(z(SESSIONS)).toBe((10 - 2) / 4);
    expect(z('allow_cnt_w_15m')).toBe(5 / 2.5);
    expect(z('deny_cnt_w_15m')).toBe(5 / 1);
    expect(z('traffic_cnt_w_15m')).toBe(10 / 1);
    expect(z('bytes_src_sum_w_15m')).toBe((5000 - 1000) / 1000);
    expect(z('deny_ratio_w_15m')).toBeCloseTo((0.5 - 0.25) / 0.05, 12);
    expect(z('peer_ip_entropy_w_15m')).toBeCloseTo((0 - 1) / 0.05, 12);
    expect(z('duration_sum_w_15m')).toBe((20 - 5) / 1);
    expect(z('bytes_asymmetry_ratio_w_15m')).toBeCloseTo(5000 / 991 - 1, 12);
  });

  it('is the next coarser one for a metric in which the host is cold, and none where nobody has it', () => {
    const row = home.row('10.0.0.1');
    // Three alerts are usual in the segment; resets were never measured by anyone.
    expect(row['alert_cnt_w_15m_z_mad']).toBe(-3);
    expect([row['rst_cnt_w_15m_z_mad'], row['rst_cnt_w_15m_ratio'], row['rst_cnt_w_15m_log_ratio']]).toEqual([0, 1, 0]);
    expect([row['b_rst_cnt_w_1h'], row['bs_rst_cnt_w_1h']]).toEqual([0, 0]);
    // What the job makes of a segment without a value: of every cold host too.
    expect(home.row('10.0.0.3')['rst_cnt_w_15m_z_mad']).toBe(0);
    expect(home.manifests[0]!.fallbacks['metric_without_support']).toBeGreaterThan(0);
  });

  it('judges pairs by the host, else its segment, else as never seen', () => {
    const of = (ip: string): unknown[] =>
      ['pair_rarity_source', 'pair_seen_count', 'is_new_pair_flag', 'rare_pair_flag'].map((name) =>
        typeof home.row(ip)[name] === 'bigint' ? Number(home.row(ip)[name]) : home.row(ip)[name],
      );
    expect(of('10.0.0.1')).toEqual(['host', 3, 0, 0]);
    expect(of('10.0.0.2')).toEqual(['segment', 9, 0, 0]);
    expect(of('10.0.0.4')).toEqual(['segment', 1, 0, 1]);
    expect(of('10.0.0.3')).toEqual(['unseen', 0, 1, 1]);
    expect(of('10.7.7.7')).toEqual(['none', 0, 0, 0]);
    expect(home.row('10.0.0.3')['pair_rarity_score']).toBe(1);
    expect(home.row('10.0.0.3')['pair_last_seen_ts']).toBeNull();
    expect(home.row('10.0.0.3')[`rare_pair_weighted_z_${SESSIONS}`]).toBe(6);
  });
});

it('without pair counts every pair feature is 0, and says so', async () => {
  const { end, row } = await scored([BASELINE], { pair_counts: { enabled: false } });
  expect(end.code).toBe(0);
  for (const ip of ['10.0.0.1', '10.0.0.3']) {
    expect(row(ip)).toMatchObject({ pair_rarity_source: 'missing', pair_rarity_score: 0, is_new_pair_flag: 0 });
    expect(row(ip)[`rare_pair_weighted_z_${SESSIONS}`]).toBe(0);
  }
});

it('all seven transforms follow from the same median and scale', async () => {
  const { row } = await scored([BASELINE], {
    transforms: ['diff', 'ratio', 'z_mad', 'abs_dev_over_mad', 'z_mad_clipped', 'z_mad_signed_pow3', 'log_ratio'],
  });
  const of = (transform: string): unknown => row('10.0.0.4')[`in_sessions_cnt_w_15m_${transform}`];
  expect([of('diff'), of('ratio'), of('z_mad')]).toEqual([0, 1, 0]);
  const own = (transform: string): unknown => row('10.0.0.1')[`traffic_cnt_w_15m_${transform}`];
  expect(own('diff')).toBe(10);
  expect(own('ratio')).toBe(11);
  expect(own('abs_dev_over_mad')).toBe(10);
  expect(own('z_mad_clipped')).toBe(6);
  expect(own('z_mad_signed_pow3')).toBe(216);
  expect(own('log_ratio')).toBeCloseTo(Math.log(11), 12);
});

describe('a publication', () => {
  const at = (ref: number, median: number): ForeignBaseline => ({
    ...BASELINE,
    ref,
    rows: { ...BASELINE.rows, host: BASELINE.rows.host.map((row) => ({ ...row, [`${SESSIONS}_median`]: median })) },
  });
  const medianIn = (row: LakeRow): number => Math.round((10 + 1) / Number(row[`${SESSIONS}_ratio`]) - 1);

  it('is used from the delay on, never sooner, and the newest of them', async () => {
    const older = at(OLD_ENOUGH - DAY, 7);
    expect(medianIn((await scored([older, at(OLD_ENOUGH, 3)])).row('10.0.0.1'))).toBe(3);
    const { row, manifests } = await scored([older, at(OLD_ENOUGH + 1000, 3), at(SLICE_END + DAY, 4)]);
    expect(medianIn(row('10.0.0.1'))).toBe(7);
    expect(manifests[0]!.baseline_refs.join()).toMatch(/^7d@2026-03-19T06:08:00Z /);
  });

  it('after the slice is never read, even without a delay', async () => {
    const none = await scored([at(SLICE_END + 1000, 3)], { baseline_effect_delay: '0h' });
    expect([none.end.code, none.rows.length]).toEqual([0, 0]);
    const just = await scored([at(SLICE_END, 3), at(SLICE_END + 1000, 4)], { baseline_effect_delay: '0h' });
    expect(medianIn(just.row('10.0.0.1'))).toBe(3);
  });

  const withRows = (change: Partial<ForeignBaseline['rows']>): ForeignBaseline => ({
    ...BASELINE,
    rows: { ...BASELINE.rows, ...change },
  });
  const removeFile = (table: string) => (home: string) => {
    const folder = join(home, 'lake', 'default', 'fg_b', ...table.split('/'));
    const file = readdirSync(folder, { recursive: true }).find((name) => String(name).endsWith('.parquet'))!;
    rmSync(join(folder, String(file)));
  };

  it.each<[string, ForeignBaseline, (home: string) => void, RegExp]>([
    ['without a statistic', { ...BASELINE, without: [`${SESSIONS}_mad`] }, () => {}, /sessions_cnt_w_15m_mad/],
    [
      'without a flag',
      { ...BASELINE, without: ['deny_ratio_w_15m_cold_start_flag'] },
      () => {},
      /deny_ratio_w_15m_cold_start_flag/,
    ],
    ['without is_cold_start', { ...BASELINE, without: ['is_cold_start'] }, () => {}, /is_cold_start/],
    ['without hosts_count', { ...BASELINE, without: ['hosts_count'] }, () => {}, /hosts_count/],
    ['without pair_seen_count', { ...BASELINE, without: ['pair_seen_count'] }, () => {}, /pair_seen_count/],
    [
      'without the row of a warm host',
      withRows({ host: [host('10.0.0.1'), host('10.0.0.2')] }),
      () => {},
      /10\.0\.0\.4/,
    ],
    ['without the project', withRows({ segment: [segment('10.0.0.0/24', 3)] }), () => {}, /\*/],
    ['whose hosts stand twice', withRows({ host: [...BASELINE.rows.host, host('10.0.0.1')] }), () => {}, /10\.0\.0\.1/],
    [
      'with a number that is missing where there is support',
      withRows({ host: [host('10.0.0.1', { [SESSIONS]: { mad: null } }), host('10.0.0.4')] }),
      () => {},
      /sessions_cnt_w_15m/,
    ],
    [
      'with a flag that is missing',
      withRows({ host: [host('10.0.0.1', { [SESSIONS]: { cold_start_flag: null } }), host('10.0.0.4')] }),
      () => {},
      /sessions_cnt_w_15m_cold_start_flag/,
    ],
    [
      'with a number of the project that is missing where there is support',
      withRows({ segment: [segment('*', 6, { [SESSIONS]: { median: null } })] }),
      () => {},
      /sessions_cnt_w_15m/,
    ],
    ['whose hosts are gone', BASELINE, removeFile('host'), /fg_b\/host/],
    ['whose segments are gone', BASELINE, removeFile('segment'), /fg_b\/segment/],
    ['whose metadata is gone', BASELINE, removeFile('ip_metadata'), /fg_b\/ip_metadata/],
    ['whose pairs are gone', BASELINE, removeFile('pair/segment'), /fg_b\/pair\/segment/],
  ])('%s fails the mini-batch, says what it is, and publishes nothing', async (_, publication, damage, says) => {
    const { end, manifests } = await scored([publication], {}, damage);
    expect(end.code).not.toBe(0);
    expect(JSON.stringify(end)).toMatch(says);
    expect(manifests).toEqual([]);
  });

  it('is required where the spec says so', async () => {
    const { end, manifests } = await scored([], { require_baselines: true });
    expect(end.code).not.toBe(0);
    expect(JSON.stringify(end)).toContain('require_baselines');
    expect(manifests).toEqual([]);
    expect((await scored([], { require_baselines: false })).end.code).toBe(0);
  });
});
