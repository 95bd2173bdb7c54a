/** Baselines and deviations of a small office, through the commands, against the oracle: every value of every table. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CourseEnd, officeCourse, runCourse } from '../support/baseline-course.ts';
import { openReader } from '../support/committed-lake.ts';

let reader: DuckDBConnection;
let course: CourseEnd;

beforeAll(async () => {
  reader = await openReader();
  course = await runCourse(reader, officeCourse(1));
}, 900_000);
afterAll(() => {
  reader?.closeSync();
  course?.close();
});

describe('baselines and deviations', () => {
  it.each(['fg_b/host', 'fg_b/segment', 'fg_b/ip_metadata', 'fg_b/pair/host', 'fg_b/pair/segment', 'fg_c'])(
    '%s is what the oracle says, every value',
    (dataset) => {
      const { faults, rows, cells } = course.judged.agreement[dataset]!;
      expect(faults.slice(0, 40)).toEqual([]);
      expect(rows).toBeGreaterThan(20);
      expect(cells).toBeGreaterThan(500);
    },
  );

  it('agree with SQL: quantiles of hosts without a capped row, activity, sums of pairs', () => {
    const { hosts, pairs } = course.sql;
    expect([...hosts.faults, ...pairs.faults].slice(0, 20)).toEqual([]);
    expect(hosts.rows).toBeGreaterThan(80);
    expect(pairs.rows).toBeGreaterThan(2_000);
  });

  it('are of histories that meet every rule', () => {
    const { publications, history } = course.judged;
    expect(publications.map(({ horizon, ref }) => `${horizon} ${new Date(ref).toISOString().slice(0, 10)}`)).toEqual([
      '30d 2026-03-09',
      '30d 2026-03-16',
      '7d 2026-03-15',
      '7d 2026-03-16',
    ]);
    const newest = publications.at(-1)!.baseline;
    expect(newest.capped.size).toBeGreaterThan(0);
    expect(newest.excused.length).toBeGreaterThan(0);
    expect(newest.leftOutAsDegraded).toBeGreaterThan(0);
    const cold = [...newest.metadata].filter(([, { is_cold_start }]) => is_cold_start === 1).map(([host]) => host);
    expect(cold).toContain('10.1.2.30');
    expect(cold.length).toBeLessThan(newest.metadata.size / 2);
    const last = history.manifests.at(-1)!;
    expect(Object.keys(last.fallbacks)).toEqual(
      expect.arrayContaining(['cold_start', 'no_metadata', 'segment_small', 'segment_unseen', 'metric_from_segment']),
    );
    expect(last.baseline_refs.map((ref) => ref.split(' ')[0])).toEqual([
      '7d@2026-03-16T00:00:00Z',
      '30d@2026-03-16T00:00:00Z',
    ]);
  });
});
