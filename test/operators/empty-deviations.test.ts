import { expect, it } from 'vitest';
import { packSegments } from '../../src/operators/baseline-pack.ts';
import { DEFAULT_DEVIATION_OPTIONS } from '../../src/operators/deviation-metrics.ts';
import { deviationPlaces, deviationsOf } from '../../src/operators/deviations.ts';
import { joinPairs, splitPairs } from '../../src/operators/pair-pack.ts';
import { decodeBlock, encodeBlock } from '../../src/state/block-codec.ts';
import { hostPacksOf } from './host-packs.ts';
import {
  diceOf,
  hostTable,
  METRIC_NAMES,
  metadataTable,
  noBeacons,
  randomBaseline,
  segmentTable,
} from './random-baselines.ts';
import { windowPairsFrom } from './window-pairs.ts';

const OPTIONS = { ...DEFAULT_DEVIATION_OPTIONS, joinKeys: ['host_ip', 'window_label'] };
const baseline = randomBaseline(diceOf(7), false);
const pairs = { byHost: joinPairs([], 'host_ip'), bySegment: joinPairs([], 'segment_id') };
/** A shard whose hosts the publication does not know, as it is read back. */
const [none] = hostPacksOf([hostTable(baseline)], [metadataTable(baseline)], OPTIONS, 2, () => 1);
const [noPairs] = splitPairs(pairs.byHost, 2, () => 1);
const packs = {
  hosts: decodeBlock('host_baselines', encodeBlock('host_baselines', none!))!,
  segments: packSegments([segmentTable(baseline)], OPTIONS),
  pairs: { ...pairs, byHost: decodeBlock('pair_rarities', encodeBlock('pair_rarities', noPairs!))! },
};
const inputOf = (hosts: readonly string[]) => ({
  hosts,
  segmentIds: hosts.map(() => 'nowhere'),
  features: new Float64Array(hosts.length * METRIC_NAMES.length).fill(3),
  ...{
    pairs: windowPairsFrom(hosts.map((src) => ({ src, dst: '9.9.9.9', port: 443 }))),
    beacons: noBeacons(hosts.length),
  },
  timeBand: 'off_hours' as const,
});

it('gives a mini-batch without hosts no rows', () => {
  const rows = deviationsOf(inputOf([]), packs, OPTIONS);
  expect(rows.length).toBe(0);
  expect(rows.values).toHaveLength(0);
  expect(Object.values(rows.fallbacks).every((count) => count === 0)).toBe(true);
});

it('compares hosts of a shard that the publication knows nothing of with the project', () => {
  const rows = deviationsOf(inputOf(['10.0.0.1', '10.0.0.2']), packs, OPTIONS);
  expect([...rows.source]).toEqual([2, 2]);
  expect([...rows.isCold]).toEqual([1, 1]);
  expect([...rows.violatesTimeBand]).toEqual([0, 0]);
  expect([...rows.pairs.source]).toEqual([2, 2]);
  expect([...rows.pairs.score]).toEqual([1, 1]);
  expect(rows.fallbacks).toMatchObject({ no_metadata: 2, segment_unseen: 2, pair_unseen: 2 });
  expect(rows.values).toHaveLength(2 * deviationPlaces(OPTIONS).count);
  expect(rows.values.every(Number.isFinite)).toBe(true);
});
