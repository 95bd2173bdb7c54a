import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duckdbFeatures, type FeatureRow } from './duckdb.ts';

const SLICE_END_MS = Date.UTC(2026, 2, 2, 10, 38);
const START_MS = Date.UTC(2026, 2, 2, 10, 30);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'duckdb-oracle-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const web = {
  event_name: 'TRAFFIC',
  event_subtype: 'end',
  source_ip: '10.0.0.1',
  destination_ip: '203.0.113.9',
  source_port: 50_000,
  destination_port: 443,
  source_bytes: 100,
  destination_bytes: 300,
  event_start: '2026-03-02T10:30:00Z',
  event_end: '2026-03-02T10:30:02.5Z',
  event_action: 'allow',
  event_reason: 'tcp-fin',
  network_transport: 'tcp',
};

async function featuresOf(lines: readonly (object | string)[], fieldMapping = {}) {
  const file = join(folder, 'flows.json.gz');
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  writeFileSync(file, gzipSync(`${text}\n`));
  return duckdbFeatures({ files: [file], fieldMapping, sliceEndMs: SLICE_END_MS, miniBatchId: 'm1' });
}

const row = (rows: readonly FeatureRow[], keys: FeatureRow): FeatureRow =>
  rows.find((candidate) => Object.entries(keys).every(([name, value]) => candidate[name] === value)) ?? {};

describe('what SQL makes of a mini-batch', () => {
  test('a host with three sessions to two peers', async () => {
    const { delta, pair_context, pair_counts } = await featuresOf([
      web,
      { ...web, source_bytes: 200, event_start: '2026-03-02T10:30:40Z', event_end: '2026-03-02T10:30:41Z' },
      {
        ...web,
        destination_ip: '10.0.0.2',
        destination_port: 22,
        destination_bytes: 0,
        event_action: 'deny',
        event_reason: 'policy-deny',
        repeat_count: 2,
      },
    ]);
    expect(delta).toHaveLength(2);
    expect(row(delta, { host_ip: '10.0.0.1' })).toMatchObject({
      role: 'outbound',
      slice_start_ts: Date.UTC(2026, 2, 2, 10, 23),
      slice_end_ts: SLICE_END_MS,
      mini_batch_id: 'm1',
      segment_id: '10.0.0.0/24',
      sessions_cnt: 4,
      allow_cnt: 2,
      drop_cnt: 2,
      zero_reply_cnt: 2,
      short_session_cnt: 1,
      bytes_sent_sum: 400,
      bytes_recv_sum: 600,
      duration_sum: 6,
      peer_ip_nunique: 2,
      peer_segment_nunique: 2,
      peer_ip_entropy: Math.LN2,
      peer_ip_top1_sessions_share: 0.5,
      peer_port_top1_bytes_share: 0.9,
      max_sessions_per_minute: 4,
      admin_port_sessions_cnt: 2,
      high_risk_port_sessions_cnt: 0,
      bytes_sent_quantiles: [100, 100, 150, expect.closeTo(190, 9), 198],
    });
    expect(row(delta, { host_ip: '10.0.0.2' })).toMatchObject({
      role: 'inbound',
      bytes_sent_sum: 0,
      bytes_recv_sum: 100,
      peer_port_nunique: 1,
    });
    expect(row(pair_context, { role: 'outbound', pair_key: '203.0.113.9|443' })).toMatchObject({
      sessions_cnt: 2,
      deny_cnt: 0,
      bytes_sent_sum: 300,
      first_event_ts: START_MS,
      event_ts: START_MS + 41_000,
      starts: [START_MS, START_MS + 40_000],
      max_duration_ms: 2_500,
    });
    expect(row(pair_counts, { dst_ip: '10.0.0.2' })).toMatchObject({
      src_ip: '10.0.0.1',
      dst_port: 22,
      sessions_cnt: 2,
      event_ts: SLICE_END_MS,
    });
  });

  test('a THREAT record adds to threat_cnt and alert_cnt alone', async () => {
    const { delta, pair_context } = await featuresOf([
      { ...web, event_name: 'threat', event_subtype: 'spyware', event_action: 'alert', repeat_count: 5 },
      { ...web, event_name: 'THREAT', event_subtype: 'url' },
      { ...web, event_name: 'CONFIG' },
    ]);
    expect(delta).toHaveLength(1);
    expect(delta[0]).toMatchObject({
      threat_cnt: 1,
      alert_cnt: 1,
      sessions_cnt: 0,
      bytes_sent_quantiles: null,
      peer_ip_entropy: 0,
    });
    expect(pair_context).toEqual([]);
  });

  test('lines that are not usable cost only themselves', async () => {
    const { delta } = await featuresOf([
      'not json',
      '[1,2]',
      '{"source_ip":',
      '',
      { ...web, source_ip: '010.0.0.1' },
      { ...web, destination_ip: '10.0.0.300' },
      { ...web, event_subtype: 'start' },
      { ...web, source_port: null, destination_port: null, source_bytes: null, destination_bytes: null },
      web,
    ]);
    expect(delta).toHaveLength(1);
    expect(delta[0]).toMatchObject({ sessions_cnt: 1 });
  });

  test('ports and bytes that cannot be are null, ICMP has no port', async () => {
    const { pair_context, pair_counts } = await featuresOf([
      { ...web, destination_port: 130_000, source_bytes: -5 },
      { ...web, destination_port: '80', source_bytes: '1234.9' },
      { ...web, destination_port: 0 },
      { ...web, destination_port: 0, network_transport: 'ipv6-icmp' },
    ]);
    expect(
      pair_context.map(({ pair_key, peer_port, bytes_sent_sum }) => [pair_key, peer_port, bytes_sent_sum]).sort(),
    ).toEqual([
      ['203.0.113.9|', null, 100],
      ['203.0.113.9|0', 0, 100],
      ['203.0.113.9|80', 80, 1234],
    ]);
    expect(pair_counts).toHaveLength(1);
  });

  test.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '2001:db8::/64'],
    ['fd00:0001::5', 'fd00:1::5', 'fd00:1::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['0:0:0:0:0:0:0:1', '::1', '::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
    ['::ffff:c000:0207', '192.0.2.7', '192.0.2.0/24'],
  ])('the source %s is %s of %s', async (text, address, segment) => {
    const { pair_counts } = await featuresOf([{ ...web, source_ip: text }]);
    expect(pair_counts[0]).toMatchObject({ src_ip: address, segment_id: segment });
  });

  test('only addresses of the host networks are hosts, and never a broadcast address', async () => {
    const { delta } = await featuresOf([
      { ...web, source_ip: '172.31.255.254', destination_ip: '10.0.0.255' },
      { ...web, source_ip: '172.32.0.1', destination_ip: '239.0.0.1' },
      { ...web, source_ip: 'fe80::1', destination_ip: 'ff02::1' },
    ]);
    expect(delta.map(({ host_ip }) => host_ip).sort()).toEqual(['172.31.255.254', 'fe80::1']);
  });

  test('times of every kind round to the same milliseconds; an impossible one is null', async () => {
    const times = [
      START_MS,
      START_MS / 1000,
      '2026-03-02T12:30:00+02:00',
      '2026/03/02 10:30:00',
      'Mar 02 2026 10:30:00',
      '2026-03-02T10:29:59.9995Z',
    ];
    const { pair_context } = await featuresOf([
      ...times.map((time, place) => ({ ...web, destination_port: 1000 + place, event_start: time })),
      { ...web, destination_port: 2000, event_start: '1970-01-01T00:00:00Z' },
    ]);
    const outbound = pair_context.filter(({ peer_port }) => Number(peer_port) < 2000);
    expect(outbound.map(({ first_event_ts }) => first_event_ts)).toEqual(times.map(() => START_MS));
    expect(row(pair_context, { peer_port: 2000 })).toMatchObject({ first_event_ts: null, max_duration_ms: 0 });
  });

  test('field names are mapped, into nested objects too', async () => {
    const { source_ip, event_end, ...rest } = web;
    const { delta } = await featuresOf([{ ...rest, source: { ip: source_ip }, elapsed: 3 }], {
      source_ip: 'source.ip',
      duration: 'elapsed',
    });
    expect(delta[0]).toMatchObject({ host_ip: '10.0.0.1', duration_sum: 3, sessions_cnt: 1 });
    expect(event_end).toBeDefined();
  });
});
