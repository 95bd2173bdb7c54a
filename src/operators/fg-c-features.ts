import { baselineMetricOf, floorOf, transformOf } from './baseline-metrics.ts';
import { CADENCE_FORMULA } from './beacon-cadence.ts';
import { PRIOR_FORMULA } from './beacon-prior.ts';
import {
  BEHAVIOUR_INPUTS,
  type DeviationOptions,
  SCALE_FORMULA,
  TRANSFORMS,
  type Transform,
} from './deviation-metrics.ts';
import { BEHAVIOUR_FEATURES, WINDOW_FEATURES, type WindowFeature } from './metrics.ts';
import { metricNamed } from './statistic-rows.ts';
import { SUSPICION_NAMES, SUSPICIONS } from './suspicion.ts';
import type { ColumnType } from './table.ts';

export type FgCGroup =
  | 'fg_c'
  | 'fg_c_suspicion'
  | 'fg_c_behaviour'
  | 'fg_c_score'
  | 'fg_c_beacon'
  | 'fg_c_pair'
  | 'fg_c_context';

/** A column of FG-C that somebody may compute with. */
export interface FgCFeature {
  readonly name: string;
  readonly group: FgCGroup;
  readonly type: ColumnType;
  readonly nullable?: true;
  readonly unit: string;
  readonly formula: string;
  readonly doc: string;
  readonly family: string;
  /** Module that computes it. */
  readonly creator: string;
}

const FEATURES: ReadonlyMap<string, WindowFeature> = new Map(
  [...WINDOW_FEATURES, ...BEHAVIOUR_FEATURES].map((feature) => [feature.name, feature]),
);

/** What a column of FG-A means, to stand behind a colon. */
const meaningOf = (metric: string): string => FEATURES.get(metric)!.doc;
const unitOf = (metric: string): string => FEATURES.get(metric)!.unit;
/** A formula of x and f, said of a metric. */
const saidOf = (formula: string, metric: string): string =>
  formula.replaceAll(/\bx\b/g, metric).replaceAll(/\bf\b/g, `${floorOf(metricNamed(metric).kind)}`);

const UNITLESS: Readonly<Record<Transform, string | undefined>> = {
  diff: undefined,
  ratio: 'ratio',
  z_mad: 'scales',
  abs_dev_over_mad: 'scales',
  z_mad_clipped: 'scales',
  z_mad_signed_pow3: 'scales^3',
  log_ratio: 'nats',
};

const deviation = (metric: string, transform: Transform): FgCFeature => {
  const { formula, doc } = TRANSFORMS[transform];
  const scale = formula.includes('scale') || formula.includes('z_mad_clipped') ? `; ${SCALE_FORMULA}` : '';
  return {
    ...{ name: `${metric}_${transform}`, group: 'fg_c', type: 'double', family: transform },
    unit: UNITLESS[transform] ?? unitOf(metric),
    formula: saidOf(formula + scale, metric),
    doc: `${doc}: ${meaningOf(metric)}`,
    creator: 'operators/deviation-transforms',
  };
};

const suspicions = (metric: string): FgCFeature[] =>
  SUSPICION_NAMES.map((suspicion) => ({
    ...{ name: `${metric}_${suspicion}`, group: 'fg_c_suspicion', type: 'double', family: suspicion },
    unit: suspicion === 'excess_over_p95' ? unitOf(metric) : suspicion === 'iqr_dev' ? 'scales' : 'ratio',
    formula: saidOf(SUSPICIONS[suspicion].formula, metric),
    doc: `${SUSPICIONS[suspicion].doc}: ${meaningOf(metric)}`,
    creator: 'operators/suspicion',
  }));

const behaviours: readonly FgCFeature[] = BEHAVIOUR_INPUTS.flatMap(({ metric, family }) => {
  const { is, per, floor } = transformOf(baselineMetricOf(metric)!.kind);
  const bend = is === 'identity' ? 't(x) = x' : per === 1 ? 't(x) = ln(1 + x)' : `t(x) = ln(1 + x / ${per})`;
  const formula = `clip((t(x) - t(median)) / max((t(p75) - t(p25)) / 1.349, ${floor}), -8, 8); ${bend}`;
  const of = (prefix: string, whose: string): FgCFeature => ({
    ...{ name: `${prefix}_${metric}`, group: 'fg_c_behaviour', type: 'double', family, unit: 'scales' },
    formula: `${formula}; x = ${metric}`,
    doc: `Against ${whose}: ${meaningOf(metric)}`,
    creator: 'operators/behaviour-scores',
  });
  return [of('b', 'the chosen baseline'), of('bs', "the segment's baseline")];
});

const quoted = (names: readonly string[], prefix = ''): string => names.map((name) => prefix + name).join(', ');

const scores = ({ anomalyStrengthMetrics, exfil, lateralMetrics }: DeviationOptions): FgCFeature[] => {
  const score = (name: string, unit: string, formula: string, doc: string): FgCFeature => ({
    ...{ name, group: 'fg_c_score', type: 'double', unit, formula, doc, family: 'score' },
    creator: 'operators/deviations',
  });
  return [
    score(
      'anomaly_strength_core',
      'scales',
      `max(|z_mad_clipped|) of ${quoted(anomalyStrengthMetrics)}`,
      'Greatest distance of the core metrics.',
    ),
    score(
      'exfiltration_suspicion_score',
      'scales',
      `0 if ${exfil.minBytesOf} < ${exfil.minBytes}, else mean(max(0, v)) of v in ${quoted(exfil.metrics, 'b_')}`,
      'More is sent outside than usual.',
    ),
    score(
      'lateral_movement_score',
      'scales',
      `mean(max(0, v)) of v in ${quoted(lateralMetrics, 'b_')}`,
      'More internal hosts are contacted than usual.',
    ),
    {
      ...{ name: 'time_band_violation_flag', group: 'fg_c_score', type: 'int32', unit: 'flag', family: 'score' },
      formula: "1 if the row's time_band holds < 5 % of a warm host's baseline slices and active_days >= 5, else 0",
      doc: 'The host hardly ever works at such hours.',
      creator: 'operators/time-band',
    },
  ];
};

const beacon = (
  name: string,
  unit: string,
  formula: string,
  doc: string,
  type: ColumnType = 'double',
  nullable?: true,
): FgCFeature => ({
  ...{ name, group: 'fg_c_beacon', type, unit, formula, doc, family: 'beacon', creator: 'operators/beacon-rows' },
  ...(nullable && { nullable }),
});

const beacons: readonly FgCFeature[] = [
  beacon(
    'beacon_suspicion_score',
    'score',
    'min(1, max over outbound pairs of cadence * prior)',
    'How much the best pair looks like a beacon.',
  ),
  beacon('beacon_peer', 'address', 'peer_ip of the best pair', "The best pair's peer; empty: none.", 'string'),
  beacon('beacon_port', 'port', 'peer_port of the best pair', "The best pair's port; 0: none.", 'int32'),
  beacon(
    'beacon_interval_sec',
    'seconds',
    'median of the gaps between the starts of the best pair',
    'How often it calls; null: no candidate.',
    'double',
    true,
  ),
  beacon('beacon_cadence', 'score', CADENCE_FORMULA, 'Regularity of the best pair.'),
  beacon(
    'beacon_prior',
    'factor',
    PRIOR_FORMULA,
    'How likely such a pair is harmless: 1 is neutral, less is harmless.',
  ),
  beacon(
    'beacon_prevalence',
    'ratio',
    "share of the project's active hosts that contact the peer in 24 h",
    "How common the best pair's peer is.",
  ),
  beacon(
    'strobe_score',
    'score',
    'min(1, sessions of the busiest external (peer, port) in 24 h / 86400)',
    'A session a second is 1.',
  ),
  beacon(
    'long_session_hours',
    'hours',
    'max duration of outbound sessions to external peers that ended in 24 h',
    'Longest session.',
  ),
];

const pair = (name: string, unit: string, formula: string, doc: string, type: ColumnType): FgCFeature => ({
  ...{ name, group: 'fg_c_pair', type, unit, formula, doc, family: 'rarity', creator: 'operators/pair-deviations' },
  ...(name === 'pair_last_seen_ts' && { nullable: true }),
});

const pairs = ({ rarePairMetrics }: DeviationOptions): FgCFeature[] => [
  pair('pair_rarity_score', 'score', '1 / (1 + pair_seen_count)', "Rarity of the row's rarest pair.", 'double'),
  pair('pair_seen_count', 'count', 'sessions of the pair in the horizon', 'Sessions of the rarest pair.', 'int64'),
  pair('active_days', 'days', 'distinct UTC days with the pair', 'Days with the rarest pair.', 'int64'),
  pair('pair_daily_avg', 'count', 'pair_seen_count / active_days', 'Sessions a day with the rarest pair.', 'double'),
  pair(
    'pair_last_seen_ts',
    'instant',
    'newest slice_end_ts with the pair',
    'When the rarest pair was last seen; null: never.',
    'timestamp',
  ),
  pair('is_new_pair_flag', 'flag', '1 if pair_seen_count = 0 else 0', 'The rarest pair was never seen.', 'int32'),
  pair(
    'is_rare_pair_flag',
    'flag',
    '1 if pair_rarity_score >= rarity_threshold else 0',
    'The rarest pair is rare.',
    'int32',
  ),
  pair('rare_pair_flag', 'flag', '1 if any pair of the row is new or rare else 0', 'Any pair is new or rare.', 'int32'),
  pair(
    'pair_rarity_source',
    'text',
    'host, segment, unseen; none: no pair; missing: pair counts are switched off',
    'Where the rarity comes from.',
    'string',
  ),
  ...rarePairMetrics.map((metric) =>
    pair(
      `rare_pair_weighted_z_${metric}`,
      'scales',
      `pair_rarity_score * z_mad_clipped of ${metric}`,
      `Distance, by rarity of the rarest pair: ${meaningOf(metric)}`,
      'double',
    ),
  ),
];

const context: readonly FgCFeature[] = [
  {
    ...{ name: 'baseline_source', group: 'fg_c_context', type: 'string', unit: 'text', family: 'context' },
    formula: 'host if warm, else segment if it has segment_min_hosts hosts, else project',
    doc: 'Whose baseline the row is compared with.',
    creator: 'operators/baseline-choice',
  },
  {
    ...{ name: 'is_cold_start', group: 'fg_c_context', type: 'int32', unit: 'flag', family: 'context' },
    formula: '1 if the host has no full history, does not last, or is unknown, else 0',
    doc: 'The host has no baseline of its own.',
    creator: 'operators/baseline-choice',
  },
];

/** The columns of FG-C under a spec, behind those that say whose row it is, in their order. */
export function fgCFeatures(options: DeviationOptions): readonly FgCFeature[] {
  return [
    ...context,
    ...options.metrics.flatMap((metric) => options.transforms.map((transform) => deviation(metric, transform))),
    ...options.suspicionMetrics.flatMap(suspicions),
    ...behaviours,
    ...scores(options),
    ...beacons,
    ...pairs(options),
  ];
}
