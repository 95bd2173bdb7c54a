/** A history, baselines of it, and mini-batches that are scored by them, through the commands, then judged. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { baselines } from '../../src/commands/baselines.ts';
import type { Horizon } from '../oracle/baselines-rows.ts';
import { openLab, writeRaw } from './backfill-lab.ts';
import { type BaselineExpectation, type JudgedHome, judgeBaselines } from './baseline-agreement.ts';
import { baselineSqlAgreement, type SqlAgreement } from './baseline-sql.ts';
import { baselineMiniBatches, FIRST_DAY, HOURS, RESOLVER, SCORED_DAY } from './baseline-traffic.ts';
import { runCommand, writeSpecs } from './command-run.ts';
import type { MiniBatch } from './mini-batch-folders.ts';

const DAY = 86_400_000;

export interface BaselineCourse {
  readonly history: readonly MiniBatch[];
  readonly scored: readonly MiniBatch[];
  readonly specs: Readonly<Record<string, unknown>>;
  /** The specs in the oracle's words. */
  readonly expectation: BaselineExpectation;
  /** Flags of each call of `ndr baselines` between the two. */
  readonly calls: readonly Readonly<Record<string, string>>[];
}

export interface CourseEnd {
  readonly home: string;
  readonly judged: JudgedHome;
  readonly sql: SqlAgreement;
  close(): void;
}

export async function runCourse(reader: DuckDBConnection, course: BaselineCourse): Promise<CourseEnd> {
  const lab = openLab(course.history);
  const home = lab.place('home');
  writeSpecs(home, course.specs);
  await lab.backfill(home);
  for (const flags of course.calls) {
    const made = await runCommand(baselines, { home, flags });
    if (made.code !== 0) throw new Error(`ndr baselines ended with ${made.code}: ${JSON.stringify(made)}`);
  }
  const today = lab.place('today');
  writeRaw(today, course.scored);
  await lab.backfill(home, { input: today });
  const scoredFrom = Math.min(...course.scored.map(({ sliceEnd }) => sliceEnd));
  const judged = await judgeBaselines(reader, home, { ...course.expectation, scoredFrom });
  return { home, judged, sql: await baselineSqlAgreement(reader, home, judged), close: lab.close };
}

/** The small office: nightly baselines of two nights, weekly ones of two weeks, and a night and a morning that are scored. */
export function officeCourse(
  seed: number,
  more: {
    readonly fgB?: Readonly<Record<string, unknown>>;
    readonly fgC?: Readonly<Record<string, unknown>>;
    readonly expectation?: Pick<BaselineExpectation, 'baseline' | 'deviation'>;
  } = {},
): BaselineCourse {
  const from = FIRST_DAY + SCORED_DAY * DAY;
  const all = baselineMiniBatches({ seed, start: FIRST_DAY, days: SCORED_DAY + 1, hours: HOURS });
  const day = (instant: number): string => new Date(instant).toISOString().slice(0, 10);
  const call = (horizon: Horizon, days: number) => ({
    ...{ horizon, mode: 'backfill', start: day(from - days * DAY), end: day(from + DAY) },
  });
  const gaps = { head_days: 1 };
  return {
    history: all.filter(({ sliceEnd }) => sliceEnd < from),
    scored: all.filter(({ sliceEnd }) => sliceEnd > from && sliceEnd < from + DAY / 2),
    specs: {
      project_parameters: { infrastructure: [`${RESOLVER}/32`] },
      delta_builder: { dq: { drop_malformed_ip: false } },
      fg_a_builder: { lookback30d: { min_days: 3 } },
      fg_b_builder: {
        safety_gaps: { '7d': gaps, '30d': gaps },
        support_min: { default: 12, new_peer_cnt_lookback30d_w_15m: 38 },
        support_min_days: 3,
        max_missing_ratio: 1,
        ...more.fgB,
      },
      fg_c_builder: { ...more.fgC },
    },
    expectation: {
      parameters: { infrastructure: [`${RESOLVER}/32`], dq: { drop_malformed_ip: false }, minDays: 3 },
      headDays: { '7d': 1, '30d': 1 },
      supportMinDays: { '7d': 3, '30d': 3 },
      deviation: more.expectation?.deviation ?? {},
      baseline: {
        supportMin: 12,
        supportMinByMetric: { new_peer_cnt_lookback30d_w_15m: 38 },
        ...more.expectation?.baseline,
      },
    },
    calls: [call('7d', 1), call('30d', 7)],
  };
}
