/** The product's options for what the oracle is told: one set of parameters for both, no number shared. */

import type { ReaderOptions } from '../../src/operators/flow-reader.ts';
import type { SliceOptions } from '../../src/operators/slice-rows.ts';
import type { WindowOptions } from '../../src/operators/windows.ts';
import type { OracleMiniBatch } from '../oracle/oracle.ts';
import { type OracleParameters, settle } from '../oracle/parameters.ts';

export const QUARTER = 15 * 60_000;

const FIELDS = [
  'source_ip',
  'destination_ip',
  'source_port',
  'destination_port',
  'source_bytes',
  'destination_bytes',
  'event_start',
  'event_end',
  'event_action',
  'event_reason',
  'event_name',
  'event_subtype',
  'network_transport',
  'repeat_count',
  'duration',
] as const;

/** The sets that every project has; others take delta columns of their own. */
const USUAL_SETS = ['high_risk', 'admin', 'fileshare', 'directory', 'db'];

const outbound = {
  host: 'source',
  peer: 'destination',
  sent: 'sourceBytes',
  received: 'destinationBytes',
  port: 'destinationPort',
} as const;
const inbound = {
  host: 'destination',
  peer: 'source',
  sent: 'destinationBytes',
  received: 'sourceBytes',
  port: 'destinationPort',
} as const;
export const USUAL_ROLES: SliceOptions['roles'] = { outbound, inbound };

const qualityOf = (parameters: OracleParameters) => {
  const { dq } = settle(parameters);
  return {
    dropMalformedIp: dq.drop_malformed_ip,
    filterNullBytesPorts: dq.filter_null_bytes_ports,
    durationNonNegative: dq.duration_non_negative,
    bytesNonNegative: dq.bytes_non_negative,
    maxSessionDays: dq.max_session_days,
  };
};

export function readerOptionsFor(parameters: OracleParameters = {}): ReaderOptions {
  const { fieldMapping, denyActions, denyReasons, threatSubtypes, timeZone } = settle(parameters);
  const paths = FIELDS.map((field) => [field, (fieldMapping[field] ?? field).split('.')] as const);
  return {
    fieldMapping: Object.fromEntries(paths) as unknown as ReaderOptions['fieldMapping'],
    timeZone,
    vocabulary: { denyActions, denyReasons, threatSubtypes },
    quality: qualityOf(parameters),
    readsSourcePort: true,
  };
}

export function placesFor(parameters: OracleParameters = {}): WindowOptions['places'] {
  const { hostNetworks, highRiskSegments, segmentMapping } = settle(parameters);
  return {
    hostNetworks,
    highRiskSegments,
    segmentMapping: {
      prefixLength: segmentMapping.prefix_length ?? 24,
      ipv6PrefixLength: segmentMapping.ipv6_prefix_length ?? 64,
      networks: Object.entries(segmentMapping.networks ?? {}).flatMap(([name, cidrs]) =>
        [cidrs].flat().map((cidr) => ({ name, cidr })),
      ),
    },
  };
}

export function furtherSetsOf(parameters: OracleParameters): string[] {
  return [...settle(parameters).portSets.keys()].filter((set) => !USUAL_SETS.includes(set));
}

export function sliceOptionsFor(
  parameters: OracleParameters,
  { sliceEnd }: Pick<OracleMiniBatch, 'sliceEnd'>,
  shards: number,
): SliceOptions {
  const { portSets, pairCap } = settle(parameters);
  return {
    quality: qualityOf(parameters),
    portSets: Object.fromEntries([...portSets].map(([name, ports]) => [name, [...ports]])),
    furtherPortSets: furtherSetsOf(parameters),
    pairCap,
    slice: { start: sliceEnd - QUARTER, end: sliceEnd },
    shards,
    pairCounts: { requireIps: true, requirePort: true },
    places: placesFor(parameters),
    roles: USUAL_ROLES,
  };
}

export function windowOptionsFor(parameters: OracleParameters): WindowOptions {
  const { portSets } = settle(parameters);
  return { places: placesFor(parameters), adminPorts: [...portSets.get('admin')!, ...portSets.get('fileshare')!] };
}
