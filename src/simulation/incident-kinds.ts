/** Strengths in which incidents come: a weak one is hard to find. */
export const STRENGTHS = ['weak', 'usual', 'strong'] as const;
export type Strength = (typeof STRENGTHS)[number];

export interface IncidentParameter {
  /** By strength. */
  readonly values: readonly [weak: number, usual: number, strong: number];
  readonly low: number;
  readonly high: number;
  readonly doc: string;
}

export interface IncidentKindDoc {
  /** What a detector would call it. */
  readonly family: string;
  readonly doc: string;
  readonly parameters: Readonly<Record<string, IncidentParameter>>;
}

const at = (share: number): IncidentParameter => ({
  values: [share, share, share],
  low: 0,
  high: 1,
  doc: 'where in the simulation it begins, 0 to 1',
});
const DAYS_30 = 720;

export const INCIDENT_KINDS = {
  beacon: {
    family: 'beacon',
    doc: 'a small message to one address outside, again and again',
    parameters: {
      period: { values: [3600, 600, 60], low: 1, high: 7 * 86_400, doc: 'seconds from one to the next' },
      jitter: {
        values: [0.3, 0.025, 0],
        low: 0,
        high: 1,
        doc: 'share of the period by which each sleep differs at most',
      },
      bytes: { values: [1200, 1200, 1200], low: 60, high: 1e9, doc: 'bytes of a message, give or take a thirtieth' },
      hours: { values: [0, 0, 0], low: 0, high: DAYS_30 * 3, doc: 'how long it goes on; 0: to the end' },
      at: at(0),
    },
  },
  fast_scan: {
    family: 'scan',
    doc: 'many ports of one server within minutes',
    parameters: {
      ports: { values: [60, 800, 4000], low: 2, high: 60_000, doc: 'ports tried, from 1 on' },
      minutes: { values: [10, 8, 5], low: 1, high: 600, doc: 'how long it takes' },
      at: at(0.55),
    },
  },
  slow_scan: {
    family: 'scan',
    doc: 'one port of many neighbours, one after the other',
    parameters: {
      targets: { values: [24, 150, 500], low: 2, high: 50_000, doc: 'addresses tried' },
      period: { values: [900, 120, 30], low: 0.1, high: 86_400, doc: 'seconds from one to the next' },
      at: at(0.1),
    },
  },
  exfiltration: {
    family: 'exfiltration',
    doc: 'a lot of bytes to an address outside that nobody else talks to',
    parameters: {
      megabytes: { values: [40, 200, 4000], low: 1, high: 1e6, doc: 'megabytes sent in all' },
      uploads: { values: [12, 4, 4], low: 1, high: 10_000, doc: 'sessions that they are dealt to' },
      minutes: { values: [180, 40, 20], low: 5, high: 60 * DAYS_30, doc: 'from the first to the last' },
      at: at(0.75),
    },
  },
  lateral_movement: {
    family: 'lateral',
    doc: 'file sharing, remote shells and desktops of machines that the host never talked to',
    parameters: {
      targets: { values: [3, 10, 40], low: 1, high: 10_000, doc: 'machines entered' },
      minutes: { values: [240, 90, 30], low: 5, high: 60 * DAYS_30, doc: 'from the first to the last' },
      at: at(0.6),
    },
  },
  long_session: {
    family: 'long_session',
    doc: 'one session to an address outside, logged when it ends, hours after it began',
    parameters: {
      hours: { values: [5, 9, 72], low: 1, high: 700, doc: 'how long it is open' },
      megabytes: { values: [3, 20, 400], low: 1, high: 1e6, doc: 'megabytes sent' },
      at: { ...at(0.9), doc: 'where in the simulation it ends, 0 to 1' },
    },
  },
  strobe: {
    family: 'strobe',
    doc: 'a session every other second with one address outside',
    parameters: {
      period: { values: [20, 5, 1], low: 1, high: 3600, doc: 'seconds from one to the next' },
      hours: { values: [2, 3, 6], low: 1, high: 24 * 30, doc: 'how long it goes on' },
      at: at(0.3),
    },
  },
} as const satisfies Readonly<Record<string, IncidentKindDoc>>;
export type IncidentKind = keyof typeof INCIDENT_KINDS;
export const INCIDENT_KIND_NAMES = Object.keys(INCIDENT_KINDS) as readonly IncidentKind[];

/** An incident that is wanted: parameters that are not named are those of its strength. */
export interface IncidentRequest {
  readonly kind: IncidentKind;
  readonly strength?: Strength;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** All parameters of a request. Throws RangeError for unknown ones and for values out of range. */
export function parametersOf({ kind, strength = 'usual', parameters = {} }: IncidentRequest): Record<string, number> {
  const known: Readonly<Record<string, IncidentParameter>> = INCIDENT_KINDS[kind].parameters;
  for (const [name, value] of Object.entries(parameters)) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
    if (parameter === undefined)
      throw new RangeError(
        `incident ${kind}: ${name} is none of its parameters; it has ${Object.keys(known).join(', ')}`,
      );
    const { low, high, doc } = parameter;
    if (!(value >= low && value <= high))
      throw new RangeError(`incident ${kind}: ${name} is ${value}; expected a number from ${low} to ${high} (${doc})`);
  }
  const place = STRENGTHS.indexOf(strength);
  return {
    ...Object.fromEntries(Object.entries(known).map(([name, { values }]) => [name, values[place]!])),
    ...parameters,
  };
}
