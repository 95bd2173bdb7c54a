import type { IncidentKind } from './incident-kinds.ts';
import { SERVERS, type SiteServers, type Workstation } from './office-network.ts';
import type { BatchRecord } from './record-batch.ts';
import type { KindBook, RecordKind } from './record-kinds.ts';
import type { Dice } from './seeded-dice.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MEGABYTE = 1_000_000;

/** What an incident is made from. */
export interface IncidentScene {
  readonly book: KindBook;
  readonly dice: Dice;
  readonly host: number;
  /** An address outside that is only this incident's. */
  readonly outside: number;
  readonly site: SiteServers;
  readonly neighbours: readonly Workstation[];
  readonly parameters: Readonly<Record<string, number>>;
  /** Of the whole simulation, milliseconds UTC. */
  readonly start: number;
  readonly end: number;
}

export interface IncidentTrace {
  readonly records: readonly BatchRecord[];
  /** Null where the incident touches many. */
  readonly peer: number | null;
  readonly port: number | null;
}

const MADE: Readonly<Record<IncidentKind, (scene: IncidentScene) => IncidentTrace>> = {
  beacon,
  fast_scan: fastScan,
  slow_scan: slowScan,
  exfiltration,
  lateral_movement: lateralMovement,
  long_session: longSession,
  strobe,
};

/** Everything that the firewall logs of an incident within the simulation, in the order of its ends. */
export function incidentTrace(kind: IncidentKind, scene: IncidentScene): IncidentTrace {
  const trace = MADE[kind](scene);
  const records = trace.records
    .filter(({ end }) => scene.start < end && end <= scene.end)
    .sort((a, b) => a.end - b.end || a.session - b.session);
  return { ...trace, records };
}

const clientPort = (dice: Dice): number => dice.between(49_152, 65_535);

const kindOf = ({ book }: IncidentScene, change: Partial<RecordKind> = {}): number =>
  book.numberOf({
    event: 'TRAFFIC',
    subtype: 'end',
    transport: 'tcp',
    action: 'allow',
    reason: 'tcp-fin',
    application: 'ssl',
    rule: 'web-out',
    ...change,
  });

/** Where it begins, so that what takes `takes` milliseconds is over when the simulation is, if that can be. */
function beginningAt({ start, end, parameters }: IncidentScene, takes: number): number {
  const wanted = start + Math.floor(parameters['at']! * (end - start));
  return Math.max(start + 1, Math.min(wanted, Math.floor(end - takes)));
}

/** Each sleep is the period, give or take the jitter: what is early once is not made good. */
function beacon(scene: IncidentScene): IncidentTrace {
  const { dice, host, outside, parameters } = scene;
  const period = parameters['period']! * SECOND;
  const jitter = Math.floor(parameters['jitter']! * period);
  const bytes = parameters['bytes']!;
  const hours = parameters['hours']!;
  const begin = beginningAt(scene, period) + Math.floor(dice.fraction() * Math.min(period, 10 * MINUTE));
  const stop = hours === 0 ? scene.end : begin + hours * HOUR;
  const kind = kindOf(scene);
  const records: BatchRecord[] = [];
  for (let start = begin; start < stop; start += Math.max(SECOND, period + dice.between(-jitter, jitter))) {
    records.push({
      kind,
      source: host,
      destination: outside,
      sourcePort: clientPort(dice),
      destinationPort: 443,
      sent: Math.floor(bytes * (1 + (dice.fraction() - 0.5) / 15)),
      received: dice.between(420, 470),
      start,
      end: start + dice.between(200, 1500),
      session: records.length,
    });
  }
  return { records, peer: outside, port: 443 };
}

const OPEN_PORTS: ReadonlySet<number> = new Set([139, 445]);

/** The file server's ports in turn; the firewall lets two of them through. */
function fastScan(scene: IncidentScene): IncidentTrace {
  const { dice, host, site, parameters } = scene;
  const step = (parameters['minutes']! * MINUTE) / parameters['ports']!;
  const begin = beginningAt(scene, parameters['minutes']! * MINUTE + SECOND);
  const closed = kindOf(scene, {
    subtype: 'drop',
    action: 'drop',
    reason: 'policy-deny',
    application: 'not-applicable',
    rule: 'deny-rest',
  });
  const open = kindOf(scene, { reason: 'tcp-rst-from-client', application: 'ms-ds-smb', rule: 'office' });
  const records = Array.from({ length: parameters['ports']! }, (_, i): BatchRecord => {
    const port = i + 1;
    const isOpen = OPEN_PORTS.has(port);
    const start = begin + Math.floor((i + dice.fraction() * 0.7) * step);
    return {
      kind: isOpen ? open : closed,
      source: host,
      destination: site.files,
      sourcePort: clientPort(dice),
      destinationPort: port,
      sent: isOpen ? 194 : 60,
      received: isOpen ? 134 : 0,
      start,
      end: isOpen ? start + dice.between(10, 200) : start,
      session: i,
    };
  });
  return { records, peer: site.files, port: null };
}

/** Port 445 of one neighbour after the other, used or not: most do not answer. */
function slowScan(scene: IncidentScene): IncidentTrace {
  const { dice, host, neighbours, parameters } = scene;
  const period = parameters['period']! * SECOND;
  const begin = beginningAt(scene, parameters['targets']! * period + 5 * SECOND);
  const silent = kindOf(scene, { reason: 'aged-out', application: 'incomplete', rule: 'office' });
  const open = kindOf(scene, { reason: 'tcp-rst-from-client', application: 'ms-ds-smb', rule: 'office' });
  const first = neighbours[0]!.fixedAddress & 0xffffff00;
  const records = Array.from({ length: parameters['targets']! }, (_, i): BatchRecord => {
    const target = (first + 256 * Math.floor(i / 250) + 1 + (i % 250)) >>> 0;
    const isOpen = dice.chance(0.1);
    const start = begin + Math.floor((i + dice.fraction() * 0.5) * period);
    return {
      kind: isOpen ? open : silent,
      source: host,
      destination: target,
      sourcePort: clientPort(dice),
      destinationPort: 445,
      sent: isOpen ? 214 : 66,
      received: isOpen ? 140 : 0,
      start,
      end: start + (isOpen ? dice.between(10, 300) : 5 * SECOND),
      session: i,
    };
  }).filter(({ destination }) => destination !== host);
  return { records, peer: null, port: 445 };
}

/** The bytes add up to what was asked for. */
function exfiltration(scene: IncidentScene): IncidentTrace {
  const { dice, host, outside, parameters } = scene;
  const uploads = parameters['uploads']!;
  const begin = beginningAt(scene, parameters['minutes']! * MINUTE);
  const step = (parameters['minutes']! * MINUTE) / uploads;
  let left = parameters['megabytes']! * MEGABYTE;
  const kind = kindOf(scene);
  const records = Array.from({ length: uploads }, (_, i): BatchRecord => {
    const even = left / (uploads - i);
    const sent = i === uploads - 1 ? left : Math.floor(even * (0.9 + 0.2 * dice.fraction()));
    left -= sent;
    const start = begin + Math.floor((i + dice.fraction() * 0.3) * step);
    return {
      kind,
      source: host,
      destination: outside,
      sourcePort: clientPort(dice),
      destinationPort: 443,
      sent,
      received: dice.between(200_000, 400_000),
      start,
      end: start + Math.min(Math.floor(step / 2), dice.between(100, 170) * SECOND),
      session: i,
    };
  });
  return { records, peer: outside, port: 443 };
}

/** Every machine is looked at, then entered over file sharing, then over a remote shell or desktop. */
function lateralMovement(scene: IncidentScene): IncidentTrace {
  const { dice, host, neighbours, parameters } = scene;
  const targets = Math.min(parameters['targets']!, neighbours.length);
  const begin = beginningAt(scene, parameters['minutes']! * MINUTE + 13 * MINUTE);
  const step = (parameters['minutes']! * MINUTE) / targets;
  const smb = kindOf(scene, { application: 'ms-ds-smb', rule: 'office' });
  const shell = kindOf(scene, { application: 'ms-rdp', rule: 'office' });
  const offset = dice.between(0, neighbours.length - 1);
  const records = Array.from({ length: targets }, (_, i): BatchRecord[] => {
    const target =
      i === 0 && targets > 2 ? SERVERS.backup : neighbours[(offset + i * 7) % neighbours.length]!.fixedAddress;
    const start = begin + Math.floor((i + dice.fraction() * 0.4) * step);
    const visit = (kind: number, port: number, late: number, lasts: number, sent: number): BatchRecord => ({
      kind,
      source: host,
      destination: target,
      sourcePort: clientPort(dice),
      destinationPort: port,
      sent,
      received: dice.between(4_000, 90_000),
      start: start + late,
      end: start + late + lasts,
      session: i * 3 + (late === 0 ? 0 : port === 445 ? 1 : 2),
    });
    return [
      visit(smb, 135, 0, dice.between(200, 900), dice.between(800, 1500)),
      visit(smb, 445, 3 * SECOND, dice.between(4, 40) * SECOND, dice.between(200_000, 2_000_000)),
      visit(shell, dice.pick([3389, 5985]), MINUTE, dice.between(3, 12) * MINUTE, dice.between(60_000, 900_000)),
    ];
  }).flat();
  return { records: records.filter(({ destination }) => destination !== host), peer: null, port: null };
}

/** Logged when it begins, and again when it ends, which may be days later. */
function longSession(scene: IncidentScene): IncidentTrace {
  const { dice, host, outside, parameters } = scene;
  const end = Math.min(scene.end, beginningAt(scene, 0) + dice.between(0, 5 * MINUTE));
  const start = end - Math.floor(parameters['hours']! * HOUR);
  const both = {
    source: host,
    destination: outside,
    sourcePort: clientPort(dice),
    destinationPort: 443,
    start,
    session: 0,
  };
  const sent = parameters['megabytes']! * MEGABYTE;
  return {
    records: [
      { ...both, kind: kindOf(scene, { subtype: 'start', reason: 'n/a' }), sent: 74, received: 0, end: start },
      { ...both, kind: kindOf(scene), sent, received: Math.floor(sent / 3), end },
    ],
    peer: outside,
    port: 443,
  };
}

function strobe(scene: IncidentScene): IncidentTrace {
  const { dice, host, outside, parameters } = scene;
  const period = parameters['period']! * SECOND;
  const begin = beginningAt(scene, parameters['hours']! * HOUR + SECOND);
  const count = Math.floor((parameters['hours']! * HOUR) / period);
  const kind = kindOf(scene, { reason: 'tcp-rst-from-server' });
  const records = Array.from({ length: count }, (_, i): BatchRecord => {
    const start = begin + i * period + dice.between(0, 80);
    return {
      kind,
      source: host,
      destination: outside,
      sourcePort: clientPort(dice),
      destinationPort: 8443,
      sent: dice.between(180, 220),
      received: dice.between(54, 60),
      start,
      end: start + dice.between(20, 400),
      session: i,
    };
  });
  return { records, peer: outside, port: 8443 };
}
