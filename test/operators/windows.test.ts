import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cell, Row } from '../oracle/metrics.ts';
import { judge, type OracleParameters } from '../oracle/oracle.ts';
import { allFaults } from './agreement.ts';
import { QUARTER } from './product-options.ts';
import { runHistory } from './product-run.ts';
import { anyParameters, FIRST_END, historyOf, type LogRecord, miniBatchOf } from './random-traffic.ts';

const HOUR = 4 * QUARTER;

describe('the rows of every mini-batch', () => {
  it('are what the judge says, whatever came before', () => {
    const how = fc.record({ shards: fc.constantFrom(1, 3), files: fc.constantFrom(1, 2) });
    fc.assert(
      fc.property(historyOf(7, 25), anyParameters, how, (history, parameters, own) => {
        const expected = judge({ ...parameters }, history);
        const actual = runHistory(parameters, history, own);
        expect(expected.flatMap((output, i) => allFaults(output, actual[i]!))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('do not depend on the order in which blocks are listed, nor on what comes later', () => {
    fc.assert(
      fc.property(historyOf(5, 15), fc.nat(4), (history, n) => {
        const whole = runHistory({}, history);
        const reversed = runHistory({}, [...history].reverse());
        expect(reversed).toEqual(whole);
        const inOrder = [...history].sort((a, b) => a.sliceEnd - b.sliceEnd || (a.id < b.id ? -1 : 1));
        const some = Math.min(n, history.length);
        expect(runHistory({}, inOrder.slice(0, some))).toEqual(whole.slice(0, some));
      }),
      { numRuns: 15 },
    );
  });
});

const contact = (sliceEnd: number, own: LogRecord = {}): LogRecord => ({
  source_ip: '10.0.0.1',
  destination_ip: '203.0.113.9',
  destination_port: 443,
  source_bytes: 10,
  destination_bytes: 20,
  event_start: sliceEnd - 60_000,
  event_end: sliceEnd - 30_000,
  ...own,
});

/** Features of 10.0.0.1 after the last of several mini-batches, each `quarters` after the first. */
function rowAfter(
  batches: readonly (readonly [quarters: number, records: LogRecord[]])[],
  parameters: OracleParameters = {},
): Row {
  const history = batches.map(([quarters, records], n) => {
    const sliceEnd = FIRST_END + quarters * QUARTER;
    return miniBatchOf(
      `mb-${n}`,
      sliceEnd,
      records.map((own) => contact(sliceEnd, own)),
    );
  });
  const rows = runHistory(parameters, history).at(-1)!.fg_a;
  return rows.find((row) => row['host_ip'] === '10.0.0.1')!;
}

const overWindows = (row: Row, metric: string): Cell[] =>
  ['15m', '30m', '1h', '8h', '24h'].map((window) => row[`${metric}_w_${window}`]!);

describe('a window', () => {
  it('knows thousands of peers apart, and those inside by their segments', () => {
    const address = (n: number): string => `${n % 3 === 0 ? '10.7' : '203.0'}.${n >>> 8}.${n & 0xff}`;
    const scan = (first: number, count: number): LogRecord[] =>
      Array.from({ length: count }, (_, n) => ({
        destination_ip: address(first + n),
        destination_port: 443 + (n % 2),
      }));
    // 0..2,999, then 1,500..4,499: what is known of the older 1,500 is looked up after the columns have grown.
    const row = rowAfter([
      [0, scan(0, 3000)],
      [8, scan(1500, 3000)],
    ]);
    expect(overWindows(row, 'peer_ip_nunique')).toEqual([3000, 3000, 3000, 4500, 4500]);
    expect(overWindows(row, 'sessions_cnt')).toEqual([3000, 3000, 3000, 6000, 6000]);
    // Every block of 256 addresses has some inside, and some outside.
    expect(overWindows(row, 'peer_segment_nunique')).toEqual([26, 26, 26, 36, 36]);
    expect(row['internal_peer_nunique_w_1h']).toBe(1000);
    expect(row['internal_peer_nunique_w_24h']).toBe(1500);
    expect(row['internal_segment_nunique_w_1h']).toBe(13);
    expect(row['internal_segment_nunique_w_24h']).toBe(18);
  });

  it.each([
    [1, [1, 2, 2, 2, 2]],
    [2, [1, 1, 2, 2, 2]],
    [3, [1, 1, 2, 2, 2]],
    [4, [1, 1, 1, 2, 2]],
    [31, [1, 1, 1, 2, 2]],
    [32, [1, 1, 1, 1, 2]],
    [95, [1, 1, 1, 1, 2]],
    [96, [1, 1, 1, 1, 1]],
  ])('is open at its old end and closed at its new one: %i slices ago', (quarters, sessions) => {
    const row = rowAfter([
      [0, [{}]],
      [quarters, [{}]],
    ]);
    expect(overWindows(row, 'sessions_cnt')).toEqual(sessions);
    expect(overWindows(row, 'peer_ip_nunique')).toEqual([1, 1, 1, 1, 1]);
  });

  it('adds what adds up, and takes the union of peers, the greatest minute and the quotient of sums', () => {
    const row = rowAfter([
      [0, [{ repeat_count: 5 }, { destination_ip: '10.0.1.2', event_action: 'deny', destination_bytes: 0 }]],
      [
        2,
        [
          { destination_port: 80, network_transport: 'tcp' },
          { destination_ip: '203.0.113.8', source_bytes: 60 },
        ],
      ],
    ]);
    const column = (metric: string): Cell[] => [row[`${metric}_w_30m`]!, row[`${metric}_w_1h`]!];
    expect(column('sessions_cnt')).toEqual([2, 8]);
    expect(column('peer_ip_nunique')).toEqual([2, 3]);
    expect(column('peer_port_nunique')).toEqual([2, 2]);
    expect(column('peer_segment_nunique')).toEqual([1, 2]);
    expect(column('max_sessions_per_minute')).toEqual([2, 6]);
    expect(column('peer_ip_top1_sessions_share')).toEqual([0.5, 0.75]);
    expect(column('peer_port_top1_sessions_share')).toEqual([0.5, 7 / 8]);
    expect(column('peer_ip_top1_bytes_share')).toEqual([80 / 110, 80 / 150]);
    expect(column('duration_sum')).toEqual([60, 120]);
    expect(column('duration_mean')).toEqual([30, 15]);
    expect(column('deny_ratio')).toEqual([0, 1 / 8]);
    expect(column('transport_tcp_ratio')).toEqual([0.5, 1 / 8]);
    expect(column('bytes_src_sum')).toEqual([70, 90]);
    expect(column('bytes_dst_sum')).toEqual([40, 60]);
    expect(column('bytes_asymmetry_ratio')).toEqual([70 / 41, 90 / 61]);
    expect(row).toMatchObject({
      internal_peer_nunique_w_1h: 1,
      external_peer_nunique_w_1h: 2,
      external_bytes_sent_w_1h: 80,
    });
    expect(row).toMatchObject({
      denied_peer_nunique_w_1h: 1,
      noreply_peer_nunique_w_1h: 1,
      internal_segment_nunique_w_1h: 1,
    });
  });

  it('has the greatest minute of its mini-batches, never two of them together', () => {
    const history = ['a', 'b'].map((id) => miniBatchOf(id, FIRST_END, [contact(FIRST_END), contact(FIRST_END)]));
    const [, second] = runHistory({}, history);
    expect(second!.fg_a[0]).toMatchObject({ sessions_cnt_w_15m: 4, max_sessions_per_minute_w_15m: 2 });
  });

  it('of a role that was silent is 0; a host that was silent has no row', () => {
    const history = [
      miniBatchOf('a', FIRST_END, [contact(FIRST_END, { destination_ip: '10.0.0.2' })]),
      miniBatchOf('b', FIRST_END + HOUR, [contact(FIRST_END + HOUR)]),
    ];
    const [first, second] = runHistory({}, history);
    expect(first!.fg_a.map((row) => row['host_ip'])).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(first!.fg_a[0]).toMatchObject({
      sessions_cnt_w_15m: 1,
      in_sessions_cnt_w_24h: 0,
      in_peer_ip_entropy_w_24h: 0,
    });
    expect(first!.fg_a[1]).toMatchObject({
      sessions_cnt_w_24h: 0,
      in_sessions_cnt_w_15m: 1,
      in_bytes_src_sum_w_15m: 20,
    });
    expect(second!.fg_a.map((row) => row['host_ip'])).toEqual(['10.0.0.1']);
  });

  it('counts a host of threats alone as active', () => {
    const row = rowAfter([
      [0, [{}]],
      [1, [{ event_name: 'THREAT', event_action: 'alert' }]],
    ]);
    expect(overWindows(row, 'threat_cnt')).toEqual([1, 1, 1, 1, 1]);
    expect(overWindows(row, 'sessions_cnt')).toEqual([0, 1, 1, 1, 1]);
    expect(overWindows(row, 'alert_cnt')).toEqual([1, 1, 1, 1, 1]);
  });

  it('sees peers of high-risk segments and ports', () => {
    const parameters = { highRiskSegments: ['203.0.113.0/24', '198.51.100.7'] };
    const records = [
      { repeat_count: 3 },
      { destination_ip: '198.51.100.7' },
      { destination_ip: '198.51.100.8', destination_port: 23 },
    ];
    expect(rowAfter([[0, records]], parameters)).toMatchObject({
      high_risk_segment_sessions_cnt_w_15m: 4,
      high_risk_segment_unique_dsts_w_15m: 2,
      has_high_risk_segment_interaction_w_15m: 1,
      has_high_risk_port_activity_w_15m: 1,
      in_has_high_risk_segment_interaction_w_15m: 0,
      in_has_high_risk_port_activity_w_15m: 0,
    });
  });

  it('calls a peer silent only if no port of it ever replied', () => {
    const silent = { destination_bytes: 0 };
    const [other, third] = [{ destination_ip: '203.0.113.8' }, { destination_ip: '203.0.113.7' }];
    const row = rowAfter([
      [
        0,
        [
          { ...silent, destination_port: 80 },
          { ...silent, ...other },
          { ...third, destination_bytes: null },
        ],
      ],
      [1, [{ ...silent }, { destination_port: 81 }, { ...silent, ...other, destination_port: 81 }]],
    ]);
    expect(row).toMatchObject({ noreply_peer_nunique_w_1h: 1, noreply_peer_nunique_w_24h: 1 });
  });
});

describe('the pair cap', () => {
  const crowd = ['203.0.113.1', '203.0.113.2', '203.0.113.3'].map((destination_ip) => ({ destination_ip }));

  it('is told in every row whose window is touched, and in no other', () => {
    const capped = (quarters: number): Cell =>
      rowAfter(
        [
          [0, crowd],
          [quarters, [{}]],
        ],
        { pairCap: 2 },
      )['is_pair_capped']!;
    expect([1, 50, 95, 96].map(capped)).toEqual([1, 1, 1, 0]);
  });

  it('bears on peers, never on sums', () => {
    expect(rowAfter([[0, crowd]], { pairCap: 2 })).toMatchObject({
      ...{ sessions_cnt_w_15m: 3, bytes_src_sum_w_15m: 30, peer_ip_nunique_w_15m: 2, peer_port_nunique_w_15m: 1 },
      ...{ peer_ip_top1_sessions_share_w_15m: 0.5, external_peer_nunique_w_1h: 2, external_bytes_sent_w_1h: 20 },
      is_pair_capped: 1,
    });
  });
});

describe('the pairs of the slice', () => {
  it('are merged over its mini-batches so far, of the hosts active in the last', () => {
    const other = { source_ip: '10.0.0.2' };
    const history = [
      miniBatchOf('a', FIRST_END - QUARTER, [contact(FIRST_END - QUARTER)]),
      miniBatchOf('b', FIRST_END, [contact(FIRST_END, { repeat_count: 2 }), contact(FIRST_END, other)]),
      miniBatchOf('c', FIRST_END, [
        contact(FIRST_END, { event_end: FIRST_END }),
        contact(FIRST_END, { destination_port: 0 }),
      ]),
    ];
    const [first, second, third] = runHistory({}, history, { shards: 2 }).map(
      ({ fg_a_pair_context }) => fg_a_pair_context,
    );
    const pair = { host_ip: '10.0.0.1', dst_ip: '203.0.113.9', dst_port: 443, window_label: 'w_15m' };
    const lastSeen = FIRST_END - 30_000;
    expect(first).toEqual([
      {
        ...pair,
        sessions_cnt: 1,
        event_ts: lastSeen - QUARTER,
        window_end_ts: FIRST_END - QUARTER,
        mini_batch_id: 'a',
      },
    ]);
    expect(second).toEqual([
      { ...pair, sessions_cnt: 2, event_ts: lastSeen, window_end_ts: FIRST_END, mini_batch_id: 'b' },
      {
        ...pair,
        ...{ host_ip: '10.0.0.2', sessions_cnt: 1, event_ts: lastSeen },
        window_end_ts: FIRST_END,
        mini_batch_id: 'b',
      },
    ]);
    expect(third).toEqual([
      { ...pair, sessions_cnt: 3, event_ts: FIRST_END, window_end_ts: FIRST_END, mini_batch_id: 'c' },
    ]);
  });
});

it('a row is known by its host, its window and its mini-batch', () => {
  expect(rowAfter([[0, [{}]]])).toMatchObject({
    ...{ host_ip: '10.0.0.1', window_label: 'w_15m', mini_batch_id: 'mb-0', segment_id: '10.0.0.0/24' },
    ...{ window_start_ts: FIRST_END - QUARTER, window_end_ts: FIRST_END },
    record_id: '10.0.0.1|w_15m|2026-03-02T08:08:00Z',
    ...{ hour_of_day: 8, is_working_hours: 1, is_weekend: 0, time_band: 'working_hours', coverage_24h: 1 / 96 },
  });
});

describe('a pair of a slice', () => {
  it('ends when the newest record of any of its mini-batches does, whichever of them says so', () => {
    const end = FIRST_END - 30_000;
    const newest = (...ends: readonly (number | null)[]): Cell => {
      const history = ends.map((event_end, n) =>
        miniBatchOf(`mb-${n}`, FIRST_END, [
          contact(FIRST_END, { event_end: event_end && new Date(event_end).toISOString() }),
        ]),
      );
      expect(judge({}, history).map((output, i) => allFaults(output, runHistory({}, history)[i]!))).toEqual(
        ends.map(() => []),
      );
      return runHistory({}, history).at(-1)!.fg_a_pair_context[0]!['event_ts']!;
    };
    expect([newest(end, null), newest(null, end), newest(end, end - 1000)]).toEqual([end, end, end]);
    expect(newest(null, null)).toBeNull();
  });
});
