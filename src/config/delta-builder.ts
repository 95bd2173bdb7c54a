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
    s3_prefix: prefix.optional().meta({
      doc: 'Where raw logs lie, for other systems; folders are named by notifications, routes and --input.',
    }),
    format: agreeingWord(
      'input files hold one JSON object a line; leave it out',
      ...['json', 'jsonl', 'jsonlines', 'json_lines', 'json-lines', 'ndjson'],
    ),
    compression: agreeingWord(
      'files are read as gzip where their name ends in .gz, else as they are; leave it out',
      ...['gzip', 'gz', 'auto', 'infer', 'none'],
    ),
    schema_projection: listOf(text).optional().meta({
      doc: 'Source columns that the logs are cut down to. Only looked at: the required fields must be among them.',
    }),
    field_mapping: ownMapping,
    preset: oneOf(...PRESET_NAMES)
      .optional()
      .meta({ doc: 'Names of a known product, for what field_mapping leaves out.' }),
    time_zone: timeZone.default('UTC').meta({ doc: 'Zone of times in the logs that name none.' }),
    slice_time: oneOf(...SLICE_TIME_RULES)
      .optional()
      .meta({
        doc: 'What settles the slice of a mini-batch that nothing announced.',
        usual: 'setting `input.slice_time`',
      }),
    id_pattern: idPattern
      .optional()
      .meta({ doc: "Time, UTC, in the name of a mini-batch's folder.", usual: 'setting `input.id_pattern`' }),
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
  .prefault({})
  .meta({ doc: 'How raw logs are read.' });

const dq = z
  .strictObject({
    drop_malformed_ip: flag.default(true).meta({ doc: 'Lines without both addresses are rejected.' }),
    filter_null_bytes_ports: flag
      .default(true)
      .meta({ doc: 'TRAFFIC lines that have neither bytes nor ports are rejected.' }),
    duration_non_negative: flag.default(true).meta({ doc: 'A session that ends before it began takes 0 seconds.' }),
    bytes_non_negative: flag.default(true).meta({ doc: 'Negative byte counts are read as absent.' }),
    max_session_days: wholeNumber(1, 366)
      .default(30)
      .meta({ doc: 'Days before the slice beyond which a time is read as absent.' }),
    threat_subtypes: words.default(THREAT_SUBTYPES).meta({ doc: 'Subtypes of THREAT records that count.' }),
    max_rejected_ratio: decimal(0, 1)
      .default(0.5)
      .meta({ doc: 'Share of rejected lines above which a mini-batch of 100 lines or more fails.' }),
    emit_metrics: agreeing('every rule is always counted; leave it out', (raw) => raw === true),
  })
  .prefault({})
  .meta({ doc: 'Rules of data quality.' });

const operator = z.strictObject({
  type: oneOf(...DELTA_OPERATORS).meta({ doc: 'Name of the operator.' }),
  // A key in here is an unknown key.
  params: z.strictObject({}).optional().meta({ doc: 'No operator has a parameter.' }),
});

/** The schema of the delta builder's spec. */
export const deltaBuilderSchema = (where: SpecPlace) =>
  z.strictObject({
    ...ownKeys(where),
    input,
    dq,
    deny_actions: words
      .default(DENY_ACTIONS)
      .meta({ doc: 'Values of event_action that say that a session was denied.' }),
    deny_reasons: words.default(DENY_REASONS).meta({ doc: 'Values of event_reason that say so, whatever the action.' }),
    enrichment: z
      .strictObject({
        vdi_hostname_prefixes: listOf(text)
          .default([])
          .meta({ doc: 'Beginnings of names of machines that are set up anew every day: no baseline of their own.' }),
        port_sets_location: prefix.optional().meta({ doc: 'JSON document of port sets, in the form of port_sets.' }),
        port_sets: portSets.optional().meta({
          doc: 'Ports by set; each set replaces the whole one of that name, others are added.',
          usual: 'below',
        }),
      })
      .prefault({})
      .meta({ doc: 'What is known beside the logs.' }),
    roles,
    operators: z
      .array(operator)
      .default([])
      .meta({ doc: 'Parts of a delta row; FG-A needs all but quantiles and peer_distribution.', usual: 'all' }),
    output,
    pair_context_output: output,
    processing_image_uri: unused,
  });

/** Decodes the delta builder's spec; every part may be missing. */
export function decodeDeltaBuilder(payload: unknown, where: SpecPlace): Decoded<DeltaBuilder> {
  const { value: given, warnings } = decodePayload(deltaBuilderSchema(where), payload, placeOf(where));
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
