import type { Span } from './everyday.ts';
import type { Dice } from './seeded-dice.ts';
import { type Session, sessionLine } from './session.ts';

/** What real log folders hold besides good records. Each spoils a good one. */
const SPOILS: readonly ((session: Session, id: number) => string)[] = [
  (session, id) => sessionLine(session, id).slice(0, 80),
  () => '# log rotated',
  (session, id) => sessionLine({ ...session, source: '10.10.1.999' }, id),
  (session, id) =>
    changed(session, id, { source_bytes: null, destination_bytes: null, source_port: null, destination_port: null }),
  (session, id) => changed(session, id, { source_bytes: -1 }),
  (session, id) => changed(session, id, { destination_port: 70_000 }),
  (session, id) => changed(session, id, { event_start: '1970-01-01T00:00:00.000Z' }),
  (session, id) => changed(session, id, { event_name: 'SYSTEM', event_subtype: 'general' }),
  (session, id) => changed(session, id, { source_bytes: String(session.sent ?? 0) }),
];

/** About six spoilt records a slice, to be put in at random places. */
export function dirtyLines(sessions: readonly Session[], slice: Span, dice: Dice, firstId: number): string[] {
  if (sessions.length === 0) return [];
  return Array.from({ length: dice.count(6) }, (_, i) => {
    const end = dice.between(slice.start + 1, slice.end);
    return dice.pick(SPOILS)({ ...dice.pick(sessions), start: end, end }, firstId + i);
  });
}

function changed(session: Session, id: number, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(sessionLine(session, id)), ...fields });
}
