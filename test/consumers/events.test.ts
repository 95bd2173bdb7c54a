import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { baselinesPublished, batchCommitted, batchFailed, writeEvent } from '../../src/consumers/events.ts';
import type { BaselinePublication } from '../../src/state/baseline-publications.ts';
import type { Manifest } from '../../src/state/manifest.ts';
import { committed } from '../support/stream-events.ts';

const MANIFEST: Manifest = {
  manifest_version: 1,
  project_name: 'office',
  feature_spec_version: 'v2',
  mini_batch_id: 'mb-1',
  revision: 3,
  slice: {
    mini_batch_id: 'mb-1',
    ts: '2025-01-31T10:40:05Z',
    slice_start_ts: '2025-01-31T10:23:00Z',
    slice_end_ts: '2025-01-31T10:38:00Z',
    batch_start_ts: '2025-01-31T10:38:00Z',
    batch_end_ts: '2025-01-31T10:40:05Z',
    source: 'event',
    path: 's3://raw/2025/01/31/mb-1',
  },
  datasets: { delta: { folders: ['delta/x'], rows: 7, files: [] }, fg_c: { folders: ['fg_c/x'], rows: 0, files: [] } },
  inputs: [],
  window_inputs: [],
  baseline_refs: ['7d@2025-01-26T00:00:00Z'],
  lookback_days: {},
  spec_digests: {},
  code_version: '1',
  dq: {},
  fallbacks: {},
  health: {},
};

describe('an event', () => {
  it('of a commit says what counts from now on, and where it is listed', () => {
    expect(batchCommitted(MANIFEST, { path: '_batches/x.json', sha256: 'ab' })).toEqual({
      event_type: 'BatchCommitted',
      event_version: 1,
      project_name: 'office',
      feature_spec_version: 'v2',
      mini_batch_id: 'mb-1',
      revision: 3,
      slice_start_ts: '2025-01-31T10:23:00Z',
      slice_end_ts: '2025-01-31T10:38:00Z',
      manifest: { path: '_batches/x.json', sha256: 'ab' },
      rows: { delta: 7, fg_c: 0 },
      baseline_refs: ['7d@2025-01-26T00:00:00Z'],
    });
  });

  it('of a failure says why, within bounds', () => {
    const failure = { project: 'office', version: 'v1', miniBatchId: 'mb-1', sliceEnd: Date.UTC(2025, 0, 31, 10, 38) };
    expect(batchFailed({ ...failure, why: 'no rows' })).toMatchObject({
      event_type: 'BatchFailed',
      slice_end_ts: '2025-01-31T10:38:00Z',
      why: 'no rows',
    });
    const long = batchFailed({ ...failure, sliceEnd: null, why: '😀'.repeat(5_000) });
    expect(long.slice_end_ts).toBeNull();
    expect(long.why.length).toBe(1_000);
    expect(long.why).toMatch(/\.\.\.$/);
    expect(long.why.isWellFormed()).toBe(true);
  });

  it('of baselines says of which instant and history they are', () => {
    const file = { path: 'p', bytes: 1, sha256: 'x' };
    const publication: BaselinePublication = {
      horizon: '30d',
      ref: Date.UTC(2025, 0, 31),
      start: Date.UTC(2025, 0, 1),
      end: Date.UTC(2025, 0, 31),
      digest: 'd',
      joinKeys: [],
      metrics: [],
      pairCounts: false,
      datasets: {
        host: [
          { ...file, rows: 3 },
          { ...file, rows: 4 },
        ],
        segment: [],
        ip_metadata: [],
        'pair/host': [],
        'pair/segment': [],
      },
      metadata: [],
      madeFrom: 'm',
      revision: 2,
      manifest: { path: 'fg_b/x.json', sha256: 'cd' },
    };
    expect(baselinesPublished('office', 'v1', publication)).toMatchObject({
      event_type: 'BaselinesPublished',
      baseline_horizon: '30d',
      ref: '2025-01-31T00:00:00Z',
      baseline_start_ts: '2025-01-01T00:00:00Z',
      baseline_end_ts: '2025-01-31T00:00:00Z',
      revision: 2,
      manifest: { path: 'fg_b/x.json', sha256: 'cd' },
      rows: { host: 7, segment: 0 },
    });
  });
});

describe('its writing', () => {
  it('has an id that follows from what it says', () => {
    const { id, json } = writeEvent(committed(1));
    const { event_id, ...said } = JSON.parse(json) as Record<string, unknown>;
    expect(event_id).toBe(id);
    const sorted = JSON.stringify(said, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    );
    expect(id).toBe(createHash('sha256').update(sorted).digest('hex'));
    expect(writeEvent({ ...committed(1) })).toEqual({ id, json, key: 'office|v1|mb-1' });
  });

  it('has another for whatever differs', () => {
    const events = [
      committed(1),
      committed(2),
      committed(1, { revision: 2 }),
      committed(1, { feature_spec_version: 'v2' }),
      committed(1, { project_name: 'lab' }),
      committed(1, { manifest: { path: 'x', sha256: 'b' } }),
    ];
    expect(new Set(events.map((event) => writeEvent(event).id)).size).toBe(events.length);
  });
});
