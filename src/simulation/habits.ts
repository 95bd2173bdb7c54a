import { OUTSIDE, SERVERS, SITES, SITES_6, STRANGERS, serverAddresses, VISITORS } from './office-network.ts';
import type { Dice } from './seeded-dice.ts';
import type { Session } from './session.ts';

type Range = readonly [low: number, high: number];

/** Something a machine does again and again: how often, with whom, and what the firewall sees of it. */
export interface Habit {
  /** Sessions per machine and slice at full busyness. */
  readonly rate: number;
  /** `office` follows the working day; `machine` goes on at night and while its owner is away. */
  readonly rhythm: 'office' | 'machine';
  readonly peer: (dice: Dice) => string;
  readonly transport: Session['transport'];
  readonly ports: readonly number[];
  readonly application: string;
  readonly rule: string;
  readonly sent: Range;
  readonly received: Range;
  /** Milliseconds. */
  readonly lasts: Range;
  /** Denied by the firewall's rules: nothing comes back. */
  readonly denied?: true;
  /** Share of sessions that get no answer. */
  readonly unanswered?: number;
  /** For administrators only, or over IPv6 only. */
  readonly only?: 'administrator' | 'ipv6';
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KB = 1000;
const MB = 1000 * KB;

/** The first sites are visited most. */
const site = (sites: readonly string[]) => (dice: Dice) => sites[dice.skewed(0, sites.length - 1)]!;
const oneOf = (choices: readonly string[]) => (dice: Dice) => dice.pick(choices);
const always = (address: string) => () => address;

const web = { transport: 'tcp', ports: [443], application: 'ssl', rule: 'web-out' } as const;
const inside = { transport: 'tcp', rule: 'office' } as const;

// biome-ignore format: one habit, one line of what and one of how much
export const WORKSTATION_HABITS: readonly Habit[] = [
  { ...web, rate: 7, rhythm: 'office', peer: site(SITES),
    sent: [900, 400 * KB], received: [2 * KB, 9 * MB], lasts: [80, 4 * MINUTE], unanswered: 0.01 },
  { ...web, rate: 2.5, rhythm: 'office', peer: site(SITES_6), only: 'ipv6',
    sent: [900, 200 * KB], received: [2 * KB, 5 * MB], lasts: [80, 3 * MINUTE] },
  { ...web, rate: 1.5, rhythm: 'office', peer: site(SITES), transport: 'udp', application: 'quic',
    sent: [2 * KB, 300 * KB], received: [4 * KB, 12 * MB], lasts: [200, 5 * MINUTE] },
  { ...web, rate: 0.4, rhythm: 'office', peer: site(SITES), ports: [80], application: 'web-browsing',
    sent: [300, 4 * KB], received: [500, 300 * KB], lasts: [40, 20 * SECOND] },
  { ...web, rate: 0.2, rhythm: 'machine', peer: always(OUTSIDE.updates), application: 'ms-update',
    sent: [2 * KB, 30 * KB], received: [4 * KB, 3 * MB], lasts: [300, 40 * SECOND] },
  { ...web, rate: 0.05, rhythm: 'office', peer: always(OUTSIDE.meetings), transport: 'udp', ports: [3478], application: 'stun',
    sent: [5 * MB, 120 * MB], received: [10 * MB, 300 * MB], lasts: [10 * MINUTE, 70 * MINUTE] },
  { ...inside, rate: 4, rhythm: 'office', peer: oneOf(SERVERS.directory), transport: 'udp', ports: [53], application: 'dns',
    sent: [60, 120], received: [90, 900], lasts: [1, 300], unanswered: 0.02 },
  { ...inside, rate: 0.25, rhythm: 'machine', peer: oneOf(SERVERS.directory), transport: 'udp', ports: [123], application: 'ntp',
    sent: [90, 90], received: [90, 90], lasts: [5, 60] },
  { ...inside, rate: 0.5, rhythm: 'office', peer: oneOf(SERVERS.directory), ports: [88], application: 'kerberos',
    sent: [1 * KB, 4 * KB], received: [1 * KB, 5 * KB], lasts: [10, 2 * SECOND] },
  { ...inside, rate: 0.4, rhythm: 'office', peer: oneOf(SERVERS.directory), ports: [389, 636], application: 'ldap',
    sent: [600, 8 * KB], received: [1 * KB, 60 * KB], lasts: [20, 40 * SECOND] },
  { ...inside, rate: 0.9, rhythm: 'office', peer: always(SERVERS.files), ports: [445], application: 'ms-ds-smb',
    sent: [4 * KB, 6 * MB], received: [4 * KB, 30 * MB], lasts: [500, 10 * MINUTE] },
  { ...inside, rate: 0.8, rhythm: 'office', peer: always(SERVERS.intranet), ports: [443], application: 'ssl',
    sent: [1 * KB, 40 * KB], received: [4 * KB, 900 * KB], lasts: [60, 50 * SECOND] },
  { ...inside, rate: 1, rhythm: 'office', peer: always(SERVERS.mail), ports: [993], application: 'imap',
    sent: [800, 300 * KB], received: [1 * KB, 4 * MB], lasts: [200, 6 * MINUTE] },
  { ...inside, rate: 0.05, rhythm: 'office', peer: always(SERVERS.printer), ports: [9100], application: 'jetdirect',
    sent: [20 * KB, 9 * MB], received: [200, 2 * KB], lasts: [800, 50 * SECOND] },
  { ...inside, rate: 1.2, rhythm: 'office', peer: oneOf(serverAddresses), ports: [22], application: 'ssh', only: 'administrator',
    sent: [4 * KB, 2 * MB], received: [4 * KB, 6 * MB], lasts: [4 * SECOND, 100 * MINUTE] },
  { ...inside, rate: 0.1, rhythm: 'machine', peer: always('224.0.0.251'), transport: 'udp', ports: [5353], application: 'mdns',
    sent: [80, 400], received: [0, 0], lasts: [0, 0], unanswered: 1 },
  { ...inside, rate: 0.05, rhythm: 'machine', peer: always('fd10:10:10::a'), transport: 'ipv6-icmp', ports: [0], application: 'ping6', only: 'ipv6',
    sent: [118, 118], received: [118, 118], lasts: [1, 20] },
  { ...web, rate: 0.15, rhythm: 'office', peer: site(SITES), ports: [21, 25, 1080, 6667, 8333], application: 'not-applicable', rule: 'deny-rest', denied: true,
    sent: [60, 180], received: [0, 0], lasts: [0, 0] },
];

/** What each server starts by itself, and what comes to it from outside. */
// biome-ignore format: one habit, one line of what and one of how much
export const SERVER_HABITS: readonly (Habit & { readonly source: (dice: Dice) => string })[] = [
  { ...inside, source: always(SERVERS.monitoring), rate: 24, rhythm: 'machine', peer: oneOf(serverAddresses), transport: 'icmp', ports: [0], application: 'ping',
    sent: [98, 98], received: [98, 98], lasts: [1, 9], unanswered: 0.01 },
  { ...inside, source: oneOf(SERVERS.directory), rate: 3, rhythm: 'machine', peer: oneOf(SERVERS.directory), ports: [135, 389, 445], application: 'ms-ds-smb',
    sent: [3 * KB, 900 * KB], received: [3 * KB, 900 * KB], lasts: [90, 50 * SECOND] },
  { ...inside, source: oneOf(SERVERS.directory), rate: 90, rhythm: 'office', peer: always(OUTSIDE.resolver), transport: 'udp', ports: [53], application: 'dns', rule: 'dns-out',
    sent: [60, 130], received: [90, 1400], lasts: [5, 400], unanswered: 0.02 },
  { ...inside, source: oneOf(SERVERS.directory), rate: 1, rhythm: 'machine', peer: always(OUTSIDE.time), transport: 'udp', ports: [123], application: 'ntp', rule: 'dns-out',
    sent: [90, 90], received: [90, 90], lasts: [10, 90] },
  { ...inside, source: oneOf([SERVERS.files, SERVERS.mail, SERVERS.intranet]), rate: 3, rhythm: 'machine', peer: always(SERVERS.backup), ports: [873], application: 'rsync',
    sent: [2 * MB, 400 * MB], received: [20 * KB, 900 * KB], lasts: [20 * SECOND, 11 * MINUTE] },
  { ...inside, source: always(SERVERS.mail), rate: 12, rhythm: 'office', peer: site(SITES), ports: [25], application: 'smtp', rule: 'mail-out',
    sent: [2 * KB, 4 * MB], received: [400, 4 * KB], lasts: [300, 30 * SECOND] },
  { ...web, source: oneOf(VISITORS), rate: 40, rhythm: 'office', peer: always(SERVERS.website), rule: 'web-in',
    sent: [600, 20 * KB], received: [3 * KB, 2 * MB], lasts: [40, 2 * MINUTE] },
  { ...web, source: oneOf(STRANGERS), rate: 8, rhythm: 'machine', peer: always(SERVERS.website), ports: [22, 23, 445, 3389, 8080], application: 'not-applicable', rule: 'deny-in', denied: true,
    sent: [60, 74], received: [0, 0], lasts: [0, 0] },
];
