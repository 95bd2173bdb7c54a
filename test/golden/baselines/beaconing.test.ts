import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Beacons, beaconsOfBlocks, type OutboundPair } from '../../support/beacon-blocks.ts';

/** Beaconing, strobe and long sessions of the worked example for baselines. */

interface Input {
  readonly parameters: { readonly infra: readonly string[] };
  readonly mini_batches: readonly GoldenMiniBatch[];
  readonly pair_first_seen: readonly (readonly [string, string, number | null, string])[];
  readonly peer_first_seen: Readonly<Record<string, string>>;
  readonly score: readonly string[];
}
interface GoldenMiniBatch {
  readonly mini_batch_id: string;
  readonly slice_end_ts: string;
  readonly fg_a?: Readonly<Record<string, { readonly lookback_days: number }>>;
  readonly active_hosts?: readonly string[];
  readonly pair_context?: readonly PairContextRow[];
}
type PairContextRow = readonly [
  string,
  string,
  number | null,
  sessions: number,
  bytesSent: number,
  zeroReply: number,
  firstEvent: number | null,
  starts: readonly number[] | null,
  maxDuration: number,
];
interface Expected {
  readonly fg_c: Readonly<Record<string, { readonly rows: Readonly<Record<string, readonly unknown[]>> }>>;
  readonly fg_c_columns: readonly string[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const input = read('bc_input.json') as Input;
const expected = read('bc_expected.json') as Expected;
const WEEK = 7 * 86_400_000;

const pairOf = (row: PairContextRow): OutboundPair => {
  const [host, peer, port, sessions, bytesSent, zeroReply, firstEvent, starts, maxDuration] = row;
  return { host, peer, port, sessions, bytesSent, zeroReply, firstEvent, starts, maxDuration };
};
const blocks = input.mini_batches
  .filter(({ pair_context }) => pair_context !== undefined)
  .map(({ mini_batch_id, slice_end_ts, active_hosts = [], pair_context = [] }) => ({
    miniBatchId: mini_batch_id,
    sliceEnd: Date.parse(slice_end_ts),
    active: active_hosts,
    pairs: pair_context.map(pairOf),
  }));
const firstOfPair = new Map(
  input.pair_first_seen.map(([host, peer, port, time]) => [`${host} ${peer} ${port}`, Date.parse(time)]),
);

/** The rows of a mini-batch as the product computes them. */
function computed(miniBatchId: string, shards: number): Beacons {
  const { slice_end_ts, fg_a = {} } = input.mini_batches.find((one) => one.mini_batch_id === miniBatchId)!;
  const sliceEnd = Date.parse(slice_end_ts);
  return beaconsOfBlocks(blocks, miniBatchId, shards, {
    infrastructure: input.parameters.infra,
    isYoung(host, peer, port) {
      const first = firstOfPair.get(`${host} ${peer} ${port}`) ?? Number.POSITIVE_INFINITY;
      return fg_a[host]!.lookback_days >= 14 && first > sliceEnd - WEEK;
    },
    isEstablished: (peer) => Date.parse(input.peer_first_seen[peer] ?? '') <= sliceEnd - WEEK,
  });
}

const NAMES = [
  'beacon_suspicion_score',
  'beacon_peer',
  'beacon_port',
  'beacon_interval_sec',
  'beacon_cadence',
  'beacon_prior',
  'beacon_prevalence',
  'strobe_score',
  'long_session_hours',
] as const;

describe.each([1, 3])('beacons of the worked example, %i shards', (shards) => {
  it('agree on every cell', () => {
    let cells = 0;
    for (const miniBatchId of input.score) {
      const rows = computed(miniBatchId, shards);
      const wanted = expected.fg_c[miniBatchId]!.rows;
      expect(Object.keys(rows).sort()).toEqual(Object.keys(wanted).sort());
      for (const [host, values] of Object.entries(wanted)) {
        for (const name of NAMES) {
          const want = values[expected.fg_c_columns.indexOf(name)];
          const got = rows[host]![name];
          const place = `${miniBatchId} ${host} ${name}`;
          if (typeof want === 'number') {
            expect(got, place).toBeTypeOf('number');
            expect(Math.abs((got as number) - want), place).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(want)));
          } else expect(got, place).toBe(want);
          cells++;
        }
      }
    }
    expect(cells).toBe(621);
  });
});
