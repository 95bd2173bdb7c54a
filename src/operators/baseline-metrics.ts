import {
  BEHAVIOUR_WINDOWS,
  BEHAVIOURS,
  DIRECTIONS,
  FEATURE_COUNT,
  PREFIXES,
  WINDOW_METRICS,
  WINDOW_NAMES,
  type WindowName,
} from './metrics.ts';
import type { RoleName } from './role-rows.ts';

/** How much history stands behind a baseline. */
export type Horizon = '7d' | '30d';
export const HORIZONS: readonly Horizon[] = ['7d', '30d'];
export const HORIZON_DAYS: Readonly<Record<Horizon, number>> = { '7d': 7, '30d': 30 };

/** What a metric measures, which decides its floor and its transform. */
export type MetricKind = 'asymmetry' | 'entropy' | 'share' | 'bytes' | 'seconds' | 'count';

export interface BaselineMetric {
  /** The column: sessions_cnt_w_15m. */
  readonly name: string;
  /** Without prefix and window: sessions_cnt. */
  readonly base: string;
  readonly direction: RoleName;
  readonly window: WindowName;
  readonly kind: MetricKind;
  /** Compares with the 30-day lookback: a row of a young project or host has no value. */
  readonly readsLookback: boolean;
  readonly isBehaviour: boolean;
  /** Its place in a row of FG-A's features. */
  readonly place: number;
}

const SECONDS = new Set(['duration_sum', 'duration_mean']);
const BYTES = new Set(['bytes_src_sum', 'bytes_dst_sum', 'external_bytes_sent']);
const LOOKBACK = /_lookback30d$/;

/** The kind of a metric by its base name; flags count. */
export function kindOf(base: string): MetricKind {
  const name = base.replace(LOOKBACK, '');
  if (name === 'bytes_asymmetry_ratio') return 'asymmetry';
  if (name.endsWith('_entropy')) return 'entropy';
  if (name.endsWith('_share') || name.endsWith('_ratio')) return 'share';
  if (BYTES.has(name)) return 'bytes';
  return SECONDS.has(name) ? 'seconds' : 'count';
}

const windowMetrics = DIRECTIONS.flatMap((direction) =>
  WINDOW_NAMES.flatMap((window) =>
    WINDOW_METRICS.map(({ name, measure }) => ({
      name: `${PREFIXES[direction]}${name}_${window}`,
      base: name,
      direction,
      window,
      kind: kindOf(name),
      readsLookback: measure.is === 'novelty',
      isBehaviour: false,
    })),
  ),
);

const behaviours = BEHAVIOURS.flatMap(({ name, measure }) =>
  BEHAVIOUR_WINDOWS.map((window) => ({
    name: `${name}_${window}`,
    base: name,
    direction: 'outbound' as const,
    window,
    kind: kindOf(name),
    readsLookback: measure.is === 'new_to_project',
    isBehaviour: true,
  })),
);

/** The 496 metrics with a baseline, in the order of a row of FG-A's features. FG-B and FG-C are this list times theirs. */
export const BASELINE_METRICS: readonly BaselineMetric[] = [...windowMetrics, ...behaviours].map((metric, place) => ({
  ...metric,
  place,
}));
if (BASELINE_METRICS.length !== FEATURE_COUNT) throw new Error('a feature of FG-A has no baseline, or the reverse');

const byName = new Map(BASELINE_METRICS.map((metric) => [metric.name, metric]));

/** The metric of a column; undefined if it has no baseline. */
export const baselineMetricOf = (name: string): BaselineMetric | undefined => byName.get(name);

/** What FG-B says of each metric, `<metric>_<statistic>`, in this order. */
export const STATISTICS = [
  'median',
  'p25',
  'p75',
  'p95',
  'p99',
  'mad',
  'iqr',
  'support_count',
  'cold_start_flag',
] as const;
export type Statistic = (typeof STATISTICS)[number];

const FLOORS: Readonly<Record<MetricKind, number>> = {
  asymmetry: 1,
  entropy: 0.05,
  share: 0.05,
  bytes: 1_000,
  seconds: 1,
  count: 1,
};
/** The least deviation of a kind that counts as one: the floor of a scale, and what ratios add. */
export const floorOf = (kind: MetricKind): number => FLOORS[kind];

/** How values of a kind are bent before robust scores compare them; `floor` is the least scale after bending. */
export interface Transform {
  readonly is: 'identity' | 'log';
  /** `log`: ln(1 + x / per). */
  readonly per: number;
  readonly floor: number;
}
const LOG: Transform = { is: 'log', per: 1, floor: 0.35 };
const SHARE: Transform = { is: 'identity', per: 1, floor: 0.15 };
const TRANSFORMS: Readonly<Record<MetricKind, Transform>> = {
  asymmetry: SHARE,
  entropy: { is: 'identity', per: 1, floor: 0.35 },
  share: SHARE,
  bytes: { is: 'log', per: 1_000, floor: 0.35 },
  seconds: LOG,
  count: LOG,
};
export const transformOf = (kind: MetricKind): Transform => TRANSFORMS[kind];

/** t(x): NaN stays NaN. */
export const transformed = (x: number, { is, per }: Transform): number => (is === 'log' ? Math.log1p(x / per) : x);

/** x of t(x). */
export const untransformed = (t: number, { is, per }: Transform): number => (is === 'log' ? Math.expm1(t) * per : t);

/** The interquartile range of a normal distribution, in standard deviations. */
const IQR_OF_NORMAL = 1.349;

/** The scale that a robust score divides by, after bending: at least the kind's floor. */
export const transformedScale = (p25: number, p75: number, by: Transform): number =>
  Math.max((transformed(p75, by) - transformed(p25, by)) / IQR_OF_NORMAL, by.floor);
