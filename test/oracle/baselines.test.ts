import { describe, expect, it } from 'vitest';
import { type Baseline, baselineOf } from './baselines.ts';
import {
  type ExpectedBaseline,
  exampleSegmentOf,
  isInternalInExample,
  readBaselineExample,
  readExpectedExample,
} from './baselines-golden.ts';
import type { BaselineRow } from './baselines-rows.ts';
import { type BeaconFeatures, beaconsOf } from './beacons.ts';
import { type DeviationRow, deviationOf } from './deviations.ts';
import { type PairRarity, type PairTables, pairKey, pairTablesOf } from './rarity.ts';
import { DAY, HOUR } from './times.ts';

const example = readBaselineExample();
const expected = readExpectedExample();
const skipped = new Set(expected.ulp_sensitive.map((path) => path.join(' ')));
const instantOf = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const published = new Map<string, { baseline: Baseline; pairs: PairTables }>(
  example.refs.map((ref) => [
    ref,
    {
      baseline: baselineOf(example.rows, Date.parse(ref), example.options),
      pairs: pairTablesOf(example.pairCounts, Date.parse(ref), example.options),
    },
  ]),
);

/** Cells that were compared; faults of those that differ. */
function comparison() {
  const faults: string[] = [];
  let cells = 0;
  return {
    faults,
    cells: () => cells,
    cell(path: string, want: unknown, got: unknown): void {
      if (skipped.has(path)) return;
      cells++;
      const isEqual =
        typeof want === 'number' && typeof got === 'number'
          ? Math.abs(want - got) <= 1e-9 * Math.max(1, Math.abs(want))
          : want === got;
      if (!isEqual) faults.push(`${path}: expected ${String(want)}, got ${String(got)}`);
    },
  };
}

describe.each(example.refs)('the baseline of %s in the worked example', (ref) => {
  const wanted: ExpectedBaseline = expected.fg_b[ref]!;
  const { baseline, pairs } = published.get(ref)!;
  const nameOf = ({ host, sliceEnd }: BaselineRow): string => `${host}|${instantOf(sliceEnd)}`;

  it('has its rows', () => {
    expect([instantOf(baseline.start), instantOf(baseline.end)]).toEqual([
      wanted.baseline_start_ts,
      wanted.baseline_end_ts,
    ]);
    expect(baseline.rows.length).toBe(wanted.rows_used);
    expect(baseline.leftOutAsDegraded).toBe(wanted.left_out_as_degraded);
    expect(Object.fromEntries([...baseline.capped].map((row) => [nameOf(row), 0.1]))).toEqual(wanted.capping_weights);
    expect(baseline.excused.map(nameOf).sort()).toEqual([...wanted.excused].sort());
    const hostsCount = [...baseline.segment].map(([name, { hostsCount }]) => [name, hostsCount]);
    expect(Object.fromEntries(hostsCount)).toEqual(wanted.hosts_count);
  });

  it('has every statistic', () => {
    const seen = comparison();
    for (const [level, groups] of [
      ['host', wanted.host],
      ['segment', wanted.segment],
    ] as const)
      for (const [name, statistics] of Object.entries(groups))
        for (const [statistic, values] of Object.entries(statistics))
          for (const [place, want] of values.entries()) {
            const metric = expected.metrics[place]!;
            const own = level === 'host' ? baseline.host.get(name) : baseline.segment.get(name)?.statistics;
            const got = own?.get(metric)?.[statistic as 'median'];
            seen.cell(`fg_b ${ref} ${level} ${name} ${metric}_${statistic}`, want, got);
          }
    expect(seen.faults).toEqual([]);
    expect(seen.cells()).toBeGreaterThan(13_000);
  });

  it('has the metadata of every host', () => {
    const seen = comparison();
    for (const [host, row] of Object.entries(wanted.ip_metadata))
      for (const [column, want] of Object.entries(row)) {
        const own = { ...baseline.metadata.get(host), baseline_horizon: '7d' } as Readonly<Record<string, unknown>>;
        seen.cell(`${host} ${column}`, want, own[column]);
      }
    expect(seen.faults).toEqual([]);
    expect([...baseline.metadata.keys()].sort()).toEqual(Object.keys(wanted.ip_metadata).sort());
  });

  it('has the pairs', () => {
    for (const [table, rows] of [
      [pairs.host, wanted.pair_host ?? []],
      [pairs.segment, wanted.pair_segment ?? []],
    ] as const) {
      const owners = new Set(rows.map(([owner]) => String(owner)));
      const own = [...table].filter(([key]) => owners.has(key.split('|')[0]!));
      expect(own.length).toBe(rows.length);
      const seen = comparison();
      for (const row of rows) {
        const [owner, dstIp, dstPort, ...values] = row as [string, string, number, ...unknown[]];
        const key = pairKey(owner, dstIp, dstPort);
        for (const [n, got] of listed(table.get(key)!).entries()) seen.cell(`${key} ${n}`, values[n], got);
      }
      expect(seen.faults).toEqual([]);
    }
  });
});

const listed = ({ seen, lastSeen, activeDays, dailyAverage, score, isNew, isRare }: PairRarity): unknown[] => [
  seen,
  lastSeen === null ? null : instantOf(lastSeen),
  activeDays,
  dailyAverage,
  score,
  isNew,
  isRare,
];

describe.each(example.scored)('the deviations of %s in the worked example', (id) => {
  const wanted = expected.fg_c[id]!;
  const miniBatch = example.miniBatches.find((own) => own.id === id)!;
  const isUpTo = ({ sliceEnd, miniBatchId }: { sliceEnd: number; miniBatchId?: string }): boolean =>
    sliceEnd < miniBatch.sliceEnd || (sliceEnd === miniBatch.sliceEnd && (miniBatchId ?? '') <= id);

  it('are of the publication that was there in time', () => {
    const inTime = example.refs.filter((ref) => Date.parse(ref) <= miniBatch.sliceEnd - 6 * HOUR);
    expect(inTime.at(-1)).toBe(wanted.ref);
  });

  it('have every value', () => {
    const rows = example.rows.filter(({ miniBatchId }) => miniBatchId === id);
    expect(rows.map(({ host }) => host).sort()).toEqual(Object.keys(wanted.rows).sort());
    const seen = comparison();
    for (const row of rows) {
      const got: Readonly<Record<string, unknown>> = { ...scored(row), ...beacons(row) };
      for (const [place, column] of expected.fg_c_columns.entries()) {
        const value = got[column];
        const isTime = column === 'pair_last_seen_ts' && value !== null;
        seen.cell(
          `fg_c ${id} ${row.host} ${column}`,
          wanted.rows[row.host]![place],
          isTime ? instantOf(Number(value)) : value,
        );
      }
    }
    expect(seen.faults.slice(0, 40)).toEqual([]);
    expect(seen.cells()).toBeGreaterThan(rows.length * 1400);
  });

  function scored(row: BaselineRow): DeviationRow {
    const { baseline, pairs } = published.get(wanted.ref)!;
    const used = example.pairCounts.filter(
      (pair) => pair.host === row.host && pair.sliceEnd === row.sliceEnd && isUpTo(pair),
    );
    return {
      ...deviationOf(row, baseline, pairs, used, { baseline: example.options }),
      window_end_ts: instantOf(row.sliceEnd),
      record_id: `${row.host}|w_15m|${instantOf(row.sliceEnd)}|7d`,
      baseline_start_ts: instantOf(baseline.start),
      baseline_end_ts: instantOf(baseline.end),
    };
  }

  function beacons(row: BaselineRow): BeaconFeatures {
    const lastDay = example.miniBatches.filter(
      ({ id: miniBatchId, sliceEnd }) => isUpTo({ sliceEnd, miniBatchId }) && sliceEnd > row.sliceEnd - DAY,
    );
    return beaconsOf(
      row.host,
      example.pairContext.filter(isUpTo),
      {
        activeHosts: new Set(lastDay.flatMap(({ activeHosts }) => activeHosts)),
        pairFirstSeen: (host, peer, port) => example.pairFirstSeen.get(`${host}|${peer}|${port ?? ''}`),
        peerFirstSeen: (peer) => example.peerFirstSeen.get(peer),
      },
      {
        instant: row.sliceEnd,
        isInternal: isInternalInExample,
        segmentOf: exampleSegmentOf,
        infrastructure: example.infrastructure,
        lookbackDays: row.lookbackDays,
      },
    );
  }
});
