import { z } from 'zod';
import type { SegmentMapping } from '../operators/segments.ts';
import type { PairCountsSpec } from './batch-spec.ts';
import { type OwnMapping, ownMapping } from './field-mapping.ts';
import { segmentMapping } from './network-types.ts';
import { output, prefix } from './prefix-types.ts';
import { ownKeys } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import { agreeingWord, flag, unused } from './value-types.ts';

export interface PairCountsBuilder {
  readonly trafficPrefix: string | undefined;
  /** Must agree with the delta builder's mapping: the flows are read once. */
  readonly fieldMapping: OwnMapping;
  readonly filters: PairCountsSpec;
  readonly segmentMapping: SegmentMapping | null;
  readonly outputPrefix: string | undefined;
}

/** The schema of the pair-counts builder's spec. */
export const pairCountsSchema = (where: SpecPlace) =>
  z.strictObject({
    ...ownKeys(where),
    traffic_input: z
      .strictObject({
        s3_prefix: prefix.optional().meta({ doc: "Where raw logs lie; must be the delta builder's." }),
        layout: agreeingWord('mini-batches are folders; leave it out', 'batch_folder'),
        field_mapping: ownMapping.meta({
          doc: "Must agree with the delta builder's: flows are read once. Leave it out.",
        }),
        format: unused,
        compression: unused,
      })
      .prefault({})
      .meta({ doc: 'Input; leave it out.' }),
    pair_counts_output: output,
    filters: z
      .strictObject({
        require_nonnull_ips: flag.default(true).meta({ doc: 'Sessions without both addresses are not counted.' }),
        require_destination_port: flag
          .default(true)
          .meta({ doc: 'Sessions without a destination port above 0 are not counted.' }),
      })
      .prefault({})
      .meta({ doc: 'What is counted.' }),
    segment_mapping: segmentMapping.optional(),
    processing_image_uri: unused,
  });

/** Decodes the pair-counts builder's spec; every part may be missing. */
export function decodePairCountsBuilder(payload: unknown, where: SpecPlace): Decoded<PairCountsBuilder> {
  const { value: given, warnings } = decodePayload(pairCountsSchema(where), payload, placeOf(where));
  return {
    warnings,
    value: {
      trafficPrefix: given.traffic_input.s3_prefix,
      fieldMapping: given.traffic_input.field_mapping ?? {},
      filters: {
        requireNonnullIps: given.filters.require_nonnull_ips,
        requireDestinationPort: given.filters.require_destination_port,
      },
      segmentMapping: given.segment_mapping ?? null,
      outputPrefix: given.pair_counts_output.s3_prefix,
    },
  };
}
