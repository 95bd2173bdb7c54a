import type { DeltaOperator } from '../operators/delta-metrics.ts';
import type { SegmentMapping } from '../operators/segments.ts';
import type { BaselineSpec, DeviationSpec } from './baseline-spec.ts';
import type { CanonicalField } from './canonical-fields.ts';

/**
 * Everything the way of a mini-batch needs to know of a project's specs, decoded, defaulted and frozen.
 * Plain data (numbers, strings, arrays), so that it can be posted to a worker thread as it is.
 */
export interface BatchSpec {
  readonly project: string;
  readonly featureSpecVersion: string;
  readonly mlProjectName: string;
  /** CIDRs: addresses inside are hosts and internal. */
  readonly hostNetworks: readonly string[];
  /** CIDRs (an address is written as its /32 or /128) of resolvers, proxies, scanners and the like. */
  readonly infrastructure: readonly string[];
  readonly segmentMapping: SegmentMapping;
  readonly calendar: CalendarSpec;
  /** Four minutes of the hour, ascending, 15 apart: where slices end. */
  readonly windowFloorMinutes: readonly number[];
  /** Pair rows kept per (host, role, slice). */
  readonly pairCap: number;
  readonly input: InputSpec;
  /** Canonical field -> keys that lead to it in a raw record. Every canonical field is listed, in one order. */
  readonly fieldMapping: FieldMapping;
  readonly dq: QualitySpec;
  /** Lower-case values. */
  readonly denyActions: readonly string[];
  /** Lower-case values. */
  readonly denyReasons: readonly string[];
  /** Set name, lower case (`high_risk`) -> ports, ascending. The five of the contract first, further ones by name. */
  readonly portSets: Readonly<Record<string, readonly number[]>>;
  readonly vdiHostnamePrefixes: readonly string[];
  readonly roles: readonly RoleSpec[];
  readonly operators: readonly DeltaOperator[];
  readonly fgA: FgASpec;
  readonly pairCounts: PairCountsSpec;
  readonly baselines: BaselineSpec;
  readonly deviation: DeviationSpec;
  /** Root of each dataset, its name appended, no slash at the end; null: `<lake>/<project>/<dataset>`. */
  readonly outputs: Readonly<Record<OutputDataset, string | null>>;
  /** Fall-backs of the project, for what neither the notification nor the route says. */
  readonly defaults: ProjectDefaults;
  /** Job name -> sha256 hex of the canonical JSON of its payload (`{}` where the project has none). */
  readonly digests: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Half-open: start <= hour < end. */
export type HourRange = readonly [start: number, end: number];

export interface CalendarSpec {
  /** IANA name. */
  readonly timeZone: string;
  readonly workingHours: HourRange;
  readonly offHours: HourRange;
  /** Days of the week, 0 = Sunday .. 6 = Saturday, ascending. */
  readonly weekend: readonly number[];
  /** `YYYY-MM-DD`, ascending. */
  readonly holidays: readonly string[];
}

export type SliceTimeRule = 'auto' | 'id_pattern' | 'last_modified' | 'max_event_end';

export interface InputSpec {
  readonly s3Prefix: string | null;
  /** Zone of times that name none; IANA. */
  readonly timeZone: string;
  /** null: the setting `input.slice_time` decides. */
  readonly sliceTime: SliceTimeRule | null;
  /** null: the setting `input.id_pattern` decides. */
  readonly idPattern: string | null;
}

/** Keys from the record's root to the value: `['source', 'ip']` reads `record.source.ip`. */
export type SourcePath = readonly string[];

export type FieldMapping = Readonly<Record<CanonicalField, SourcePath>>;

export interface QualitySpec {
  readonly dropMalformedIp: boolean;
  readonly filterNullBytesPorts: boolean;
  readonly durationNonNegative: boolean;
  readonly bytesNonNegative: boolean;
  readonly maxSessionDays: number;
  /** Lower-case values. */
  readonly threatSubtypes: readonly string[];
  /** 0..1; acts on mini-batches of 100 lines and more. */
  readonly maxRejectedRatio: number;
}

export type RoleName = 'outbound' | 'inbound';

export interface RoleSpec {
  readonly name: RoleName;
  readonly hostIp: 'source_ip' | 'destination_ip';
  readonly peerIp: 'source_ip' | 'destination_ip';
  readonly bytesSent: 'source_bytes' | 'destination_bytes';
  readonly bytesRecv: 'source_bytes' | 'destination_bytes';
  readonly peerPort: 'source_port' | 'destination_port';
}

export interface FgASpec {
  /** False where the delta spec leaves out an operator FG-A is made of (only without an fg_a_builder spec). */
  readonly enabled: boolean;
  /** Segment ids: CIDRs in canonical form, or names of the segment mapping's networks. */
  readonly highRiskSegments: readonly string[];
  readonly lookbackMinDays: number;
  readonly rareThresholds: { readonly peer: number; readonly port: number; readonly pair: number };
}

export interface PairCountsSpec {
  readonly requireNonnullIps: boolean;
  readonly requireDestinationPort: boolean;
}

export type OutputDataset = 'delta' | 'pair_context' | 'pair_counts' | 'fg_a' | 'fg_a_pair_context' | 'fg_b' | 'fg_c';

/** `defaults` of project_parameters; null where absent or still a placeholder. */
export interface ProjectDefaults {
  readonly projectName: string | null;
  readonly featureSpecVersion: string | null;
  readonly mlProjectName: string | null;
  readonly org1: string | null;
  readonly org2: string | null;
  readonly vendorPrefix: string | null;
  readonly ingestionBasePrefix: string | null;
  readonly miniBatchS3Prefix: string | null;
  readonly historicalInputS3Prefix: string | null;
  readonly historicalWindowsOutputS3Prefix: string | null;
}
