import { busyness } from './daily-rhythm.ts';
import { always, type Knots, mixed, tailed } from './dice-stream.ts';
import { DNS, type SessionShape, WEB } from './habits.ts';
import { applicationAddress, OUTSIDE, SERVERS, siteAddress, VISITORS, visitorAddress } from './office-network.ts';
import type { OfficePlan } from './office-plan.ts';
import type { RecordBatch } from './record-batch.ts';
import { addSession, type PreparedShape, prepareShape, type Span } from './session-maker.ts';
import { addTimer } from './timers.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KB = 1000;
const MB = 1000 * KB;

const tcp = { transport: 'tcp', rule: 'servers' } as const;
const DATABASE_PORTS = [1433, 5432, 3306] as const;
/** One application server in four is a database, which the others use. */
const DATABASE_EVERY = 4;
const DATABASE = 1;
/** Application servers that share databases. */
const TIER = 32;
const LONG: Knots = tailed(2 * MINUTE, 2 * HOUR, 100 * HOUR);

const SHAPES = {
  ping: {
    ...tcp,
    transport: 'icmp',
    ports: [0],
    application: 'ping',
    sent: always(98),
    received: always(98),
    lasts: [1, 1, 1, 2, 3, 8, 20, 400],
    unanswered: 0.003,
  },
  replication: {
    ...tcp,
    ports: [135, 389, 445, 49_670],
    application: 'ms-ds-smb',
    sent: tailed(2 * KB, 30 * KB, 9 * MB),
    received: tailed(2 * KB, 30 * KB, 9 * MB),
    lasts: tailed(90, 12 * SECOND, 80 * HOUR),
  },
  dnsOut: { ...DNS, rule: 'dns-out' },
  timeOut: { ...DNS, ports: [123], application: 'ntp', rule: 'dns-out', sent: always(90), received: always(90) },
  database: {
    ...tcp,
    ports: DATABASE_PORTS,
    application: 'mssql-db',
    sent: tailed(1500, 20 * KB, 4 * MB),
    received: tailed(2 * KB, 80 * KB, 60 * MB),
    lasts: tailed(20, 4 * SECOND, 9 * HOUR),
  },
  logs: {
    ...tcp,
    ports: [6514],
    application: 'syslog',
    sent: tailed(100 * KB, 6 * MB, 400 * MB),
    received: tailed(4 * KB, 40 * KB, 2 * MB),
    lasts: LONG,
  },
  mailOut: {
    ...tcp,
    ports: [25],
    application: 'smtp',
    rule: 'mail-out',
    sent: tailed(2 * KB, 30 * KB, 20 * MB),
    received: tailed(400, 700, 4 * KB),
    lasts: tailed(300, 2 * SECOND, 90 * SECOND),
  },
  mailIn: {
    ...tcp,
    ports: [25],
    application: 'smtp',
    rule: 'mail-in',
    sent: tailed(1 * KB, 24 * KB, 20 * MB),
    received: tailed(400, 700, 4 * KB),
    lasts: tailed(300, 3 * SECOND, 90 * SECOND),
  },
  webIn: {
    ...WEB,
    rule: 'web-in',
    sent: tailed(600, 1800, 60 * KB),
    received: tailed(3 * KB, 30 * KB, 4 * MB),
    lasts: tailed(40, 4 * SECOND, 2 * MINUTE),
  },
  tunnelIn: {
    ...tcp,
    transport: 'udp',
    ports: [4501],
    application: 'ipsec-esp-udp',
    rule: 'vpn-in',
    sent: tailed(1 * MB, 60 * MB, 900 * MB),
    received: tailed(2 * MB, 200 * MB, 3000 * MB),
    lasts: tailed(5 * MINUTE, 3 * HOUR, 14 * HOUR),
  },
  updates: {
    ...WEB,
    application: 'ms-update',
    sent: tailed(2 * KB, 6 * KB, 40 * KB),
    received: tailed(4 * KB, 60 * KB, 90 * MB),
    lasts: tailed(300, 3 * SECOND, 3 * MINUTE),
  },
} as const satisfies Record<string, SessionShape>;

const PING = { period: MINUTE, jitter: 40 };
/** Sessions of the directory servers with the resolver outside, per workstation of the site. */
const LOOKUPS_PER_WORKSTATION = 0.25;
const VISITS_PER_WORKSTATION = 0.25;
const TUNNELS_PER_WORKSTATION = 0.02;

export type ServerShapes = Readonly<Record<keyof typeof SHAPES, PreparedShape>>;

export function serverShapes({ book }: Pick<OfficePlan, 'book'>): ServerShapes {
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [name, prepareShape(shape, book)]),
  ) as unknown as ServerShapes;
}

/** What servers did by themselves in a slice, and what came to them from outside. */
export function addServerRoom(plan: OfficePlan, own: ServerShapes, slice: Span, batch: RecordBatch): void {
  const { seed, network, dice, shapes, daysOff } = plan;
  const length = slice.end - slice.start;
  const number = Math.floor(slice.end / MINUTE);
  const busy = busyness(slice.start, daysOff);
  const add = (shape: PreparedShape, rate: number, source: () => number, peer: () => number): void => {
    for (let left = dice.count(rate); left > 0; left--)
      addSession(batch, shape, source(), peer(), slice.start + 1 + dice.below(length), slice, dice);
  };

  const perSite = network.people.length / network.sites.length;
  for (const [place, { directory }] of network.sites.entries()) {
    dice.reseed(seed ^ 0x51, place, number);
    const one = (): number => directory[dice.below(2)]!;
    add(
      own.replication,
      3,
      () => directory[0],
      () => directory[1],
    );
    add(own.replication, 1, one, () => network.sites[0]!.directory[0]);
    add(own.dnsOut, 1 + perSite * LOOKUPS_PER_WORKSTATION * busy, one, () => OUTSIDE.resolver);
    add(own.timeOut, 1, one, () => OUTSIDE.time);
  }

  const standing = serversAt(plan, slice.start);
  for (const [place, server] of standing.entries()) {
    if (server !== SERVERS.monitoring)
      addTimer(batch, own.ping, PING, mixed(seed, place, 0x700), SERVERS.monitoring, server, slice, dice);
    dice.reseed(seed ^ 0x52, place, number);
    const { directory } = network.sites[place % network.sites.length]!;
    const one = (): number => directory[dice.below(2)]!;
    add(shapes.dns, 2, () => server, one);
    add(shapes.kerberos, 0.5, () => server, one);
    add(shapes.ldap, 0.4, () => server, one);
    add(
      own.logs,
      0.08,
      () => server,
      () => SERVERS.logs,
    );
    add(
      own.updates,
      0.1,
      () => server,
      () => OUTSIDE.updates,
    );
    const application = place - network.servers.length;
    if (application >= 0 && application % DATABASE_EVERY !== DATABASE)
      add(
        own.database,
        1.5 + 6 * busy,
        () => server,
        () => databaseOf(plan, application, standing),
      );
  }

  dice.reseed(seed ^ 0x53, 0, number);
  const { length: people } = network.people;
  const anyone = (): number => visitorAddress(Math.floor(dice.unit() * dice.unit() * VISITORS));
  const anySite = (): number => siteAddress(plan.sites[dice.below(plan.sites.length)]!, dice.unit());
  add(own.mailOut, 1 + people * 0.1 * busy, () => SERVERS.mail, anySite);
  add(own.mailIn, 2 + people * 0.15 * busy, anySite, () => SERVERS.mail);
  add(own.webIn, 3 + people * VISITS_PER_WORKSTATION * busy, anyone, () => SERVERS.website);
  add(own.tunnelIn, people * TUNNELS_PER_WORKSTATION * busy, anyone, () => SERVERS.gateway);
}

/** All servers as they stand at an instant, application servers last. */
export function serversAt({ network, nuisances }: OfficePlan, instant: number): number[] {
  const areRenewed = nuisances.has('new_servers');
  const applications = Array.from({ length: network.applications }, (_, place) =>
    applicationAddress(place, instant, areRenewed),
  );
  return [...network.servers, ...applications];
}

/** A database of the same tier. */
function databaseOf({ network, dice }: OfficePlan, application: number, standing: readonly number[]): number {
  const tier = Math.floor(application / TIER) * TIER;
  const databases = Math.floor(
    (Math.min(TIER, network.applications - tier) + DATABASE_EVERY - 1 - DATABASE) / DATABASE_EVERY,
  );
  const place = databases === 0 ? application : tier + DATABASE + DATABASE_EVERY * dice.below(databases);
  return standing[network.servers.length + place]!;
}
