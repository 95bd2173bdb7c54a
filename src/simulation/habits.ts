import { always, type Knots, tailed } from './dice-stream.ts';
import type { Transport } from './record-kinds.ts';

/** Whom a workstation's habit is with. */
export type PeerRole =
  | 'site'
  | 'site6'
  | 'directory'
  | 'files'
  | 'printer'
  | 'mail'
  | 'intranet'
  | 'application'
  | 'server'
  | 'neighbour'
  | 'broadcast'
  | 'meetings'
  | 'chat'
  | 'updates'
  | 'mdns'
  | 'mdns6'
  | 'ssdp'
  | 'router6';

/** What the firewall sees of one thing that machines do. */
export interface SessionShape {
  readonly transport: Transport;
  readonly ports: readonly number[];
  readonly application: string;
  readonly rule: string;
  readonly sent: Knots;
  readonly received: Knots;
  /** Milliseconds. */
  readonly lasts: Knots;
  /** Denied by the firewall's rules: nothing comes back. */
  readonly denied?: true;
  /** Share of sessions that get no answer. */
  readonly unanswered?: number;
}

/** Something a machine does again and again. */
export interface Habit extends SessionShape {
  /** Sessions per machine and slice at full busyness. */
  readonly rate: number;
  /** `office` follows the working day; `machine` goes on as long as the machine is switched on. */
  readonly rhythm: 'office' | 'machine';
  readonly peer: PeerRole;
  /** For administrators only, or over IPv6 only. */
  readonly only?: 'administrator' | 'ipv6';
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KB = 1000;
const MB = 1000 * KB;

const tcp = { transport: 'tcp', rule: 'office' } as const;
const udp = { transport: 'udp', rule: 'office' } as const;

/** Web traffic as measured in an office behind a proxy: small requests, long tails, sessions kept open for a minute or three. */
const WEB_SENT: Knots = [120, 520, 1350, 1600, 2400, 12 * KB, 60 * KB, 900 * KB];
const WEB_RECEIVED: Knots = [600, 1500, 6 * KB, 11 * KB, 68 * KB, 1.2 * MB, 5.5 * MB, 38 * MB];
const WEB_LASTS: Knots = [20, 130, 300, 61 * SECOND, 171 * SECOND, 185 * SECOND, 330 * SECOND, 1100 * SECOND];
export const WEB: SessionShape = {
  transport: 'tcp',
  ports: [443],
  application: 'ssl',
  rule: 'web-out',
  sent: WEB_SENT,
  received: WEB_RECEIVED,
  lasts: WEB_LASTS,
  unanswered: 0.01,
};
/** The same as seen between a workstation and the proxy. */
export const PROXIED_WEB: SessionShape = { ...WEB, ports: [8080], application: 'http-proxy', rule: 'proxy' };

export const DNS: SessionShape = {
  ...udp,
  ports: [53],
  application: 'dns',
  sent: [38, 41, 46, 51, 57, 80, 95, 190],
  received: [44, 66, 96, 126, 163, 264, 330, 1200],
  lasts: [1, 4, 18, 26, 40, 70, 400, 9400],
  unanswered: 0.02,
};
export const KERBEROS: SessionShape = {
  ...tcp,
  ports: [88],
  application: 'kerberos',
  sent: tailed(900, 1700, 4 * KB),
  received: tailed(900, 1900, 5 * KB),
  lasts: tailed(4, 20, 2 * SECOND),
};
export const LDAP: SessionShape = {
  ...tcp,
  ports: [389, 389, 389, 636, 3268],
  application: 'ldap',
  sent: tailed(500, 2 * KB, 9 * KB),
  received: tailed(900, 6 * KB, 90 * KB),
  lasts: tailed(15, 300, 2 * MINUTE),
};
export const POLICY: SessionShape = {
  ...tcp,
  ports: [445],
  application: 'ms-ds-smb',
  sent: tailed(4 * KB, 9 * KB, 40 * KB),
  received: tailed(6 * KB, 40 * KB, 600 * KB),
  lasts: tailed(400, 3 * SECOND, 30 * SECOND),
};

// biome-ignore format: one habit, one line of how often and with whom, one of how much
export const WORKSTATION_HABITS: readonly Habit[] = [
  { ...WEB, rate: 6.5, rhythm: 'office', peer: 'site' },
  { ...WEB, rate: 2.5, rhythm: 'office', peer: 'site6', only: 'ipv6' },
  { ...WEB, rate: 1.4, rhythm: 'office', peer: 'site', transport: 'udp', application: 'quic',
    sent: tailed(1300, 5 * KB, 60 * KB), received: tailed(4 * KB, 30 * KB, 14 * MB), lasts: tailed(200, 35 * SECOND, 5 * MINUTE) },
  { ...WEB, rate: 0.9, rhythm: 'office', peer: 'site', ports: [80], application: 'web-browsing',
    sent: [150, 440, 484, 493, 502, 980, 1800, 2800], received: [90, 251, 713, 888, 991, 3100, 117 * KB, 3.4 * MB],
    lasts: [20, 370, 7200, 59_500, 60_080, 60_760, 70_300, 100_000] },
  { ...WEB, rate: 0.05, rhythm: 'office', peer: 'meetings', transport: 'udp', ports: [3478, 3480], application: 'stun',
    sent: tailed(2 * MB, 30 * MB, 150 * MB), received: tailed(4 * MB, 70 * MB, 400 * MB), lasts: tailed(8 * MINUTE, 31 * MINUTE, 100 * MINUTE) },
  { ...WEB, rate: 0.06, rhythm: 'office', peer: 'chat', application: 'websocket',
    sent: tailed(30 * KB, 200 * KB, 4 * MB), received: tailed(60 * KB, 700 * KB, 9 * MB), lasts: tailed(20 * MINUTE, 3 * HOUR, 10 * HOUR) },
  { ...DNS, rate: 9, rhythm: 'office', peer: 'directory' },
  { ...DNS, rate: 0.8, rhythm: 'machine', peer: 'directory' },
  { ...KERBEROS, rate: 0.5, rhythm: 'office', peer: 'directory' },
  { ...LDAP, rate: 0.4, rhythm: 'office', peer: 'directory' },
  { ...tcp, rate: 0.8, rhythm: 'office', peer: 'files', ports: [445], application: 'ms-ds-smb',
    sent: tailed(4 * KB, 30 * KB, 20 * MB), received: tailed(4 * KB, 120 * KB, 90 * MB), lasts: tailed(500, 15 * SECOND, 15 * MINUTE) },
  { ...tcp, rate: 0.7, rhythm: 'office', peer: 'intranet', ports: [443], application: 'ssl',
    sent: tailed(700, 2600, 60 * KB), received: tailed(2 * KB, 19 * KB, 2 * MB), lasts: tailed(60, 15 * SECOND, 2 * MINUTE) },
  { ...tcp, rate: 1.1, rhythm: 'office', peer: 'application', ports: [443, 443, 8443], application: 'ssl',
    sent: tailed(700, 3 * KB, 40 * KB), received: tailed(1500, 14 * KB, 4 * MB), lasts: tailed(60, 6 * SECOND, 3 * MINUTE) },
  { ...tcp, rate: 0.9, rhythm: 'office', peer: 'mail', ports: [993], application: 'imap',
    sent: tailed(600, 1600, 9 * MB), received: tailed(900, 9 * KB, 25 * MB), lasts: tailed(200, 20 * SECOND, 29 * MINUTE) },
  { ...tcp, rate: 0.05, rhythm: 'office', peer: 'printer', ports: [9100], application: 'jetdirect',
    sent: tailed(20 * KB, 300 * KB, 25 * MB), received: tailed(150, 400, 2 * KB), lasts: tailed(800, 5 * SECOND, 50 * SECOND) },
  { ...tcp, rate: 0.9, rhythm: 'office', peer: 'server', ports: [22, 22, 3389], application: 'ssh', only: 'administrator',
    sent: tailed(4 * KB, 40 * KB, 9 * MB), received: tailed(4 * KB, 90 * KB, 30 * MB), lasts: tailed(4 * SECOND, 7 * MINUTE, 9 * HOUR) },
  { ...tcp, rate: 0.04, rhythm: 'office', peer: 'neighbour', ports: [445, 5985], application: 'ms-ds-smb', only: 'administrator',
    sent: tailed(1 * KB, 8 * KB, 600 * KB), received: tailed(1 * KB, 9 * KB, 2 * MB), lasts: tailed(300, 4 * SECOND, 2 * MINUTE), unanswered: 0.1 },
  { ...udp, rate: 0.25, rhythm: 'machine', peer: 'mdns', ports: [5353], application: 'mdns',
    sent: [80, 90, 120, 180, 260, 400, 500, 700], received: always(0), lasts: always(0), unanswered: 1 },
  { ...udp, rate: 0.3, rhythm: 'office', peer: 'ssdp', ports: [1900], application: 'incomplete',
    sent: [411, 529, 700, 700, 935, 1398, 4179, 4179], received: always(0), lasts: [0, 0, 1, 3010, 3015, 3030, 3040, 6020], unanswered: 1 },
  { ...udp, rate: 0.1, rhythm: 'machine', peer: 'broadcast', ports: [137, 138, 138], application: 'netbios-dg',
    sent: [201, 211, 211, 211, 256, 411, 411, 640], received: always(0), lasts: [0, 0, 0, 0, 0, 40_030, 54_040, 54_040], unanswered: 1 },
  { ...tcp, rate: 0.12, rhythm: 'machine', peer: 'router6', transport: 'ipv6-icmp', ports: [0], application: 'ping6', only: 'ipv6',
    sent: always(118), received: always(118), lasts: [1, 1, 2, 3, 5, 20, 40, 60] },
  { ...udp, rate: 0.08, rhythm: 'machine', peer: 'mdns6', transport: 'ipv6-icmp', ports: [0], application: 'unknown-icmp', only: 'ipv6',
    sent: [36, 40, 56, 72, 288, 432, 600, 768], received: always(0), lasts: [0, 0, 0, 0, 700, 54_000, 200_000, 497_000], unanswered: 1 },
  { ...tcp, rate: 0.6, rhythm: 'office', peer: 'site', transport: 'icmp', ports: [0], application: 'ping', rule: 'web-out',
    sent: [21, 28, 34, 40, 59, 80, 120, 240], received: [0, 10, 33, 39, 45, 70, 78, 240], lasts: [1, 15, 20, 28, 110, 4210, 61_950, 225_000], unanswered: 0.3 },
  { ...WEB, rate: 0.15, rhythm: 'office', peer: 'site', ports: [21, 25, 1080, 6667, 8333], application: 'not-applicable', rule: 'deny-rest', denied: true,
    sent: [60, 60, 66, 74, 74, 132, 180, 240], received: always(0), lasts: always(0) },
  { ...tcp, rate: 0.02, rhythm: 'office', peer: 'site', transport: 'icmp', ports: [0], application: 'ping', rule: 'deny-rest', denied: true,
    sent: always(98), received: always(0), lasts: always(0) },
];
