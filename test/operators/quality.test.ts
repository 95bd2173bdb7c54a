import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type OracleMiniBatch, type OracleParameters } from '../oracle/oracle.ts';
import { sliceFaults } from './agreement.ts';
import { logLines } from './log-lines.ts';
import { readerOptionsFor } from './product-options.ts';
import { bytesOf, readChunks, sliceDatasetsOf, sliceOf } from './product-run.ts';
import { FIRST_END, miniBatchOf } from './random-traffic.ts';

/** How the judge calls the rules. */
const NAMES = {
  malformed_json: 'not_json',
  other_event_name: 'event_name',
  other_threat_subtype: 'threat_subtype',
  session_start: 'start_record',
  malformed_ip: 'malformed_ip',
  null_bytes_ports: 'null_bytes_ports',
  negative_bytes: 'negative_bytes',
  port_out_of_range: 'port_out_of_range',
  implausible_time: 'implausible_time',
  unreadable_number: 'unreadable_number',
  unreadable_time: 'unreadable_time',
  negative_duration: 'negative_duration',
} as const;

const FLOW = {
  source_ip: '10.0.0.1',
  destination_ip: '10.0.0.2',
  source_port: 40_000,
  destination_port: 443,
  source_bytes: 10,
  destination_bytes: 20,
  event_start: FIRST_END - 60_000,
  event_end: FIRST_END - 30_000,
};
const DAY = 86_400_000;

/** What becomes of records: the rules that they met, and the rows that they gave. */
function fateOf(records: readonly object[], parameters: OracleParameters = {}) {
  const miniBatch = miniBatchOf(
    'a',
    FIRST_END,
    records.map((record) => ({ ...FLOW, ...record })),
  );
  const slice = sliceOf(miniBatch, parameters);
  const met = Object.fromEntries(Object.entries(slice.counts).filter(([, count]) => count > 0));
  const datasets = sliceDatasetsOf(miniBatch, slice);
  const rowOf = (host: string) => datasets.delta.find((row) => row['host_ip'] === host);
  return {
    ...datasets,
    met,
    rejected: rejectedOf(miniBatch, parameters),
    client: rowOf('10.0.0.1'),
    server: rowOf('10.0.0.2'),
  };
}

const inJudgesWords = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(NAMES).map(([rule, name]) => [name, counts[rule]]));

const rejectedOf = ({ lines }: OracleMiniBatch, parameters: OracleParameters) =>
  readChunks([bytesOf(lines.join('\n'))], readerOptionsFor(parameters)).rejected.map(({ line, rule }) => ({
    line: line - 1,
    reason: NAMES[rule as keyof typeof NAMES],
  }));

const switches: fc.Arbitrary<NonNullable<OracleParameters['dq']>> = fc.record(
  {
    drop_malformed_ip: fc.boolean(),
    filter_null_bytes_ports: fc.boolean(),
    duration_non_negative: fc.boolean(),
    bytes_non_negative: fc.boolean(),
    max_session_days: fc.constantFrom(0, 1, 30, 400),
  },
  { requiredKeys: [] },
);
const zones = fc.constantFrom('UTC', 'Asia/Kolkata', 'America/New_York');

it('reads whatever lines as the judge reads them, under any switches', () => {
  fc.assert(
    fc.property(logLines('plain', 8), switches, zones, (lines, dq, timeZone) => {
      const parameters = { dq, timeZone };
      const miniBatch = { id: 'a', sliceEnd: FIRST_END, batchEnd: FIRST_END, lines };
      const [expected] = judge({ ...parameters }, [miniBatch]);
      const slice = sliceOf(miniBatch, parameters);
      expect(inJudgesWords(slice.counts)).toEqual(expected!.quality);
      expect(rejectedOf(miniBatch, parameters)).toEqual(expected!.rejected);
      expect(sliceFaults(expected!, sliceDatasetsOf(miniBatch, slice))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

const EMPTY = { source_bytes: null, destination_bytes: '', source_port: undefined };

describe('a rule', () => {
  it.each([
    ['other_event_name', { event_name: 'SYSTEM' }],
    ['other_threat_subtype', { event_name: 'THREAT', event_subtype: 'url' }],
    ['other_threat_subtype', { event_name: 'THREAT', event_subtype: 'start' }],
    ['session_start', { event_subtype: 'Start' }],
    ['malformed_ip', { source_ip: '10.0.0.01' }],
    ['malformed_ip', { destination_ip: undefined }],
    ['malformed_ip', { destination_ip: null }],
    ['null_bytes_ports', { ...EMPTY, destination_port: undefined }],
    ['null_bytes_ports', { ...EMPTY, source_port: 'n/a', destination_port: 'n/a' }],
  ])('keeps out what it is for: %s, %j', (rule, record) => {
    const { met, delta, pair_counts } = fateOf([record]);
    expect(met).toEqual({ [rule]: 1 });
    expect([delta, pair_counts]).toEqual([[], []]);
  });

  it.each([
    ['other_event_name', { event_name: 'SYSTEM', event_subtype: 'start', source_ip: 'x' }],
    ['other_threat_subtype', { event_name: 'threat', event_subtype: 'file', source_ip: 'x' }],
    ['session_start', { event_subtype: 'start', source_ip: 'x', ...EMPTY, destination_port: null }],
    ['malformed_ip', { source_ip: 'x', ...EMPTY, destination_port: null, event_end: 0 }],
    ['null_bytes_ports', { ...EMPTY, destination_port: null, event_end: 0 }],
  ])('that comes first is the only one counted: %s', (rule, record) => {
    expect(fateOf([record]).met).toEqual({ [rule]: 1 });
  });

  it('quarantines the lines that it rejects, and forgets those that it filters', () => {
    const records = [{ event_name: 'SYSTEM' }, { source_ip: '' }, {}, { event_subtype: 'start' }];
    expect(fateOf(records).rejected).toEqual([{ line: 1, reason: 'malformed_ip' }]);
  });

  it.each([
    { event_name: 'THREAT' },
    { event_name: 'threat', event_subtype: null },
    { event_name: 'THREAT', event_subtype: 'VIRUS', ...EMPTY, destination_port: null },
  ])('lets a threat pass: %j', (record) => {
    const { met, client, pair_context } = fateOf([{ ...record, repeat_count: 9, event_action: 'alert' }]);
    expect(met).toEqual({});
    expect(client).toMatchObject({ threat_cnt: 1, alert_cnt: 1, sessions_cnt: 0, traffic_cnt: 0, bytes_sent_sum: 0 });
    expect(client).toMatchObject({ max_sessions_per_minute: 0, tcp_cnt: 0, duration_quantiles: null });
    expect(pair_context).toEqual([]);
  });

  it('looks at fields as read: what is out of range is no null', () => {
    const { met, client } = fateOf([
      { ...EMPTY, destination_port: 70_000 },
      { ...EMPTY, source_bytes: -1, destination_port: null },
    ]);
    expect(met).toEqual({ port_out_of_range: 1, negative_bytes: 1 });
    expect(client).toMatchObject({
      sessions_cnt: 2,
      bytes_sent_sum: 0,
      peer_port_nunique: 0,
      bytes_sent_quantiles: null,
    });
  });
});

describe('a value', () => {
  it.each([
    [-1, null, 1],
    [65_536, null, 1],
    [443.5, null, 1],
    ['443.0', 443, 0],
    [0, 0, 0],
    [65_535, 65_535, 0],
    ['https', null, 0],
  ])('port %j is read as %j', (given, port, count) => {
    const { met, pair_context } = fateOf([{ destination_port: given }]);
    expect(pair_context.map((row) => row['peer_port'])).toEqual([port, port]);
    expect(met['port_out_of_range'] ?? 0).toBe(count);
  });

  it.each([
    [-1, 0, 1],
    [-0.5, 0, 1],
    [0, 0, 0],
    [12.99, 12, 0],
    ['1234.9', 1234, 0],
    ['1.5 MB', 0, 0],
  ])('of %j bytes counts %j', (given, bytes, count) => {
    const { met, client } = fateOf([{ source_bytes: given }]);
    expect(client).toMatchObject({ bytes_sent_sum: bytes });
    expect(met['negative_bytes'] ?? 0).toBe(count);
  });

  it.each([
    [{ source_bytes: '200 B' }, { unreadable_number: 1 }],
    [{ destination_bytes: 2 ** 53 }, { unreadable_number: 1 }],
    [{ source_port: 'n/a', destination_port: [443] }, { unreadable_number: 2 }],
    [{ duration: '0:30' }, { unreadable_number: 1 }],
    [{ event_name: 'THREAT', source_port: '-' }, { unreadable_number: 1 }],
    [{ event_start: '28/11/2026 10:31:17' }, { unreadable_time: 1 }],
    [{ event_start: true, event_end: { at: 1 } }, { unreadable_time: 2 }],
    [{ event_end: 'soon', duration: 2 }, { unreadable_time: 1 }],
    [{ repeat_count: 'many' }, {}],
    [{ source_bytes: '', event_start: null, event_end: '' }, {}],
  ])('that is written in no form that is read is counted, and that there is none is not: %j', (record, counts) => {
    expect(fateOf([record]).met).toEqual(counts);
  });

  it.each([
    ['a day after the slice', FIRST_END + DAY, 0],
    ['later than that', FIRST_END + DAY + 1, 1],
    ['thirty days before the slice', FIRST_END - 900_000 - 30 * DAY, 0],
    ['earlier than that', FIRST_END - 900_000 - 30 * DAY - 1, 1],
  ])('of time %s', (_, instant, count) => {
    const starts = fateOf([{ event_start: instant, event_end: null }]);
    expect(starts.met).toEqual(count === 0 ? {} : { implausible_time: 1 });
    expect(starts.pair_context[0]).toMatchObject({ first_event_ts: count === 0 ? instant : null });
    const ends = fateOf([{ event_start: null, event_end: instant }]);
    expect(ends.met).toEqual(count === 0 ? {} : { implausible_time: 1 });
    expect(ends.pair_context[0]).toMatchObject({ event_ts: count === 0 ? instant : null, max_duration_ms: 0 });
  });

  it('of time that is dropped makes no duration, negative or other', () => {
    const { met, client } = fateOf([{ event_end: 0 }, { event_start: 0, event_end: FIRST_END }]);
    expect(met).toEqual({ implausible_time: 2 });
    expect(client).toMatchObject({ duration_sum: 0, short_session_cnt: 2 });
  });

  it.each([
    [1000, 1, 1],
    [1001, 0, 1.001],
    [0, 1, 0],
    [-1, 1, 0],
  ])('of duration: %i ms', (ms, short, seconds) => {
    const { met, client } = fateOf([{ event_end: FLOW.event_start + ms }]);
    expect(client).toMatchObject({ short_session_cnt: short, duration_sum: seconds });
    expect(met).toEqual(ms < 0 ? { negative_duration: 1 } : {});
  });

  it.each([
    [{ event_end: undefined, duration: 2.0005 }, 2.001],
    [{ event_end: 'soon', duration: '2.5' }, 2.5],
    [{ event_end: null, duration: null }, 0],
    [{ event_end: FIRST_END - 30_000, duration: 99 }, 30],
    [{ event_start: undefined, event_end: undefined, duration: 99 }, 0],
  ])('of the end comes from the start and the duration where it has none of its own: %j', (record, seconds) => {
    expect(fateOf([record]).client).toMatchObject({ duration_sum: seconds });
  });

  it.each([
    [3, 3],
    ['3', 3],
    [0, 1],
    [-2, 1],
    [2.5, 1],
    [null, 1],
    ['many', 1],
  ])('of repeat_count %j counts %i', (repeat_count, sessions) => {
    expect(fateOf([{ repeat_count }]).client).toMatchObject({ sessions_cnt: sessions, bytes_sent_sum: 10 });
  });
});

describe('a switch that is off', () => {
  it('drop_malformed_ip keeps the text, which lies in no known segment', () => {
    const records = [{ destination_ip: 'proxy.local' }, { source_ip: 'proxy.local' }, { destination_ip: '8.8.8.8' }];
    const { met, client, server, pair_context, pair_counts } = fateOf(records, { dq: { drop_malformed_ip: false } });
    expect(met).toEqual({});
    expect(client).toMatchObject({ sessions_cnt: 2, peer_ip_nunique: 2, peer_segment_nunique: 2 });
    expect(server).toMatchObject({ sessions_cnt: 1 });
    expect(pair_context.map((row) => row['pair_key'])).toEqual(['8.8.8.8|443', 'proxy.local|443', 'proxy.local|443']);
    expect(pair_counts.find((row) => row['src_ip'] === 'proxy.local')).toMatchObject({ segment_id: 'SEG_UNKNOWN' });
  });

  it('drop_malformed_ip keeps records without an address, but they are no pair to count', () => {
    const records = [{ destination_ip: null }, { destination_ip: undefined }, { source_ip: '' }];
    const { client, pair_context, pair_counts } = fateOf(records, { dq: { drop_malformed_ip: false } });
    expect(client).toMatchObject({ sessions_cnt: 2, peer_ip_nunique: 1 });
    expect(pair_context.map((row) => [row['host_ip'], row['pair_key'], row['sessions_cnt']])).toEqual([
      ['10.0.0.1', '|443', 2],
      ['10.0.0.2', '|443', 1],
    ]);
    expect(pair_counts).toEqual([]);
  });

  it('filter_null_bytes_ports keeps sessions that say nothing', () => {
    const { client } = fateOf([{ ...EMPTY, destination_port: null }], { dq: { filter_null_bytes_ports: false } });
    expect(client).toMatchObject({ sessions_cnt: 1, zero_reply_cnt: 0 });
  });

  it('bytes_non_negative sums what is below zero', () => {
    const { met, client } = fateOf([{ source_bytes: -5.5 }, { source_bytes: 4 }], {
      dq: { bytes_non_negative: false },
    });
    expect(met).toEqual({});
    expect(client).toMatchObject({ bytes_sent_sum: -2 });
  });

  it('duration_non_negative lets time run backwards', () => {
    const record = { event_end: FLOW.event_start - 5000 };
    const { met, client, pair_context } = fateOf([record], { dq: { duration_non_negative: false } });
    expect(met).toEqual({});
    expect(client).toMatchObject({ duration_sum: -5, short_session_cnt: 1 });
    expect(pair_context[0]).toMatchObject({ max_duration_ms: -5000 });
  });
});
