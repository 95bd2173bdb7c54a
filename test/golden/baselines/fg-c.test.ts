import { describe, expect, it } from 'vitest';
import { BASELINE_METRICS } from '../../../src/operators/baseline-metrics.ts';
import { packSegments } from '../../../src/operators/baseline-pack.ts';
import { DEFAULT_DEVIATION_OPTIONS } from '../../../src/operators/deviation-metrics.ts';
import { deviationsOf } from '../../../src/operators/deviations.ts';
import { fgCPart, fgCSchema, fgCTable } from '../../../src/operators/fg-c.ts';
import { FEATURE_COUNT } from '../../../src/operators/metrics.ts';
import { joinPairs, type PairOwner, packPairs, splitPairs } from '../../../src/operators/pair-pack.ts';
import type { Table } from '../../../src/operators/table.ts';
import { formatInstant } from '../../../src/operators/time.ts';
import { hostPacksOf } from '../../operators/host-packs.ts';
import { noBeacons } from '../../operators/random-baselines.ts';
import { rowsOf } from '../../operators/table-rows.ts';
import type { Row } from '../../oracle/metrics.ts';
import { EXPECTED, publish } from './fg-b-example.ts';
import {
  expected,
  type GoldenPublication,
  input,
  metadataTable,
  pairTable,
  segmentOf,
  slicePairs,
  statisticsTable,
} from './fg-c-example.ts';

const OPTIONS = { ...DEFAULT_DEVIATION_OPTIONS, joinKeys: ['host_ip', 'window_label'] };

/** Columns that another test of the example looks at. */
const OTHERS = /^beacon_|^strobe_score$|^long_session_hours$/;

interface Tables {
  readonly host: readonly Table[];
  readonly segment: readonly Table[];
  readonly ipMetadata: readonly Table[];
  readonly pairHost: readonly Table[];
  readonly pairSegment: readonly Table[];
}

/** The example's own baselines, of the hosts that it lists: others would have none. */
function listedTables(publication: GoldenPublication, isListed: (host: string) => boolean): Tables {
  const segments = Object.keys(publication.segment);
  const counts = { hosts_count: segments.map((segment) => publication.hosts_count[segment]!) };
  return {
    host: [statisticsTable('host_ip', publication.host)],
    segment: [statisticsTable('segment_id', publication.segment, counts)],
    ipMetadata: [metadataTable(publication, Object.keys(publication.ip_metadata).filter(isListed))],
    pairHost: [pairTable(publication, 'host_ip')],
    pairSegment: [pairTable(publication, 'segment_id')],
  };
}

/** Rows of a scored mini-batch as the product computes them, its hosts dealt out to shards. */
function scoredRows(
  miniBatchId: string,
  publication: GoldenPublication,
  tables: Tables,
  isScored: (host: string) => boolean,
  shards: number,
) {
  const miniBatch = input.mini_batches.find(({ mini_batch_id }) => mini_batch_id === miniBatchId)!;
  const all = Object.keys(miniBatch.fg_a!).filter(isScored).sort();
  const timeBand = miniBatch.fg_a![all[0]!]!.time_band;
  const segments = packSegments(tables.segment, OPTIONS);
  const shardOf = (host: string): number => Math.max(0, all.indexOf(host)) % shards;
  const packs = hostPacksOf(tables.host, tables.ipMetadata, OPTIONS, shards, shardOf);
  const pairsOf = (of: readonly Table[], owner: PairOwner) =>
    joinPairs(
      of.map((table) => packPairs(table, owner)),
      owner,
    );
  const byHost = splitPairs(pairsOf(tables.pairHost, 'host_ip'), shards, shardOf);
  const bySegment = pairsOf(tables.pairSegment, 'segment_id');
  const placeOf = new Map(BASELINE_METRICS.map(({ name, place }) => [name, place]));
  const ofShards = packs.map((pack, shard) => {
    const hosts = all.filter((_, i) => i % shards === shard);
    const features = new Float64Array(hosts.length * FEATURE_COUNT);
    hosts.forEach((host, row) => {
      for (const [index, value] of Object.entries(miniBatch.fg_a![host]!.values)) {
        features[row * FEATURE_COUNT + placeOf.get(input.metrics[Number(index)]!)!] = value;
      }
    });
    const rows = { hosts, features, timeBand, segmentIds: hosts.map(segmentOf) };
    const done = { pairs: slicePairs(miniBatch), beacons: noBeacons(hosts.length) };
    return deviationsOf({ ...rows, ...done }, { hosts: pack, segments, pairs: { byHost: byHost[shard]!, bySegment } }, OPTIONS);
  });
  const order = {
    shard: Uint16Array.from(all, (_, i) => i % shards),
    row: Uint32Array.from(all, (_, i) => Math.floor(i / shards)),
    hostIps: all,
  };
  const sliceEnd = Date.parse(miniBatch.slice_end_ts);
  const lineage = { miniBatchId, sliceStart: sliceEnd - 900_000, sliceEnd };
  const [start, end] = [Date.parse(publication.baseline_start_ts), Date.parse(publication.baseline_end_ts)];
  const span = { start: 0, end: all.length };
  return rowsOf(
    fgCTable(fgCPart(fgCSchema(OPTIONS), ofShards, order, lineage, { horizon: '7d', start, end }, timeBand, OPTIONS, span)),
  );
}

const isTime = (name: string): boolean => name.endsWith('_ts');
const sensitive = new Set(expected.ulp_sensitive.map((place) => place.join(' ')));

interface Comparison {
  readonly rows: number;
  readonly cells: number;
  readonly faults: readonly string[];
}

function compare(miniBatchId: string, rows: readonly Row[]): Comparison {
  const wanted = expected.fg_c[miniBatchId]!.rows;
  const faults: string[] = [];
  let cells = 0;
  for (const row of rows) {
    const host = String(row['host_ip']);
    expected.fg_c_columns.forEach((name, c) => {
      if (OTHERS.test(name) || sensitive.has(`fg_c ${miniBatchId} ${host} ${name}`)) return;
      const want = wanted[host]![c];
      const cell = row[name];
      const got = isTime(name) && typeof cell === 'number' ? formatInstant(cell) : cell;
      cells++;
      const isSame =
        typeof want === 'number' && typeof got === 'number'
          ? Math.abs(want - got) <= 1e-9 * Math.max(1, Math.abs(want))
          : want === got;
      if (!isSame) faults.push(`${miniBatchId} ${host} ${name}: ${got}, not ${want}`);
    });
  }
  return { rows: rows.length, cells, faults };
}

const add = (a: Comparison, b: Comparison): Comparison => ({
  rows: a.rows + b.rows,
  cells: a.cells + b.cells,
  faults: [...a.faults, ...b.faults],
});
const NOTHING: Comparison = { rows: 0, cells: 0, faults: [] };

describe('FG-C of the worked example', () => {
  it.each([1, 4])('agrees on every cell, from FG-B as the product computes it, in %i shards', (shards) => {
    let all = NOTHING;
    for (const miniBatchId of input.score) {
      const publication = EXPECTED.fg_b[expected.fg_c[miniBatchId]!.ref]!;
      const tables = publish(publication, (segment) => segment.length % 2);
      const golden = expected.fg_b[expected.fg_c[miniBatchId]!.ref]!;
      all = add(all, compare(miniBatchId, scoredRows(miniBatchId, golden, tables, () => true, shards)));
    }
    expect(all).toEqual({ rows: 69, cells: 100_235, faults: [] });
  });

  it("agrees on every cell of the hosts whose baselines are listed, from the example's own FG-B", () => {
    let all = NOTHING;
    for (const miniBatchId of input.score) {
      const publication = expected.fg_b[expected.fg_c[miniBatchId]!.ref]!;
      // The first publication lists no segment.
      if (Object.keys(publication.segment).length < 2) continue;
      const isListed = (host: string): boolean =>
        Object.hasOwn(publication.host, host) || publication.ip_metadata[host]?.['is_cold_start'] !== 0;
      const tables = listedTables(publication, isListed);
      all = add(all, compare(miniBatchId, scoredRows(miniBatchId, publication, tables, isListed, 1)));
    }
    expect(all).toEqual({ rows: 23, cells: 33_407, faults: [] });
  });
});
