import { z } from 'zod';
import { HORIZONS, type Horizon } from '../operators/baseline-metrics.ts';
import {
  ANOMALY_STRENGTH_METRICS,
  DEFAULT_DEVIATION_OPTIONS,
  DEFAULT_TRANSFORMS,
  EXFIL_METRICS,
  LATERAL_METRICS,
  RARE_PAIR_METRICS,
  SUSPICION_METRICS,
  TRANSFORM_NAMES,
  type Transform,
} from '../operators/deviation-metrics.ts';
import type { SegmentMapping } from '../operators/segments.ts';
import { DAY_MS, HOUR_MS } from '../operators/time.ts';
import type { DeviationSpec, JoinKey } from './baseline-spec.ts';
import { horizons, joinKeys, metricColumns } from './baseline-types.ts';
import { readDataset } from './fg-a-builder.ts';
import { segmentMapping } from './network-types.ts';
import { outputBy } from './prefix-types.ts';
import { show } from './shown-value.ts';
import { ownKeys } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import { agreeing, decimal, flag, listOf, oneOf, unreadable, unused, value, wholeNumber } from './value-types.ts';

/** What the deviation builder's spec says; undefined: the baseline builder's, else the default, decides. */
export interface FgCBuilder {
  readonly horizons: readonly Horizon[];
  readonly require: DeviationSpec['require'];
  readonly effectDelayMs: number;
  readonly joinKeys: readonly JoinKey[] | undefined;
  readonly segmentMinHosts: number;
  readonly zMax: number;
  /** Added to the curated ones. */
  readonly metrics: readonly string[];
  readonly transforms: readonly Transform[];
  readonly suspicionMetrics: readonly string[];
  readonly rarePairMetrics: readonly string[];
  readonly anomalyStrengthMetrics: readonly string[];
  readonly exfil: { readonly metrics: readonly string[]; readonly minBytes: number };
  readonly lateralMetrics: readonly string[];
  readonly pairCountsEnabled: boolean | undefined;
  readonly segmentMapping: SegmentMapping | null;
  readonly fgAPrefix: string | undefined;
  readonly fgBPrefix: string | undefined;
  readonly pairContextPrefix: string | undefined;
  readonly outputPrefix: string | undefined;
}

const DEFAULTS = DEFAULT_DEVIATION_OPTIONS;
const DEFAULT_DELAY_HOURS = 6;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: HOUR_MS, d: DAY_MS };

/** A number counts hours. */
const delay: z.ZodType<number> = value('a time such as 6h or 90m', (raw) => {
  const match = /^(\d{1,6})\s*([mhd]?)$/.exec(String(raw).trim());
  if (match === null) return undefined;
  const ms = Number(match[1]) * UNITS[match[2] === '' ? 'h' : match[2]!]!;
  return ms <= 60 * DAY_MS ? ms : unreadable(`is ${show(raw)}; expected at most 60d`);
});

const required: z.ZodType<DeviationSpec['require']> = value('auto, true or false', (raw) => {
  const word = String(raw).trim().toLowerCase();
  if (word === 'auto') return 'auto';
  return word === 'true' || word === 'false' ? word === 'true' : undefined;
});

const sameWords = (words: readonly string[]) => (raw: unknown) =>
  Array.isArray(raw) && [...raw].sort().join() === [...words].sort().join();

/** The schema of the deviation builder's spec. */
export const fgCSchema = (where: SpecPlace) =>
  z
    .strictObject({
      ...ownKeys(where),
      fg_a_input: readDataset('fg_a'),
      fg_b_input: readDataset('fg_b'),
      pair_context_input: readDataset('fg_a_pair_context'),
      fg_c_output: outputBy('feature_spec_version', 'baseline_horizon', 'dt', 'hh', 'mm', 'batch'),
      horizons: horizons
        .optional()
        .meta({ doc: 'Horizons that rows are compared with.', usual: `\`${JSON.stringify(HORIZONS)}\`` }),
      horizons_published: horizons.optional().meta({ doc: 'The same, under another name.', usual: 'horizons' }),
      require_baselines: required.default('auto').meta({
        doc: 'Whether a mini-batch waits where there is no baseline; auto: from the first publication on.',
      }),
      baseline_effect_delay: delay.default(DEFAULT_DELAY_HOURS * HOUR_MS).meta({
        doc: 'How long after its reference instant a baseline takes effect; m, h or d behind the number, else hours.',
        usual: `\`${DEFAULT_DELAY_HOURS}h\``,
      }),
      join_keys: joinKeys
        .optional()
        .meta({ doc: "Must be the baseline builder's; leave it out.", usual: "the baseline builder's" }),
      segment_min_hosts: wholeNumber(1, 1_000_000)
        .default(DEFAULTS.segmentMinHosts)
        .meta({ doc: 'A segment of fewer hosts is no baseline; the project is taken.' }),
      z_max: decimal(0.001, 1_000_000).default(DEFAULTS.zMax).meta({ doc: 'Bound of z_mad_clipped, in scales.' }),
      metrics: metricColumns
        .default([])
        .meta({ doc: 'Metrics whose deviations are published beside the curated 440.' }),
      transforms: listOf(oneOf(...TRANSFORM_NAMES))
        .refine((list) => list.length > 0, `is empty; expected some of ${TRANSFORM_NAMES.join(', ')}`)
        .default(DEFAULT_TRANSFORMS)
        .meta({ doc: 'Transforms of deviations that are published.' }),
      suspicion_metrics: metricColumns.default(SUSPICION_METRICS).meta({ doc: 'Metrics with suspicion columns.' }),
      rare_pair_metrics: metricColumns
        .default(RARE_PAIR_METRICS)
        .meta({ doc: 'Metrics with rare_pair_weighted_z columns.' }),
      anomaly_strength_metrics: metricColumns
        .default(ANOMALY_STRENGTH_METRICS)
        .meta({ doc: 'Metrics of anomaly_strength_core.' }),
      exfiltration_metrics: metricColumns
        .default(EXFIL_METRICS)
        .meta({ doc: 'Metrics of exfiltration_suspicion_score.' }),
      exfil: z
        .strictObject({
          min_bytes: wholeNumber(0, Number.MAX_SAFE_INTEGER)
            .default(DEFAULTS.exfil.minBytes)
            .meta({ doc: `Bytes of ${DEFAULTS.exfil.minBytesOf} below which the score is 0.` }),
        })
        .prefault({})
        .meta({ doc: 'The exfiltration score.' }),
      lateral_movement_metrics: metricColumns
        .default(LATERAL_METRICS)
        .meta({ doc: 'Metrics of lateral_movement_score.' }),
      pair_counts: z
        .strictObject({
          enabled: flag.optional().meta({ doc: 'Columns of pairs are filled.', usual: "the baseline builder's" }),
          s3_prefix: unused,
        })
        .prefault({})
        .meta({ doc: 'Rarity of pairs.' }),
      segment_mapping: segmentMapping.optional(),
      eps: agreeing('ratios have a floor per kind of metric; leave it out', (raw) => Number(raw) === 1e-6),
      beacon_metrics: agreeing(
        'beacons are found from the starts of pairs; leave it out',
        sameWords(['max_sessions_per_minute', 'sessions_cnt']),
      ),
      processing_image_uri: unused,
    })
    .superRefine(({ horizons: seeds, horizons_published: own }, context) => {
      if (seeds === undefined || own === undefined || seeds.join() === own.join()) return;
      const message = `is ${seeds.join(', ')}, but horizons_published is ${own.join(', ')}; keep one`;
      context.addIssue({ code: 'custom', path: ['horizons'], message });
    });

/** Decodes the deviation builder's spec; every part may be missing. */
export function decodeFgCBuilder(payload: unknown, where: SpecPlace): Decoded<FgCBuilder> {
  const { value: given, warnings } = decodePayload(fgCSchema(where), payload, placeOf(where));
  return {
    warnings,
    value: {
      horizons: given.horizons_published ?? given.horizons ?? HORIZONS,
      require: given.require_baselines,
      effectDelayMs: given.baseline_effect_delay,
      joinKeys: given.join_keys,
      segmentMinHosts: given.segment_min_hosts,
      zMax: given.z_max,
      metrics: given.metrics,
      transforms: [...new Set(given.transforms)],
      suspicionMetrics: given.suspicion_metrics,
      rarePairMetrics: given.rare_pair_metrics,
      anomalyStrengthMetrics: given.anomaly_strength_metrics,
      exfil: { metrics: given.exfiltration_metrics, minBytes: given.exfil.min_bytes },
      lateralMetrics: given.lateral_movement_metrics,
      pairCountsEnabled: given.pair_counts.enabled,
      segmentMapping: given.segment_mapping ?? null,
      fgAPrefix: given.fg_a_input.s3_prefix,
      fgBPrefix: given.fg_b_input.s3_prefix,
      pairContextPrefix: given.pair_context_input.s3_prefix,
      outputPrefix: given.fg_c_output.s3_prefix,
    },
  };
}
