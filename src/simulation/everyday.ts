import { busyness } from './daily-rhythm.ts';
import { type Habit, SERVER_HABITS, WORKSTATION_HABITS } from './habits.ts';
import type { Workstation } from './office-network.ts';
import { type Dice, seededDice } from './seeded-dice.ts';
import type { Session } from './session.ts';

const MINUTE = 60_000;

/** An interval of time in milliseconds UTC, (start, end]. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The harmless sessions that ended within a slice, in no order. */
export function everydaySessions(seed: number, people: readonly Workstation[], slice: Span): Session[] {
  const sessions: Session[] = [];
  for (const person of people) {
    const dice = seededDice(seed, 'day', person.index, slice.start);
    const busy = person.away ? 0 : busyness(slice.start - person.lateness * MINUTE);
    for (const habit of WORKSTATION_HABITS) {
      const source = sourceFor(habit, person);
      if (source === undefined) continue;
      repeat(habit, busy, dice, () => sessions.push(...sessionsOf(habit, source, dice, slice)));
    }
  }
  const dice = seededDice(seed, 'servers', slice.start);
  for (const habit of SERVER_HABITS)
    repeat(habit, busyness(slice.start), dice, () =>
      sessions.push(...sessionsOf(habit, habit.source(dice), dice, slice)),
    );
  return sessions;
}

function sourceFor(habit: Habit, person: Workstation): string | undefined {
  if (habit.only === 'ipv6') return person.address6;
  if (habit.only === 'administrator' && !person.administrator) return undefined;
  return person.address;
}

function repeat(habit: Habit, busy: number, dice: Dice, act: () => void): void {
  for (let left = dice.count(habit.rate * (habit.rhythm === 'machine' ? 1 : busy)); left > 0; left--) act();
}

/** One session, now and then with the record of its start or a finding about it. */
function sessionsOf(habit: Habit, source: string, dice: Dice, slice: Span): Session[] {
  const destination = habit.peer(dice);
  if (destination === source) return [];
  const end = dice.between(slice.start + 1, slice.end);
  const start = end - dice.skewed(...habit.lasts);
  const portless = habit.transport === 'icmp' || habit.transport === 'ipv6-icmp';
  const silent = habit.denied === true || dice.chance(habit.unanswered ?? 0);
  const session: Session = {
    event: 'TRAFFIC',
    subtype: habit.denied ? 'deny' : 'end',
    source,
    destination,
    sourcePort: portless ? 0 : dice.between(49_152, 65_535),
    destinationPort: portless ? 0 : dice.pick(habit.ports),
    transport: habit.transport,
    action: habit.denied ? dice.pick(['deny', 'drop', 'reset-both']) : 'allow',
    reason: habit.denied ? 'policy-deny' : reasonOf(habit, dice),
    sent: dice.skewed(...habit.sent),
    received: silent ? 0 : dice.skewed(...habit.received),
    start,
    end,
    repeats: dice.chance(0.02) ? dice.between(2, 4) : 1,
    application: habit.application,
    rule: habit.rule,
  };
  const sessions = [session];
  if (habit.transport === 'tcp' && !habit.denied && start > slice.start && dice.chance(0.03))
    sessions.push(startOf(session));
  if (habit.application === 'ssl' && start > slice.start && dice.chance(0.02)) sessions.push(findingOn(session, dice));
  return sessions;
}

function reasonOf(habit: Habit, dice: Dice): string {
  if (habit.transport !== 'tcp') return 'aged-out';
  const throwOf = dice.fraction();
  if (throwOf < 0.84) return 'tcp-fin';
  if (throwOf < 0.92) return 'tcp-rst-from-client';
  return throwOf < 0.97 ? 'tcp-rst-from-server' : 'aged-out';
}

/** Some rules also log when a session opens; its end record says the same again, and more. */
const startOf = (session: Session): Session => ({
  ...session,
  subtype: 'start',
  reason: 'n/a',
  sent: 74,
  received: 0,
  end: session.start,
  repeats: 1,
});

/** Mostly the address of a page, which is no finding at all; now and then something that the firewall disliked. */
function findingOn({ sent: _, received: __, ...session }: Session, dice: Dice): Session {
  const subtype = dice.pick(['url', 'url', 'url', 'file', 'spyware', 'vulnerability', 'vulnerability']);
  const action = subtype === 'url' || subtype === 'file' ? 'alert' : dice.pick(['alert', 'alert', 'reset-both']);
  return { ...session, event: 'THREAT', subtype, action, reason: 'threat', end: session.start, repeats: 1 };
}
