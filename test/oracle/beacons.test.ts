/** Beacons by hand: what the worked example does not tell apart. */

import { describe, expect, it } from 'vitest';
import { exampleSegmentOf, isInternalInExample } from './baselines-golden.ts';
import { type BeaconOptions, beaconsOf, type PairContextRow } from './beacons.ts';
import { cadenceOf } from './beacons-cadence.ts';
import { type Contacts, priorOf } from './beacons-prior.ts';
import { DAY, HOUR, MINUTE, SECOND } from './times.ts';

const NOW = Date.UTC(2026, 2, 20, 12, 8);
const HOST = '10.0.0.1';

const row = (more: Partial<PairContextRow>): PairContextRow => ({
  host: HOST,
  peer: '203.0.113.7',
  port: 443,
  sliceEnd: NOW,
  sessions: 1,
  bytesSent: 10_000,
  zeroReplies: 0,
  firstEvent: NOW - MINUTE,
  starts: null,
  maxDurationMs: 0,
  ...more,
});
/** One row whose sessions began so many ms before now. */
const startedAt = (agos: readonly number[], more: Partial<PairContextRow> = {}): PairContextRow => {
  const starts = agos.map((ago) => NOW - ago).sort((a, b) => a - b);
  return row({ sessions: starts.length, bytesSent: 10_000 * starts.length, firstEvent: starts[0]!, starts, ...more });
};
const regular = (count: number, step = MINUTE): number[] => Array.from({ length: count }, (_, n) => n * step);

describe('cadence', () => {
  it('is half of regularity and a quarter each of size and hours', () => {
    // Of one row the size is perfect; nine starts a minute apart touch two hours: 12:00 to 12:08.
    expect(cadenceOf([startedAt(regular(9))], NOW - DAY)).toEqual({
      cadence: 0.5 + 0.25 + 0.25 / 12,
      intervalMs: MINUTE,
    });
    expect(cadenceOf([startedAt(regular(10))], NOW - DAY)!.cadence).toBeCloseTo(0.75 + 0.5 / 12, 12);
  });

  it('needs eight starts, repeats included, and six gaps of a second or more', () => {
    const known = (agos: readonly number[]): boolean => cadenceOf([startedAt(agos)], NOW - DAY) !== null;
    expect(known(regular(8))).toBe(true);
    expect(known(regular(7))).toBe(false);
    expect(known([0, ...regular(7)])).toBe(true);
    expect(known([0, 0, ...regular(6)])).toBe(false);
    expect(known([...regular(7), 6 * MINUTE + 999])).toBe(true);
    expect(known([...regular(6), 5 * MINUTE + 999, 5 * MINUTE + 1998])).toBe(false);
    expect(known([...regular(6), 5 * MINUTE + 999, 5 * MINUTE + 1999])).toBe(true);
  });

  it('takes first_event_ts where there is no list, and no start at or before the edge', () => {
    const single = regular(8).map((ago) => row({ firstEvent: NOW - ago, starts: null }));
    expect(cadenceOf(single, NOW - DAY)).not.toBeNull();
    expect(cadenceOf(single.slice(1), NOW - DAY)).toBeNull();
    expect(cadenceOf([...single.slice(1), row({ firstEvent: null })], NOW - DAY)).toBeNull();
    expect(cadenceOf(single, NOW - 7 * MINUTE)).toBeNull();
    expect(cadenceOf(single, NOW - 7 * MINUTE - 1)).not.toBeNull();
  });

  it('is nothing for gaps as scattered as those of chance', () => {
    // Gaps 1, 1, 1, 10, 19, 19, 19 s: median 10, MAD 9.
    const agos = [0, 1, 2, 3, 13, 32, 51, 70].map((seconds) => seconds * SECOND);
    expect(cadenceOf([startedAt(agos)], NOW - DAY)).toEqual({ cadence: 0, intervalMs: 10 * SECOND });
  });

  it('takes sizes of a session, row by row, and none of them from nothing sent', () => {
    const agos = regular(8);
    const sent = (...bytes: number[]) =>
      cadenceOf(
        [
          startedAt(agos, { bytesSent: bytes[0]! * 8 }),
          ...bytes.slice(1).map((b) => row({ bytesSent: b, firstEvent: null })),
        ],
        NOW - DAY,
      )!.cadence;
    const withoutSize = 0.5 + 0.25 / 12;
    // Median 100, MAD 20.
    expect(sent(100, 80, 130)).toBeCloseTo(withoutSize + 0.25 * 0.8, 12);
    expect(sent(0, 0, 7)).toBeCloseTo(withoutSize, 12);
    expect(sent(100, 500, 1)).toBeCloseTo(withoutSize + 0.25 * 0.01, 12);
  });
});

describe('prior', () => {
  const others = (count: number, peer: string): PairContextRow[] =>
    Array.from({ length: count }, (_, n) => row({ host: `10.0.1.${n}`, peer, port: 80 }));
  const hosts = (count: number): Set<string> =>
    new Set([HOST, ...Array.from({ length: count - 1 }, (_, n) => `10.0.1.${n}`)]);
  const contacts = (more: Partial<Contacts> = {}): Contacts => ({
    activeHosts: hosts(10),
    pairFirstSeen: () => undefined,
    peerFirstSeen: () => undefined,
    ...more,
  });
  const prior = (
    pair: Partial<PairContextRow>,
    known: Partial<Contacts> = {},
    { alike = 0, ...options }: Partial<BeaconOptions> & { alike?: number } = {},
  ): number => {
    const own = [row(pair)];
    return priorOf(own, [...own, ...others(alike, own[0]!.peer)], contacts(known), {
      instant: NOW,
      isInternal: isInternalInExample,
      segmentOf: exampleSegmentOf,
      lookbackDays: 30,
      ...options,
    }).prior;
  };

  it.each(['224.0.0.251', 'ff02::fb', '255.255.255.255', '10.0.0.255'])('is 0 for %s', (peer) => {
    expect(prior({ peer })).toBe(0);
  });
  it('is not 0 for the last address of what is no segment of ours', () => {
    expect(prior({ peer: '203.0.113.255' })).toBe(1);
  });

  it('is low for chatter inside, with infrastructure, or with whom many talk to', () => {
    expect(prior({ port: 123, peer: '10.0.9.9' })).toBe(0.2);
    expect(prior({ port: 123 })).toBe(1);
    expect(prior({ port: 123 }, {}, { infrastructure: ['203.0.113.0/29'] })).toBe(0.2);
    expect(prior({ port: 123 }, { activeHosts: hosts(20) }, { alike: 1 })).toBe(0.2);
    expect(prior({ port: 123 }, { activeHosts: hosts(21) }, { alike: 1 })).toBe(1);
    expect(prior({ port: 123 }, { activeHosts: hosts(19) }, { alike: 9 })).toBe(1);
    expect(prior({ port: 5353, peer: '10.0.9.9' }, { pairFirstSeen: () => NOW - HOUR })).toBe(0.2);
  });

  it('is low for another internal peer, unless the pair is young and the project is not', () => {
    const peer = '10.0.9.9';
    expect(prior({ peer }, { pairFirstSeen: () => NOW - 7 * DAY })).toBe(0.2);
    expect(prior({ peer }, { pairFirstSeen: () => NOW - 7 * DAY + 1 })).toBe(1);
    expect(prior({ peer })).toBe(1);
    expect(prior({ peer }, {}, { lookbackDays: 14 })).toBe(1);
    expect(prior({ peer }, {}, { lookbackDays: 13 })).toBe(0.2);
  });

  it('is halved where no session was ever answered', () => {
    expect(prior({ sessions: 2, zeroReplies: 2 })).toBe(0.5);
    expect(prior({ sessions: 2, zeroReplies: 1 })).toBe(1);
  });

  it('is low for shells in which little was sent', () => {
    expect(prior({ port: 22, bytesSent: 3999 })).toBe(0.4);
    expect(prior({ port: 3389, bytesSent: 4000 })).toBe(1);
    expect(prior({ port: 3389, bytesSent: 7998, sessions: 2 })).toBe(0.4);
    expect(prior({ port: 2222, bytesSent: 1 })).toBe(1);
  });

  it('falls with prevalence, more so for old acquaintances, and rises where nobody else goes', () => {
    const week = { peerFirstSeen: () => NOW - 7 * DAY };
    const younger = { peerFirstSeen: () => NOW - 7 * DAY + 1 };
    expect(prior({}, { activeHosts: hosts(20), ...week }, { alike: 2 })).toBe(0.3);
    expect(prior({}, { activeHosts: hosts(20), ...week }, { alike: 1 })).toBe(1);
    expect(prior({}, { activeHosts: hosts(20), ...week }, { alike: 15 })).toBe(0.3);
    expect(prior({}, { activeHosts: hosts(20), ...younger }, { alike: 2 })).toBe(1);
    expect(prior({}, { activeHosts: hosts(20), ...younger }, { alike: 10 })).toBe(0.85);
    expect(prior({}, { activeHosts: hosts(20) }, { alike: 9 })).toBe(1);
    expect(prior({}, { activeHosts: hosts(19), ...week }, { alike: 15 })).toBe(1);
    expect(prior({}, { activeHosts: hosts(50) })).toBe(1);
    expect(prior({}, { activeHosts: hosts(51) })).toBe(1.15);
  });
});

describe('a row', () => {
  const options: BeaconOptions = {
    instant: NOW,
    isInternal: isInternalInExample,
    segmentOf: exampleSegmentOf,
    lookbackDays: 30,
  };
  const none: Contacts = {
    activeHosts: new Set([HOST]),
    pairFirstSeen: () => undefined,
    peerFirstSeen: () => undefined,
  };
  const found = (rows: readonly PairContextRow[], known = none) => beaconsOf(HOST, rows, known, options);

  it('without a candidate, or with none above 0, has nothing', () => {
    const nothing = {
      beacon_suspicion_score: 0,
      beacon_peer: '',
      beacon_port: 0,
      beacon_interval_sec: null,
      beacon_cadence: 0,
      beacon_prior: 0,
      beacon_prevalence: 0,
    };
    expect(found([row({})])).toMatchObject(nothing);
    expect(found([startedAt(regular(9), { peer: '224.0.0.1' })])).toMatchObject(nothing);
    expect(found([startedAt(regular(9), { host: '10.0.0.2' })])).toMatchObject(nothing);
    expect(found([startedAt(regular(9), { sliceEnd: NOW - 15 * MINUTE })])).toMatchObject(nothing);
  });

  it('has the best pair, of equals the first peer as text and the lowest port, none as 0', () => {
    const agos = regular(9);
    const pair = (peer: string, port: number | null) => startedAt(agos, { peer, port });
    const bestOf = (rows: readonly PairContextRow[]): string => {
      const { beacon_peer, beacon_port } = found(rows);
      return `${beacon_peer}|${beacon_port}`;
    };
    expect(bestOf([pair('203.0.113.9', 443), pair('203.0.113.10', 80)])).toBe('203.0.113.10|80');
    expect(bestOf([pair('203.0.113.9', 443), pair('203.0.113.9', 80)])).toBe('203.0.113.9|80');
    expect(bestOf([pair('203.0.113.9', 443), pair('203.0.113.9', null)])).toBe('203.0.113.9|0');
  });

  it('ranks pairs before their scores are cut off at 1', () => {
    const activeHosts = new Set(Array.from({ length: 60 }, (_, n) => `10.0.1.${n}`));
    const twelve = (step: number, count: number) =>
      startedAt(regular(count, step), { peer: `203.0.113.${step / MINUTE}` });
    // Perfect over twelve hours and over thirteen; the rarer peer is first only because 1.15 > 1 counts.
    const rare = { ...twelve(10 * MINUTE, 100), peer: '203.0.113.99' };
    const shared = { ...twelve(10 * MINUTE, 100), peer: '203.0.113.11' };
    const rows = [rare, shared, ...['10.0.1.1', '10.0.1.2'].map((host) => row({ host, peer: shared.peer }))];
    expect(found(rows, { ...none, activeHosts })).toMatchObject({
      beacon_suspicion_score: 1,
      beacon_peer: rare.peer,
      beacon_prior: 1.15,
      beacon_prevalence: 1 / 60,
      beacon_interval_sec: 600,
    });
  });

  it('has strobes and long sessions of external peers within the last day', () => {
    const rows = [
      row({ sessions: 400, maxDurationMs: 2 * HOUR }),
      row({ sessions: 500, sliceEnd: NOW - DAY + 15 * MINUTE, maxDurationMs: 5 * HOUR }),
      row({ sessions: 9_000, sliceEnd: NOW - DAY, maxDurationMs: 9 * HOUR }),
      row({ sessions: 5_000, port: 80, peer: '10.0.9.9', maxDurationMs: 9 * HOUR }),
      row({ sessions: 700, port: 80 }),
    ];
    expect(found(rows)).toMatchObject({ strobe_score: 900 / 86_400, long_session_hours: 5 });
    expect(found([row({ sessions: 100_000 })]).strobe_score).toBe(1);
  });
});
