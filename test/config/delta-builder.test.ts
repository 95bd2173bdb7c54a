import { describe, expect, it } from 'vitest';
import { decodeDeltaBuilder, operatorsLackingForFgA } from '../../src/config/delta-builder.ts';
import { faultsOf } from './spec-cases.ts';

const WHERE = { job: 'delta_builder', version: 'v1', project: 'ndr-prod' };
const decode = (payload: unknown) => decodeDeltaBuilder(payload, WHERE);
const faults = (payload: unknown) =>
  faultsOf(() => decode(payload)).map((fault) => fault.replace(/^delta_builder#v1: /, ''));

/** An item as the older system stored it, every key that it knew. */
const OLDER_ITEM = {
  project_name: 'ndr-prod',
  job_name: 'delta_builder',
  feature_spec_version: 'v1',
  input: {
    s3_prefix: 's3://ndr-ingestion/paloalto/',
    format: 'json',
    compression: 'gzip',
    schema_projection: [
      ...['src', 'dst', 'spt', 'dpt', 'source_bytes', 'destination_bytes', 'event_start', 'event_end'],
      ...['event_name', 'event_action'],
    ],
    field_mapping: { source_ip: 'src', destination_ip: 'dst', source_port: 'spt', destination_port: 'dpt' },
  },
  dq: {
    drop_malformed_ip: true,
    duration_non_negative: true,
    bytes_non_negative: true,
    filter_null_bytes_ports: true,
    emit_metrics: true,
  },
  enrichment: { vdi_hostname_prefixes: ['VDI-'], port_sets_location: 's3://ndr-config/port_sets.json' },
  roles: [
    {
      name: 'outbound',
      host_ip: 'source_ip',
      peer_ip: 'destination_ip',
      bytes_sent: 'source_bytes',
      bytes_recv: 'destination_bytes',
      peer_port: 'destination_port',
    },
    {
      name: 'inbound',
      host_ip: 'destination_ip',
      peer_ip: 'source_ip',
      bytes_sent: 'destination_bytes',
      bytes_recv: 'source_bytes',
      peer_port: 'source_port',
    },
  ],
  operators: [{ type: 'base_counts', params: {} }, { type: 'port_categories' }, { type: 'burst' }],
  output: {
    s3_prefix: 's3://ndr-features/delta/',
    format: 'parquet',
    partition_keys: ['dt', 'hh', 'mm'],
    write_mode: 'overwrite',
  },
};

describe('decodeDeltaBuilder', () => {
  it('takes every default from nothing', () => {
    const { value, warnings } = decode({});
    expect(warnings).toEqual([]);
    expect(value.dq).toEqual({
      dropMalformedIp: true,
      filterNullBytesPorts: true,
      durationNonNegative: true,
      bytesNonNegative: true,
      maxSessionDays: 30,
      threatSubtypes: ['vulnerability', 'virus', 'spyware', 'wildfire-virus', 'ml-virus', 'flood', 'scan', 'packet'],
      maxRejectedRatio: 0.5,
    });
    expect(value.input).toEqual({ s3Prefix: null, timeZone: 'UTC', sliceTime: null, idPattern: null });
    expect(value.denyActions).toEqual([
      'drop',
      'deny',
      'drop-icmp',
      'reset-client',
      'reset-server',
      'reset-both',
      'block',
    ]);
    expect(value.denyReasons).toEqual(['policy-deny', 'threat']);
    expect(value.roles).toEqual([
      {
        name: 'outbound',
        hostIp: 'source_ip',
        peerIp: 'destination_ip',
        bytesSent: 'source_bytes',
        bytesRecv: 'destination_bytes',
        peerPort: 'destination_port',
      },
      {
        name: 'inbound',
        hostIp: 'destination_ip',
        peerIp: 'source_ip',
        bytesSent: 'destination_bytes',
        bytesRecv: 'source_bytes',
        peerPort: 'destination_port',
      },
    ]);
    expect(value.operators).toEqual(['base_counts', 'port_categories', 'burst', 'quantiles', 'peer_distribution']);
    expect(value.outputPrefix).toBeUndefined();
    expect(value.portSetsLocation).toBeNull();
  });

  it('reads an item of the older system', () => {
    const { value, warnings } = decode(OLDER_ITEM);
    expect(warnings).toEqual([]);
    expect(value.input.s3Prefix).toBe('s3://ndr-ingestion/paloalto');
    expect(value.fieldMapping.source_ip).toEqual(['src']);
    expect(value.vdiHostnamePrefixes).toEqual(['VDI-']);
    expect(value.portSetsLocation).toBe('s3://ndr-config/port_sets.json');
    expect(value.roles[1]?.peerPort).toBe('source_port');
    expect(value.operators).toEqual(['base_counts', 'port_categories', 'burst']);
    expect(value.outputPrefix).toBe('s3://ndr-features/delta');
  });

  it.each([
    [{ input: { format: 'csv' } }, 'input.format: is "csv"; input files hold one JSON object a line; leave it out'],
    [
      { input: { compression: 'zstd' } },
      'input.compression: is "zstd"; files are read as gzip where their name ends in .gz, else as they are; leave it out',
    ],
    [{ input: { layout: 'flat' } }, 'input.layout: is "flat"; mini-batches are folders; leave it out'],
    [
      { input: { schema_projection: ['source_ip', 'event_start'] } },
      'input.schema_projection: leaves out destination_ip, source_port, destination_port, source_bytes, destination_bytes, event_end, which the features need; add them, or leave it out',
    ],
    [{ dq: { emit_metrics: false } }, 'dq.emit_metrics: is false; every rule is always counted; leave it out'],
    [
      { output: { partition_keys: ['dt', 'hh', 'mm', 'role'] } },
      'output.partition_keys: is ["dt","hh","mm","role"]; datasets are laid out by feature_spec_version/dt/hh/mm/batch; leave it out',
    ],
    [
      { output: { partition_keys: ['hh', 'dt'] } },
      'output.partition_keys: is ["hh","dt"]; datasets are laid out by feature_spec_version/dt/hh/mm/batch; leave it out',
    ],
    [
      { output: { write_mode: 'append' } },
      'output.write_mode: is "append"; a mini-batch replaces what it wrote before; leave it out',
    ],
    [{ output: { format: 'iceberg' } }, 'output.format: is "iceberg"; datasets are Parquet; leave it out'],
    [
      { output: { s3_prefix: 's3://<features-bucket>/delta/' } },
      'output.s3_prefix: is "s3://<features-bucket>/delta/", which still holds a placeholder; write the real place, or leave the key out',
    ],
    [
      { output: { s3_prefix: 'gs://bucket/delta' } },
      'output.s3_prefix: is "gs://bucket/delta"; expected a prefix such as s3://bucket/features, or a folder',
    ],
    [{ output: { s3_prefix: 's3://B/x' } }, 'output.s3_prefix: is "s3://B/x", whose bucket is not a bucket\'s name'],
    [{ job_name: 'fg_a_builder' }, 'job_name: is "fg_a_builder"; the item is delta_builder'],
    [{ feature_spec_version: 'v2' }, 'feature_spec_version: is "v2"; the item is of version v1'],
  ])('%j says otherwise than what is done', (payload, fault) => expect(faults(payload)).toEqual([fault]));

  it.each([
    [{ dq: { max_rejected_ratio: 1.1 } }, 'dq.max_rejected_ratio: is 1.1; expected a number 0..1'],
    [{ dq: { max_session_days: 0 } }, 'dq.max_session_days: is 0; expected a whole number 1..366'],
    [{ dq: { drop_malformed_ip: 'no' } }, 'dq.drop_malformed_ip: is "no"; expected true or false'],
    [{ dq: { threat_subtypes: [1] } }, 'dq.threat_subtypes[0]: is 1; expected text'],
    [
      { operators: [{ type: 'burts' }] },
      'operators[0].type: is "burts"; expected one of base_counts, port_categories, burst, quantiles, peer_distribution; did you mean burst?',
    ],
    [
      { operators: [{}] },
      'operators[0].type: is missing; expected one of base_counts, port_categories, burst, quantiles, peer_distribution',
    ],
    [{ roles: [{ name: 'sideways' }] }, 'roles[0].name: is "sideways"; expected one of outbound, inbound'],
    [
      { roles: [{ name: 'outbound', host_ip: 'sorce_ip' }] },
      'roles[0].host_ip: is "sorce_ip"; expected source_ip or destination_ip; did you mean source_ip?',
    ],
    [
      { roles: [{ name: 'outbound', peer_port: 'source_bytes' }] },
      'roles[0].peer_port: is "source_bytes"; expected source_port or destination_port',
    ],
    [{ roles: [{ name: 'inbound' }, { name: 'inbound' }] }, 'roles[1].name: repeats inbound'],
    [{ roles: [{ name: 'outbound', host_ip: 'destination_ip' }] }, 'roles[0].peer_ip: is destination_ip, like host_ip'],
    [
      { roles: [{ name: 'outbound', bytes_sent: 'destination_bytes' }] },
      'roles[0].bytes_recv: is destination_bytes, like bytes_sent',
    ],
    [
      { input: { preset: 'cortex' } },
      'input.preset: is "cortex"; expected one of cortex-data-lake, elastic-ecs, cef; did you mean cortex-data-lake?',
    ],
    [
      { input: { slice_time: 'id' } },
      'input.slice_time: is "id"; expected one of auto, id_pattern, last_modified, max_event_end',
    ],
    [
      { input: { id_pattern: '{yyyy}' } },
      'input.id_pattern: is "{yyyy}", which lacks {HH} or {MM}, without which there is no slice',
    ],
    [
      { input: { id_pattern: '{HH}{MN}' } },
      'input.id_pattern: is "{HH}{MN}", which has {MN}; known are {yyyy} {mm} {dd} {HH} {MM} {SS}',
    ],
    [{ input: { id_pattern: '{HH}{MM}{HH}' } }, 'input.id_pattern: is "{HH}{MM}{HH}", which holds a part twice'],
    [
      { input: { field_mapping: { source_ip: 'a..b' } } },
      'input.field_mapping.source_ip: is "a..b", which has an empty key between its dots',
    ],
    [
      { input: { field_mapping: { event_start: 'time', event_end: 'time' } } },
      'input.field_mapping.event_end: reads "time", which event_start reads; map each source field once',
    ],
    [{ roles: 'both' }, 'roles: is "both"; expected a list'],
  ])('%j is a fault', (payload, fault) => expect(faults(payload)).toEqual([fault]));

  it('warns of unknown keys with the nearest known one', () => {
    const { value, warnings } = decode({
      dq: { max_rejected_ration: 0.1 },
      input: { field_mapping: { sourc_ip: 'x' } },
      operators: [{ type: 'burst', params: { window: 1 } }],
      roles: [{ name: 'inbound', peer: 'x' }],
      deny_action: ['x'],
    });
    expect(value.operators).toEqual(['burst']);
    expect(warnings).toEqual([
      'delta_builder#v1: input.field_mapping.sourc_ip: unknown key, ignored; did you mean source_ip?',
      'delta_builder#v1: dq.max_rejected_ration: unknown key, ignored; did you mean max_rejected_ratio?',
      'delta_builder#v1: roles[0].peer: unknown key, ignored; did you mean peer_ip?',
      'delta_builder#v1: operators[0].params.window: unknown key, ignored',
      'delta_builder#v1: deny_action: unknown key, ignored; did you mean deny_actions?',
    ]);
  });

  it('compares words without case', () => {
    const { value } = decode({ deny_actions: ['DROP', 'drop', 'Reset-Both'], dq: { threat_subtypes: 'VIRUS' } });
    expect(value.denyActions).toEqual(['drop', 'reset-both']);
    expect(value.dq.threatSubtypes).toEqual(['virus']);
  });

  it('completes roles and keeps their order', () => {
    const { value } = decode({ roles: [{ name: 'inbound', peer_port: 'source_port' }, { name: 'outbound' }] });
    expect(value.roles.map(({ name, peerPort }) => [name, peerPort])).toEqual([
      ['outbound', 'destination_port'],
      ['inbound', 'source_port'],
    ]);
    expect(decode({ roles: [{ name: 'inbound' }] }).value.roles).toHaveLength(1);
  });

  it('treats null and blank parts as absent', () => {
    const { value } = decode({
      input: { compression: null, preset: ' ', schema_projection: null },
      dq: null,
      output: { s3_prefix: '' },
    });
    expect(value).toEqual(decode({}).value);
  });
});

describe('operatorsLackingForFgA', () => {
  it('asks for counts, port categories and burst', () => {
    expect(operatorsLackingForFgA(['base_counts', 'port_categories', 'burst'])).toEqual([]);
    expect(operatorsLackingForFgA(['quantiles', 'peer_distribution'])).toEqual([
      'base_counts',
      'port_categories',
      'burst',
    ]);
    expect(operatorsLackingForFgA(['base_counts', 'burst'])).toEqual(['port_categories']);
  });
});
