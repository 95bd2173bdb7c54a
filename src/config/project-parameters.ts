import { z } from 'zod';
import type { SegmentMapping } from '../operators/segments.ts';
import type { CalendarSpec, ProjectDefaults } from './batch-spec.ts';
import { calendar } from './calendar-type.ts';
import { type GivenLookback, highRiskSegments, lookback30d } from './fg-a-builder.ts';
import { MAPPING_POINTER } from './machine-inventory.ts';
import { networks, segmentMapping } from './network-types.ts';
import { ownKeys, projectName } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import { agreeing, unused, value, wholeNumber } from './value-types.ts';

const DEFAULT_HOST_NETWORKS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
];
const DEFAULT_FLOOR_MINUTES = [8, 23, 38, 53];
const DEFAULT_PAIR_CAP = 65_536;

export interface ProjectParameters {
  readonly hostNetworks: readonly string[];
  readonly infrastructure: readonly string[];
  readonly calendar: CalendarSpec;
  /** null: neither this nor another spec says. */
  readonly segmentMapping: SegmentMapping | null;
  readonly highRiskSegments: readonly string[] | null;
  readonly lookback: GivenLookback;
  readonly windowFloorMinutes: readonly number[];
  readonly pairCap: number;
  readonly mlProjectName: string | null;
  readonly defaults: ProjectDefaults;
  /** Where the names of machines lie; null: no pointer. */
  readonly mappingPointer: string | null;
}

const floorMinutes: z.ZodType<readonly number[]> = value(
  'four minutes of the hour, 15 apart, such as [8,23,38,53]',
  (raw) => {
    if (!Array.isArray(raw) || raw.length !== 4) return undefined;
    const minutes = raw.map(Number).sort((a, b) => a - b);
    const first = minutes[0]!;
    const fits = Number.isInteger(first) && first >= 0 && minutes.every((minute, i) => minute === first + 15 * i);
    return fits && first < 15 ? minutes : undefined;
  },
);

/** A value that deployments fill in by hand: `<required:...>` and `REPLACE_ME` say that nobody did. */
const filledIn: z.ZodType<string | null> = value('text', (raw) => {
  if (typeof raw !== 'string') return undefined;
  return /<[^>]*>|REPLACE_ME/.test(raw) ? null : raw.trim();
});
const hint = (doc: string) => filledIn.default(null).meta({ doc, usual: 'unset' });

/** The minute field of a cron expression, `a-59/15` or `a/15`, fires at the slice ends if it starts at the first. */
function firesAt(cron: unknown, first: number): boolean {
  const match = typeof cron === 'string' ? /^(\d{1,2})(?:-59)?\/15(\s+\*){3,}/.exec(cron.trim()) : null;
  return match !== null && Number(match[1]) === first;
}

const KEPT = 'For other systems.';

const defaults = z
  .strictObject({
    ProjectName: hint(KEPT),
    FeatureSpecVersion: hint('Version where neither the notification, the route nor the setting names one.'),
    MlProjectName: hint('The same as ml_project_name, which wins.'),
    Org1: hint(KEPT),
    Org2: hint(KEPT),
    VendorPrefix: hint(KEPT),
    IngestionBasePrefix: hint(KEPT),
    MiniBatchS3Prefix: hint(KEPT),
    HistoricalInputS3Prefix: hint(KEPT),
    HistoricalWindowsOutputS3Prefix: hint(KEPT),
    WindowFloorMinutes: floorMinutes
      .default(DEFAULT_FLOOR_MINUTES)
      .meta({ doc: 'Minutes of the hour, UTC, at which slices end.' }),
    WindowCronExpression: z
      .unknown()
      .optional()
      .meta({ doc: 'Cron expression of other systems; must fire at WindowFloorMinutes.' }),
    MiniBatchId: unused,
    BatchStartTsIso: unused,
    BatchEndTsIso: unused,
    ReferenceMonth: unused,
    ExecutionTsIso: unused,
    RequestedFamilies: unused,
    RunId: unused,
    LockTtlEpoch: unused,
    StartTs: unused,
    EndTs: unused,
    TrainingStartTs: unused,
    TrainingEndTs: unused,
    EvalStartTs: unused,
    EvalEndTs: unused,
    Mode: unused,
  })
  .superRefine((given, context) => {
    const first = given.WindowFloorMinutes[0]!;
    const cron = given.WindowCronExpression;
    if (cron === undefined || firesAt(cron, first)) return;
    const message = `is ${JSON.stringify(cron)}, which does not fire at WindowFloorMinutes; expected ${first}-59/15 * * * ? *`;
    context.addIssue({ code: 'custom', path: ['WindowCronExpression'], message });
  })
  .prefault({})
  .meta({ doc: 'What holds where neither the notification nor the route says.' });

/** The schema of the project's parameters. */
export const projectParametersSchema = (where: SpecPlace, pointerKey = MAPPING_POINTER) =>
  z.strictObject({
    ...ownKeys(where),
    host_networks: networks
      .refine((list) => list.length > 0, 'is empty; no address would be a host')
      .default(DEFAULT_HOST_NETWORKS)
      .meta({ doc: 'Monitored networks: addresses inside are hosts, and internal.' }),
    infrastructure: networks
      .default([])
      .meta({ doc: 'Resolvers, time servers, proxies, scanners and the like: they make clockwork ports harmless.' }),
    calendar: calendar.prefault({}).meta({ doc: "The project's week." }),
    segment_mapping: segmentMapping.optional(),
    high_risk_segments: highRiskSegments.meta({ doc: 'Segments whose peers count as high-risk.', usual: '`[]`' }),
    lookback30d: lookback30d.prefault({}).meta({ doc: 'The 30-day lookback of FG-A.' }),
    pair_cap: wholeNumber(1, 16_777_216).default(DEFAULT_PAIR_CAP).meta({
      doc: 'Pair rows kept per host, role and slice, those of most sessions; a row of FG-A says where it acted.',
    }),
    ml_project_name: projectName
      .optional()
      .meta({ doc: 'Name that predictions will carry as ml_project; nothing reads it yet.', usual: 'the project' }),
    defaults,
    // Read by the parts that come after the features.
    ml_project_names: unused,
    // The pointer's usual key stays known where a spec names another.
    [MAPPING_POINTER]: unused,
    [pointerKey]: z
      .unknown()
      .optional()
      .meta({ doc: 'Where the newest snapshot of machine names lies; jobs move it.' }),
    ip_machine_mapping_previous_s3_prefix: unused,
    ip_machine_mapping_pointer_updated_for_month: unused,
    orchestration_targets: unused,
    backfill_redshift_fallback: unused,
    validation: unused,
    data_source_name: agreeing(
      'it must be the name of the project; leave it out',
      (raw) => where.project === undefined || raw === where.project,
    ),
  });

/** Decodes the project's own parameters; every part may be missing. `pointerKey`: under which the pointer stands. */
export function decodeProjectParameters(
  payload: unknown,
  where: SpecPlace,
  pointerKey = MAPPING_POINTER,
): Decoded<ProjectParameters> {
  const { value: given, warnings } = decodePayload(projectParametersSchema(where, pointerKey), payload, placeOf(where));
  const pointer = (given as Readonly<Record<string, unknown>>)[pointerKey];
  const hints = given.defaults;
  return {
    warnings,
    value: {
      hostNetworks: given.host_networks,
      infrastructure: given.infrastructure,
      calendar: given.calendar,
      segmentMapping: given.segment_mapping ?? null,
      highRiskSegments: given.high_risk_segments ?? null,
      lookback: given.lookback30d,
      windowFloorMinutes: hints.WindowFloorMinutes,
      pairCap: given.pair_cap,
      mlProjectName: given.ml_project_name ?? null,
      mappingPointer:
        pointer === undefined ? null : typeof pointer === 'string' ? pointer.trim() : JSON.stringify(pointer),
      defaults: {
        projectName: hints.ProjectName,
        featureSpecVersion: hints.FeatureSpecVersion,
        mlProjectName: hints.MlProjectName,
        org1: hints.Org1,
        org2: hints.Org2,
        vendorPrefix: hints.VendorPrefix,
        ingestionBasePrefix: hints.IngestionBasePrefix,
        miniBatchS3Prefix: hints.MiniBatchS3Prefix,
        historicalInputS3Prefix: hints.HistoricalInputS3Prefix,
        historicalWindowsOutputS3Prefix: hints.HistoricalWindowsOutputS3Prefix,
      },
    },
  };
}
