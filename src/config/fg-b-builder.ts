import { z } from 'zod';
import { HORIZON_DAYS, HORIZONS, type Horizon } from '../operators/baseline-metrics.ts';
import type { SegmentMapping } from '../operators/segments.ts';
import type { JoinKey } from './baseline-spec.ts';
import { DEFAULT_JOIN_KEYS, horizons, joinKeys, metricColumn, metricColumns } from './baseline-types.ts';
import { readDataset } from './fg-a-builder.ts';
import { MAPPING_POINTER } from './machine-inventory.ts';
import { segmentMapping } from './network-types.ts';
import { outputBy, prefix } from './prefix-types.ts';
import { ownKeys } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import { agreeing, agreeingWord, decimal, flag, listOf, text, textLike, unused, wholeNumber } from './value-types.ts';

type ByHorizon<T> = Readonly<Record<Horizon, T>>;

/** The builder's own settings, defaults filled in; null and undefined: another spec, else the default, decides. */
export interface FgBBuilder {
  readonly horizons: readonly Horizon[];
  readonly headDays: ByHorizon<number>;
  readonly joinKeys: readonly JoinKey[] | undefined;
  readonly supportMin: { readonly default: number; readonly byMetric: Readonly<Record<string, number>> };
  readonly supportMinDays: ByHorizon<number>;
  /** undefined: all. */
  readonly metrics: readonly string[] | undefined;
  readonly requiredMetrics: readonly string[];
  readonly capping: { readonly keyMetrics: readonly string[]; readonly zMax: number; readonly wAnom: number };
  readonly maxGroupRows: number;
  readonly pairCounts: {
    readonly enabled: boolean;
    readonly rarityThreshold: number;
    readonly prefix: string | undefined;
  };
  readonly maxMissingRatio: number;
  /** Union of the builder's own lists, as written. */
  readonly nonPersistentPrefixes: readonly string[];
  readonly mapping: {
    /** True: the spec asks for machine names. */
    readonly stated: boolean;
    readonly pointerKey: string;
    readonly ipColumn: string | undefined;
    readonly nameColumn: string | undefined;
    readonly contractVersion: string | undefined;
  };
  readonly segmentMapping: SegmentMapping | null;
  readonly fgAPrefix: string | undefined;
  readonly outputPrefix: string | undefined;
}

const DEFAULT_HEAD_DAYS: ByHorizon<number> = { '7d': 2, '30d': 7 };
const DEFAULT_SUPPORT_MIN = 50;
const DEFAULT_SUPPORT_DAYS: ByHorizon<number> = { '7d': 3, '30d': 10 };
const DEFAULT_REQUIRED_METRICS: readonly string[] = ['sessions_cnt_w_15m'];
const DEFAULT_KEY_METRICS = [
  'sessions_cnt_w_15m',
  'bytes_src_sum_w_15m',
  'bytes_dst_sum_w_15m',
  'deny_ratio_w_15m',
  'peer_ip_nunique_w_15m',
  'high_risk_port_sessions_cnt_w_15m',
  'max_sessions_per_minute_w_15m',
];

const gap = (days: number) =>
  z
    .strictObject({
      head_days: wholeNumber(0, 60)
        .default(days)
        .meta({ doc: 'Days left out between the end of the history and the reference instant.' }),
      tail_days: agreeing('a baseline has the full length of its horizon; leave it out', (raw) => Number(raw) === 0),
    })
    .prefault({})
    .meta({ doc: 'Gap of the horizon.' });

const rows = wholeNumber(1, 1_000_000);
/** A number for every metric, or numbers by metric and `default`. */
const supportMin = z.preprocess(
  (raw) => (typeof raw === 'number' || typeof raw === 'string' ? { default: raw } : raw),
  z
    .record(z.string(), rows)
    .superRefine((given, context) => {
      for (const name of Object.keys(given)) {
        const { error } = name === 'default' ? { error: undefined } : metricColumn.safeParse(name);
        if (error) context.addIssue({ code: 'custom', path: [name], message: error.issues[0]!.message });
      }
    })
    .transform(({ default: least = DEFAULT_SUPPORT_MIN, ...byMetric }) => ({ default: least, byMetric })),
);

const days = (horizon: Horizon) =>
  wholeNumber(1, HORIZON_DAYS[horizon]).default(DEFAULT_SUPPORT_DAYS[horizon]).meta({ doc: 'Days of that horizon.' });
const supportMinDays = z.preprocess(
  (raw) =>
    typeof raw === 'number' || typeof raw === 'string'
      ? Object.fromEntries(HORIZONS.map((horizon) => [horizon, raw]))
      : raw,
  z.strictObject({ '7d': days('7d'), '30d': days('30d') }),
);

const names = listOf(text)
  .default([])
  .meta({ doc: 'Beginnings of names of machines that are set up anew every day; all such lists count.' });

/** The schema of the baseline builder's spec. */
export const fgBSchema = (where: SpecPlace) =>
  z.strictObject({
    ...ownKeys(where),
    horizons: horizons.default(HORIZONS).meta({ doc: 'Baselines that are made where the call names none.' }),
    fg_a_input: readDataset('fg_a'),
    fg_a_layout: agreeingWord('FG-A is one wide row per host; leave it out', 'auto', 'wide'),
    fg_b_output: outputBy('feature_spec_version', 'baseline_horizon', 'baseline_month', 'ref'),
    safety_gaps: z
      .strictObject({ '7d': gap(DEFAULT_HEAD_DAYS['7d']), '30d': gap(DEFAULT_HEAD_DAYS['30d']) })
      .prefault({})
      .meta({ doc: 'Days left out before the reference instant, so that an attack does not teach its own baseline.' }),
    anomaly_capping: z
      .strictObject({
        key_metrics: metricColumns.default(DEFAULT_KEY_METRICS).meta({ doc: 'Metrics by which a row is judged.' }),
        z_max: decimal(0, 1_000_000).default(6).meta({ doc: 'Scales from the median beyond which a row is odd.' }),
        w_anom: decimal(0.000_001, 1).default(0.1).meta({ doc: 'Weight of an odd row; others weigh 1.' }),
      })
      .prefault({})
      .meta({ doc: "Odd rows weigh less in a host's baseline, unless they recur at the same hour on three days." }),
    support_min: supportMin.prefault({}).meta({
      doc: 'Rows with a value that make a metric warm: one number, or numbers by metric and `default`.',
      usual: `\`${DEFAULT_SUPPORT_MIN}\``,
    }),
    support_min_days: supportMinDays.prefault({}).meta({
      doc: 'UTC days with values of the required metrics that make a history full; one number stands for both horizons.',
    }),
    baseline_metrics: metricColumns
      .optional()
      .meta({ doc: 'Metrics that get baselines; none named: all.', usual: 'all' }),
    baseline_required_metrics: metricColumns
      .default(DEFAULT_REQUIRED_METRICS)
      .meta({ doc: 'Metrics that a host must have for a baseline of its own; none named: the default.' }),
    max_group_rows: wholeNumber(1_000, 100_000_000)
      .default(2_000_000)
      .meta({ doc: 'A segment, or the project, of more rows is sampled down to about so many.' }),
    max_missing_ratio: decimal(0, 1)
      .default(0.2)
      .meta({ doc: 'Share of the slices of the history that may lack a commit; with more, no baseline is made.' }),
    join_keys: joinKeys.optional().meta({
      doc: 'What baselines are keyed by; with time_band, working and other hours have baselines of their own.',
      usual: `\`${JSON.stringify(DEFAULT_JOIN_KEYS)}\``,
    }),
    time_band_values: agreeing(
      'the bands are working_hours and off_hours; leave it out',
      (raw) => Array.isArray(raw) && [...raw].sort().join() === 'off_hours,working_hours',
    ),
    pair_counts: z
      .strictObject({
        enabled: flag.default(true).meta({ doc: 'Tables of pairs are made.' }),
        s3_prefix: prefix.optional().meta({ doc: 'Where pair_counts lies; must be where it is written.' }),
        rarity_threshold: decimal(0, 1)
          .default(0.5)
          .meta({ doc: 'pair_rarity_score, 1 / (1 + sessions), from which a pair is rare.' }),
      })
      .prefault({})
      .meta({ doc: 'Rarity of pairs.' }),
    ip_machine_mapping: z
      .strictObject({
        s3_prefix_key: textLike('a key of project_parameters', /^[a-z][a-z0-9_]{0,63}$/)
          .default(MAPPING_POINTER)
          .meta({ doc: 'Key of project_parameters that points to the newest snapshot.' }),
        ip_column: text.optional().meta({ doc: 'Column of the address.', usual: 'that of machine_inventory_unload' }),
        machine_name_column: text
          .optional()
          .meta({ doc: 'Column of the name.', usual: 'that of machine_inventory_unload' }),
        contract_version: text
          .optional()
          .meta({ doc: 'Contract that a snapshot must name.', usual: 'that of machine_inventory_unload' }),
      })
      .optional()
      .meta({ doc: 'Names of machines. With it, or a pointer in project_parameters, a snapshot is read.' }),
    non_persistent_machine_prefixes: names,
    enrichment: z.strictObject({ vdi_hostname_prefixes: names }).prefault({}).meta({ doc: 'As in the delta builder.' }),
    vdi_hostname_prefixes: names,
    segment_mapping: segmentMapping.optional(),
    processing_image_uri: unused,
  });

/** Decodes the baseline builder's spec; every part may be missing. */
export function decodeFgBBuilder(payload: unknown, where: SpecPlace): Decoded<FgBBuilder> {
  const { value: given, warnings } = decodePayload(fgBSchema(where), payload, placeOf(where));
  const gaps = given.safety_gaps;
  const capping = given.anomaly_capping;
  const pairs = given.pair_counts;
  const mapping = given.ip_machine_mapping;
  return {
    warnings,
    value: {
      horizons: given.horizons,
      headDays: { '7d': gaps['7d'].head_days, '30d': gaps['30d'].head_days },
      joinKeys: given.join_keys,
      supportMin: given.support_min,
      supportMinDays: given.support_min_days,
      metrics: namedOr(given.baseline_metrics, undefined),
      requiredMetrics: namedOr(given.baseline_required_metrics, DEFAULT_REQUIRED_METRICS),
      capping: { keyMetrics: capping.key_metrics, zMax: capping.z_max, wAnom: capping.w_anom },
      maxGroupRows: given.max_group_rows,
      pairCounts: { enabled: pairs.enabled, rarityThreshold: pairs.rarity_threshold, prefix: pairs.s3_prefix },
      maxMissingRatio: given.max_missing_ratio,
      nonPersistentPrefixes: [
        ...given.non_persistent_machine_prefixes,
        ...given.enrichment.vdi_hostname_prefixes,
        ...given.vdi_hostname_prefixes,
      ],
      mapping: {
        stated: mapping !== undefined,
        pointerKey: mapping?.s3_prefix_key ?? MAPPING_POINTER,
        ipColumn: mapping?.ip_column,
        nameColumn: mapping?.machine_name_column,
        contractVersion: mapping?.contract_version,
      },
      segmentMapping: given.segment_mapping ?? null,
      fgAPrefix: given.fg_a_input.s3_prefix,
      outputPrefix: given.fg_b_output.s3_prefix,
    },
  };
}

/** An empty list names none: without a required metric no host would ever be cold. */
const namedOr = <T>(names: readonly string[] | undefined, usual: T): readonly string[] | T =>
  names === undefined || names.length === 0 ? usual : names;
