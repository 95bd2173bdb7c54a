import { DAY_MS } from '../operators/time.ts';
import { busyness, dayOf, isPatchDay, isReturnDay, weekdayOf } from './daily-rhythm.ts';
import { always, mixed, tailed } from './dice-stream.ts';
import { reseedForDay } from './everyday.ts';
import { DNS, type SessionShape } from './habits.ts';
import { addressAt, OUTSIDE, SERVERS, type Workstation } from './office-network.ts';
import type { OfficePlan } from './office-plan.ts';
import type { RecordBatch } from './record-batch.ts';
import { serversAt } from './server-room.ts';
import { addSessionBetween, holds, type PreparedShape, prepareShape, type Span } from './session-maker.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KB = 1000;
const MB = 1000 * KB;

const SHAPES = {
  backup: {
    transport: 'tcp',
    ports: [873],
    application: 'rsync',
    rule: 'backup',
    sent: tailed(2 * MB, 150 * MB, 2500 * MB),
    received: tailed(20 * KB, 200 * KB, 3 * MB),
    lasts: tailed(20 * SECOND, 4 * MINUTE, 38 * MINUTE),
  },
  fullBackup: {
    transport: 'tcp',
    ports: [873],
    application: 'rsync',
    rule: 'backup',
    sent: tailed(200 * MB, 4000 * MB, 60_000 * MB),
    received: tailed(400 * KB, 6 * MB, 80 * MB),
    lasts: tailed(4 * MINUTE, 35 * MINUTE, 170 * MINUTE),
  },
  patch: {
    transport: 'tcp',
    ports: [8530],
    application: 'ms-update',
    rule: 'office',
    sent: tailed(20 * KB, 300 * KB, 3 * MB),
    received: tailed(20 * MB, 90 * MB, 700 * MB),
    lasts: tailed(10 * SECOND, MINUTE, 12 * MINUTE),
  },
  lease: { ...DNS, ports: [67], application: 'dhcp', sent: always(329), received: always(345), unanswered: 0 },
  outdatedTicket: {
    transport: 'tcp',
    ports: [88],
    application: 'kerberos',
    rule: 'office',
    sent: always(890),
    received: always(210),
    lasts: tailed(3, 9, 400),
  },
  mailbox: {
    transport: 'tcp',
    ports: [993],
    application: 'imap',
    rule: 'office',
    sent: tailed(4 * KB, 30 * KB, MB),
    received: tailed(2 * MB, 25 * MB, 400 * MB),
    lasts: tailed(5 * SECOND, 50 * SECOND, 9 * MINUTE),
  },
  probe: {
    transport: 'tcp',
    ports: [0],
    application: 'incomplete',
    rule: 'scanner',
    sent: always(60),
    received: [0, 0, 0, 54, 54, 54, 54, 54],
    lasts: [0, 0, 0, 1, 2, 5, 9, 20],
  },
} as const satisfies Record<string, SessionShape>;

/** What the scanner asks every machine for. */
const PROBED_PORTS = [
  21, 22, 23, 25, 53, 80, 88, 110, 111, 135, 139, 143, 389, 443, 445, 515, 631, 993, 1433, 1521, 2049, 3306, 3389, 5432,
  5900, 5985, 6379, 8000, 8080, 8443, 9100, 9200,
] as const;

const BACKUP_FROM = HOUR;
const BACKUP_SPREAD = 150 * MINUTE;
const DESKTOPS_START = 5 * HOUR;
const DESKTOPS_SPREAD = 8 * MINUTE;
const SCAN_FROM = 19 * HOUR;
const SCAN_TAKES = 4 * HOUR;
const PATCH_FROM = 9 * HOUR;
const PATCH_SPREAD = 6 * HOUR;
const RETURN_FROM = 7.5 * HOUR;
const RETURN_SPREAD = 2 * HOUR;
/** What a machine does on such an occasion is over after this. */
const OCCASION = HOUR;
/** Nothing above lasts longer into the next day. */
const SPILL = 6 * HOUR;

export type NuisanceShapes = Readonly<Record<keyof typeof SHAPES | 'closed', PreparedShape>>;

export function nuisanceShapes({ book }: Pick<OfficePlan, 'book'>): NuisanceShapes {
  const shapes: Record<string, SessionShape> = {
    ...SHAPES,
    closed: { ...SHAPES.probe, denied: true, received: always(0) },
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, prepareShape(shape, book)]),
  ) as NuisanceShapes;
}

/** What happens on some days only, or once a day, as far as it ended in a slice. */
export function addNuisances(plan: OfficePlan, own: NuisanceShapes, slice: Span, batch: RecordBatch): void {
  const { nuisances, daysOff } = plan;
  for (let day = dayOf(slice.start - SPILL); day <= dayOf(slice.end); day++) {
    const midnight = day * DAY_MS;
    const meets = (from: number, to: number): boolean => slice.start < midnight + to && midnight + from < slice.end;
    if (nuisances.has('backup') && meets(BACKUP_FROM, BACKUP_FROM + BACKUP_SPREAD + 3 * HOUR))
      backUp(plan, own, day, slice, batch);
    if (nuisances.has('desktops') && meets(DESKTOPS_START, DESKTOPS_START + OCCASION))
      startDesktops(plan, own, day, slice, batch);
    if (nuisances.has('patch_day') && isPatchDay(day) && meets(PATCH_FROM, PATCH_FROM + PATCH_SPREAD + HOUR))
      patch(plan, own, day, slice, batch);
    const isScanDay = weekdayOf(day) === 2 || weekdayOf(day) === 4;
    if (nuisances.has('scanner') && isScanDay && meets(SCAN_FROM, SCAN_FROM + SCAN_TAKES + MINUTE))
      scan(plan, own, day, slice, batch);
    if (isReturnDay(day, daysOff) && meets(RETURN_FROM, RETURN_FROM + RETURN_SPREAD + HOUR))
      comeBack(plan, own, day, slice, batch);
  }
}

/** Adds a session that begins at `start` if it was logged in the slice. */
function addFrom(
  { dice }: OfficePlan,
  shape: PreparedShape,
  source: number,
  peer: number,
  start: number,
  slice: Span,
  batch: RecordBatch,
): void {
  const end = start + dice.sample(shape.lasts);
  // The dice go on alike in every slice: what is not of this one is thrown all the same.
  const { length, nextSession } = batch;
  addSessionBetween(batch, shape, source, peer, start, end, slice, dice);
  if (holds(slice, end)) return;
  batch.length = length;
  batch.nextSession = nextSession;
}

const isNear = (slice: Span, at: number): boolean => at <= slice.end && at + OCCASION > slice.start;

function backUp(plan: OfficePlan, own: NuisanceShapes, day: number, slice: Span, batch: RecordBatch): void {
  const { seed, dice } = plan;
  const isFull = weekdayOf(day) === 6;
  for (const [place, server] of serversAt(plan, day * DAY_MS).entries()) {
    if (server === SERVERS.backup) continue;
    reseedForDay(dice, seed, place, day, 1);
    const begin = day * DAY_MS + BACKUP_FROM + (mixed(seed, place, 0x800) % BACKUP_SPREAD) + dice.below(3 * MINUTE);
    for (let part = 0; part < (isFull ? 2 : 3); part++)
      addFrom(
        plan,
        isFull ? own.fullBackup : own.backup,
        server,
        SERVERS.backup,
        begin + part * 90 * SECOND,
        slice,
        batch,
      );
  }
}

/** A machine that comes up asks for everything at once. */
function startMachine(
  plan: OfficePlan,
  own: NuisanceShapes,
  person: Workstation,
  source: number,
  at: number,
  slice: Span,
  batch: RecordBatch,
): void {
  const { dice, shapes, network } = plan;
  const { directory } = network.sites[person.site]!;
  const add = (shape: PreparedShape, times: number, peer: (n: number) => number, within: number): void => {
    for (let n = 0; n < times; n++) addFrom(plan, shape, source, peer(n), at + dice.below(within), slice, batch);
  };
  const one = (n: number): number => directory[n & 1]!;
  add(own.lease, 2, () => directory[0], 4 * SECOND);
  add(shapes.dns, 14, one, 2 * MINUTE);
  add(shapes.kerberos, 4, one, 40 * SECOND);
  add(shapes.ldap, 6, one, MINUTE);
  add(shapes.policy, 5, one, 2 * MINUTE);
  add(shapes.web, 3, (n) => (n === 0 ? OUTSIDE.updates : OUTSIDE.antivirus + n), 3 * MINUTE);
}

function startDesktops(plan: OfficePlan, own: NuisanceShapes, day: number, slice: Span, batch: RecordBatch): void {
  for (const person of plan.network.people) {
    if (!person.isDesktop) continue;
    reseedForDay(plan.dice, plan.seed, person.index, day, 2);
    const at = day * DAY_MS + DESKTOPS_START + plan.dice.below(DESKTOPS_SPREAD);
    startMachine(plan, own, person, person.fixedAddress, at, slice, batch);
  }
}

function patch(plan: OfficePlan, own: NuisanceShapes, day: number, slice: Span, batch: RecordBatch): void {
  for (const person of plan.network.people) {
    reseedForDay(plan.dice, plan.seed, person.index, day, 3);
    const at = day * DAY_MS + PATCH_FROM + plan.dice.below(PATCH_SPREAD);
    if (!isNear(slice, at)) continue;
    const source = addressAt(person, at, plan.nuisances.has('leases'));
    for (let part = 0; part < 4; part++)
      addFrom(plan, own.patch, source, SERVERS.updates, at + part * 40 * SECOND, slice, batch);
    startMachine(plan, own, person, source, at + 30 * MINUTE, slice, batch);
  }
}

/** Machine after machine, port after port, all evening long. Machines that stand nowhere near a rule answer with a reset. */
function scan(plan: OfficePlan, own: NuisanceShapes, day: number, slice: Span, batch: RecordBatch): void {
  const { network, dice, seed } = plan;
  const from = day * DAY_MS + SCAN_FROM;
  const servers = serversAt(plan, from);
  const targets = network.people.length + servers.length;
  const step = SCAN_TAKES / targets;
  const first = Math.max(0, Math.floor((slice.start - from) / step) - 1);
  const last = Math.min(targets - 1, Math.ceil((slice.end - from) / step) + 1);
  for (let place = first; place <= last; place++) {
    reseedForDay(dice, seed, place, day, 4);
    const person = network.people[place];
    const target =
      person === undefined
        ? servers[place - network.people.length]!
        : addressAt(person, from, plan.nuisances.has('leases'));
    const shape = dice.chance(0.5) ? own.closed : own.probe;
    for (const [n, port] of PROBED_PORTS.entries()) {
      const at = from + Math.floor(place * step + (n * Math.min(step, 10 * SECOND)) / PROBED_PORTS.length);
      addFrom(plan, { ...shape, ports: [port] }, SERVERS.scanner, target, at, slice, batch);
    }
  }
}

/** The first morning after a holiday: old passwords, full mailboxes, updates that were missed. */
function comeBack(plan: OfficePlan, own: NuisanceShapes, day: number, slice: Span, batch: RecordBatch): void {
  const { network, dice, seed, daysOff } = plan;
  for (const person of network.people) {
    reseedForDay(dice, seed, person.index, day, 5);
    const at = day * DAY_MS + RETURN_FROM + dice.below(RETURN_SPREAD);
    if (person.isDesktop || !isNear(slice, at) || busyness(at, daysOff) < 0.3) continue;
    const source = addressAt(person, at, plan.nuisances.has('leases'));
    startMachine(plan, own, person, source, at, slice, batch);
    const { directory } = network.sites[person.site]!;
    for (let n = 0; n < 8; n++)
      addFrom(plan, own.outdatedTicket, source, directory[n & 1]!, at + n * 20 * SECOND, slice, batch);
    for (let n = 0; n < 2; n++) addFrom(plan, own.mailbox, source, SERVERS.mail, at + n * MINUTE, slice, batch);
    addFrom(plan, own.patch, source, SERVERS.updates, at + 5 * MINUTE, slice, batch);
  }
}
