import { describe, expect, it } from 'vitest';
import { judgeEndpoint, parseAddress } from './addresses.ts';
import { judge, type OracleMiniBatch, type OracleParameters } from './oracle.ts';
import { settle } from './parameters.ts';
import { readInstant } from './times.ts';

/** What the worked example does not reach, so that nothing else would notice if the judge were wrong about it. */

const SLICE_END = Date.UTC(2026, 2, 2, 8, 8);

describe('addresses', () => {
  it.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1::', '1::'],
    ['::ffff:a01:10a', '10.1.1.10'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('%s is %s', (text, canonical) => {
    expect(parseAddress(text)?.text).toBe(canonical);
  });

  it.each([
    '',
    ' ',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '::1%eth0',
    '1::2::3',
    '12345::',
    ':1',
    '1:2:3:4::5:6:7:8',
  ])('%j is malformed', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('knows hosts, the internal and segments', () => {
    const look = (text: string, parameters: OracleParameters = {}): [boolean, boolean, string] => {
      const { isHost, isInternal, segment } = judgeEndpoint(text, settle(parameters));
      return [isHost, isInternal, segment];
    };
    expect(look('10.1.1.255')).toEqual([false, true, '10.1.1.0/24']);
    expect(look('10.1.1.0')).toEqual([true, true, '10.1.1.0/24']);
    expect(look('8.8.8.8')).toEqual([false, false, '8.8.8.0/24']);
    const all = { hostNetworks: ['0.0.0.0/0', '::/0'] };
    expect(look('8.8.8.8', all)).toEqual([true, true, '8.8.8.0/24']);
    expect(look('239.255.255.250', all)).toEqual([false, true, '239.255.255.0/24']);
    expect(look('ff02::1', all)).toEqual([false, true, 'ff02::/64']);
    expect(look('127.0.0.1', all)[0]).toBe(false);
    const map = {
      segmentMapping: { strategy: 'cidr_map', networks: { site: '10.1.0.0/16', lab: ['10.1.2.0/25'] } },
    } as const;
    expect(look('10.1.1.255', map)).toEqual([true, true, 'site']);
    expect(look('10.1.2.127', map)).toEqual([false, true, 'lab']);
    expect(look('10.2.2.1', map)).toEqual([true, true, '10.2.2.0/24']);
    expect(look('nonsense')).toEqual([false, false, 'SEG_UNKNOWN']);
  });
});

describe('instants', () => {
  const at = Date.UTC(2026, 2, 29, 0, 30, 0);
  it.each([
    ['2026-03-29T00:30:00Z', 'UTC', at],
    ['2026-03-29T02:30:00.1235+02:00', 'UTC', at + 124],
    ['2026-03-29 00:30:00,99949', 'UTC', at + 999],
    ['2026/03/29 06:00:00', 'Asia/Kolkata', at],
    ['Mar 29 2026 01:30:00', 'Europe/Berlin', at],
    ['2026/10/25 02:30:00', 'Europe/Berlin', Date.UTC(2026, 9, 25, 0, 30)],
    ['2026-02-30T00:00:00Z', 'UTC', null],
    [at / 1_000, 'UTC', at],
    [String(at), 'UTC', at],
    [at * 1_000 + 500, 'UTC', at + 1],
    [at * 1_000_000, 'UTC', at],
    ['yesterday', 'UTC', null],
    [null, 'UTC', null],
  ])('%j in %s', (value, zone, instant) => {
    expect(readInstant(value, zone)).toBe(instant);
  });
});

describe('mini-batches', () => {
  const flow = (own: object): string =>
    JSON.stringify({
      source_ip: '10.0.0.1',
      destination_ip: '10.0.0.2',
      source_port: 1,
      destination_port: 443,
      source_bytes: 1,
      destination_bytes: 2,
      event_start: (SLICE_END - 60_000) / 1_000,
      ...own,
    });
  const batch = (lines: string[], sliceEnd = SLICE_END, id = 'a', late = 0): OracleMiniBatch => ({
    id,
    sliceEnd,
    batchEnd: sliceEnd + late,
    lines,
  });
  const row = (output: ReturnType<typeof judge>[number] | undefined, host: string) =>
    output?.fg_a.find((candidate) => candidate['host_ip'] === host);

  it('counts each rule and names each rejected line', () => {
    const lines = [
      'nonsense',
      '',
      flow({ source_ip: '10.0.0.1 ' }),
      flow({ source_port: null, destination_port: 'n/a', source_bytes: null, destination_bytes: undefined }),
      flow({ event_name: 'SYSTEM' }),
      flow({ event_name: 'THREAT', event_subtype: 'url' }),
      flow({ event_subtype: 'Start' }),
      flow({ event_end: (SLICE_END - 61_000) / 1_000 }),
      flow({ source_bytes: '200 B', destination_bytes: 2 ** 53, event_start: '28/11/2026 10:31:17', source_port: '' }),
      flow({ source_bytes: -1, destination_port: 443.5, source_port: 130_000, event_end: 0 }),
    ];
    const [output] = judge({}, [batch(lines)]);
    expect(output?.rejected).toEqual([
      { line: 0, reason: 'not_json' },
      { line: 2, reason: 'malformed_ip' },
      { line: 3, reason: 'null_bytes_ports' },
    ]);
    expect(output?.quality).toEqual({
      not_json: 1,
      malformed_ip: 1,
      null_bytes_ports: 1,
      event_name: 1,
      threat_subtype: 1,
      start_record: 1,
      negative_duration: 1,
      negative_bytes: 1,
      port_out_of_range: 2,
      implausible_time: 1,
      unreadable_number: 2,
      unreadable_time: 1,
    });
  });

  it('takes the end from start and duration, and nested fields by their path', () => {
    const fieldMapping = { duration: 'elapsed.seconds' };
    const [output] = judge({ fieldMapping }, [batch([flow({ elapsed: { seconds: '2.5' } })])]);
    expect(output?.delta[0]).toMatchObject({ host_ip: '10.0.0.1', duration_sum: 2.5, short_session_cnt: 0 });
  });

  it('keeps the busiest pairs under the cap, exact delta metrics aside', () => {
    const lines = ['10.0.0.2', '10.0.0.3', '10.0.0.3', '10.0.0.4'].map((destination_ip) => flow({ destination_ip }));
    const [output] = judge({ pairCap: 2 }, [batch(lines)]);
    expect(output?.delta[0]).toMatchObject({ sessions_cnt: 4, peer_ip_nunique: 3 });
    const kept = output?.pair_context.filter((pair) => pair['host_ip'] === '10.0.0.1').map((pair) => pair['pair_key']);
    expect(kept).toEqual(['10.0.0.2|443', '10.0.0.3|443']);
    expect(row(output, '10.0.0.1')).toMatchObject({
      sessions_cnt_w_15m: 4,
      peer_ip_nunique_w_15m: 2,
      is_pair_capped: 1,
    });
    expect(row(output, '10.0.0.2')).toMatchObject({ is_pair_capped: 0 });
  });

  it('says how complete the data is', () => {
    const slice = 15 * 60_000;
    const numbers = [0, 1, 2, 3, 4, 7];
    const outputs = judge(
      {},
      numbers.map((n) => batch([flow({ event_start: null })], SLICE_END + n * slice, `b${n}`)),
    );
    expect(outputs.map((output) => row(output, '10.0.0.1')?.['is_degraded'])).toEqual([0, 0, 0, 0, 0, 1]);
    expect(outputs.map((output) => row(output, '10.0.0.1')?.['coverage_24h'])).toEqual(
      [1, 2, 3, 4, 5, 6].map((slices) => slices / 96),
    );
    const ended = flow({ event_end: SLICE_END / 1_000 });
    const late = (minutes: number) => row(judge({}, [batch([ended], SLICE_END, 'a', minutes * 60_000)])[0], '10.0.0.1');
    expect(late(30)).toMatchObject({ is_degraded: 0 });
    expect(late(31)).toMatchObject({ is_degraded: 1 });
  });

  it('writes the identity, the band and the pairs of a row', () => {
    const [output] = judge({ calendar: { time_zone: 'Asia/Kolkata' }, novelty: false }, [
      batch([flow({ event_end: SLICE_END / 1_000, repeat_count: 3 })]),
    ]);
    expect(row(output, '10.0.0.1')).toMatchObject({
      segment_id: '10.0.0.0/24',
      record_id: '10.0.0.1|w_15m|2026-03-02T08:08:00Z',
      hour_of_day: 13,
      time_band: 'working_hours',
      lookback_days: 0,
      is_new_host: 0,
      new_peer_cnt_lookback30d_w_15m: 0,
    });
    expect(output?.fg_a_pair_context).toEqual([
      { host_ip: '10.0.0.1', dst_ip: '10.0.0.2', dst_port: 443, sessions_cnt: 3, event_ts: SLICE_END },
    ]);
  });

  it('quarantines a mini-batch that is mostly rejected, and then counts it nowhere', () => {
    const bad = [...new Array<string>(51).fill('nonsense'), ...new Array<string>(49).fill(flow({}))];
    const outputs = judge({}, [batch(bad), batch([flow({})], SLICE_END, 'b')]);
    expect(outputs[0]).toMatchObject({ failure: 'too many rejected lines', delta: [], fg_a: [] });
    expect(row(outputs[1], '10.0.0.1')).toMatchObject({ sessions_cnt_w_24h: 1 });
  });
});
