import { beforeEach, describe, expect, it } from 'vitest';
import { collectNews, passOn } from '../../src/consumers/backing-watch.ts';
import { meteredBacking, meteredMiniBatches, type PumpMetrics, pumpMetrics } from '../../src/consumers/pump-metrics.ts';
import type { PumpState } from '../../src/consumers/pump-ports.ts';
import { type RecordedMetrics, recordedMetrics } from '../support/recorded-metrics.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const STREAM = { project: 'office', version: 'v1' };
const FOUND = { stream: STREAM, path: 'p', folder: { fault: 'is none' } };
const LABELS = { project: 'office', feature_spec_version: 'v1' };
const HOW = { workMs: 2500, sentAt: NOW - 90_000, isAgain: false };
const COMMITTED = {
  ...({
    is: 'committed',
    miniBatchId: 'b1',
    sliceEnd: NOW,
    revision: 1,
    lines: 1,
    rejected: 0,
    dq: {},
    rows: {},
  } as const),
  ...{ baselines: [], fallbacks: {}, affects: [], lateMs: 0, warnings: [] },
  ...{ volume: { rawBytes: 1, files: 1, bytes: 1 }, health: { coverage: 1, isDegraded: false } },
};
const STATE: PumpState = {
  folders: () => ({ arriving: 1, failing: 2, ready: 3, running: 4 }),
  bytesInWork: () => 500,
  affectedWaiting: () => [[STREAM, 6]],
  openBreakers: () => [{ system: 'DynamoDB', stream: null, why: null }],
  isDraining: () => false,
  source: () => null,
};

let metrics: RecordedMetrics;
let pump: PumpMetrics;
beforeEach(() => {
  metrics = recordedMetrics();
  pump = pumpMetrics(metrics, true, () => NOW);
});
const value = (name: string, labels: Record<string, string> = {}) => metrics.value(name, labels);

describe('the metrics of the pump', () => {
  it('say how things stand at every turn', () => {
    pump.turned(STATE);
    const states = ['arriving', 'failing', 'ready', 'running'].map((state) =>
      value('ndr_mini_batches_in_hand', { state }),
    );
    expect(states).toEqual([1, 2, 3, 4]);
    expect(value('ndr_raw_in_flight_bytes')).toBe(500);
    expect(value('ndr_affected_waiting', LABELS)).toBe(6);
    expect(value('ndr_breaker_open', { dependency: 'dynamodb' })).toBe(1);
    expect(value('ndr_breaker_open', { dependency: 's3' })).toBe(0);
    expect(value('ndr_pump_last_turn_timestamp_seconds')).toBe(NOW / 1000);
    expect(value('ndr_draining')).toBe(0);
    pump.draining({ ...STATE, isDraining: () => true });
    expect(value('ndr_draining')).toBe(1);
  });

  it('say how long a commit took, and since when it was asked for', () => {
    pump.taken(STREAM, COMMITTED, HOW);
    expect(metrics.observed('ndr_mini_batch_duration_seconds', LABELS)).toEqual([2.5]);
    expect(metrics.observed('ndr_notification_to_commit_seconds', LABELS)).toEqual([90]);
    expect(value('ndr_affected_republished_total', LABELS)).toBeUndefined();
  });

  it('tell what was published again from what was asked for', () => {
    pump.taken(STREAM, COMMITTED, { ...HOW, sentAt: null, isAgain: true });
    expect(value('ndr_affected_republished_total', LABELS)).toBe(1);
    expect(metrics.observed('ndr_notification_to_commit_seconds', LABELS)).toEqual([]);
  });

  it('count errors, which took no commit', () => {
    pump.taken(STREAM, { is: 'error', miniBatchId: 'b1', error: new Error('away') }, HOW);
    expect(value('ndr_mini_batches_total', { ...LABELS, outcome: 'error' })).toBe(1);
    expect(metrics.observed('ndr_mini_batch_duration_seconds', LABELS)).toEqual([]);
  });

  it('count waits that were over, searches, breakers, what was left and what was swept', () => {
    pump.forced(STREAM, 'incomplete', '');
    pump.forced(STREAM, 'out of order', '');
    pump.searched({ streams: [], folders: [FOUND], faults: [] });
    pump.searched({ streams: [], folders: [], faults: ['denied'] });
    pump.heldBack({ system: 'S3', stream: 'office#v1', why: 'denied' });
    pump.refused('S3');
    pump.refused('disk');
    pump.left(STREAM, 3);
    pump.swept(STREAM, 4, 1);
    expect(value('ndr_completeness_waits_timed_out_total', LABELS)).toBe(1);
    expect(value('ndr_order_waits_timed_out_total', LABELS)).toBe(1);
    expect(value('ndr_reconciler_runs_total', { outcome: 'done' })).toBe(1);
    expect(value('ndr_reconciler_runs_total', { outcome: 'error' })).toBe(1);
    expect(value('ndr_reconciler_found_total', LABELS)).toBe(1);
    expect(value('ndr_breaker_opened_total', { dependency: 's3' })).toBe(1);
    expect(value('ndr_dependency_refusals_total', { dependency: 's3' })).toBe(1);
    expect(value('ndr_dependency_refusals_total', { dependency: 'disk' })).toBe(1);
    expect(value('ndr_affected_left_total', LABELS)).toBe(3);
    expect(value('ndr_files_swept_total', LABELS)).toBe(4);
    expect(value('ndr_sweep_faults_total', LABELS)).toBe(1);
  });

  it('miss no notification where there are none', () => {
    pumpMetrics(metrics, false, () => NOW).searched({
      streams: [],
      folders: [FOUND],
      faults: [],
    });
    expect(value('ndr_reconciler_found_total', LABELS)).toBeUndefined();
  });
});

describe('the stages of a mini-batch', () => {
  it('are timed unless they fail', async () => {
    let now = 0;
    const watch = meteredMiniBatches(metrics, () => now);
    const work = async (): Promise<string> => {
      now += 1500;
      return 'read';
    };
    expect(await watch.timed('read', work)).toBe('read');
    await expect(watch.timed('emit', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(metrics.observed('ndr_stage_duration_seconds', { stage: 'read' })).toEqual([1.5]);
    expect(metrics.observed('ndr_stage_duration_seconds', { stage: 'emit' })).toEqual([]);
    watch.rebuilt(STREAM, 9);
    expect(value('ndr_window_blocks_rebuilt_total', LABELS)).toBe(9);
  });
});

describe('what a thread hears below its stages', () => {
  it('is told once, added up', () => {
    const heard = collectNews();
    expect(heard.take()).toBeUndefined();
    heard.watch.blocks('redis', 'hit');
    heard.watch.blocks('redis', 'hit');
    heard.watch.blocks('redis', 'unavailable');
    heard.watch.blocks('folder', 'stored');
    heard.watch.stateBytes(100);
    heard.watch.stateBytes(200);
    heard.watch.s3Retried(2);
    const news = structuredClone(heard.take()!);
    expect(heard.take()).toBeUndefined();
    passOn(news, meteredBacking(metrics));
    expect(value('ndr_window_state_reads_total', { place: 'redis', outcome: 'hit' })).toBe(2);
    expect(value('ndr_window_state_writes_total', { place: 'folder', outcome: 'stored' })).toBe(1);
    expect(value('ndr_window_state_unavailable_total')).toBe(1);
    expect(value('ndr_window_state_used_bytes')).toBe(200);
    expect(value('ndr_dependency_retries_total', { dependency: 's3' })).toBe(2);
  });
});
