import type { Span } from './everyday.ts';
import { OUTSIDE, SERVERS, type Workstation } from './office-network.ts';
import { type Dice, seededDice } from './seeded-dice.ts';
import type { Session } from './session.ts';

/** What really happened: the answer that a detector is measured against. */
export interface Incident {
  readonly kind: 'beacon' | 'port_scan' | 'exfiltration';
  readonly host: string;
  readonly peer: string;
  /** Service port; null where the incident touches many. */
  readonly port: number | null;
  /** Indexes of the slices that contain records of it, ascending. */
  readonly slices: readonly number[];
}

export interface HiddenIncident {
  readonly incident: Incident;
  readonly sessions: readonly Session[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Three incidents on three workstations (of at least three), hidden in a row of slices. */
export function hiddenIncidents(
  seed: number,
  people: readonly Workstation[],
  slices: readonly Span[],
): HiddenIncident[] {
  const dice = seededDice(seed, 'incidents');
  const hosts = new Set<string>();
  while (hosts.size < 3) hosts.add(dice.pick(people).address);
  const [beaconing, scanning, leaking] = [...hosts] as [string, string, string];
  const at = (share: number) => slices[Math.floor(share * slices.length)]!;
  const whole = { start: slices[0]!.start, end: slices[slices.length - 1]!.end };

  const hidden = (incident: Omit<Incident, 'slices'>, sessions: readonly Session[]): HiddenIncident => {
    const touches = (slice: Span) => sessions.some(({ end }) => slice.start < end && end <= slice.end);
    return { incident: { ...incident, slices: slices.flatMap((slice, i) => (touches(slice) ? [i] : [])) }, sessions };
  };
  return [
    hidden({ kind: 'beacon', host: beaconing, peer: OUTSIDE.commandServer, port: 443 }, beacon(beaconing, whole, dice)),
    hidden({ kind: 'port_scan', host: scanning, peer: SERVERS.files, port: null }, portScan(scanning, at(0.55), dice)),
    hidden(
      { kind: 'exfiltration', host: leaking, peer: OUTSIDE.dropSite, port: 443 },
      exfiltration(leaking, [at(0.75), at(0.78)], dice),
    ),
  ];
}

const tlsOut = {
  event: 'TRAFFIC',
  subtype: 'end',
  destinationPort: 443,
  transport: 'tcp',
  action: 'allow',
  reason: 'tcp-fin',
  repeats: 1,
  application: 'ssl',
  rule: 'web-out',
} as const;

/** A small message home every ten minutes, give or take a quarter of a minute. */
function beacon(source: string, { start: opens, end: closes }: Span, dice: Dice): Session[] {
  const sessions: Session[] = [];
  for (let due = opens + dice.between(1, 4) * MINUTE; due + MINUTE < closes; due += 10 * MINUTE) {
    const start = due + dice.between(-15 * SECOND, 15 * SECOND);
    sessions.push({
      ...tlsOut,
      source,
      destination: OUTSIDE.commandServer,
      sourcePort: dice.between(49_152, 65_535),
      sent: dice.between(1180, 1260),
      received: dice.between(420, 470),
      start,
      end: start + dice.between(200, 1500),
    });
  }
  return sessions;
}

const OPEN_PORTS: ReadonlySet<number> = new Set([139, 445]);

/** The file server's ports 1 to 800 in turn within eight minutes; the firewall lets two of them through. */
function portScan(source: string, slice: Span, dice: Dice): Session[] {
  return Array.from({ length: 800 }, (_, i) => {
    const port = i + 1;
    const open = OPEN_PORTS.has(port);
    const start = slice.start + 2 * MINUTE + i * 600 + dice.between(0, 400);
    return {
      event: 'TRAFFIC',
      subtype: open ? 'end' : 'drop',
      source,
      destination: SERVERS.files,
      sourcePort: dice.between(49_152, 65_535),
      destinationPort: port,
      transport: 'tcp',
      action: open ? 'allow' : 'drop',
      reason: open ? 'tcp-rst-from-client' : 'policy-deny',
      sent: open ? 194 : 60,
      received: open ? 134 : 0,
      start,
      end: open ? start + dice.between(10, 200) : start,
      repeats: 1,
      application: open ? 'ms-ds-smb' : 'not-applicable',
      rule: open ? 'office' : 'deny-rest',
    };
  });
}

const EXFILTRATED_BYTES = 200_000_000;
const UPLOADS = 4;

/** 200 MB to a place nobody else talks to, in four uploads over two slices. */
function exfiltration(source: string, [early, late]: readonly [Span, Span], dice: Dice): Session[] {
  let left = EXFILTRATED_BYTES;
  return Array.from({ length: UPLOADS }, (_, i) => {
    const slice = i < UPLOADS / 2 ? early : late;
    const sent = i === UPLOADS - 1 ? left : dice.between(45_000_000, 55_000_000);
    left -= sent;
    const end = slice.start + (3 + 3 * i) * MINUTE + dice.between(0, 2 * MINUTE);
    return {
      ...tlsOut,
      source,
      destination: OUTSIDE.dropSite,
      sourcePort: dice.between(49_152, 65_535),
      sent,
      received: dice.between(200_000, 400_000),
      start: end - dice.between(100, 170) * SECOND,
      end,
    };
  });
}
