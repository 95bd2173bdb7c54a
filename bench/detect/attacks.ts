import type { IncidentRequest } from '../../src/simulation/incident-kinds.ts';
import { seededDice } from '../../src/simulation/seeded-dice.ts';
import type { AlertFamily } from './alert-families.ts';
import { HOUR, type Span } from './timeline.ts';

/** A kind of attack at one strength, and which alerts name it: settled before anything was measured. */
export interface Attack {
  readonly name: string;
  readonly request: IncidentRequest;
  /** How long it lasts. */
  readonly hours: number;
  /** An alert of another family is luck, or help, but does not say what is going on. */
  readonly families: readonly AlertFamily[];
}

const beacon = (period: number, jitter: number, hours: number): Pick<Attack, 'request' | 'hours' | 'families'> => ({
  request: { kind: 'beacon', parameters: { period, jitter, hours } },
  hours,
  families: ['beacon'],
});
const SCAN: readonly AlertFamily[] = ['fan_out_internal', 'lateral', 'deny_scan', 'novelty'];

export const ATTACKS = [
  { name: 'beacon, 10 min ± 30 %', ...beacon(600, 0.3, 24) },
  { name: 'beacon, 1 h ± 20 %', ...beacon(3600, 0.2, 48) },
  { name: 'beacon, 60 s ± 50 %', ...beacon(60, 0.5, 8) },
  {
    name: 'slow scan, 20 machines/h',
    request: { kind: 'slow_scan', parameters: { targets: 80, period: 180 } },
    hours: 4,
    families: SCAN,
  },
  {
    name: 'fast scan, 500 machines in 5 min',
    request: { kind: 'slow_scan', parameters: { targets: 500, period: 0.6 } },
    hours: 5 / 60,
    families: SCAN,
  },
  {
    name: 'fast scan, 500 ports in 5 min',
    request: { kind: 'fast_scan', parameters: { ports: 500, minutes: 5 } },
    hours: 5 / 60,
    families: ['services', 'deny_scan', 'novelty'],
  },
  {
    name: 'exfiltration, 200 MB in 1 h',
    request: { kind: 'exfiltration', parameters: { megabytes: 200, uploads: 6, minutes: 60 } },
    hours: 1,
    families: ['exfiltration', 'volume'],
  },
  {
    name: 'lateral movement, 15 machines/h',
    request: { kind: 'lateral_movement', parameters: { targets: 30, minutes: 120 } },
    hours: 2,
    families: ['lateral', 'fan_out_internal', 'novelty'],
  },
] as const satisfies readonly Attack[];
export type AttackName = (typeof ATTACKS)[number]['name'];

export interface PlannedAttack {
  readonly attack: Attack;
  readonly request: IncidentRequest;
}

/**
 * So many attacks of each kind, at any hour of the span, in the order of their beginnings: the simulation deals them to its
 * hosts in turn, which keeps two attacks on one host days apart. The place in the list is the number in an incident's name.
 */
export function planAttacks(seed: number, perKind: number, span: Span): PlannedAttack[] {
  const dice = seededDice(seed, 'attacks of the detection bench');
  return ATTACKS.flatMap((attack: Attack) =>
    Array.from({ length: perKind }, () => {
      const latest = span.end - span.start - (attack.hours + 1) * HOUR;
      return { attack, at: (dice.fraction() * latest) / (span.end - span.start) };
    }),
  )
    .sort((a, b) => a.at - b.at)
    .map(({ attack, at }) => {
      const { kind, parameters } = attack.request;
      return { attack, request: { kind, parameters: { ...parameters, at: Number(at.toFixed(9)) } } };
    });
}

/** As `ndr simulate --incidents` takes them. */
export function incidentsFlag(planned: readonly PlannedAttack[]): string {
  return planned
    .map(({ request: { kind, parameters = {} } }) =>
      [
        kind,
        ...Object.entries(parameters).map(([name, value]) => `${name}=${value.toFixed(9).replace(/\.?0+$/, '')}`),
      ].join(':'),
    )
    .join(',');
}
