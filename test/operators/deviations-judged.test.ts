/** Deviations from random baselines against the naive oracle: every column, every way to fall back. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FALLBACK_REASONS } from '../../src/operators/baseline-choice.ts';
import { packSegments } from '../../src/operators/baseline-pack.ts';
import { DEFAULT_DEVIATION_OPTIONS, TRANSFORM_NAMES } from '../../src/operators/deviation-metrics.ts';
import { deviationsOf } from '../../src/operators/deviations.ts';
import { fgCPart, fgCSchema, fgCTable } from '../../src/operators/fg-c.ts';
import { packPairs, splitPairs } from '../../src/operators/pair-pack.ts';
import { deviationOf } from '../oracle/deviations.ts';
import { hostPacksOf } from './host-packs.ts';
import {
  diceOf,
  HOSTS,
  hostTable,
  METRIC_NAMES,
  metadataTable,
  noBeacons,
  pairTable,
  randomBaseline,
  randomPairs,
  randomUse,
  randomValue,
  segmentTable,
  TIME_BANDS,
} from './random-baselines.ts';
import { rowsOf } from './table-rows.ts';
import { windowPairsFrom } from './window-pairs.ts';

const ADDED = ['tcp_cnt_w_15m', 'in_udp_cnt_w_24h'];
const EXAMPLE = { seed: 1, byTimeBand: false, allTransforms: true, zMax: 6, segmentMinHosts: 3, shards: 1 };
const EXAMPLES = [true, false].map(
  (pairCountsEnabled) => [{ ...EXAMPLE, pairCountsEnabled }] as [typeof EXAMPLE & { pairCountsEnabled: boolean }],
);
const SLICE_END = Date.UTC(2026, 2, 10, 9, 8);

it('says what the oracle says', () => {
  const met = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.integer(),
        byTimeBand: fc.boolean(),
        pairCountsEnabled: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
        allTransforms: fc.boolean(),
        zMax: fc.constantFrom(3, 6),
        segmentMinHosts: fc.constantFrom(2, 3),
        shards: fc.constantFrom(1, 3),
      }),
      ({ seed, byTimeBand, pairCountsEnabled, allTransforms, zMax, segmentMinHosts, shards }) => {
        const dice = diceOf(seed);
        const timeBand = TIME_BANDS[dice() < 0.5 ? 0 : 1]!;
        const baseline = randomBaseline(dice, byTimeBand);
        const known = randomPairs(dice, 0.4);
        const rows = HOSTS.map(({ host, segment }) => ({
          ...{ host, segment, timeBand, miniBatchId: 'm', sliceEnd: SLICE_END },
          ...{ isDegraded: false, lookbackDays: 30, hostAgeDays: 30 },
          values: METRIC_NAMES.map(() => randomValue(dice)),
          used: randomUse(dice),
        })).sort((a, b) => (a.host < b.host ? -1 : 1));

        const transforms = allTransforms ? TRANSFORM_NAMES : DEFAULT_DEVIATION_OPTIONS.transforms;
        const options = {
          ...{ ...DEFAULT_DEVIATION_OPTIONS, transforms, zMax, segmentMinHosts, pairCountsEnabled },
          metrics: [...DEFAULT_DEVIATION_OPTIONS.metrics, ...ADDED],
          joinKeys: ['host_ip', 'window_label', ...(byTimeBand ? ['time_band'] : [])],
        };
        const placeOf = new Map(rows.map(({ host }, i) => [host, i]));
        const shardOf = (host: string): number => placeOf.get(host)! % shards;
        const packs = hostPacksOf([hostTable(baseline)], [metadataTable(baseline)], options, shards, shardOf);
        const segments = packSegments([segmentTable(baseline)], options);
        const byHost = splitPairs(packPairs(pairTable(known, 'host'), 'host_ip'), shards, shardOf);
        const bySegment = packPairs(pairTable(known, 'segment'), 'segment_id');
        const ofShards = packs.map((hosts, shard) => {
          const own = rows.filter((_, i) => i % shards === shard);
          const pairs = own.flatMap(({ host, used }) =>
            used.map((pair) => ({ src: host, dst: pair.dstIp, port: pair.dstPort })),
          );
          return deviationsOf(
            {
              hosts: own.map(({ host }) => host),
              segmentIds: own.map(({ segment }) => segment),
              features: Float64Array.from(own.flatMap(({ values }) => values)),
              ...{ pairs: windowPairsFrom(pairs), beacons: noBeacons(own.length), timeBand },
            },
            { hosts, segments, pairs: { byHost: byHost[shard]!, bySegment } },
            options,
          );
        });
        for (const { fallbacks } of ofShards)
          for (const [reason, count] of Object.entries(fallbacks)) met.set(reason, (met.get(reason) ?? 0) + count);
        const table = fgCTable(
          fgCPart(
            fgCSchema(options),
            ofShards,
            {
              shard: Uint16Array.from(rows, (_, i) => i % shards),
              row: Uint32Array.from(rows, (_, i) => Math.floor(i / shards)),
              hostIps: rows.map(({ host }) => host),
            },
            { miniBatchId: 'm', sliceStart: SLICE_END - 900_000, sliceEnd: SLICE_END },
            { horizon: '7d', start: baseline.start, end: baseline.end },
            timeBand,
            options,
            { start: 0, end: rows.length },
          ),
        );
        const got = rowsOf(table);
        rows.forEach((row, i) => {
          const wanted = deviationOf(row, baseline, known, row.used, {
            baseline: { horizon: '7d', metrics: METRIC_NAMES, byTimeBand, rarityThreshold: 0.4 },
            ...{ zMax, segmentMinHosts, transforms, pairCountsEnabled, addedMetrics: ADDED },
          });
          for (const [name, want] of Object.entries(wanted)) {
            const cell = got[i]![name];
            const isSame =
              typeof want === 'number' && typeof cell === 'number'
                ? Math.abs(want - cell) <= 1e-9 * Math.max(1, Math.abs(want))
                : want === cell;
            if (!isSame) expect.fail(`${row.host} ${name}: ${cell}, the oracle says ${want}`);
          }
          const columns = Object.keys(got[i]!).filter((name) => !KEYS.test(name));
          expect(columns.filter((name) => !Object.hasOwn(wanted, name))).toEqual([]);
          expect(Object.keys(wanted).filter((name) => !columns.includes(name))).toEqual([]);
        });
      },
    ),
    { numRuns: 10, examples: EXAMPLES },
  );
  // Every reason there is was met.
  expect([...met].filter(([, count]) => count > 0).map(([reason]) => reason)).toEqual(Object.keys(FALLBACK_REASONS));
});

const KEYS =
  /^(host_ip|window_|segment_id|time_band$|mini_batch_id|record_id|baseline_(start|end)|beacon_|strobe_|long_)/;
