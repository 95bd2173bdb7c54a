import { z } from 'zod';
import { DELTA_METRICS, DELTA_OPERATORS, type DeltaOperator } from '../operators/delta-metrics.ts';
import type { FieldMapping, InputSpec, QualitySpec, RoleSpec, SliceTimeRule } from './batch-spec.ts';
import { timeZone } from './calendar-type.ts';
import { PRESET_NAMES, REQUIRED_FIELDS } from './canonical-fields.ts';
import { composeMapping, missingFromProjection, ownMapping, readTwice } from './field-mapping.ts';
import { idPattern } from './id-pattern.ts';
import { type PortSets, portSets } from './port-sets.ts';
import { output, prefix } from './prefix-types.ts';
import { roles } from './roles.ts';
import { ownKeys } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import {
  agreeing,
  agreeingWord,
  decimal,
  flag,
  listOf,
  oneOf,
  text,
  unused,
  wholeNumber,
  words,
} from './value-types.ts';

export interface DeltaBuilder {
  readonly input: InputSpec;
  readonly fieldMapping: FieldMapping;
  readonly dq: QualitySpec;
  readonly denyActions: readonly string[];
  readonly denyReasons: readonly string[];
  readonly vdiHostnamePrefixes: readonly string[];
  readonly portSetsLocation: string | null;
  readonly portSets: PortSets;
  readonly roles: readonly RoleSpec[];
  /** Each once, in the order of the table of operators. */
  readonly operators: readonly DeltaOperator[];
  readonly outputPrefix: string | undefined;
  readonly pairContextOutputPrefix: string | undefined;
}

const DENY_ACTIONS = ['drop', 'deny', 'drop-icmp', 'reset-client', 'reset-server', 'reset-both', 'block'];
const DENY_REASONS = ['policy-deny', 'threat'];
const THREAT_SUBTYPES = ['vulnerability', 'virus', 'spyware', 'wildfire-virus', 'ml-virus', 'flood', 'scan', 'packet'];
export const SLICE_TIME_RULES = [
  'auto',
  'id_pattern',
  'last_modified',
  'max_event_end',
] as const satisfies readonly SliceTimeRule[];

const input = z
  .strictObject({
    s3_prefix: prefix.optional(),
    format: agreeingWord(
      'input files hold one JSON object a line; leave it out',
      ...['json', 'jsonl', 'jsonlines', 'json_lines', 'json-lines', 'ndjson'],
    ),
    compression: agreeingWord(
      'files are read as gzip where their name ends in .gz, else as they are; leave it out',
      ...['gzip', 'gz', 'auto', 'infer', 'none'],
    ),
    schema_projection: listOf(text).optional(),
    field_mapping: ownMapping,
    preset: oneOf(...PRESET_NAMES).optional(),
    time_zone: timeZone.default('UTC'),
    slice_time: oneOf(...SLICE_TIME_RULES).optional(),
    id_pattern: idPattern.optional(),
    layout: agreeingWord('mini-batches are folders; leave it out', 'batch_folder'),
  })
  .transform((given, context) => {
    const fieldMapping = composeMapping(given.preset, given.field_mapping);
    for (const { field, other, source } of readTwice(fieldMapping)) {
      const message = `reads ${JSON.stringify(source)}, which ${other} reads; map each source field once`;
      context.addIssue({ code: 'custom', path: ['field_mapping', field], message });
    }
    const projection = given.schema_projection ?? [];
    const missing = projection.length === 0 ? [] : missingFromProjection(fieldMapping, projection, REQUIRED_FIELDS);
    if (missing.length > 0) {
      const message = `leaves out ${missing.join(', ')}, which the features need; add them, or leave it out`;
      context.addIssue({ code: 'custom', path: ['schema_projection'], message });
    }
    return { ...given, field_mapping: fieldMapping };
  })
  .prefault({});

const dq = z
  .strictObject({
    drop_malformed_ip: flag.default(true),
    filter_null_bytes_ports: flag.default(true),
    duration_non_negative: flag.default(true),
    bytes_non_negative: flag.default(true),
    max_session_days: wholeNumber(1, 366).default(30),
    threat_subtypes: words.default(THREAT_SUBTYPES),
    max_rejected_ratio: decimal(0, 1).default(0.5),
    emit_metrics: agreeing('every rule is always counted; leave it out', (raw) => raw === true),
  })
  .prefault({});

const operator = z.strictObject({
  type: oneOf(...DELTA_OPERATORS),
  // No operator has a parameter; a key in here is an unknown key.
  params: z.strictObject({}).optional(),
});

const DELTA_BUILDER = (where: SpecPlace) =>
  z.strictObject({
    ...ownKeys(where),
    input,
    dq,
    deny_actions: words.default(DENY_ACTIONS),
    deny_reasons: words.default(DENY_REASONS),
    enrichment: z
      .strictObject({
        vdi_hostname_prefixes: listOf(text).default([]),
        port_sets_location: prefix.optional(),
        port_sets: portSets.optional(),
      })
      .prefault({}),
    roles,
    operators: z.array(operator).default([]),
    output,
    pair_context_output: output,
    processing_image_uri: unused,
  });

/** Decodes the delta builder's spec; every part may be missing. */
export function decodeDeltaBuilder(payload: unknown, where: SpecPlace): Decoded<DeltaBuilder> {
  const { value: given, warnings } = decodePayload(DELTA_BUILDER(where), payload, placeOf(where));
  const listed = given.operators.map(({ type }) => type);
  return {
    warnings,
    value: {
      input: {
        s3Prefix: given.input.s3_prefix ?? null,
        timeZone: given.input.time_zone,
        sliceTime: given.input.slice_time ?? null,
        idPattern: given.input.id_pattern ?? null,
      },
      fieldMapping: given.input.field_mapping,
      dq: {
        dropMalformedIp: given.dq.drop_malformed_ip,
        filterNullBytesPorts: given.dq.filter_null_bytes_ports,
        durationNonNegative: given.dq.duration_non_negative,
        bytesNonNegative: given.dq.bytes_non_negative,
        maxSessionDays: given.dq.max_session_days,
        threatSubtypes: given.dq.threat_subtypes,
        maxRejectedRatio: given.dq.max_rejected_ratio,
      },
      denyActions: given.deny_actions,
      denyReasons: given.deny_reasons,
      vdiHostnamePrefixes: given.enrichment.vdi_hostname_prefixes,
      portSetsLocation: given.enrichment.port_sets_location ?? null,
      portSets: given.enrichment.port_sets ?? {},
      roles: given.roles,
      operators: DELTA_OPERATORS.filter((type) => listed.length === 0 || listed.includes(type)),
      outputPrefix: given.output.s3_prefix,
      pairContextOutputPrefix: given.pair_context_output.s3_prefix,
    },
  };
}

/**
 * Operators that FG-A is made of and a delta spec leaves out. FG-A merges the counts, sums and the peak per minute of
 * delta rows; its peer metrics come from pair context, and nothing of it from quantiles.
 */
export function operatorsLackingForFgA(operators: readonly DeltaOperator[]): DeltaOperator[] {
  const needed = new Set(DELTA_METRICS.filter(({ measure }) => !('over' in measure)).map((metric) => metric.operator));
  return DELTA_OPERATORS.filter((type) => needed.has(type) && !operators.includes(type));
}
