import { describe, expect, it } from 'vitest';
import { decodeFgABuilder } from '../../src/config/fg-a-builder.ts';
import { decodePairCountsBuilder } from '../../src/config/pair-counts-builder.ts';
import { faultsOf, resolve } from './spec-cases.ts';

const fgA = (payload: unknown) => decodeFgABuilder(payload, { job: 'fg_a_builder', version: 'v1' });
const pairCounts = (payload: unknown) =>
  decodePairCountsBuilder(payload, { job: 'pair_counts_builder', version: 'v1' });

describe('decodeFgABuilder', () => {
  it('reads both spellings of its prefixes', () => {
    const long = fgA({
      delta_input: { s3_prefix: 's3://bkt/delta/' },
      fg_a_output: { s3_prefix: 's3://bkt/fg_a/' },
    }).value;
    const short = fgA({ delta_s3_prefix: 's3://bkt/delta', output_s3_prefix: 's3://bkt/fg_a' }).value;
    expect(long).toEqual(short);
    expect(long.outputPrefix).toBe('s3://bkt/fg_a');
  });

  it('does not take two that differ', () => {
    const payload = { delta_input: { s3_prefix: 's3://bkt/a' }, delta_s3_prefix: 's3://bkt/b' };
    expect(faultsOf(() => fgA(payload))).toEqual([
      'fg_a_builder#v1: delta_s3_prefix: is "s3://bkt/b", but delta_input.s3_prefix is "s3://bkt/a"; keep one',
    ]);
  });

  it('accepts the older keys where they agree', () => {
    const payload = {
      pair_context_input: { s3_prefix: 's3://bkt/pair_context' },
      lookback30d: { s3_prefix: 's3://bkt/lookback30d/', rare_thresholds: { peer: 2, port: 1, pair: 1 } },
      allow_missing_mini_batch_id_column: false,
    };
    expect(fgA(payload).warnings).toEqual([]);
    expect(faultsOf(() => fgA({ allow_missing_mini_batch_id_column: true }))).toEqual([
      'fg_a_builder#v1: allow_missing_mini_batch_id_column: is true; every row carries its mini_batch_id; leave it out',
    ]);
  });

  it.each([
    [{ lookback30d: { min_days: -1 } }, 'lookback30d.min_days: is -1; expected a whole number 0..30'],
    [
      { high_risk_segments: ['10.0.0.0/99'] },
      'high_risk_segments[0]: is "10.0.0.0/99"; expected a network such as 203.0.113.0/24, or the name of a segment',
    ],
  ])('%j is a fault', (payload, fault) => expect(faultsOf(() => fgA(payload))).toEqual([`fg_a_builder#v1: ${fault}`]));
});

describe('what project_parameters may say for FG-A', () => {
  it('stands behind the builder’s own words', () => {
    const project_parameters = {
      high_risk_segments: ['203.0.113.9', '198.51.100.0/24'],
      lookback30d: { min_days: 3, rare_thresholds: { peer: 4, port: 5 } },
    };
    expect(resolve({ project_parameters }).fgA).toEqual({
      enabled: true,
      highRiskSegments: ['203.0.113.9/32', '198.51.100.0/24'],
      lookbackMinDays: 3,
      rareThresholds: { peer: 4, port: 5, pair: 1 },
    });
    const fg_a_builder = { high_risk_segments: [], lookback30d: { min_days: 0, rare_thresholds: { port: 0 } } };
    expect(resolve({ project_parameters, fg_a_builder }).fgA).toEqual({
      enabled: true,
      highRiskSegments: [],
      lookbackMinDays: 0,
      rareThresholds: { peer: 4, port: 0, pair: 1 },
    });
    expect(resolve({}).fgA).toEqual({
      enabled: true,
      highRiskSegments: [],
      lookbackMinDays: 7,
      rareThresholds: { peer: 1, port: 1, pair: 1 },
    });
  });

  it('warns of a segment that has no such name', () => {
    const project_parameters = { segment_mapping: { networks: { servers: '10.5.0.0/16' } } };
    const { warnings } = resolve({ project_parameters, fg_a_builder: { high_risk_segments: ['server', 'servers'] } });
    expect(warnings).toEqual([
      'fg_a_builder#v1: high_risk_segments: no segment is called server; did you mean servers?',
    ]);
  });
});

describe('decodePairCountsBuilder', () => {
  it('filters by default', () => {
    expect(pairCounts({}).value).toEqual({
      trafficPrefix: undefined,
      fieldMapping: {},
      filters: { requireNonnullIps: true, requireDestinationPort: true },
      segmentMapping: null,
      outputPrefix: undefined,
    });
    expect(pairCounts({ filters: { require_destination_port: false } }).value.filters).toEqual({
      requireNonnullIps: true,
      requireDestinationPort: false,
    });
  });

  it.each([
    [{ traffic_input: { layout: 'flat' } }, 'traffic_input.layout: is "flat"; mini-batches are folders; leave it out'],
    [{ filters: { require_nonnull_ips: 1 } }, 'filters.require_nonnull_ips: is 1; expected true or false'],
  ])('%j is a fault', (payload, fault) =>
    expect(faultsOf(() => pairCounts(payload))).toEqual([`pair_counts_builder#v1: ${fault}`]),
  );
});
