import { expect, it } from 'vitest';
import type { BatchSpec } from '../../src/config/batch-spec.ts';
import { deviateFrom } from '../../src/consumers/deviate.ts';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import { DEFAULT_DEVIATION_OPTIONS } from '../../src/operators/deviation-metrics.ts';
import type { BaselinePublication } from '../../src/state/baseline-publications.ts';
import { type Lake, NotFound } from '../../src/state/lake.ts';
import { sha256Hex } from '../../src/state/manifest.ts';
import type { BlockKey } from '../../src/state/window-state.ts';

type Sources = Parameters<typeof deviateFrom>[0];
type Emitted = Parameters<typeof deviateFrom>[2][number];

const REF = Date.UTC(2026, 2, 9);
const DAY = 86_400_000;
const SHARDS = 3;
const CONTENT = new TextEncoder().encode('statistics');

function publicationOf(change: Partial<BaselinePublication> = {}): BaselinePublication {
  const fileOf = (table: string) => [
    { path: `p/fg_b/${table}/part-0.parquet`, rows: 1, bytes: CONTENT.length, sha256: sha256Hex(CONTENT) },
  ];
  return {
    ...{ horizon: '30d', ref: REF, start: REF - 37 * DAY, end: REF - 7 * DAY, digest: 'd'.repeat(64) },
    ...{ joinKeys: ['host_ip', 'window_label'], metrics: BASELINE_METRICS.map(({ name }) => name), pairCounts: true },
    datasets: {
      host: fileOf('host'),
      segment: fileOf('segment'),
      ip_metadata: fileOf('ip_metadata'),
      'pair/host': fileOf('pair/host'),
      'pair/segment': fileOf('pair/segment'),
    },
    ...{ metadata: [], madeFrom: '', revision: 1, manifest: { path: 'm', sha256: 's' } },
    ...change,
  };
}

const noHosts = {
  windows: {
    addresses: { count: 0, ipv4: new Uint32Array(0), isIpv4: new Uint8Array(0), texts: new Map() },
    facts: { segment: new Int32Array(0), memberOf: new Uint32Array(0) },
    segmentMapping: { networks: [] },
    hosts: new Uint32Array(0),
    features: new Float64Array(0),
  },
} as unknown as Emitted;

/** Packs by key, made slowly; `onAsked` may take some away before a shard is answered. */
function withPacks(
  onAsked: (packs: Set<string>, shard: number) => void = () => {},
  content = CONTENT as Uint8Array | null,
) {
  const packs = new Set<string>();
  const made: string[] = [];
  const pruned: [string, number][] = [];
  const nameOf = ({ miniBatchId, shard }: BlockKey): string => `${miniBatchId} ${shard}`;
  const make = async (what: string, key: BlockKey): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    made.push(`${what}, ${typeof key.shard === 'number' ? `shard ${key.shard}` : 'all'}`);
    packs.add(nameOf(key));
  };
  const pool = {
    async deviate({ shard, packs: own }: Parameters<Sources['deps']['pool']['deviate']>[0]) {
      onAsked(packs, shard);
      const keys = [own.hosts, own.segments, own.pairs!.hosts, own.pairs!.segments];
      const missing = keys.filter((key) => !packs.has(nameOf(key)));
      await new Promise((resolve) => setImmediate(resolve));
      return missing.length > 0 ? { is: 'missing', keys: missing } : { is: 'deviated', rows: { shard } };
    },
    knownHosts: async () => ({
      ...{ keys: [], isCold: new Uint8Array(0), isNonPersistent: new Uint8Array(0) },
      ...{ activeDays: new Int32Array(0), workingShare: new Float64Array(0) },
    }),
    hostStatistics: async () => ({ keys: [], values: new Float64Array(0) }),
    keepHosts: ({ key }: { key: BlockKey }) => make('hosts', key),
    packSegments: ({ key }: { key: BlockKey }) => make('segments', key),
    pairsOf: async ({ shards }: { shards: number }) => new Array(shards).fill('pairs'),
    keepPairs: ({ owner, key }: { owner: string; key: BlockKey }) => make(`pairs by ${owner}`, key),
  };
  const lake = {
    async read(path: string) {
      if (content === null) throw new NotFound('there', path);
      return content;
    },
  } as unknown as Lake;
  const spec = {
    ...{ project: 'default', featureSpecVersion: 'v1', segmentMapping: [] },
    deviation: DEFAULT_DEVIATION_OPTIONS,
  } as unknown as BatchSpec;
  const baselines = { prune: async (_: string, version: string, upTo: number) => void pruned.push([version, upTo]) };
  const deps = { shards: SHARDS, parallel: SHARDS, pool, lake, stores: { baselines } };
  const run = (publication = publicationOf()) =>
    deviateFrom(
      { deps, spec } as unknown as Sources,
      publication,
      Array.from({ length: SHARDS }, () => noHosts),
      Array.from({ length: SHARDS }, () => ({}) as never),
      'off_hours',
    );
  return { run, made, pruned };
}

const ALL = [
  ...['hosts', 'pairs by host_ip'].flatMap((what) => [0, 1, 2].map((shard) => `${what}, shard ${shard}`)),
  ...['pairs by segment_id, all', 'segments, all'],
];

it('makes what all shards miss once', async () => {
  const { run, made } = withPacks();
  expect(await run()).toEqual([{ shard: 0 }, { shard: 1 }, { shard: 2 }]);
  expect(made.toSorted()).toEqual(ALL);
});

it('makes packs again that another process let go of meanwhile', async () => {
  let asked = 0;
  const { run, made } = withPacks((packs) => {
    if (++asked === SHARDS + 1) packs.clear();
  });
  expect(await run()).toEqual([{ shard: 0 }, { shard: 1 }, { shard: 2 }]);
  expect(made.toSorted()).toEqual([...ALL, ...ALL].toSorted());
});

it('gives up where what was packed never comes back', async () => {
  const { run } = withPacks((packs, shard) => {
    packs.delete(`hosts ${shard}`);
  });
  await expect(run()).rejects.toThrow(
    'baselines 30d@2026-03-09T00:00:00Z of project default: what was packed of them (hosts) cannot be read back',
  );
});

it('keeps the packs of the publication before, of which mini-batches that come late still are', async () => {
  const { run, pruned } = withPacks();
  await run();
  await run(publicationOf({ horizon: '7d' }));
  expect(pruned.map(([version]) => version)).toEqual(['v1.30d', 'v1.7d']);
  const [month, week] = pruned.map(([, upTo]) => upTo) as [number, number];
  expect(month).toBeLessThan(REF - 7 * DAY);
  expect(week).toBeLessThan(REF - DAY);
});

it('packs nothing of a damaged file', async () => {
  const { run, made } = withPacks(() => {}, new TextEncoder().encode('statistics!'));
  await expect(run()).rejects.toThrow(
    /^baselines 30d@2026-03-09T00:00:00Z of project default: p\/fg_b\/.*\/part-0\.parquet has sha256 .*, the publication expects .*ndr baselines --horizon 30d --ref 2026-03-09T00:00:00Z$/,
  );
  expect(made).toEqual([]);
});

it('names a missing file, and how it comes back', async () => {
  const { run } = withPacks(() => {}, null);
  await expect(run()).rejects.toThrow(
    /part-0\.parquet is missing; .*ndr baselines --horizon 30d --ref 2026-03-09T00:00:00Z$/,
  );
});

it('refuses a publication that lacks what the spec reads, before it is packed', async () => {
  const { run } = withPacks();
  const narrow = publicationOf({ pairCounts: false, metrics: BASELINE_METRICS.map(({ name }) => name).slice(1) });
  await expect(run(narrow)).rejects.toThrow(
    'baselines 30d@2026-03-09T00:00:00Z of project default were made without 1 metrics, sessions_cnt_w_15m the first and pair ' +
      'tables (pair_counts.enabled), which fg_c_builder#v1 asks for; make them again: ' +
      'ndr baselines --horizon 30d --ref 2026-03-09T00:00:00Z',
  );
});
