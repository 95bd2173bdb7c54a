import { describe, expect, it } from 'vitest';
import { packSegments } from '../../src/operators/baseline-pack.ts';
import { DEFAULT_DEVIATION_OPTIONS } from '../../src/operators/deviation-metrics.ts';
import { deviationsOf } from '../../src/operators/deviations.ts';
import { FG_A_SCHEMA } from '../../src/operators/fg-a.ts';
import { fgCPart, fgCSchema, fgCTable } from '../../src/operators/fg-c.ts';
import { packPairs } from '../../src/operators/pair-pack.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import { hostPacksOf } from './host-packs.ts';
import {
  diceOf,
  HOSTS,
  hostTable,
  METRIC_NAMES,
  metadataTable,
  noBeacons,
  pairTable,
  randomBaseline,
  randomPairs,
  randomUse,
  randomValue,
  segmentTable,
} from './random-baselines.ts';
import { rowsOf } from './table-rows.ts';
import { windowPairsFrom } from './window-pairs.ts';

const OPTIONS = { ...DEFAULT_DEVIATION_OPTIONS, joinKeys: ['host_ip', 'window_label'] };
const SLICE_END = Date.UTC(2026, 2, 10, 9, 8);
const dice = diceOf(11);
const baseline = randomBaseline(dice, false);
const known = randomPairs(dice, 0.5);
const hosts = HOSTS.toSorted((a, b) => (a.host < b.host ? -1 : 1));
const used = hosts.flatMap(({ host }) =>
  randomUse(dice).map(({ dstIp, dstPort }) => ({ src: host, dst: dstIp, port: dstPort })),
);
const input = {
  hosts: hosts.map(({ host }) => host),
  segmentIds: hosts.map(({ segment }) => segment),
  features: Float64Array.from(hosts.flatMap(() => METRIC_NAMES.map(() => randomValue(dice)))),
  ...{ pairs: windowPairsFrom(used), beacons: noBeacons(hosts.length), timeBand: 'off_hours' as const },
};
const packs = {
  hosts: hostPacksOf([hostTable(baseline)], [metadataTable(baseline)], OPTIONS)[0]!,
  segments: packSegments([segmentTable(baseline)], OPTIONS),
  pairs: {
    byHost: packPairs(pairTable(known, 'host'), 'host_ip'),
    bySegment: packPairs(pairTable(known, 'segment'), 'segment_id'),
  },
};
const schema = fgCSchema(OPTIONS);
const tableFrom = (span: { start: number; end: number }) =>
  fgCTable(
    fgCPart(
      schema,
      [deviationsOf(input, packs, OPTIONS)],
      { shard: new Uint16Array(hosts.length), row: Uint32Array.from(hosts, (_, i) => i), hostIps: input.hosts },
      { miniBatchId: 'm-1', sliceStart: SLICE_END - 900_000, sliceEnd: SLICE_END },
      { horizon: '30d', start: Date.UTC(2026, 0, 1), end: Date.UTC(2026, 0, 31) },
      'off_hours',
      OPTIONS,
      span,
    ),
  );

describe('FG-C', () => {
  it("has FG-A's keys, what the row is compared with, and every feature", () => {
    const names = Object.keys(schema);
    const keys = [
      'host_ip',
      'window_label',
      'window_start_ts',
      'window_end_ts',
      'segment_id',
      'time_band',
      'mini_batch_id',
    ];
    expect(names.slice(0, 12)).toEqual([
      ...keys,
      ...['record_id', 'baseline_start_ts', 'baseline_end_ts', 'baseline_source', 'is_cold_start'],
    ]);
    for (const name of keys) expect(schema[name]).toEqual(FG_A_SCHEMA[name]);
    expect(names).not.toContain('baseline_horizon'); // the path says it
    expect(names).toHaveLength(12 + 1320 + 24 + 88 + 4 + 9 + 11);
    const nullable = names.filter((name) => schema[name]!.nullable === true);
    expect(nullable).toEqual(['beacon_interval_sec', 'pair_last_seen_ts']);
  });

  it('is a table that its schema takes, and reads back as it was', () => {
    const table = tableFrom({ start: 0, end: hosts.length });
    const read = decodeParquet(encodeParquet(table), schema, { source: 'fg_c' });
    const byName = (rows: ReturnType<typeof rowsOf>) => rows.map((row) => Object.keys(schema).map((name) => row[name]));
    expect(byName(rowsOf(read))).toEqual(byName(rowsOf(table)));
    expect(rowsOf(table)[1]).toMatchObject({
      ...{ host_ip: '10.1.0.2', record_id: '10.1.0.2|w_15m|2026-03-10T09:08:00Z|30d', mini_batch_id: 'm-1' },
      ...{ baseline_start_ts: Date.UTC(2026, 0, 1), baseline_end_ts: Date.UTC(2026, 0, 31), time_band: 'off_hours' },
    });
  });

  it('is the same rows in parts', () => {
    const parts = [tableFrom({ start: 0, end: 4 }), tableFrom({ start: 4, end: hosts.length })];
    expect(parts.flatMap(rowsOf)).toEqual(rowsOf(tableFrom({ start: 0, end: hosts.length })));
  });

  it('is the same whatever other hosts there are', () => {
    const rows = rowsOf(tableFrom({ start: 0, end: hosts.length }));
    const one = {
      ...input,
      hosts: input.hosts.slice(2, 3),
      segmentIds: input.segmentIds.slice(2, 3),
      beacons: noBeacons(1),
    };
    const features = input.features.slice(2 * METRIC_NAMES.length, 3 * METRIC_NAMES.length);
    const alone = deviationsOf({ ...one, features }, packs, OPTIONS);
    const all = deviationsOf(input, packs, OPTIONS);
    expect([...alone.values]).toEqual(Array.from(alone.values, (_, c) => all.values[c * hosts.length + 2]));
    expect(rows[2]!['host_ip']).toBe(one.hosts[0]);
  });
});

describe('deviations refuse', () => {
  const refused = (...[given, baselines, options]: Partial<Parameters<typeof deviationsOf>>) =>
    expect(() => deviationsOf(given ?? input, baselines ?? packs, options ?? OPTIONS));

  it('packs that were made for another spec', () => {
    refused(input, packs, { ...OPTIONS, metrics: [...OPTIONS.metrics, 'tcp_cnt_w_1h'] }).toThrow(
      'packed hosts hold other metrics than the spec reads; packed segments hold other metrics than the spec reads',
    );
    refused(input, packs, { ...OPTIONS, segmentMinHosts: 4 }).toThrow('at least 3 hosts, the spec says 4');
  });

  it('baselines without pairs, unless pair counts are switched off', () => {
    const without = { ...packs, pairs: undefined };
    refused(input, without).toThrow('publication has no pair tables');
    expect(deviationsOf(input, without, { ...OPTIONS, pairCountsEnabled: false }).fallbacks.pair_counts_disabled).toBe(
      9,
    );
  });

  it('rows that do not fit together', () => {
    refused({ ...input, beacons: noBeacons(2) }).toThrow('beacons of 2 rows beside 9 hosts');
    refused({ ...input, features: input.features.slice(496) }).toThrow('features of 8 rows beside 9 hosts');
  });
});
