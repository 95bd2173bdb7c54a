import { describe, expect, it } from 'vitest';
import {
  hostBaselineSchema,
  hostBaselineTable,
  ipMetadataSchema,
  ipMetadataTable,
  PAIR_HOST_SCHEMA,
  PAIR_SEGMENT_SCHEMA,
  segmentBaselineSchema,
  segmentBaselineTable,
} from '../../src/operators/baseline-datasets.ts';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import { groupByHost, groupByProject, groupBySegment } from '../../src/operators/baseline-rows.ts';
import { statisticsOfBin } from '../../src/operators/baseline-statistics.ts';
import { ipMetadataOf } from '../../src/operators/cold-start.ts';
import { lengthOf } from '../../src/operators/table.ts';
import { hostKeys, projectKeys, segmentKeys } from '../support/level-keys.ts';
import { binOf } from './bin-rows.ts';
import { rowsOf } from './table-rows.ts';

const ROWS = binOf([
  { host: '10.0.1.1', end: '2026-03-02T08:08:00Z', band: 'working_hours' },
  { host: '10.0.0.1', end: '2026-03-02T20:08:00Z' },
  { host: '10.0.0.1', end: '2026-03-02T08:08:00Z', band: 'working_hours' },
]);
const METRICS = BASELINE_METRICS.slice(0, 2);

describe('the tables of baselines', () => {
  it('have nine statistics a metric behind their keys', () => {
    const all = BASELINE_METRICS.map(({ name }) => name);
    const keys = ['host_ip', 'window_label'];
    expect(Object.keys(hostBaselineSchema(keys, all))).toHaveLength(2 + 4_320 + 144);
    const segment = Object.keys(segmentBaselineSchema(keys, all));
    expect(segment.slice(0, 5)).toEqual([
      'segment_id',
      'window_label',
      'hosts_count',
      'sample_rate',
      `${all[0]}_median`,
    ]);
    expect(segment).toHaveLength(4 + 4_320 + 144);
    expect(Object.keys(hostBaselineSchema(['host_ip', 'segment_id', 'time_band'], []))).toEqual([
      'host_ip',
      'segment_id',
      'time_band',
    ]);
    expect(Object.keys(segmentBaselineSchema(['host_ip', 'segment_id', 'time_band'], []))).toEqual([
      'segment_id',
      'time_band',
      'hosts_count',
      'sample_rate',
    ]);
    expect(() => hostBaselineSchema(['host_ip', 'role'], [])).toThrow('"role" is not a join key');
  });

  it('hold doubles that may be null, but supports and flags of cold metrics', () => {
    const fields = Object.entries(hostBaselineSchema(['host_ip'], ['sessions_cnt_w_15m'])).slice(1);
    expect(fields.every(([, { type }]) => type === 'double')).toBe(true);
    expect(fields.filter(([, { nullable }]) => nullable !== true).map(([name]) => name)).toEqual([
      'sessions_cnt_w_15m_support_count',
      'sessions_cnt_w_15m_cold_start_flag',
    ]);
  });

  it.each([false, true])('fit their schemas; by time band: %s', (byTimeBand) => {
    const joinKeys = ['host_ip', 'window_label', 'segment_id', ...(byTimeBand ? ['time_band'] : [])];
    const [hosts, segments] = [groupByHost(ROWS, byTimeBand), groupBySegment(ROWS, byTimeBand)];
    const bin = {
      rows: ROWS,
      weights: new Float64Array(3).fill(1),
      hosts,
      segments,
      project: groupByProject(ROWS, byTimeBand),
    };
    // One metric a piece.
    const pieces = METRICS.map((metric) =>
      statisticsOfBin(
        bin,
        [metric],
        () => Float64Array.of(1, 2, 4),
        () => 2,
      ),
    );
    const ones = (length: number) => new Float64Array(length).fill(1);
    const metadata = ipMetadataOf(ROWS, hosts, [], () => [], { supportMinDays: 1, nonPersistentPrefixes: [] });
    const bands = bin.project.band;
    const tables = [
      hostBaselineTable(
        joinKeys,
        hostKeys(ROWS, hosts),
        pieces.map((piece) => piece.hosts),
      ),
      segmentBaselineTable(
        joinKeys,
        segmentKeys(ROWS, segments),
        pieces.map((piece) => piece.segments),
        ones(segments.length),
        ones(segments.length),
      ),
      segmentBaselineTable(joinKeys, projectKeys(bands), [], ones(bands?.length ?? 1), ones(bands?.length ?? 1)),
      ipMetadataTable(joinKeys, hostKeys(ROWS, hosts), metadata),
    ];
    for (const { schema, columns, length } of tables) {
      expect(Object.keys(columns)).toEqual(Object.keys(schema));
      expect(Object.values(columns).every((column) => lengthOf(column) === length)).toBe(true);
    }
    const keysOf = (t: number) =>
      rowsOf(tables[t]!).map((row) => joinKeys.map((key) => row[key]).filter((key) => key !== undefined));
    expect(keysOf(0)).toEqual(
      byTimeBand
        ? [
            ['10.0.0.1', 'w_15m', '10.0.0', 'off_hours'],
            ['10.0.0.1', 'w_15m', '10.0.0', 'working_hours'],
            ['10.0.1.1', 'w_15m', '10.0.1', 'working_hours'],
          ]
        : [
            ['10.0.0.1', 'w_15m', '10.0.0'],
            ['10.0.1.1', 'w_15m', '10.0.1'],
          ],
    );
    expect(keysOf(2)[0]).toEqual(byTimeBand ? ['w_15m', '*', 'off_hours'] : ['w_15m', '*']);
    expect(rowsOf(tables[0]!)[0]![`${METRICS[1]!.name}_median`]).toBe(byTimeBand ? 2 : 3);
    expect(rowsOf(tables[3]!)[0]).toMatchObject({ machine_name: null, active_slices: 2, is_full_history: 1 });
  });

  it('of pairs differ in their owner only', () => {
    expect(Object.keys(PAIR_HOST_SCHEMA)).toEqual(['host_ip', ...Object.keys(PAIR_SEGMENT_SCHEMA).slice(1)]);
    expect(Object.keys(PAIR_SEGMENT_SCHEMA).slice(0, 3)).toEqual(['segment_id', 'dst_ip', 'dst_port']);
    expect(Object.keys(ipMetadataSchema(['host_ip'])).slice(1, 5)).toEqual([
      'is_full_history',
      'is_non_persistent_machine',
      'is_cold_start',
      'machine_name',
    ]);
  });
});
