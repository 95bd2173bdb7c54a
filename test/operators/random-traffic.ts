/** Random log records for properties: small pools, so that hosts, peers, ports and minutes meet again and again. */

import fc from 'fast-check';
import type { OracleMiniBatch, OracleParameters } from '../oracle/oracle.ts';
import { QUARTER } from './product-options.ts';

/** The end of the first slice of every random history. */
export const FIRST_END = Date.UTC(2026, 2, 2, 8, 8);

export type LogRecord = Readonly<Record<string, unknown>>;

const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.1.9',
  '192.168.5.5',
  '8.8.8.8',
  '203.0.113.7',
  'fd00::1',
  'FD00:0::2',
  '2001:db8::5',
  '::ffff:10.0.0.2',
  '10.0.0.255',
  '224.0.0.1',
];

const address = fc.constantFrom(...ADDRESSES);
const port = fc.constantFrom(443, 443, 53, 22, 445, 1433, 40_000, 33_000, 0, '443', 70_000, null);
const bytes = fc.constantFrom(0, 0, 1, 60, 1500, 12.9, '77', -3, 2_000_000_000, null);

/** Starts lie within half an hour, so that some share a minute; ends up to an hour later, now and then before. */
function timesBefore(sliceEnd: number): fc.Arbitrary<LogRecord> {
  const start = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -1_800_000, max: 0 }).map((ms) => sliceEnd + ms) },
    { weight: 3, arbitrary: fc.integer({ min: -5, max: 0 }).map((minutes) => sliceEnd + minutes * 60_000) },
    { weight: 1, arbitrary: fc.constantFrom(null, sliceEnd - 31 * 86_400_000, sliceEnd + 2 * 86_400_000) },
  );
  const lasting = fc.constantFrom(0, 1, 999, 1000, 1001, 30_000, 3_600_000, -5_000);
  return fc
    .tuple(start, lasting, fc.constantFrom('iso', 'iso', 'seconds', 'duration', 'none'))
    .map(([from, ms, form]): LogRecord => {
      if (from === null) return { event_start: null, event_end: new Date(sliceEnd).toISOString() };
      const event_start = new Date(from).toISOString();
      if (form === 'none') return { event_start };
      if (form === 'duration') return { event_start, duration: ms / 1000 };
      const end = from + ms;
      return { event_start, event_end: form === 'iso' ? new Date(end).toISOString() : end / 1000 };
    });
}

const words = fc.record(
  {
    event_action: fc.constantFrom('allow', 'Allow', 'allow', 'deny', 'drop', 'alert', 'reset-both', null),
    event_reason: fc.constantFrom('tcp-fin', 'aged-out', 'TCP-RST-from-client', 'policy-deny', 'threat', null),
    network_transport: fc.constantFrom('tcp', 'tcp', 'UDP', 'icmp', 'ipv6-icmp', 'gre', null),
    repeat_count: fc.constantFrom(1, 1, 1, 2, 3, 300, '4', 0, 2.5),
    event_name: fc.constantFrom('TRAFFIC', 'TRAFFIC', 'traffic', 'THREAT'),
    event_subtype: fc.constantFrom('end', 'end', null, 'virus', 'start', 'url'),
  },
  { requiredKeys: [] },
);

/** A record that is data, give or take. */
export function recordBefore(sliceEnd: number, addresses: fc.Arbitrary<string> = address): fc.Arbitrary<LogRecord> {
  return fc
    .record({
      ends: fc.tuple(addresses, addresses),
      ports: fc.tuple(port, port),
      bytes: fc.tuple(bytes, bytes),
      times: timesBefore(sliceEnd),
      words,
    })
    .map(({ ends, ports, bytes: counted, times, words: said }) => ({
      source_ip: ends[0],
      destination_ip: ends[1],
      source_port: ports[0],
      destination_port: ports[1],
      source_bytes: counted[0],
      destination_bytes: counted[1],
      ...times,
      ...said,
    }));
}

export function miniBatchOf(id: string, sliceEnd: number, records: readonly LogRecord[]): OracleMiniBatch {
  return { id, sliceEnd, batchEnd: sliceEnd + 60_000, lines: records.map((record) => JSON.stringify(record)) };
}

export function miniBatchAt(sliceEnd: number, maxLength: number): fc.Arbitrary<OracleMiniBatch> {
  return fc
    .array(recordBefore(sliceEnd), { maxLength, size: 'max' })
    .map((records) => miniBatchOf('a', sliceEnd, records));
}

/** Mini-batches of up to `most` over 26 hours, near and far, several to a slice. */
export function historyOf(most: number, maxLength: number): fc.Arbitrary<OracleMiniBatch[]> {
  const slot = fc.constantFrom(0, 1, 2, 3, 4, 5, 31, 32, 33, 94, 95, 96, 97, 104);
  return fc
    .uniqueArray(fc.tuple(slot, fc.constantFrom('a', 'b')), {
      minLength: 2,
      maxLength: most,
      selector: (place) => place.join('-'),
    })
    .chain((places) =>
      fc.tuple(
        ...places.map(([n, letter]) => {
          const sliceEnd = FIRST_END + n * QUARTER;
          return fc
            .array(recordBefore(sliceEnd), { maxLength, size: 'max' })
            .map((records) => miniBatchOf(`${letter}-${n}`, sliceEnd, records));
        }),
      ),
    );
}

/** Specs that change what is a host, a segment, a set, a rule or a cap. */
export const anyParameters: fc.Arbitrary<OracleParameters> = fc.constantFrom<OracleParameters>(
  {},
  { highRiskSegments: ['203.0.113.0/24', '10.0.1.0/24', '2001:db8::/32'] },
  { hostNetworks: ['0.0.0.0/0', '::/0'], pairCap: 2 },
  { segmentMapping: { strategy: 'ipv4_prefix', prefix_length: 30, ipv6_prefix_length: 127 }, pairCap: 1 },
  {
    segmentMapping: {
      strategy: 'cidr_map',
      prefix_length: 16,
      networks: { office: ['10.0.0.0/16', 'fd00::/16'], lab: '10.0.1.0/28', web: ['8.0.0.0/8'] },
    },
    highRiskSegments: ['web', 'office'],
  },
  { portSets: { web: [80, 443], ephemeral: ['32768-65535'], admin: [53] } },
  { denyActions: ['drop', 'alert'], denyReasons: ['aged-out'], threatSubtypes: ['url'] },
  { dq: { bytes_non_negative: false, filter_null_bytes_ports: false, max_session_days: 40 } },
);
