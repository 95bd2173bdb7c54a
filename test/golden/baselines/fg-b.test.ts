import { describe, expect, it } from 'vitest';
import type { Table } from '../../../src/operators/table.ts';
import { rowsOf } from '../../operators/table-rows.ts';
import { EXPECTED, type ExpectedPublication, INPUT, type Publication, publish } from './fg-b-example.ts';

type Cells = Map<string, unknown>;
const SKIPPED = new Set(
  EXPECTED.ulp_sensitive.filter(([dataset]) => dataset === 'fg_b').map((cell) => cell.slice(1).join(' ')),
);

const rowsIn = (tables: readonly Table[]) => tables.flatMap((table) => rowsOf(table));
const instantOf = (text: unknown): unknown => (typeof text === 'string' ? Date.parse(text) : text);

/** Every number that is expected of a publication, and the same of what was published, by name. */
function cellsOf(ref: string, want: ExpectedPublication, got: Publication): { wanted: Cells; found: Cells } {
  const wanted: Cells = new Map();
  const found: Cells = new Map();
  for (const level of ['host', 'segment'] as const) {
    const key = level === 'host' ? 'host_ip' : 'segment_id';
    const rows = new Map(rowsIn(got[level]).map((row) => [row[key], row]));
    for (const [owner, statistics] of Object.entries(want[level])) {
      for (const [statistic, numbers] of Object.entries(statistics)) {
        numbers.forEach((number, i) => {
          const column = `${INPUT.metrics[i]}_${statistic}`;
          if (SKIPPED.has(`${ref} ${level} ${owner} ${column}`)) return;
          wanted.set(`${level} ${owner} ${column}`, number);
          found.set(`${level} ${owner} ${column}`, rows.get(owner)?.[column]);
        });
      }
    }
  }
  const segments = new Map(rowsIn(got.segment).map((row) => [row['segment_id'], row]));
  for (const [segment, count] of Object.entries(want.hosts_count)) {
    wanted.set(`hosts_count ${segment}`, count);
    found.set(`hosts_count ${segment}`, segments.get(segment)?.['hosts_count']);
  }
  const metadata = new Map(rowsIn(got.ipMetadata).map((row) => [row['host_ip'], row]));
  for (const [host, row] of Object.entries(want.ip_metadata)) {
    for (const [name, value] of Object.entries(row)) {
      // Known from where the rows lie.
      if (name === 'baseline_horizon') continue;
      wanted.set(`ip_metadata ${host} ${name}`, value);
      found.set(`ip_metadata ${host} ${name}`, metadata.get(host)?.[name]);
    }
  }
  return { wanted, found };
}

function pairCells(want: ExpectedPublication, got: Publication): { wanted: Cells; found: Cells } {
  const wanted: Cells = new Map();
  const found: Cells = new Map();
  for (const [owner, listed, tables] of [
    ['host_ip', want.pair_host ?? [], got.pairHost],
    ['segment_id', want.pair_segment ?? [], got.pairSegment],
  ] as const) {
    const names = ['pair_seen_count', 'pair_last_seen_ts', 'active_days', 'pair_daily_avg', 'pair_rarity_score'];
    const flags = ['is_new_pair_flag', 'is_rare_pair_flag'];
    const owners = new Set(listed.map(([text]) => text));
    for (const [text, dst, port, ...values] of listed) {
      [...names, ...flags].forEach((name, i) => {
        wanted.set(`${text} ${dst} ${port} ${name}`, instantOf(values[i]));
      });
    }
    for (const row of rowsIn(tables)) {
      if (!owners.has(String(row[owner]))) continue;
      const key = `${row[owner]} ${row['dst_ip']} ${row['dst_port']}`;
      for (const name of [...names, ...flags]) found.set(`${key} ${name}`, instantOf(row[name]));
    }
  }
  return { wanted, found };
}

function differences({ wanted, found }: { wanted: Cells; found: Cells }): string[] {
  const isClose = (want: unknown, got: unknown): boolean =>
    typeof want === 'number' && typeof got === 'number'
      ? Math.abs(want - got) <= 1e-9 * Math.max(1, Math.abs(want))
      : want === got;
  const names = [...new Set([...wanted.keys(), ...found.keys()])];
  return names
    .filter((name) => !isClose(wanted.get(name), found.get(name)))
    .map((name) => `${name}: want ${wanted.get(name)}, got ${found.get(name)}`);
}

const BINNINGS = {
  'in one bin': () => 0,
  'in a bin for each segment': (segment: string) => Number(segment.split('.')[2]),
};

describe.each(Object.entries(EXPECTED.fg_b))('the baselines of %s', (ref, want) => {
  it.each(Object.entries(BINNINGS))('are as expected, every cell, %s', (_, binning) => {
    const got = publish(want, binning);
    expect(got.rowsUsed).toBe(want.rows_used);
    expect(got.degraded).toBe(want.left_out_as_degraded);
    expect(got.weights).toEqual(want.capping_weights);
    expect(got.excused).toEqual(want.excused.toSorted());
    expect(rowsIn(got.ipMetadata)).toHaveLength(Object.keys(want.ip_metadata).length);
    expect(rowsIn(got.segment)).toHaveLength(Object.keys(want.hosts_count).length);
    const cells = cellsOf(ref, want, got);
    expect(differences(cells)).toEqual([]);
    const pairs = pairCells(want, got);
    expect(differences(pairs)).toEqual([]);
    expect([cells.wanted.size, pairs.wanted.size]).toEqual(COMPARED[ref]);
  });

  it('do not hang on the order of rows', () => {
    const got = publish(want, () => 0, (rows) => rows.toReversed());
    expect(got.weights).toEqual(want.capping_weights);
    expect(differences(cellsOf(ref, want, got))).toEqual([]);
  });
});

/** Cells that are compared: tables by host and segment with counts and metadata; pairs. */
const COMPARED: Readonly<Record<string, readonly [number, number]>> = {
  '2026-03-12T00:00:00Z': [13_552, 0],
  '2026-03-13T00:00:00Z': [67_103, 1_680],
};
