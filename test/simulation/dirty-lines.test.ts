import { expect, it } from 'vitest';
import { createFlowReader, type ReaderOptions } from '../../src/operators/flow-reader.ts';
import { SPOILS } from '../../src/simulation/dirty-lines.ts';
import { createLineWriter } from '../../src/simulation/line-writer.ts';
import { officeTraffic } from '../../src/simulation/office.ts';
import { halfOf } from '../../src/simulation/record-batch.ts';
import { MONDAY } from './office-lines.ts';

const FIELDS = [
  'source_ip',
  'destination_ip',
  'source_port',
  'destination_port',
  'source_bytes',
  'destination_bytes',
  'event_start',
  'event_end',
  'event_action',
  'event_reason',
  'event_name',
  'event_subtype',
  'network_transport',
  'repeat_count',
  'duration',
] as const;
const OPTIONS: ReaderOptions = {
  fieldMapping: Object.fromEntries(FIELDS.map((field) => [field, [field]])) as unknown as ReaderOptions['fieldMapping'],
  timeZone: 'UTC',
  vocabulary: {
    denyActions: ['drop', 'deny', 'drop-icmp', 'reset-client', 'reset-server', 'reset-both', 'block'],
    denyReasons: ['policy-deny', 'threat'],
    threatSubtypes: ['vulnerability', 'virus', 'spyware', 'wildfire-virus', 'ml-virus', 'flood', 'scan', 'packet'],
  },
  quality: {
    dropMalformedIp: true,
    filterNullBytesPorts: true,
    durationNonNegative: true,
    bytesNonNegative: true,
    maxSessionDays: 30,
  },
  readsSourcePort: true,
};

function readBack(dirty: number) {
  const traffic = officeTraffic({ seed: 6, hosts: 60, slices: 4, start: MONDAY, incidents: [], dirty });
  const writer = createLineWriter(traffic.plan.book.kinds);
  const rejected: string[] = [];
  const reader = createFlowReader(OPTIONS, (_, rule) => void rejected.push(rule));
  const spoils = new Map<string, number>();
  let records = 0;
  for (const delivery of traffic.deliveries) {
    const { batch, order } = traffic.recordsOf(delivery);
    reader.push(writer.write(batch, order, 0, order.length));
    records += order.length;
    for (const row of order) {
      const spoil = halfOf(batch, row, 'spoil');
      if (spoil === 0) continue;
      const { name } = SPOILS[spoil - 1]!;
      spoils.set(name, (spoils.get(name) ?? 0) + 1);
    }
  }
  return { flows: reader.finish(), rejected, spoils, records };
}

it('the reader takes every line, and rejects, filters and nulls exactly what was spoilt so', () => {
  const { flows, rejected, spoils, records } = readBack(0.05);
  const of = (...names: string[]) => names.reduce((sum, name) => sum + (spoils.get(name) ?? 0), 0);
  expect(flows.lines).toBe(records);
  expect(spoils.size).toBe(SPOILS.length);
  const share = [...spoils.values()].reduce((sum, count) => sum + count, 0) / records;
  expect(share).toBeGreaterThan(0.045);
  expect(share).toBeLessThan(0.055);
  expect(rejected).toHaveLength(of('cut_line', 'comment', 'bad_address', 'empty_session'));
  expect(flows.counts).toMatchObject({
    malformed_json: of('cut_line', 'comment'),
    malformed_ip: of('bad_address'),
    null_bytes_ports: of('empty_session'),
    negative_bytes: of('negative_bytes'),
    port_out_of_range: of('port_beyond', 'source_port_beyond'),
    other_event_name: of('other_log'),
    line_too_long: 0,
  });
});

it('without dirt nothing is rejected, and all that is filtered is what a firewall logs beside sessions', () => {
  const { flows, rejected } = readBack(0);
  expect(rejected).toEqual([]);
  const { session_start, other_threat_subtype, ...others } = flows.counts;
  expect(session_start).toBeGreaterThan(50);
  expect(other_threat_subtype).toBeGreaterThan(10);
  expect(Object.values(others).every((count) => count === 0)).toBe(true);
  // Lines without dirt take the fast path, or the generator would measure nothing.
  expect(flows.slowLines).toBe(0);
});

it('says of every way to spoil a line what becomes of it', () => {
  for (const { name, effect, spoilt } of SPOILS) {
    const line = spoilt('{"event_end":"2026-03-02T10:00:01.500Z","source_bytes":5}');
    expect([name, effect, line.includes('\n')]).toEqual([
      name,
      expect.stringMatching(/^(rejected|filtered|nulled|harmless)$/),
      false,
    ]);
  }
});
