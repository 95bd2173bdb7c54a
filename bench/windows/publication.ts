// Baselines of both horizons as `ndr baselines` would have published them, written directly: what a step compares hosts with.
import { join } from 'node:path';
import { publishTable } from '../../src/jobs/baseline-files.ts';
import {
  hostBaselineTable,
  ipMetadataTable,
  type LevelKeys,
  pairRarityTable,
  segmentBaselineTable,
} from '../../src/operators/baseline-datasets.ts';
import { HORIZONS, STATISTICS } from '../../src/operators/baseline-metrics.ts';
import type { BaselineStatistics } from '../../src/operators/baseline-statistics.ts';
import type { Table } from '../../src/operators/table.ts';
import { DAY_MS, formatInstant } from '../../src/operators/time.ts';
import { openBaselinePublications, publicationFolder } from '../../src/state/baseline-publications.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { type ManifestFile, sha256Hex } from '../../src/state/manifest.ts';
import { encodeParquet } from '../../src/state/parquet.ts';
import { datasetPrefix, partRanges } from '../../src/state/publish.ts';
import { type Random, seededRandom } from '../ingest/random.ts';
import { externalAddress, hostAddress, SLICE_END_MS } from '../ingest/traffic.ts';
import { SPEC } from './spec.ts';

const HOSTS_PER_FILE = 2_000;
const PAIRS_A_HOST = 60;
const DESTINATIONS = 5_000;
const COLD_HOSTS = 0.05;
const REF = Math.floor(SLICE_END_MS / DAY_MS) * DAY_MS;
const { metrics, joinKeys } = SPEC.baselines;

/** Publishes both horizons in a home whose state lies in `home`/state. */
export async function publishBaselines(home: string, hosts: number, say: (line: string) => void): Promise<void> {
  const lake = await openDirectoryLake(join(home, 'lake'));
  const publications = openBaselinePublications(await openDirectoryItems(join(home, 'state', 'items')), lake);
  const { project, featureSpecVersion: version } = SPEC;
  const root = datasetPrefix(SPEC.outputs.fg_b, project, 'fg_b');
  const ips = Array.from({ length: hosts }, (_, host) => hostAddress(host)).sort();
  for (const horizon of HORIZONS) {
    const dice = seededRandom(horizon === '7d' ? 7 : 30);
    const folder = (table: string): string => publicationFolder(root, table, version, horizon, REF);
    const write = async (table: string, rows: number, perFile: number, make: (from: number, to: number) => Table) => {
      const files: ManifestFile[] = [];
      for (const [from, to] of partRanges(rows, perFile)) {
        const part = { rows: to - from, bytes: encodeParquet(make(from, to)) };
        files.push(...(await publishTable(lake, folder(table), [part], files.length)).files);
        say(`${horizon} ${table}: ${to.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} rows`);
      }
      return { folders: [folder(table)], rows, files };
    };
    const segments = ['*', ...new Set(ips.map(segmentOf))].sort();
    const destinations = Array.from({ length: DESTINATIONS }, (_, n) => externalAddress(n)).sort();
    const statistics = (level: 'host_ip' | 'segment_id', owners: readonly string[]) => (from: number, to: number) => {
      const own = keysOf(level, owners.slice(from, to));
      const pieces = [statisticsOf(to - from, dice)];
      if (level === 'host_ip') return hostBaselineTable(joinKeys, own, pieces);
      const fill = (value: number) => new Float64Array(to - from).fill(value);
      return segmentBaselineTable(joinKeys, own, pieces, fill(200), fill(1));
    };
    const pairs = (owner: 'host_ip' | 'segment_id', owners: readonly string[]) => (from: number, to: number) =>
      pairsOf(owner, owners.slice(from / PAIRS_A_HOST, to / PAIRS_A_HOST), destinations, dice);
    const datasets = {
      host: await write('host', hosts, HOSTS_PER_FILE, statistics('host_ip', ips)),
      segment: await write('segment', segments.length, HOSTS_PER_FILE, statistics('segment_id', segments)),
      ip_metadata: await write('ip_metadata', hosts, 20_000, (from, to) => metadataOf(ips.slice(from, to), dice)),
      'pair/host': await write('pair/host', hosts * PAIRS_A_HOST, 120_000, pairs('host_ip', ips)),
      'pair/segment': await write(
        'pair/segment',
        segments.length * PAIRS_A_HOST,
        120_000,
        pairs('segment_id', segments),
      ),
      publication_metadata: { folders: [], rows: 0, files: [] },
    };
    const end = REF - SPEC.baselines.headDays[horizon] * DAY_MS;
    await publications.record(
      {
        ...{ publication_version: 1, project_name: project, feature_spec_version: version, baseline_horizon: horizon },
        ...{ baseline_month: formatInstant(REF).slice(0, 7), ref: formatInstant(REF) },
        ...{ baseline_start_ts: formatInstant(end - 30 * DAY_MS), baseline_end_ts: formatInstant(end) },
        ...{ join_keys: joinKeys, metrics, pair_counts: true },
        ...{ spec_digest: sha256Hex('bench'), inputs_digest: sha256Hex('bench'), code_version: 'bench' },
        ...{ mini_batches: 1, health: {}, datasets },
      },
      folder('publication_metadata'),
    );
  }
}

const segmentOf = (ip: string): string => `${ip.slice(0, ip.lastIndexOf('.'))}.0/24`;

const keysOf = (owner: LevelKeys['owner'], owners: readonly string[]): LevelKeys => ({
  ...{ owner, length: owners.length, band: null },
  owners: (group) => owners[group]!,
  segments: (group) => segmentOf(owners[group]!),
});

/** Most metrics of a host are 0 most of the time; others lie around a value of their own. */
function statisticsOf(groups: number, dice: Random): BaselineStatistics {
  const values = new Float64Array(metrics.length * STATISTICS.length * groups);
  metrics.forEach((_, m) => {
    const share = dice.unit() ** 2;
    for (let group = 0; group < groups; group++) {
      const median = dice.unit() < share ? 1 + dice.skewed(1_000, 3) : 0;
      const spread = Math.round(median * 0.3);
      const [p25, p75] = [Math.max(0, median - spread), median + spread];
      const own = { median, p25, p75, p95: median + 2 * spread, p99: median + 3 * spread, mad: spread, iqr: p75 - p25 };
      const known = { ...own, support_count: 2_000 + dice.below(680), cold_start_flag: 0 };
      STATISTICS.forEach((statistic, s) => {
        values[(m * STATISTICS.length + s) * groups + group] = known[statistic];
      });
    }
  });
  return { groups, metrics, values };
}

function metadataOf(ips: readonly string[], dice: Random): Table {
  const isCold = Uint8Array.from(ips, () => (dice.unit() < COLD_HOSTS ? 1 : 0));
  return ipMetadataTable(joinKeys, keysOf('host_ip', ips), {
    isFullHistory: isCold.map((cold) => 1 - cold),
    isNonPersistent: new Uint8Array(ips.length),
    isColdStart: isCold,
    machineName: ips.map((_, i) => `PC-${i}`),
    activeSlices: new Float64Array(ips.length).fill(2_000),
    activeDays: new Float64Array(ips.length).fill(22),
    activeWorkingShare: new Float64Array(ips.length).fill(0.9),
  });
}

/** Of each owner PAIRS_A_HOST pairs, in the order of their keys. */
function pairsOf(
  owner: 'host_ip' | 'segment_id',
  owners: readonly string[],
  destinations: readonly string[],
  dice: Random,
): Table {
  const length = owners.length * PAIRS_A_HOST;
  const stride = Math.floor(destinations.length / PAIRS_A_HOST);
  const seenCount = Float64Array.from({ length }, () => 1 + dice.skewed(500, 4));
  return pairRarityTable(
    owner,
    {
      length,
      owner: Uint32Array.from({ length }, (_, row) => Math.floor(row / PAIRS_A_HOST)),
      destination: Uint32Array.from({ length }, (_, row) => (row % PAIRS_A_HOST) * stride + dice.below(stride)),
      ...{ port: new Int32Array(length).fill(443), seenCount, dailyAverage: seenCount },
      lastSeen: new Float64Array(length).fill(REF - 8 * DAY_MS),
      activeDays: seenCount.map((seen) => Math.min(22, seen)),
      score: seenCount.map((seen) => 1 / (1 + seen)),
      ...{ isNew: new Uint8Array(length), isRare: Uint8Array.from(seenCount, (seen) => (seen <= 1 ? 1 : 0)) },
    },
    owners,
    destinations,
  );
}
