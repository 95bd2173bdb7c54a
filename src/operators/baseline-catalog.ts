import { hostBaselineSchema, PAIR_HOST_SCHEMA, segmentBaselineSchema } from './baseline-datasets.ts';
import { BASELINE_METRICS, type BaselineMetric, STATISTICS, type Statistic } from './baseline-metrics.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import { DEFAULT_DEVIATION_OPTIONS } from './deviation-metrics.ts';
import { fgCFeatures } from './fg-c-features.ts';
import { BEHAVIOUR_FEATURES, WINDOW_FEATURES } from './metrics.ts';
import type { Schema } from './table.ts';

/** What a statistic of a metric x is, over the rows of a host or segment in the horizon. */
export const STATISTIC_FORMULAS: Readonly<Record<Statistic, string>> = {
  median: 'weighted quantile 0.5 of x',
  p25: 'weighted quantile 0.25 of x',
  p75: 'weighted quantile 0.75 of x',
  p95: 'weighted quantile 0.95 of x',
  p99: 'weighted quantile 0.99 of x',
  mad: 'weighted quantile 0.5 of |x - median|',
  iqr: 'p75 - p25',
  support_count: 'count(rows with a value of x)',
  cold_start_flag: '1 if support_count < support_min else 0',
};

const PAIR_RARITY_FORMULAS: Readonly<Record<string, string>> = {
  pair_seen_count: 'sum(sessions_cnt of pair_counts) over the horizon',
  pair_last_seen_ts: 'max(event_ts of pair_counts) over the horizon',
  active_days: 'count(distinct UTC days with the pair)',
  pair_daily_avg: 'pair_seen_count / active_days',
  pair_rarity_score: '1 / (1 + pair_seen_count)',
  is_new_pair_flag: '1 if pair_seen_count = 0 else 0',
  is_rare_pair_flag: '1 if pair_rarity_score >= rarity_threshold else 0',
};
const PAIR_RARITY_UNITS: Readonly<Record<string, string>> = {
  pair_seen_count: 'count',
  pair_last_seen_ts: 'instant',
  active_days: 'days',
  pair_daily_avg: 'count',
  pair_rarity_score: 'score',
  is_new_pair_flag: 'flag',
  is_rare_pair_flag: 'flag',
};

const NAMES = BASELINE_METRICS.map(({ name }) => name);
const UNITS: ReadonlyMap<string, string> = new Map(
  [...WINDOW_FEATURES, ...BEHAVIOUR_FEATURES].map(({ name, unit }) => [name, unit]),
);

const statisticsOf = (
  level: 'host' | 'segment',
  schema: Schema,
  isIn: (metric: BaselineMetric) => boolean,
): CatalogEntry[] =>
  BASELINE_METRICS.filter(isIn).flatMap((metric) =>
    STATISTICS.map((statistic) => {
      const name = `${metric.name}_${statistic}`;
      const { type, doc, nullable } = schema[name]!;
      const isCount = statistic === 'support_count';
      return {
        group: metric.isBehaviour ? `fg_b_${level}_behaviour` : `fg_b_${level}`,
        ...{ name, doc, type, nullable: nullable === true },
        formula: `${STATISTIC_FORMULAS[statistic]}; x = ${metric.name}`,
        unit: isCount ? 'count' : statistic === 'cold_start_flag' ? 'flag' : UNITS.get(metric.name)!,
        dataset: `fg_b/${level}`,
        creator: 'operators/baseline-statistics',
        upstream: ['fg_a'],
        isModelInput: false,
        family: statistic,
      };
    }),
  );

const hostSchema = hostBaselineSchema(['host_ip', 'window_label'], NAMES);
const segmentSchema = segmentBaselineSchema(['host_ip', 'window_label'], NAMES);
const isBehaviour = (metric: BaselineMetric): boolean => metric.isBehaviour;
const isMetric = (metric: BaselineMetric): boolean => !metric.isBehaviour;

/** Where the columns of a group of FG-C come from. */
const UPSTREAM: Readonly<Record<string, readonly string[]>> = {
  fg_c_beacon: ['pair_context'],
  fg_c_pair: ['fg_a_pair_context', 'fg_b/pair/host', 'fg_b/pair/segment'],
};

/** The features of FG-B, of pair rarity and of FG-C under the default spec. */
export const BASELINE_CATALOG: readonly CatalogEntry[] = [
  ...statisticsOf('host', hostSchema, isMetric),
  ...statisticsOf('host', hostSchema, isBehaviour),
  ...statisticsOf('segment', segmentSchema, isMetric),
  ...statisticsOf('segment', segmentSchema, isBehaviour),
  ...Object.entries(PAIR_RARITY_FORMULAS).map(([name, formula]): CatalogEntry => {
    const { type, doc } = PAIR_HOST_SCHEMA[name]!;
    return {
      ...{ group: 'pair_rarity', name, formula, doc, type, unit: PAIR_RARITY_UNITS[name]!, nullable: false },
      ...{ dataset: 'fg_b/pair/host', creator: 'operators/rarity', upstream: ['pair_counts'] },
      ...{ isModelInput: false, family: 'rarity' },
    };
  }),
  ...fgCFeatures(DEFAULT_DEVIATION_OPTIONS).map(
    ({ name, group, type, nullable, unit, formula, doc, family, creator }): CatalogEntry => ({
      ...{ group, name, formula, doc, type, unit, family, creator, nullable: nullable === true },
      dataset: 'fg_c',
      upstream: UPSTREAM[group] ?? ['fg_a', 'fg_b/host', 'fg_b/segment', 'fg_b/ip_metadata'],
      isModelInput: group === 'fg_c',
    }),
  ),
];
