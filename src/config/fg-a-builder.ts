import { z } from 'zod';
import type { SegmentMapping } from '../operators/segments.ts';
import { segmentId, segmentMapping } from './network-types.ts';
import { output, prefix } from './prefix-types.ts';
import { ownKeys } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import { agreeing, listOf, unused, wholeNumber } from './value-types.ts';

/** What a spec says of the 30-day lookback; undefined: the next spec, else the default, decides. */
export interface GivenLookback {
  readonly minDays: number | undefined;
  readonly rareThresholds: {
    readonly peer: number | undefined;
    readonly port: number | undefined;
    readonly pair: number | undefined;
  };
}

export interface FgABuilder {
  readonly deltaPrefix: string | undefined;
  readonly pairContextInputPrefix: string | undefined;
  readonly outputPrefix: string | undefined;
  readonly pairContextOutputPrefix: string | undefined;
  readonly lookback: GivenLookback;
  readonly highRiskSegments: readonly string[] | null;
  readonly segmentMapping: SegmentMapping | null;
}

/** Days of history without which nothing is new or rare. */
export const DEFAULT_MIN_DAYS = 7;
export const DEFAULT_RARE_THRESHOLD = 1;

const threshold = (doc: string) =>
  wholeNumber(0, 1_000_000)
    .optional()
    .meta({ doc, usual: `\`${DEFAULT_RARE_THRESHOLD}\`` });

export const lookback30d = z
  .strictObject({
    min_days: wholeNumber(0, 30)
      .optional()
      .meta({ doc: 'Days of history without which nothing is new or rare.', usual: `\`${DEFAULT_MIN_DAYS}\`` }),
    rare_thresholds: z
      .strictObject({
        peer: threshold('Sessions with a peer in the lookback up to which it is rare.'),
        port: threshold('Sessions to a port in the lookback up to which it is rare.'),
        pair: threshold('Kept for pairs; no column reads it.'),
      })
      .prefault({})
      .meta({ doc: 'What is rare.' }),
    s3_prefix: unused,
  })
  .transform(
    ({ min_days, rare_thresholds: { peer, port, pair } }): GivenLookback => ({
      minDays: min_days,
      rareThresholds: { peer, port, pair },
    }),
  );

/** What a spec says of another dataset that its job reads: it must be where that one is written. */
export const readDataset = (dataset: string) =>
  z
    .strictObject({
      s3_prefix: prefix.optional().meta({ doc: `Where ${dataset} lies; must be where it is written.` }),
      format: unused,
      dataset: unused,
    })
    .prefault({})
    .meta({ doc: `Input ${dataset}; leave it out.` });

export const highRiskSegments = listOf(segmentId).optional();

/** The schema of the FG-A builder's spec. */
export const fgASchema = (where: SpecPlace) =>
  z
    .strictObject({
      ...ownKeys(where),
      delta_input: readDataset('delta'),
      delta_s3_prefix: prefix.optional().meta({ doc: 'The same as delta_input.s3_prefix.' }),
      pair_context_input: readDataset('pair_context'),
      fg_a_output: output,
      output_s3_prefix: prefix.optional().meta({ doc: 'The same as fg_a_output.s3_prefix.' }),
      pair_context_output: output,
      lookback30d: lookback30d.prefault({}).meta({ doc: 'The 30-day lookback; wins over project_parameters.' }),
      high_risk_segments: highRiskSegments.meta({
        doc: 'Segments whose peers count as high-risk; wins over project_parameters.',
        usual: '`[]`',
      }),
      segment_mapping: segmentMapping.optional(),
      allow_missing_mini_batch_id_column: agreeing(
        'every row carries its mini_batch_id; leave it out',
        (raw) => raw === false,
      ),
      processing_image_uri: unused,
    })
    .superRefine((given, context) => {
      const twice = (key: string, long: string | undefined, short: string | undefined, name: string): void => {
        if (long === undefined || short === undefined || long === short) return;
        context.addIssue({ code: 'custom', path: [key], message: `is "${short}", but ${name} is "${long}"; keep one` });
      };
      twice('delta_s3_prefix', given.delta_input.s3_prefix, given.delta_s3_prefix, 'delta_input.s3_prefix');
      twice('output_s3_prefix', given.fg_a_output.s3_prefix, given.output_s3_prefix, 'fg_a_output.s3_prefix');
    });

/** Decodes the FG-A builder's spec; every part may be missing. */
export function decodeFgABuilder(payload: unknown, where: SpecPlace): Decoded<FgABuilder> {
  const { value: given, warnings } = decodePayload(fgASchema(where), payload, placeOf(where));
  return {
    warnings,
    value: {
      deltaPrefix: given.delta_input.s3_prefix ?? given.delta_s3_prefix,
      pairContextInputPrefix: given.pair_context_input.s3_prefix,
      outputPrefix: given.fg_a_output.s3_prefix ?? given.output_s3_prefix,
      pairContextOutputPrefix: given.pair_context_output.s3_prefix,
      lookback: given.lookback30d,
      highRiskSegments: given.high_risk_segments ?? null,
      segmentMapping: given.segment_mapping ?? null,
    },
  };
}
