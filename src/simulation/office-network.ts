import { seededDice } from './seeded-dice.ts';

export interface Workstation {
  readonly index: number;
  readonly address: string;
  /** Every fifth workstation speaks IPv6 too. */
  readonly address6?: string;
  /** Away today: the machine is on, nobody works at it. */
  readonly away: boolean;
  /** Looks after the servers. */
  readonly administrator: boolean;
  /** Minutes by which this person is later (or earlier) than the others. */
  readonly lateness: number;
}

/** Workstations stand in these segments (each a /24) in turn; the servers have one of their own. */
const SEGMENTS = 4;
const FIRST_WORKSTATION = 20;
export const MOST_WORKSTATIONS = SEGMENTS * 200;

export const SERVERS = {
  directory: ['10.10.0.10', '10.10.0.11'],
  files: '10.10.0.20',
  mail: '10.10.0.25',
  backup: '10.10.0.30',
  printer: '10.10.0.40',
  intranet: '10.10.0.50',
  monitoring: '10.10.0.60',
  website: '10.10.0.80',
} as const;

/** Addresses outside, all from the ranges reserved for documentation. The last of each belong to the incidents. */
export const OUTSIDE = {
  resolver: '198.51.100.53',
  time: '198.51.100.123',
  updates: '198.51.100.60',
  meetings: '198.51.100.61',
  commandServer: '198.51.100.77',
  dropSite: '203.0.113.250',
} as const;

const range = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
/** Web sites, the most visited first. */
export const SITES: readonly string[] = [...range('203.0.113.', 200), ...range('192.0.2.', 200)];
export const SITES_6: readonly string[] = Array.from({ length: 60 }, (_, i) => `2001:db8:1:1::${(i + 1).toString(16)}`);
/** Visitors of the office's own web site, and strangers who try its doors. */
export const VISITORS: readonly string[] = range('198.51.100.', 50);
export const STRANGERS: readonly string[] = Array.from({ length: 40 }, (_, i) => `198.51.100.${200 + i}`);

export const serverAddresses: readonly string[] = Object.values(SERVERS).flat();

export function workstations(seed: number, count: number): readonly Workstation[] {
  return Array.from({ length: count }, (_, index) => {
    const dice = seededDice(seed, 'workstation', index);
    const segment = 1 + (index % SEGMENTS);
    const machine = FIRST_WORKSTATION + Math.floor(index / SEGMENTS);
    return {
      index,
      address: `10.10.${segment}.${machine}`,
      ...(index % 5 === 0 ? { address6: `fd10:10:10:${segment}::${machine.toString(16)}` } : {}),
      away: dice.chance(0.08),
      administrator: index % 15 === 3,
      lateness: dice.between(-45, 45),
    };
  });
}
