import { describe, expect, it } from 'vitest';
import { decodeDeltaBuilder } from '../../src/config/delta-builder.ts';
import { formatSource, sourcePath } from '../../src/config/field-mapping.ts';

const mapping = (input: object) =>
  decodeDeltaBuilder({ input }, { job: 'delta_builder', version: 'v1' }).value.fieldMapping;

const FIELDS = [
  ...['source_ip', 'destination_ip', 'source_port', 'destination_port', 'source_bytes', 'destination_bytes'],
  ...['event_start', 'event_end', 'event_action', 'event_reason', 'event_name', 'event_subtype'],
  ...['network_transport', 'repeat_count', 'duration', 'session_id'],
];

/** What a mapping reads from a record, null where the record lacks it. */
function read(record: unknown, input: object): Record<string, unknown> {
  const follow = (path: readonly string[]): unknown =>
    path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], record) ?? null;
  return Object.fromEntries(Object.entries(mapping(input)).map(([field, path]) => [field, follow(path)]));
}

describe('the mapping of fields', () => {
  it('reads every canonical field under its own name, in one order', () => {
    expect(Object.entries(mapping({}))).toEqual(FIELDS.map((field) => [field, [field]]));
    expect(Object.keys(mapping({ preset: 'cef', field_mapping: { session_id: 'x' } }))).toEqual(FIELDS);
  });

  it('lets dots reach into nested objects, and backslashes keep them', () => {
    expect(sourcePath('source.ip')).toEqual(['source', 'ip']);
    expect(sourcePath('source\\.ip')).toEqual(['source.ip']);
    expect(formatSource(['a.b', 'c'])).toBe('a\\.b.c');
    expect(sourcePath('.ip')).toBeUndefined();
  });

  it('reads Cortex Data Lake records', () => {
    const record = {
      LogType: 'TRAFFIC',
      Subtype: 'end',
      SourceAddress: '10.1.2.3',
      DestinationAddress: '198.51.100.7',
      SessionID: 952362,
      RepeatCount: 1,
      SourcePort: 5547,
      DestinationPort: 6564,
      Protocol: 'tcp',
      Action: 'deny',
      Bytes: 652430,
      BytesSent: 231247,
      BytesReceived: 421183,
      SessionStartTime: '2021-01-22T21:42:53.000000Z',
      SessionDuration: 58,
      SessionEndReason: 'unknown',
    };
    expect(read(record, { preset: 'cortex-data-lake' })).toEqual({
      source_ip: '10.1.2.3',
      destination_ip: '198.51.100.7',
      source_port: 5547,
      destination_port: 6564,
      source_bytes: 231247,
      destination_bytes: 421183,
      event_start: '2021-01-22T21:42:53.000000Z',
      event_end: null,
      event_action: 'deny',
      event_reason: 'unknown',
      event_name: 'TRAFFIC',
      event_subtype: 'end',
      network_transport: 'tcp',
      repeat_count: 1,
      duration: 58,
      session_id: 952362,
    });
  });

  it('reads what Elastic makes of PAN-OS logs, not its nanoseconds', () => {
    const record = {
      source: { ip: '192.168.15.207', port: 55113, bytes: 1758 },
      destination: { ip: '198.51.100.7', port: 443, bytes: 5976 },
      network: { transport: 'tcp' },
      event: {
        action: 'flow_terminated',
        start: '2018-11-30T15:59:04.000-05:00',
        end: '2018-11-30T16:08:50.000-05:00',
        duration: 586_000_000_000,
      },
      panw: {
        panos: {
          type: 'TRAFFIC',
          sub_type: 'end',
          action: 'allow',
          endreason: 'tcp-fin',
          repeat_count: 6,
          flow_id: '22751',
        },
      },
    };
    expect(read(record, { preset: 'elastic-ecs' })).toEqual({
      source_ip: '192.168.15.207',
      destination_ip: '198.51.100.7',
      source_port: 55113,
      destination_port: 443,
      source_bytes: 1758,
      destination_bytes: 5976,
      event_start: '2018-11-30T15:59:04.000-05:00',
      event_end: '2018-11-30T16:08:50.000-05:00',
      event_action: 'allow',
      event_reason: 'tcp-fin',
      event_name: 'TRAFFIC',
      event_subtype: 'end',
      network_transport: 'tcp',
      repeat_count: 6,
      duration: null,
      session_id: '22751',
    });
  });

  it('reads CEF extensions as JSON, the session’s start and not the log’s', () => {
    const record = {
      ...{
        src: '10.1.2.3',
        dst: '198.51.100.7',
        spt: 52066,
        dpt: 443,
        proto: 'tcp',
        act: 'allow',
        out: 5651,
        in: 6852,
      },
      ...{ start: 'Jul 31 2022 12:46:07', PanOSSessionStartTime: 'Jul 31 2022 12:43:06', cn3: 178, cn1: 595456 },
      ...{ reason: 'tcp-fin', cnt: 2 },
    };
    expect(read(record, { preset: 'cef' })).toMatchObject({
      source_ip: '10.1.2.3',
      source_bytes: 5651,
      destination_bytes: 6852,
      event_start: 'Jul 31 2022 12:43:06',
      duration: 178,
      repeat_count: 2,
      session_id: 595456,
      event_reason: 'tcp-fin',
    });
  });

  it('lets own entries win over the preset', () => {
    const composed = mapping({
      preset: 'elastic-ecs',
      field_mapping: { source_ip: 'client.address', session_id: 'sid' },
    });
    expect(composed.source_ip).toEqual(['client', 'address']);
    expect(composed.session_id).toEqual(['sid']);
    expect(composed.destination_ip).toEqual(['destination', 'ip']);
    expect(composed.duration).toEqual(['duration']);
  });
});
