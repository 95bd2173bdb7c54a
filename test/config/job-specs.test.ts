import { describe, expect, it } from 'vitest';
import { resolveBatchSpec, sharedPrefixFaults } from '../../src/config/job-specs.ts';
import { documentsNeeded } from '../../src/config/spec-collection.ts';
import { faultsOf, resolve } from './spec-cases.ts';

const EMPTY_DIGEST = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

describe('resolveBatchSpec', () => {
  it('needs no item at all', () => {
    const spec = resolve({});
    expect(spec).toMatchObject({
      project: 'default',
      featureSpecVersion: 'v1',
      mlProjectName: 'default',
      segmentMapping: { prefixLength: 24, ipv6PrefixLength: 64, networks: [] },
      pairCap: 65_536,
      windowFloorMinutes: [8, 23, 38, 53],
      pairCounts: { requireNonnullIps: true, requireDestinationPort: true },
      outputs: {
        ...{ delta: null, pair_context: null, pair_counts: null, fg_a: null, fg_a_pair_context: null },
        ...{ fg_b: null, fg_c: null },
      },
      warnings: [],
    });
    expect(Object.values(spec.digests)).toEqual(new Array(5).fill(EMPTY_DIGEST));
  });

  it('is plain, frozen data that can be posted', () => {
    const spec = resolve({ project_parameters: { calendar: { holidays: ['2025-01-01'] } } });
    expect(structuredClone(spec)).toEqual(spec);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(Object.isFrozen(spec)).toBe(true);
    expect(Object.isFrozen(spec.calendar.holidays)).toBe(true);
    expect(Object.isFrozen(spec.fieldMapping.source_ip)).toBe(true);
  });

  it('prefers the version’s own item to the bare one', () => {
    const items = [
      { job_name: 'delta_builder', spec: { dq: { max_session_days: 1 } } },
      { job_name: 'delta_builder#v2', spec: { dq: { max_session_days: 2 } } },
      { job_name: 'delta_builder#v3', project_name: 'acme', spec: { dq: { max_session_days: 3 } } },
      { job_name: 'project_parameters', feature_spec_version: 'v4', parameters: { pair_cap: 4 } },
    ];
    const days = (project: string, version: string) => resolveBatchSpec({ project, version, items }).dq.maxSessionDays;
    expect(days('default', 'v1')).toBe(1);
    expect(days('default', 'v2')).toBe(2);
    expect(days('acme', 'v3')).toBe(3);
    expect(days('acme', 'v1')).toBe(30);
    const cap = (version: string) => resolveBatchSpec({ project: 'default', version, items }).pairCap;
    expect(cap('v4')).toBe(4);
    expect(cap('v1')).toBe(65_536);
  });

  it('digests what the payloads say, whatever the order of their keys', () => {
    const one = resolve({ delta_builder: { dq: { max_session_days: 3, max_rejected_ratio: 0.1 }, roles: [] } });
    const two = resolve({ delta_builder: { roles: [], dq: { max_rejected_ratio: 0.1, max_session_days: 3 } } });
    expect(two.digests).toEqual(one.digests);
    expect(one.digests['delta_builder']).not.toBe(EMPTY_DIGEST);
    expect(one.digests['fg_a_builder']).toBe(EMPTY_DIGEST);
  });

  it('takes the name of the model’s project where it is given', () => {
    expect(resolve({ project_parameters: { ml_project_name: 'acme-ml' } }).mlProjectName).toBe('acme-ml');
    expect(resolve({ project_parameters: { defaults: { MlProjectName: 'ml' } } }).mlProjectName).toBe('ml');
  });

  it('appends the dataset to a prefix that does not end with it', () => {
    const spec = resolve({
      delta_builder: {
        output: { s3_prefix: 's3://features/acme/' },
        pair_context_output: { s3_prefix: 's3://features/acme/pair_context/' },
      },
      fg_a_builder: { fg_a_output: { s3_prefix: '/srv/lake' }, pair_context_output: { s3_prefix: 's3a://features' } },
      pair_counts_builder: { pair_counts_output: { s3_prefix: 'pair_counts' } },
    });
    expect(spec.outputs).toEqual({
      delta: 's3://features/acme/delta',
      pair_context: 's3://features/acme/pair_context',
      fg_a: '/srv/lake/fg_a',
      fg_a_pair_context: 's3://features/fg_a_pair_context',
      pair_counts: 'pair_counts',
      fg_b: null,
      fg_c: null,
    });
  });

  it('collects the faults of all items', () => {
    const faults = faultsOf(() =>
      resolve({
        delta_builder: { dq: { max_session_days: 0 } },
        fg_a_builder: 7,
        project_parameters: { pair_cap: -1 },
      }),
    );
    expect(faults).toEqual([
      'project_parameters#v1: pair_cap: is -1; expected a whole number 1..16777216',
      'delta_builder#v1: dq.max_session_days: is 0; expected a whole number 1..366',
      'fg_a_builder#v1: is 7; expected an object',
    ]);
  });

  it('says in its message what is wrong and what may have been meant', () => {
    expect(() => resolve({ delta_builder: { dq: { max_session_days: 0, max_session_day: 3 } } })).toThrow(
      'the spec has a fault:\n  delta_builder#v1: dq.max_session_days: is 0; expected a whole number 1..366\n' +
        '  (delta_builder#v1: dq.max_session_day: unknown key, ignored; did you mean max_session_days?)',
    );
  });
});

describe('specs that speak of each other', () => {
  it('must agree on where FG-A and pair counts read', () => {
    const delta_builder = {
      input: { s3_prefix: 's3://raw/acme', field_mapping: { source_ip: 'src' } },
      output: { s3_prefix: 's3://features/delta/' },
    };
    const agreeing = {
      fg_a_builder: { delta_input: { s3_prefix: 's3://features' } },
      pair_counts_builder: { traffic_input: { s3_prefix: 's3://raw/acme/', field_mapping: { source_ip: 'src' } } },
    };
    expect(resolve({ delta_builder, ...agreeing }).warnings).toEqual([]);
    const differing = {
      fg_a_builder: { delta_s3_prefix: 's3://elsewhere' },
      pair_counts_builder: {
        traffic_input: {
          s3_prefix: 's3://raw/beta',
          field_mapping: { source_ip: 'source.ip', event_end: 'event_end' },
        },
      },
    };
    expect(faultsOf(() => resolve({ delta_builder, ...differing }))).toEqual([
      'fg_a_builder#v1: delta_input.s3_prefix: is s3://elsewhere/delta, but delta_builder#v1: output.s3_prefix is s3://features/delta; make them the same, or leave this out',
      'pair_counts_builder#v1: traffic_input.s3_prefix: is s3://raw/beta, but delta_builder#v1: input.s3_prefix is s3://raw/acme; make them the same, or leave this out',
      'pair_counts_builder#v1: traffic_input.field_mapping.source_ip: is source.ip, but delta_builder#v1: input.field_mapping.source_ip is src; make them the same, or leave this out',
    ]);
    expect(resolve({ fg_a_builder: { delta_s3_prefix: 's3://elsewhere' } }).warnings).toEqual([
      'fg_a_builder#v1: delta_input.s3_prefix: has no effect; delta_builder#v1: output.s3_prefix is what counts',
    ]);
  });

  it('must agree on segments', () => {
    const segment_mapping = { strategy: 'ipv4_prefix', prefix_length: 20 };
    const spec = resolve({ project_parameters: { segment_mapping }, pair_counts_builder: { segment_mapping } });
    expect(spec.segmentMapping.prefixLength).toBe(20);
    expect(resolve({ fg_a_builder: { segment_mapping } }).segmentMapping.prefixLength).toBe(20);
    const other = { segment_mapping: { prefix_length: 16 } };
    expect(faultsOf(() => resolve({ project_parameters: other, fg_a_builder: { segment_mapping } }))).toEqual([
      'fg_a_builder#v1: segment_mapping: differs from that of project_parameters#v1; state it in project_parameters alone',
    ]);
  });

  it('must compute what FG-A is made of, where FG-A is asked for', () => {
    const delta_builder = { operators: [{ type: 'base_counts' }] };
    expect(faultsOf(() => resolve({ delta_builder, fg_a_builder: {} }))).toEqual([
      'delta_builder#v1: operators: leaves out port_categories, burst, which fg_a_builder#v1 is made of; add it',
    ]);
    const spec = resolve({ delta_builder });
    expect(spec.fgA.enabled).toBe(false);
    expect(spec.operators).toEqual(['base_counts']);
    expect(spec.warnings).toEqual([
      'delta_builder#v1: operators: leaves out port_categories, burst; without it there is no FG-A',
    ]);
  });
});

describe('items', () => {
  const faults = (...items: unknown[]) =>
    faultsOf(() => resolveBatchSpec({ project: 'default', version: 'v1', items }));

  it.each([
    [7, 'spec item 1: is 7; expected an object with job_name and spec'],
    [{ spec: {} }, 'spec item 1: job_name: is missing; expected <job>#<version>'],
    [{ job_name: 'delta_builder#' }, 'delta_builder#: job_name: "" is no feature spec version'],
    [
      { job_name: 'delta_builder', project_name: 'A_B' },
      'delta_builder: project_name: is "A_B"; expected 1 to 48 of a-z, 0-9 and -, not beginning with -',
    ],
    [
      { job_name: 'delta_builder#v1', feature_spec_version: 'v2' },
      'delta_builder#v1: feature_spec_version: is "v2", but job_name says v1',
    ],
    [
      { job_name: 'delta_builder', spec: {}, parameters: {} },
      'delta_builder: parameters: stands beside spec; keep one',
    ],
  ])('%j is a fault', (item, fault) => expect(faults(item)).toEqual([fault]));

  it('must not stand twice', () => {
    expect(faults({ job_name: 'delta_builder#v1' }, { job_name: 'delta_builder#v1', project_name: 'default' })).toEqual(
      ['delta_builder#v1: stands twice among the specs of project default'],
    );
  });

  it('may be of other jobs; unknown ones and unknown attributes warn', () => {
    const { warnings } = resolveBatchSpec({
      project: 'default',
      version: 'v1',
      items: [
        {
          job_name: 'fg_c_builder#v1',
          spec: { horizons: ['7d'], eps: 1e-6 },
          updated_at: '2025-01-01T00:00:00Z',
          owner: 'x',
        },
        { job_name: 'machine_inventory_unload', feature_spec_version: 'v1', spec: { redshift: {} } },
        { job_name: 'pipeline_prediction_feature_join#v1', spec: 's3://specs/join.json' },
        { job_name: 'delta_bilder#v1', spec: {}, ownr: 'x' },
      ],
    });
    expect(warnings).toEqual([
      'delta_bilder#v1: job_name: unknown job "delta_bilder", ignored; did you mean delta_builder?',
      'delta_bilder#v1: ownr: unknown key, ignored; did you mean owner?',
    ]);
  });

  it('may lie elsewhere, as may what they name', () => {
    const question = {
      project: 'default',
      version: 'v1',
      items: [{ job_name: 'delta_builder', spec: 's3://specs/delta.json' }],
    };
    expect(documentsNeeded(question)).toEqual(['s3://specs/delta.json']);
    expect(faultsOf(() => resolveBatchSpec(question))).toEqual([
      'delta_builder#v1: spec: is "s3://specs/delta.json", which could not be read; put a JSON object there',
    ]);
    const documents = { 's3://specs/delta.json': { enrichment: { port_sets_location: 'ports.json' } } };
    expect(documentsNeeded({ ...question, documents })).toEqual(['ports.json']);
    const all = { ...documents, 'ports.json': { DB: [1] } };
    expect(documentsNeeded({ ...question, documents: all })).toEqual([]);
    expect(resolveBatchSpec({ ...question, documents: all }).portSets['db']).toEqual([1]);
  });
});

describe('sharedPrefixFaults', () => {
  const spec = (project: string, s3_prefix: string) =>
    resolveBatchSpec({
      project,
      version: 'v1',
      items: [{ project_name: project, job_name: 'delta_builder', spec: { output: { s3_prefix } } }],
    });

  it('names projects that would write under one prefix', () => {
    expect(sharedPrefixFaults([spec('a', 's3://lake/a'), spec('b', 's3://lake/b'), resolve({})])).toEqual([]);
    expect(sharedPrefixFaults([spec('a', 's3://lake'), spec('b', 's3://lake/delta/')])).toEqual([
      'project b, v1: delta goes to s3://lake/delta, where project a writes its own',
    ]);
  });
});
