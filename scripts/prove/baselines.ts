/** Every value of baselines and deviations against the naive oracle, and against SQL where SQL can tell, under several specs. */

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Horizon } from '../../test/oracle/baselines-rows.ts';
import { CAPTURE_FIELD_MAPPING } from '../../test/oracle/captures.ts';
import type { Transform } from '../../test/oracle/deviations.ts';
import { type BaselineCourse, officeCourse, runCourse } from '../../test/support/baseline-course.ts';
import { openReader } from '../../test/support/committed-lake.ts';
import type { Capture } from './capture-runs.ts';
import { count, type Section, table, totals } from './evidence.ts';

const TRANSFORMS: readonly Transform[] = [
  'diff',
  'ratio',
  'z_mad',
  'abs_dev_over_mad',
  'z_mad_clipped',
  'z_mad_signed_pow3',
  'log_ratio',
];
/** Captures shorter than this have no past to speak of. */
const LEAST_SLICES = 8;

interface NamedCourse {
  readonly name: string;
  readonly course: BaselineCourse;
}

/** @param captures may be none: then only generated traffic is judged. */
export async function proveBaselines(
  { seed, captures }: { readonly seed: number; readonly captures: readonly Capture[] },
  say: (line: string) => void,
): Promise<Section> {
  const reader = await openReader();
  const faults: string[] = [];
  const rows: (string | number)[][] = [];
  let capped = 0;
  for (const { name, course } of [...officeCourses(seed), ...captures.flatMap(captureCourse)]) {
    say(`${name}: ${course.history.length} mini-batches of history, ${course.scored.length} scored`);
    const judged = await judgedCourse(reader, course);
    faults.push(...judged.faults.map((fault) => `${name}: ${fault}`));
    capped += judged.capped;
    rows.push([name, ...judged.numbers]);
  }
  reader.closeSync();
  if (rows.length > 1) rows.push(totals(rows));
  const header = ['history', 'publications', 'fg_b rows', 'fg_b cells', 'fg_c rows', 'fg_c cells', 'cells by SQL'];
  return {
    faults,
    lines: [
      'A history through `ndr backfill`, its baselines by `ndr baselines`, then mini-batches scored by them. Read back with DuckDB.',
      '',
      '- *fg_b*: host, segment (with `*`), ip_metadata and both pair tables of every publication, *fg_c* every column of every row and',
      '  horizon, against a row-at-a-time oracle that imports nothing from the program and reads published FG-A, pair counts and pair',
      '  context: capping, weights, fall-backs, beacons included. Numbers to 1e-9, relative from 1 on, counts and text exactly.',
      `- *by SQL*: quantiles, MAD, support and activity of hosts without a capped row (${count(capped)} hosts with one are left to the oracle), and sums of all pairs.`,
      '- The generated office meets every rule: hosts that are cold, unseen, capped, excused, of unseen prefixes, young, inside and outside',
      '  infrastructure. The second course keys baselines by time band, with all seven transforms; the third pools few rows and samples.',
      '- A capture is split in half: baselines as at the middle, no safety gap and no delay, score the second half.',
      '',
      ...table(header, rows),
    ],
  };
}

async function judgedCourse(reader: DuckDBConnection, course: BaselineCourse) {
  const end = await runCourse(reader, course);
  const { agreement, publications } = end.judged;
  const tables = Object.entries(agreement).filter(([dataset]) => dataset !== 'fg_c');
  const sum = (of: 'rows' | 'cells'): number => tables.reduce((total, [, own]) => total + own[of], 0);
  const { hosts, pairs } = end.sql;
  const fgC = agreement['fg_c']!;
  end.close();
  const isEmpty = publications.length === 0 || fgC.rows === 0;
  return {
    faults: [
      ...(isEmpty ? [`${publications.length} publications and ${fgC.rows} rows of fg_c: nothing was judged`] : []),
      ...Object.entries(agreement).flatMap(([dataset, own]) => own.faults.map((fault) => `${dataset}: ${fault}`)),
      ...[...hosts.faults, ...pairs.faults].map((fault) => `SQL: ${fault}`),
    ],
    capped: hosts.capped,
    numbers: [publications.length, sum('rows'), sum('cells'), fgC.rows, fgC.cells, hosts.cells + pairs.cells],
  };
}

function officeCourses(seed: number): NamedCourse[] {
  return [
    { name: 'office', course: officeCourse(seed) },
    {
      name: 'office by time band',
      course: officeCourse(seed + 1, {
        fgB: { join_keys: ['host_ip', 'window_label', 'time_band'], pair_counts: { rarity_threshold: 0.2 } },
        fgC: { transforms: TRANSFORMS, segment_min_hosts: 4, z_max: 3, exfil: { min_bytes: 1_000_000 } },
        expectation: {
          baseline: { byTimeBand: true, rarityThreshold: 0.2 },
          deviation: {
            transforms: TRANSFORMS,
            segmentMinHosts: 4,
            zMax: 3,
            exfiltrationMinBytes: 1_000_000,
          },
        },
      }),
    },
    {
      name: 'office, pooled',
      course: officeCourse(seed + 2, {
        fgB: { support_min: 45, max_group_rows: 1_000, anomaly_capping: { z_max: 3, w_anom: 0.25 } },
        fgC: { segment_min_hosts: 1 },
        expectation: {
          baseline: { supportMin: 45, supportMinByMetric: {}, maxGroupRows: 1_000, zMax: 3, anomalousWeight: 0.25 },
          deviation: { segmentMinHosts: 1 },
        },
      }),
    },
  ];
}

function captureCourse({ name, miniBatches }: Capture): NamedCourse[] {
  if (miniBatches.length < LEAST_SLICES) return [];
  const middle = miniBatches.length >> 1;
  const ref = new Date(miniBatches[middle]!.sliceEnd).toISOString();
  const gaps = { head_days: 0 };
  const none: Readonly<Record<Horizon, number>> = { '7d': 0, '30d': 0 };
  const [supportMin, supportMinDays] = [8, 1];
  return [
    {
      name,
      course: {
        history: miniBatches.slice(0, middle),
        scored: miniBatches.slice(middle),
        specs: {
          delta_builder: { input: { field_mapping: CAPTURE_FIELD_MAPPING } },
          fg_a_builder: { lookback30d: { min_days: 0 } },
          fg_b_builder: {
            ...{ safety_gaps: { '7d': gaps, '30d': gaps }, max_missing_ratio: 1 },
            ...{ support_min: supportMin, support_min_days: supportMinDays },
          },
          fg_c_builder: { baseline_effect_delay: '0h' },
        },
        expectation: {
          parameters: { fieldMapping: CAPTURE_FIELD_MAPPING, minDays: 0 },
          baseline: { supportMin },
          headDays: none,
          supportMinDays: { '7d': supportMinDays, '30d': supportMinDays },
          effectDelayMs: 0,
        },
        calls: [{ ref, horizon: 'both' }],
      },
    },
  ];
}
