/**
 * What the oracle may be told, and the defaults that it falls back to.
 *
 * The oracle is an independent judge: nothing here comes from the product's own tables, so a wrong number there cannot
 * be wrong here too.
 */

export interface OracleSegmentMapping {
  readonly strategy: 'ipv4_prefix' | 'cidr_map';
  readonly prefix_length?: number;
  readonly ipv6_prefix_length?: number;
  /** Only for `cidr_map`: name → its network, or its networks, in CIDR form. */
  readonly networks?: Readonly<Record<string, string | readonly string[]>>;
}

export interface OracleCalendar {
  readonly time_zone?: string;
  /** [first hour, first hour after). */
  readonly working_hours?: readonly [number, number];
  readonly off_hours?: readonly [number, number];
  /** English day names; three letters are enough. */
  readonly weekend?: readonly string[];
  /** YYYY-MM-DD, in `time_zone`. */
  readonly holidays?: readonly string[];
}

export interface OracleQuality {
  readonly drop_malformed_ip?: boolean;
  readonly filter_null_bytes_ports?: boolean;
  readonly duration_non_negative?: boolean;
  readonly bytes_non_negative?: boolean;
  readonly max_session_days?: number;
  readonly max_rejected_ratio?: number;
}

export interface OracleParameters {
  /** Canonical field → the source's name for it; dots reach into nested objects. */
  readonly fieldMapping?: Readonly<Record<string, string>>;
  readonly hostNetworks?: readonly string[];
  readonly infrastructure?: readonly string[];
  readonly segmentMapping?: OracleSegmentMapping;
  /** Set name → ports or "first-last". Named sets replace the default of that name, others are added. */
  readonly portSets?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly highRiskSegments?: readonly string[];
  readonly calendar?: OracleCalendar;
  readonly denyActions?: readonly string[];
  readonly denyReasons?: readonly string[];
  readonly threatSubtypes?: readonly string[];
  readonly dq?: OracleQuality;
  /** The zone of times that name none. */
  readonly timeZone?: string;
  readonly minDays?: number;
  readonly rareThresholds?: { readonly peer?: number; readonly port?: number };
  /** false: everything that looks further back than 24 hours is 0. */
  readonly novelty?: boolean;
  readonly pairCap?: number;
}

export interface Settings {
  readonly fieldMapping: Readonly<Record<string, string>>;
  readonly hostNetworks: readonly string[];
  readonly segmentMapping: OracleSegmentMapping;
  /** Lower-case set name → its ports. */
  readonly portSets: ReadonlyMap<string, ReadonlySet<number>>;
  readonly highRiskSegments: readonly string[];
  readonly calendar: Required<OracleCalendar>;
  readonly denyActions: readonly string[];
  readonly denyReasons: readonly string[];
  readonly threatSubtypes: readonly string[];
  readonly dq: Required<OracleQuality>;
  readonly timeZone: string;
  readonly minDays: number;
  readonly rareThresholds: { readonly peer: number; readonly port: number };
  readonly novelty: boolean;
  readonly pairCap: number;
}

const DEFAULT_HOST_NETWORKS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
];

const DEFAULT_PORT_SETS: Readonly<Record<string, readonly (number | string)[]>> = {
  high_risk: [
    21,
    23,
    69,
    135,
    '137-139',
    445,
    '512-514',
    1080,
    1433,
    2323,
    3389,
    4444,
    5555,
    '5900-5903',
    '6660-6669',
    9001,
  ],
  admin: [22, 23, 135, 3389, '5900-5903', 5985, 5986],
  fileshare: [20, 21, 111, '137-139', 445, 548, 873, 2049],
  directory: [88, 389, 464, 636, 3268, 3269],
  db: [1433, 1434, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 27017],
};

const DEFAULT_DENY_ACTIONS = ['drop', 'deny', 'drop-icmp', 'reset-client', 'reset-server', 'reset-both', 'block'];
const DEFAULT_DENY_REASONS = ['policy-deny', 'threat'];
const DEFAULT_THREAT_SUBTYPES = [
  'vulnerability',
  'virus',
  'spyware',
  'wildfire-virus',
  'ml-virus',
  'flood',
  'scan',
  'packet',
];

/** Fill in every default, so that the rest of the oracle never asks what is missing. */
export function settle(parameters: OracleParameters): Settings {
  return {
    fieldMapping: parameters.fieldMapping ?? {},
    hostNetworks: parameters.hostNetworks ?? DEFAULT_HOST_NETWORKS,
    segmentMapping: parameters.segmentMapping ?? { strategy: 'ipv4_prefix' },
    portSets: readPortSets(parameters.portSets ?? {}),
    highRiskSegments: parameters.highRiskSegments ?? [],
    calendar: {
      time_zone: 'UTC',
      working_hours: [7, 17],
      off_hours: [17, 22],
      weekend: ['Sat', 'Sun'],
      holidays: [],
      ...parameters.calendar,
    },
    denyActions: lowerAll(parameters.denyActions ?? DEFAULT_DENY_ACTIONS),
    denyReasons: lowerAll(parameters.denyReasons ?? DEFAULT_DENY_REASONS),
    threatSubtypes: lowerAll(parameters.threatSubtypes ?? DEFAULT_THREAT_SUBTYPES),
    dq: {
      drop_malformed_ip: true,
      filter_null_bytes_ports: true,
      duration_non_negative: true,
      bytes_non_negative: true,
      max_session_days: 30,
      max_rejected_ratio: 0.5,
      ...parameters.dq,
    },
    timeZone: parameters.timeZone ?? 'UTC',
    minDays: parameters.minDays ?? 7,
    rareThresholds: { peer: 1, port: 1, ...parameters.rareThresholds },
    novelty: parameters.novelty ?? true,
    pairCap: parameters.pairCap ?? 65_536,
  };
}

function lowerAll(words: readonly string[]): readonly string[] {
  return words.map((word) => word.toLowerCase());
}

function readPortSets(own: Readonly<Record<string, readonly (number | string)[]>>): Map<string, ReadonlySet<number>> {
  const sets = new Map<string, ReadonlySet<number>>();
  for (const [name, ports] of Object.entries(DEFAULT_PORT_SETS)) sets.set(name, portsOf(ports));
  for (const [name, ports] of Object.entries(own)) sets.set(name.toLowerCase(), portsOf(ports));
  return sets;
}

function portsOf(entries: readonly (number | string)[]): Set<number> {
  const ports = new Set<number>();
  for (const entry of entries) {
    const [first, last] = String(entry).split('-').map(Number);
    for (let port = first!; port <= (last ?? first!); port++) ports.add(port);
  }
  return ports;
}
