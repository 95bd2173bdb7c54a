import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beaconsOf, type PairContextRow } from '../oracle/beacons.ts';
import { beaconsOfBlocks, type OutboundPair, type PairMiniBatch } from '../support/beacon-blocks.ts';

const QUARTER = 900_000;
const DAY = 86_400_000;
const END = Date.UTC(2026, 2, 20, 12, 8);
const HOSTS = Array.from({ length: 24 }, (_, n) => `10.0.${n % 3}.${n + 1}`);
const PEERS = [
  ...['203.0.113.7', '203.0.113.70', '2001:db8::5', '198.51.100.1', '224.0.0.251', 'ff02::fb', '255.255.255.255'],
  ...['10.0.1.9', '10.0.1.255', '203.0.113.255', 'fd00::1', '192.0.2.53'],
];
const PORTS = [443, 443, 53, 123, 22, 445, 8443, null];
const INFRASTRUCTURE = ['192.0.2.53/32'];

/** Sessions of one pair in one slice: by a clock with some jitter, or by chance. */
const pairIn = (sliceEnd: number): fc.Arbitrary<OutboundPair> =>
  fc
    .record({
      host: fc.constantFrom(...HOSTS.slice(0, 6), ...HOSTS),
      peer: fc.constantFrom(...PEERS),
      port: fc.constantFrom(...PORTS),
      period: fc.constantFrom(500, 30_000, 60_000, 60_000, 300_000, 3_600_000),
      jitter: fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 12, maxLength: 12 }),
      count: fc.constantFrom(1, 2, 5, 12),
      repeats: fc.constantFrom(0, 0, 3),
      bytes: fc.constantFrom(0, 100, 4000, 77_777),
      answered: fc.constantFrom('all', 'some', 'none', 'none'),
      hasStarts: fc.constantFrom(true, true, true, false),
      maxDuration: fc.constantFrom(0, 900, 7_200_000),
    })
    .map(({ host, peer, port, period, jitter, count, repeats, bytes, answered, hasStarts, maxDuration }) => {
      const sessions = count + repeats;
      const starts = jitter
        .slice(0, count)
        .map((late, n) => sliceEnd - (n + 1) * period + late)
        .sort((a, b) => a - b);
      const known = hasStarts ? starts : [];
      return {
        ...{ host, peer, port, sessions, maxDuration },
        bytesSent: bytes * sessions,
        zeroReply: { all: 0, some: sessions - 1, none: sessions }[answered],
        firstEvent: known[0] ?? null,
        starts: sessions >= 2 && (hasStarts || count === 5) ? known : null,
      };
    });

/** One row for each pair. */
const distinct = (pairs: readonly OutboundPair[]): OutboundPair[] => [
  ...new Map(pairs.map((pair) => [`${pair.host} ${pair.peer} ${pair.port}`, pair])).values(),
];

const history: fc.Arbitrary<PairMiniBatch[]> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(0, 1, 2, 3, 30, 94, 95, 96, 97), fc.constantFrom('a', 'b')), {
    minLength: 3,
    maxLength: 7,
    selector: (place) => place.join('-'),
  })
  .chain((places) =>
    fc.tuple(
      ...places.map(([n, letter]) =>
        fc
          .record({
            pairs: fc.array(pairIn(END - n * QUARTER), { maxLength: 40, size: 'max' }),
            active: fc.subarray(HOSTS),
            threatened: fc.subarray(HOSTS.slice(0, 6)),
          })
          .map(({ pairs, active, threatened }) => {
            const miniBatchId = `${letter}-${n}`;
            return {
              miniBatchId,
              sliceEnd: END - n * QUARTER,
              active: [...active, ...threatened],
              threatened,
              pairs: distinct(pairs),
            };
          }),
      ),
    ),
  );

const isInternal = (text: string): boolean => text.startsWith('10.') || text.startsWith('fd00:');
const isUpTo = (a: PairMiniBatch, b: PairMiniBatch): boolean =>
  a.sliceEnd < b.sliceEnd || (a.sliceEnd === b.sliceEnd && a.miniBatchId <= b.miniBatchId);

interface Known {
  readonly lookbackDays: number;
  /** Pairs and peers whose text has this remainder are old. */
  readonly old: number;
}
const sumOf = (text: string): number => [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);

function judged(all: readonly PairMiniBatch[], current: PairMiniBatch, { lookbackDays, old }: Known) {
  const covered = all.filter((one) => one.sliceEnd > current.sliceEnd - DAY && isUpTo(one, current));
  const rows = covered.flatMap(({ sliceEnd, pairs }) =>
    pairs.map(({ zeroReply, maxDuration, ...pair }): PairContextRow => {
      return { ...pair, sliceEnd, zeroReplies: zeroReply, maxDurationMs: maxDuration };
    }),
  );
  const activeHosts = new Set(covered.flatMap(({ active, pairs }) => [...active, ...pairs.map(({ host }) => host)]));
  const seen = (text: string): number => current.sliceEnd - (sumOf(text) % 3 === old ? 7 * DAY : 7 * DAY - 1);
  const hosts = new Set([...current.active, ...current.pairs.map(({ host }) => host)]);
  return Object.fromEntries(
    [...hosts].map((host) => [
      host,
      beaconsOf(
        host,
        rows,
        {
          activeHosts,
          pairFirstSeen: (own, peer, port) => seen(`${own} ${peer} ${port}`),
          peerFirstSeen: seen,
        },
        {
          instant: current.sliceEnd,
          isInternal,
          segmentOf: (text) => segmentOf(text),
          infrastructure: INFRASTRUCTURE,
          lookbackDays,
        },
      ),
    ]),
  );
}

/** The /24 of an IPv4 address. */
function segmentOf(text: string) {
  const bytes = text.split('.').map(Number);
  if (bytes.length !== 4) return null;
  const value = bytes.slice(0, 3).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) * 256n;
  return { name: '', address: { bits: 32, value, text }, length: 24 } as const;
}

const computed = (
  all: readonly PairMiniBatch[],
  current: PairMiniBatch,
  { lookbackDays, old }: Known,
  shards: number,
) =>
  beaconsOfBlocks(all, current.miniBatchId, shards, {
    infrastructure: INFRASTRUCTURE,
    isYoung: (host, peer, port) => lookbackDays >= 14 && sumOf(`${host} ${peer} ${port}`) % 3 !== old,
    isEstablished: (peer) => sumOf(peer) % 3 === old,
  });

const known = fc.record({ lookbackDays: fc.constantFrom(13, 14), old: fc.constantFrom(0, 1) });
const newest = (all: readonly PairMiniBatch[]): PairMiniBatch =>
  all.reduce((best, one) => (isUpTo(best, one) ? one : best));

describe('beacons', () => {
  it('are those of a judge who looks at one row after the other', () => {
    let found = 0;
    fc.assert(
      fc.property(history, known, fc.constantFrom(1, 3), (all, knowledge, shards) => {
        for (const current of all) {
          const wanted = judged(all, current, knowledge);
          const got = computed(all, current, knowledge, shards);
          expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
          for (const [host, features] of Object.entries(wanted)) {
            for (const [name, want] of Object.entries(features)) {
              const value = got[host]![name];
              if (typeof want === 'number') expect(value, `${host} ${name}`).toBeCloseTo(want, 9);
              else expect(value, `${host} ${name}`).toBe(want);
            }
            if (features.beacon_suspicion_score > 0) found++;
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it('do not depend on how blocks come, or on shards', () => {
    fc.assert(
      fc.property(history, known, fc.constantFrom(2, 5), (all, knowledge, shards) => {
        const current = newest(all.slice(0, -1));
        const upTo = all.filter((one) => isUpTo(one, current));
        const wanted = computed(upTo, current, knowledge, 1);
        expect(computed(all.toReversed(), current, knowledge, shards)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the best pair of a host', () => {
  const MINUTE = 60_000;
  const regular = (peer: string, port: number | null, newest = END - MINUTE, count = 8): OutboundPair => {
    const starts = Array.from({ length: count }, (_, n) => newest - (count - 1 - n) * MINUTE);
    const first = starts[0]!;
    return {
      ...{ host: '10.0.0.1', peer, port, sessions: count, bytesSent: 800, zeroReply: 0, starts },
      ...{ firstEvent: first, maxDuration: 0 },
    };
  };
  const beaconOf = (pairs: readonly OutboundPair[], earlier: readonly PairMiniBatch[] = []) => {
    const own = { miniBatchId: 'own', sliceEnd: END, active: [], pairs };
    const nothing = { infrastructure: [], isYoung: () => false, isEstablished: () => false };
    const { beacon_peer, beacon_port } = beaconsOfBlocks([...earlier, own], 'own', 1, nothing)['10.0.0.1']!;
    return [beacon_peer, beacon_port];
  };

  it('is of equal ones the least peer as text, then the least port, none being 0', () => {
    expect(beaconOf([regular('203.0.113.9', 443), regular('203.0.113.10', 443)])).toEqual(['203.0.113.10', 443]);
    expect(beaconOf([regular('203.0.113.9', 8443), regular('203.0.113.9', 443)])).toEqual(['203.0.113.9', 443]);
    expect(beaconOf([regular('203.0.113.9', 443), regular('203.0.113.9', null)])).toEqual(['203.0.113.9', 0]);
  });

  it('needs a session in the slice, and starts later than 24 hours before its end', () => {
    const past = (end: number, pairs: readonly OutboundPair[]) => [
      { miniBatchId: 'before', sliceEnd: end, active: [], pairs },
    ];
    expect(beaconOf([regular('203.0.113.9', 443, END - MINUTE, 7)])).toEqual(['', 0]);
    const quarter = END - QUARTER;
    expect(beaconOf([regular('8.8.8.8', 1, END, 1)], past(quarter, [regular('203.0.113.9', 443)]))).toEqual(['', 0]);
    const oldest = END - DAY + QUARTER;
    const since = (edge: number) =>
      beaconOf(
        [regular('203.0.113.9', 443, END - MINUTE, 1)],
        past(oldest, [regular('203.0.113.9', 443, edge + 6 * MINUTE, 7)]),
      );
    expect(since(END - DAY)).toEqual(['', 0]);
    expect(since(END - DAY + 1)).toEqual(['203.0.113.9', 443]);
  });
});
