import { describe, expect, it } from 'vitest';
import type { OracleParameters } from '../oracle/oracle.ts';
import { furtherColumnsOf, type SliceDatasets, sliceDatasetsOf, sliceOf } from './product-run.ts';
import { FIRST_END, type LogRecord, miniBatchOf } from './random-traffic.ts';

const run = (records: readonly LogRecord[], parameters: OracleParameters = {}): SliceDatasets => {
  const miniBatch = miniBatchOf('a', FIRST_END, records);
  return sliceDatasetsOf(miniBatch, sliceOf(miniBatch, parameters));
};
const T = FIRST_END - 600_000;
const flow = (own: LogRecord = {}): LogRecord => ({
  source_ip: '10.0.0.1',
  destination_ip: '203.0.113.9',
  source_port: 50_000,
  destination_port: 443,
  source_bytes: 100,
  destination_bytes: 400,
  event_start: T,
  event_end: T + 2000,
  event_action: 'allow',
  network_transport: 'tcp',
  ...own,
});

describe('a delta row', () => {
  it('is known by hand', () => {
    const { delta } = run([
      flow({ event_reason: 'aged-out', repeat_count: 3 }),
      flow({
        destination_port: 445,
        event_action: 'deny',
        destination_bytes: 0,
        event_end: T + 500,
        source_bytes: 700,
      }),
      flow({
        destination_ip: '10.0.1.2',
        destination_port: 22,
        event_reason: 'policy-deny',
        event_start: T + 60_000,
        event_end: null,
      }),
      flow({
        destination_ip: '10.0.1.2',
        network_transport: 'icmp',
        destination_port: 8,
        event_reason: 'tcp-rst-from-client',
      }),
      flow({ event_name: 'THREAT', event_subtype: 'virus', event_action: 'alert', repeat_count: 5 }),
    ]);
    const [p, q] = [4 / 6, 2 / 6];
    const own = delta.find((row) => row['host_ip'] === '10.0.0.1');
    expect(own).toMatchObject({
      ...{ role: 'outbound', segment_id: '10.0.0.0/24', mini_batch_id: 'a' },
      ...{ slice_start_ts: FIRST_END - 900_000, slice_end_ts: FIRST_END },
      ...{
        sessions_cnt: 6,
        traffic_cnt: 6,
        threat_cnt: 1,
        alert_cnt: 1,
        allow_cnt: 4,
        drop_cnt: 2,
        rst_cnt: 1,
        aged_out_cnt: 3,
      },
      ...{ zero_reply_cnt: 1, short_session_cnt: 2, tcp_cnt: 5, udp_cnt: 0, icmp_cnt: 1 },
      ...{ bytes_sent_sum: 1000, bytes_recv_sum: 1200, duration_sum: 4.5, max_sessions_per_minute: 5 },
      ...{ peer_ip_nunique: 2, peer_port_nunique: 3, peer_segment_nunique: 2 },
      ...{ peer_ip_top1_sessions_share: 4 / 6, peer_port_top1_sessions_share: 3 / 6 },
      ...{ peer_ip_top1_bytes_share: 1200 / 2200, peer_port_top1_bytes_share: 700 / 2200 },
      ...{ high_risk_port_sessions_cnt: 1, admin_port_sessions_cnt: 1, fileshare_port_sessions_cnt: 1 },
      ...{ directory_port_sessions_cnt: 0, db_port_sessions_cnt: 0 },
      duration_quantiles: [0.375, 1.25, 2, 2, 2],
      bytes_sent_quantiles: [100, 100, 250, expect.closeTo(610, 9), expect.closeTo(682, 9)],
    });
    expect(own!['peer_ip_entropy']).toBeCloseTo(-(p * Math.log(p) + q * Math.log(q)), 14);
    const ports = [3 / 5, 1 / 5, 1 / 5].reduce((sum, share) => sum - share * Math.log(share), 0);
    expect(own!['peer_port_entropy']).toBeCloseTo(ports, 14);
    expect(delta.map((row) => [row['host_ip'], row['role']])).toEqual([
      ['10.0.0.1', 'outbound'],
      ['10.0.1.2', 'inbound'],
    ]);
  });

  it('stands for each role of a host, of a flow to itself too', () => {
    const { delta, pair_context } = run([flow({ destination_ip: '10.0.0.1' })]);
    expect(delta).toMatchObject([
      { role: 'inbound', bytes_sent_sum: 400, bytes_recv_sum: 100 },
      { role: 'outbound', bytes_sent_sum: 100, bytes_recv_sum: 400 },
    ]);
    expect(pair_context.map((row) => [row['role'], row['pair_key']])).toEqual([
      ['inbound', '10.0.0.1|443'],
      ['outbound', '10.0.0.1|443'],
    ]);
  });

  it.each([
    ['exactly a minute', [0, 59_999], 2],
    ['two minutes', [-1, 0], 1],
    ['one minute and repeats', [0, 1, 60_000], 2],
  ])('counts the sessions that began in one UTC minute: %s', (_, offsets, peak) => {
    const minute = Math.floor(T / 60_000) * 60_000;
    const { delta } = run(offsets.map((ms) => flow({ event_start: minute + ms })));
    expect(delta[0]).toMatchObject({ max_sessions_per_minute: peak });
  });

  it('has a column for every further port set, and the sets of the spec replace those of their name', () => {
    const parameters = { portSets: { web: [80, '8080-8081'], admin: [443], DB: [80] } };
    const { delta } = run([flow(), flow({ destination_port: 8081 }), flow({ destination_port: 80 })], parameters);
    expect(furtherColumnsOf(parameters)).toEqual(['web_port_sessions_cnt']);
    expect(delta[0]).toMatchObject({ web_port_sessions_cnt: 2, admin_port_sessions_cnt: 1, db_port_sessions_cnt: 1 });
  });
});

describe('a pair', () => {
  it('keeps the earliest 64 starts, one a record, in order', () => {
    const starts = Array.from({ length: 100 }, (_, n) => T + ((n * 37) % 100) * 1000);
    const { pair_context } = run(starts.map((event_start) => flow({ event_start, repeat_count: 2 })));
    expect(pair_context).toMatchObject([
      { sessions_cnt: 200, first_event_ts: T, starts: Array.from({ length: 64 }, (_, n) => T + n * 1000) },
    ]);
  });

  it.each([
    [[{}], null],
    [[{ repeat_count: 4 }], [T]],
    [[{}, { event_start: null }], [T]],
    [[{ event_start: null }, { event_start: 'soon' }], []],
    [
      [{ event_start: T + 5 }, {}, {}],
      [T, T, T + 5],
    ],
  ])('of records %j starts at %j', (records, starts) => {
    const { pair_context } = run(records.map((own) => flow(own)));
    expect(pair_context[0]!['starts']).toEqual(starts);
  });

  it('has no port where there is none, or where it is ICMP; port 0 is one', () => {
    const { pair_context } = run([
      flow({ destination_port: null }),
      flow({ network_transport: 'ICMP6', destination_port: 3 }),
      flow({ destination_port: 0 }),
      flow({ destination_port: 65_535 }),
    ]);
    expect(pair_context.map((row) => [row['peer_port'], row['pair_key'], row['sessions_cnt']])).toEqual([
      [null, '203.0.113.9|', 2],
      [0, '203.0.113.9|0', 1],
      [65_535, '203.0.113.9|65535', 1],
    ]);
  });

  it('says when it was seen, what it moved and how long it lasted', () => {
    const { pair_context } = run([
      flow({ event_start: T + 10, event_end: T + 9010, repeat_count: 2, event_action: 'drop' }),
      flow({ event_end: null, destination_bytes: 0 }),
      flow({ event_start: null, event_end: T + 20_000, source_bytes: null }),
    ]);
    expect(pair_context).toMatchObject([
      {
        ...{ sessions_cnt: 4, deny_cnt: 2, zero_reply_cnt: 1, bytes_sent_sum: 200, bytes_recv_sum: 800 },
        ...{ first_event_ts: T, event_ts: T + 20_000, max_duration_ms: 9000 },
      },
    ]);
  });

  it('falls to the cap by fewest sessions, then by greatest key as text; delta stays exact', () => {
    const to = (destination_ip: string, destination_port: number, repeat_count = 1) =>
      flow({ destination_ip, destination_port, repeat_count });
    const records = [to('9.0.0.1', 443), to('10.9.0.1', 443), to('9.0.0.1', 80), to('9.0.0.1', 9), to('8.0.0.1', 1, 2)];
    const { delta, pair_context, pair_counts } = run(records, { pairCap: 3 });
    const kept = pair_context.filter((row) => row['host_ip'] === '10.0.0.1');
    expect(kept.map((row) => row['pair_key'])).toEqual(['10.9.0.1|443', '8.0.0.1|1', '9.0.0.1|443']);
    expect(delta[0]).toMatchObject({ sessions_cnt: 6, peer_ip_nunique: 3, peer_port_nunique: 4 });
    expect(pair_counts).toHaveLength(5);
  });
});

describe('pair counts', () => {
  it('count sessions of any source to a port above 0, without ICMP and threats', () => {
    const { pair_counts } = run([
      flow({ source_ip: '8.8.8.8', repeat_count: 2 }),
      flow({ source_ip: '8.8.8.8' }),
      flow({ source_ip: '8.8.8.8', destination_port: 0 }),
      flow({ source_ip: '8.8.8.8', destination_port: null }),
      flow({ source_ip: '8.8.8.8', network_transport: 'icmp' }),
      flow({ source_ip: '8.8.8.8', event_name: 'THREAT' }),
      flow({ source_ip: '10.0.0.255' }),
      flow({ event_action: 'deny' }),
    ]);
    const counted = { dst_ip: '203.0.113.9', dst_port: 443, event_ts: FIRST_END, mini_batch_id: 'a' };
    expect(pair_counts).toEqual([
      { src_ip: '10.0.0.1', segment_id: '10.0.0.0/24', sessions_cnt: 1, ...counted },
      { src_ip: '10.0.0.255', segment_id: '10.0.0.0/24', sessions_cnt: 1, ...counted },
      { src_ip: '8.8.8.8', segment_id: '8.8.8.0/24', sessions_cnt: 3, ...counted },
    ]);
  });

  it('count what lacks a port or an address too, where the filters are off', () => {
    const records = [
      flow({ destination_port: 0 }),
      flow({ destination_port: null, repeat_count: 2 }),
      flow({ destination_ip: null }),
      flow({ source_ip: '' }),
      flow({ network_transport: 'icmp' }),
    ];
    const miniBatch = miniBatchOf('a', FIRST_END, records);
    const off = { requireIps: false, requirePort: false };
    const slice = sliceOf(miniBatch, { dq: { drop_malformed_ip: false } }, { pairCounts: off });
    const { pair_counts } = sliceDatasetsOf(miniBatch, slice);
    expect(pair_counts.map((row) => [row['src_ip'], row['dst_ip'], row['sessions_cnt']])).toEqual([
      ['', '203.0.113.9', 1],
      ['10.0.0.1', '', 1],
      ['10.0.0.1', '203.0.113.9', 2],
      ['10.0.0.1', '203.0.113.9', 1],
    ]);
  });
});
