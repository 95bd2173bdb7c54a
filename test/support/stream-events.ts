import { type BatchCommitted, batchFailed, type StreamEvent } from '../../src/consumers/events.ts';

export const committed = (n: number, more: Partial<BatchCommitted> = {}): BatchCommitted => ({
  event_type: 'BatchCommitted',
  event_version: 1,
  project_name: 'office',
  feature_spec_version: 'v1',
  mini_batch_id: `mb-${n}`,
  revision: 1,
  slice_start_ts: '2025-01-31T10:23:00Z',
  slice_end_ts: '2025-01-31T10:38:00Z',
  manifest: { path: `_batches/office/mb-${n}/_batch-1-abc.json`, sha256: 'a'.repeat(64) },
  rows: { delta: n, fg_a: 5 * n },
  baseline_refs: ['30d@2025-01-01T00:00:00Z'],
  ...more,
});

export const failed = (why: string): StreamEvent =>
  batchFailed({ project: 'office', version: 'v1', miniBatchId: 'mb-é', sliceEnd: null, why });
