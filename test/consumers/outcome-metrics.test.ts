import { beforeEach, describe, expect, it } from 'vitest';
import type { CommittedOutcome } from '../../src/consumers/outcome.ts';
import { type OutcomeRecorder, openOutcomeRecorder } from '../../src/consumers/outcome-metrics.ts';
import { type RecordedMetrics, recordedMetrics } from '../support/recorded-metrics.ts';

const STREAM = { project: 'office', version: 'v1' };
const LABELS = { project: 'office', feature_spec_version: 'v1' };
const SLICE = Date.UTC(2026, 2, 1, 10, 38);
const NOW = Date.UTC(2026, 2, 1, 10, 41);

const COMMITTED: CommittedOutcome = {
  is: 'committed',
  miniBatchId: 'b1',
  sliceEnd: SLICE,
  revision: 1,
  lines: 100,
  rejected: 4,
  dq: {
    lines: 100,
    flows: 90,
    damaged_files: 1,
    empty_files: 2,
    malformed_json: 3,
    malformed_ip: 1,
    session_start: 6,
    negative_bytes: 7,
  },
  rows: { delta: 12, pair_context: 40, pair_counts: 30, fg_a: 50, fg_a_pair_context: 44, fg_c: 100 },
  baselines: ['7d@2026-02-28T00:00:00Z 0123456789ab', '30d@2026-02-23T00:00:00Z ba9876543210'],
  fallbacks: { cold_start: 5, pair_unseen: 2 },
  volume: { rawBytes: 5000, files: 6, bytes: 9000 },
  health: { coverage: 0.75, isDegraded: false },
  affects: [],
  lateMs: 0,
  warnings: [],
};

let metrics: RecordedMetrics;
let recorder: OutcomeRecorder;
beforeEach(() => {
  metrics = recordedMetrics();
  recorder = openOutcomeRecorder(metrics, () => NOW);
});
const value = (name: string, labels: Record<string, string> = {}) => metrics.value(name, { ...LABELS, ...labels });

describe('what is taken down of a mini-batch', () => {
  it('that is committed', () => {
    recorder.record(STREAM, COMMITTED);
    expect(value('ndr_mini_batches_total', { outcome: 'committed' })).toBe(1);
    expect(value('ndr_revisions_total')).toBeUndefined();
    expect(value('ndr_last_commit_timestamp_seconds')).toBe(NOW / 1000);
    expect(value('ndr_newest_slice_end_timestamp_seconds')).toBe(SLICE / 1000);
    expect(value('ndr_lines_total')).toBe(100);
    expect(value('ndr_flows_total')).toBe(90);
    expect(value('ndr_raw_bytes_total')).toBe(5000);
    expect(value('ndr_files_written_total')).toBe(6);
    expect(value('ndr_bytes_written_total')).toBe(9000);
    expect(value('ndr_coverage_ratio')).toBe(0.75);
    expect(value('ndr_degraded_mini_batches_total')).toBeUndefined();
    expect(value('ndr_raw_files_left_out_total', { reason: 'damaged' })).toBe(1);
    expect(value('ndr_raw_files_left_out_total', { reason: 'empty' })).toBe(2);
    expect(value('ndr_lines_rejected_total', { rule: 'malformed_json' })).toBe(3);
    expect(value('ndr_lines_rejected_total', { rule: 'malformed_ip' })).toBe(1);
    expect(value('ndr_records_filtered_total', { rule: 'session_start' })).toBe(6);
    expect(value('ndr_fields_nulled_total', { rule: 'negative_bytes' })).toBe(7);
    expect(value('ndr_fallback_total', { reason: 'cold_start' })).toBe(5);
    expect(value('ndr_fallback_total', { reason: 'pair_unseen' })).toBe(2);
    expect(value('ndr_baseline_reference_timestamp_seconds', { horizon: '7d' })).toBe(Date.UTC(2026, 1, 28) / 1000);
    expect(value('ndr_baseline_reference_timestamp_seconds', { horizon: '30d' })).toBe(Date.UTC(2026, 1, 23) / 1000);
  });

  it('is every row, whatever the dataset', () => {
    recorder.record(STREAM, COMMITTED);
    for (const [dataset, rows] of Object.entries(COMMITTED.rows))
      expect(value('ndr_rows_written_total', { dataset }), dataset).toBe(rows);
  });

  it('that is degraded', () => {
    recorder.record(STREAM, { ...COMMITTED, health: { coverage: 0.5, isDegraded: true } });
    expect(value('ndr_degraded_mini_batches_total')).toBe(1);
  });

  it('that replaced a revision and changed the windows of others', () => {
    recorder.record(STREAM, { ...COMMITTED, revision: 2, affects: ['b2', 'b3'], lateMs: 1_800_000 });
    expect(value('ndr_revisions_total')).toBe(1);
    expect(value('ndr_affected_marked_total')).toBe(2);
    expect(metrics.observed('ndr_lateness_seconds', LABELS)).toEqual([1800]);
  });

  it('that came out the same is what it read, not what it wrote', () => {
    recorder.record(STREAM, { ...COMMITTED, is: 'unchanged' });
    expect(value('ndr_mini_batches_total', { outcome: 'unchanged' })).toBe(1);
    expect(value('ndr_lines_total')).toBe(100);
    expect(value('ndr_rows_written_total', { dataset: 'delta' })).toBeUndefined();
    expect(value('ndr_fallback_total', { reason: 'cold_start' })).toBeUndefined();
    expect(value('ndr_last_commit_timestamp_seconds')).toBeUndefined();
    expect(value('ndr_newest_slice_end_timestamp_seconds')).toBe(SLICE / 1000);
  });

  it('that is poison is what it came to read', () => {
    recorder.record(STREAM, {
      is: 'poison',
      miniBatchId: 'b1',
      why: 'it is',
      quarantined: null,
      dq: { lines: 200, malformed_json: 150 },
    });
    recorder.record(STREAM, { is: 'poison', miniBatchId: 'b2', why: 'it is', quarantined: null });
    expect(value('ndr_mini_batches_total', { outcome: 'poison' })).toBe(2);
    expect(value('ndr_lines_total')).toBe(200);
    expect(value('ndr_lines_rejected_total', { rule: 'malformed_json' })).toBe(150);
    expect(value('ndr_newest_slice_end_timestamp_seconds')).toBeUndefined();
  });

  it('that was skipped is that', () => {
    const why = 'its committed revision was computed from the same inputs';
    recorder.record(STREAM, { is: 'skipped', miniBatchId: 'b1', sliceEnd: SLICE, revision: 1, why });
    expect(value('ndr_mini_batches_total', { outcome: 'skipped' })).toBe(1);
    expect(value('ndr_lines_total')).toBeUndefined();
  });
});

describe('the newest slice', () => {
  it('does not go back with a late mini-batch, nor do its baselines', () => {
    recorder.record(STREAM, COMMITTED);
    recorder.record(STREAM, {
      ...COMMITTED,
      sliceEnd: SLICE - 900_000,
      baselines: ['7d@2026-02-27T00:00:00Z 0123456789ab'],
    });
    expect(value('ndr_newest_slice_end_timestamp_seconds')).toBe(SLICE / 1000);
    expect(value('ndr_baseline_reference_timestamp_seconds', { horizon: '7d' })).toBe(Date.UTC(2026, 1, 28) / 1000);
    expect(value('ndr_rows_written_total', { dataset: 'delta' })).toBe(24);
  });

  it('is known from the start on, and of each stream by itself', () => {
    recorder.begin(STREAM, SLICE);
    recorder.begin({ ...STREAM, version: 'v2' }, undefined);
    recorder.record(STREAM, { ...COMMITTED, sliceEnd: SLICE - 900_000 });
    recorder.record({ ...STREAM, version: 'v2' }, { ...COMMITTED, sliceEnd: SLICE - 1_800_000 });
    expect(value('ndr_newest_slice_end_timestamp_seconds')).toBe(SLICE / 1000);
    expect(value('ndr_newest_slice_end_timestamp_seconds', { feature_spec_version: 'v2' })).toBe(SLICE / 1000 - 1800);
  });
});

it('a stream that begins has had none of what may go wrong', () => {
  recorder.begin(STREAM, undefined);
  expect(value('ndr_lines_rejected_total', { rule: 'malformed_json' })).toBe(0);
  expect(value('ndr_mini_batches_total', { outcome: 'committed' })).toBe(0);
});
