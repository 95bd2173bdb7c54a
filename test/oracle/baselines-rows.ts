/** Rows that a baseline is made of, and what it is told. */

import type { Statistics } from './baselines-statistics.ts';
import { describeInstant } from './calendar.ts';
import { type OracleCalendar, settle } from './parameters.ts';
import { DAY, wallClock } from './times.ts';

export interface BaselineRow {
  readonly host: string;
  readonly segment: string;
  /** Epoch ms. */
  readonly sliceEnd: number;
  readonly miniBatchId: string;
  readonly timeBand: string;
  readonly isDegraded: boolean;
  readonly lookbackDays: number;
  readonly hostAgeDays: number;
  /** In the order of the parameters' metrics. */
  readonly values: ArrayLike<number>;
}

export type Horizon = '7d' | '30d';

export interface BaselineOptions {
  readonly horizon: Horizon;
  /** Names of `values`. */
  readonly metrics: readonly string[];
  readonly headDays?: number;
  /** Whether groups are of one time band each. */
  readonly byTimeBand?: boolean;
  readonly supportMin?: number;
  readonly supportMinByMetric?: Readonly<Record<string, number>>;
  readonly supportMinDays?: number;
  readonly requiredMetrics?: readonly string[];
  readonly keyMetrics?: readonly string[];
  readonly zMax?: number;
  readonly anomalousWeight?: number;
  readonly maxGroupRows?: number;
  readonly rarityThreshold?: number;
  readonly minDays?: number;
  readonly prefixes?: readonly string[];
  /** Names of machines by address; absent where there is no inventory. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly calendar?: OracleCalendar;
}

export interface BaselineSettings extends Required<BaselineOptions> {
  readonly calendar: Required<OracleCalendar>;
}

export function settleBaseline(options: BaselineOptions): BaselineSettings {
  const isWeek = options.horizon === '7d';
  return {
    headDays: isWeek ? 2 : 7,
    byTimeBand: false,
    supportMin: 50,
    supportMinByMetric: {},
    supportMinDays: isWeek ? 3 : 10,
    requiredMetrics: ['sessions_cnt_w_15m'],
    keyMetrics: [
      'sessions_cnt_w_15m',
      'bytes_src_sum_w_15m',
      'bytes_dst_sum_w_15m',
      'deny_ratio_w_15m',
      'peer_ip_nunique_w_15m',
      'high_risk_port_sessions_cnt_w_15m',
      'max_sessions_per_minute_w_15m',
    ],
    zMax: 6,
    anomalousWeight: 0.1,
    maxGroupRows: 2_000_000,
    rarityThreshold: 0.5,
    minDays: 7,
    prefixes: [],
    names: {},
    ...options,
    calendar: settle({ ...(options.calendar === undefined ? {} : { calendar: options.calendar }) }).calendar,
  };
}

export const supportMinOf = (metric: string, { supportMin, supportMinByMetric }: BaselineSettings): number =>
  supportMinByMetric[metric] ?? supportMin;

/** [start, end) of the history behind a reference instant. */
export function spanOf(ref: number, { horizon, headDays }: BaselineSettings): { start: number; end: number } {
  const end = ref - headDays * DAY;
  return { start: end - (horizon === '7d' ? 7 : 30) * DAY, end };
}

export interface WallTime {
  readonly day: string;
  readonly hour: number;
}

export function wallTimeOf(instant: number, { time_zone }: Required<OracleCalendar>): WallTime {
  const { year, month, day, hour } = wallClock(instant, time_zone);
  return { day: `${year}-${month}-${day}`, hour };
}

export const utcDayOf = (instant: number): number => Math.floor(instant / DAY);

export const timeBandOf = (instant: number, calendar: Required<OracleCalendar>): string =>
  String(describeInstant(instant, calendar)['time_band']);

/** Statistics of one metric each, by its name. */
export type MetricStatistics = ReadonlyMap<string, Statistics>;

export interface SegmentGroup {
  readonly hostsCount: number;
  readonly sampleRate: number;
  readonly statistics: MetricStatistics;
}

export interface HostMetadata {
  readonly is_full_history: number;
  readonly is_non_persistent_machine: number;
  readonly is_cold_start: number;
  readonly machine_name: string | null;
  readonly active_slices: number;
  readonly active_days: number;
  readonly active_working_share: number;
}
