import { describe, expect, it } from 'vitest';
import { describeDifference, differencesOf, type Inputs } from '../../src/consumers/input-differences.ts';

const DIGEST = 'ab'.repeat(32);
const INPUTS: Inputs = {
  slice: {
    mini_batch_id: 'c',
    ts: '2026-03-02T10:40:00Z',
    slice_start_ts: '2026-03-02T10:23:00Z',
    slice_end_ts: '2026-03-02T10:38:00Z',
    batch_start_ts: '2026-03-02T10:38:00Z',
    batch_end_ts: '2026-03-02T10:40:00Z',
    source: 'id_pattern',
    path: '/logs/c',
  },
  inputs: [
    { key: '/logs/c/a.gz', size: 10, etag: DIGEST },
    { key: '/logs/c/b.gz', size: 10, etag: DIGEST },
  ],
  window_inputs: [
    { mini_batch_id: 'a', revision: 1, content: 'x' },
    { mini_batch_id: 'b', revision: 1, content: 'x' },
  ],
  baseline_refs: [],
  lookback_days: { '2026-03-01': DIGEST },
  spec_digests: { delta_builder: DIGEST },
  code_version: '0.2.0',
  dq: { lines: 3 },
  fallbacks: {},
  health: { coverage_24h: 1, is_degraded: 0, event_lag_p95_ms: 7 },
};

const told = (now: Partial<Inputs>): string[] => differencesOf(INPUTS, { ...INPUTS, ...now }).map(describeDifference);

describe('inputs', () => {
  it('that are the same differ in nothing, whatever was met on the way and wherever the logs lie', () => {
    expect(told({})).toEqual([]);
    expect(told({ dq: { lines: 4 }, fallbacks: { cold: 1 } })).toEqual([]);
    expect(told({ health: { ...INPUTS.health, event_lag_p95_ms: 8 } })).toEqual([]);
    const [a, b] = INPUTS.inputs as [Inputs['inputs'][number], Inputs['inputs'][number]];
    expect(told({ inputs: [b, a] })).toEqual([]);
  });

  it('are told one by one, with what they were', () => {
    const raw = [
      { key: '/logs/c/b.gz', size: 11, etag: 'cd'.repeat(32) },
      { key: '/logs/c/c.gz', size: 10, etag: DIGEST },
    ];
    expect(told({ inputs: raw })).toEqual(['raw file a.gz: gone', 'raw file b.gz: changed', 'raw file c.gz: new']);
    expect(told({ spec_digests: { delta_builder: 'cd'.repeat(32) } })).toEqual(['spec delta_builder: changed']);
    expect(told({ code_version: '0.3.0' })).toEqual(['code version ndr: 0.2.0 → 0.3.0']);
    expect(told({ lookback_days: {} })).toEqual(['lookback day 2026-03-01: gone']);
    expect(told({ health: { ...INPUTS.health, is_degraded: 1 } })).toEqual(['data health is_degraded: 0 → 1']);
    expect(told({ slice: { ...INPUTS.slice, ts: '2026-03-02T10:41:00Z' } })).toEqual([
      'slice ts: 2026-03-02T10:40:00Z → 2026-03-02T10:41:00Z',
    ]);
    expect(told({ baseline_refs: ['7d@2026-03-01T00:00:00Z 0123456789ab'] })).toEqual(['baseline 7d: new']);
    const [was, is] = ['30d@2026-02-23T00:00:00Z 0123456789ab', '30d@2026-03-02T00:00:00Z 0123456789ab'];
    expect(
      differencesOf({ ...INPUTS, baseline_refs: [was] }, { ...INPUTS, baseline_refs: [is] }).map(describeDifference),
    ).toEqual(['baseline 30d: 2026-02-23T00:00:00Z 0123456789ab → 2026-03-02T00:00:00Z 0123456789ab']);
  });

  it('that windows cover matter by what they give to windows, not by their revision', () => {
    const window_inputs = [
      { mini_batch_id: 'a', revision: 2, content: 'x' },
      { mini_batch_id: 'b', revision: 2, content: 'y' },
    ];
    const differences = differencesOf(INPUTS, { ...INPUTS, window_inputs });
    expect(differences.map(({ name, matters }) => [name, matters])).toEqual([
      ['a', false],
      ['b', true],
    ]);
    expect(differences.map(describeDifference)).toEqual([
      'window input a: revision 1 → revision 2, which gives windows the same',
      'window input b: revision 1 → revision 2',
    ]);
  });
});
