import type { DiceStream } from './dice-stream.ts';
import type { SessionShape } from './habits.ts';
import { addRecord, type RecordBatch } from './record-batch.ts';
import { isPortless, type KindBook, type RecordKind } from './record-kinds.ts';

/** An interval of time in milliseconds UTC, (start, end]. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const holds = ({ start, end }: Span, instant: number): boolean => start < instant && instant <= end;

/** A shape with the numbers of the kinds in which its records come. */
export interface PreparedShape extends SessionShape {
  readonly isPortless: boolean;
  /** Of sessions that were let through, by the way in which they ended. */
  readonly ended: readonly number[];
  readonly denials: readonly number[];
  readonly begun: number;
  readonly findings: readonly number[];
}

/** How sessions over TCP end, and up to which throw of the dice. */
const ENDINGS = [
  { reason: 'tcp-fin', upTo: 0.836 },
  { reason: 'tcp-rst-from-client', upTo: 0.916 },
  { reason: 'tcp-rst-from-server', upTo: 0.966 },
  { reason: 'aged-out', upTo: 0.995 },
  { reason: 'decrypt-error', upTo: 0.997 },
  { reason: 'threat', upTo: 0.998 },
  { reason: 'resources-unavailable', upTo: 0.999 },
  { reason: 'unknown', upTo: 1 },
] as const;
const AGED_OUT = 3;
const DENIALS = ['deny', 'drop', 'reset-both', 'reset-client', 'reset-server'] as const;
const DENIALS_WITHOUT_RESET = { udp: ['deny', 'drop'], icmp: ['drop-icmp'], 'ipv6-icmp': ['drop-icmp'] } as const;
const BEGUN_SHARE = 0.03;
const FINDING_SHARE = 0.02;
const REPEATED_SHARE = 0.02;

/** Mostly the address of a page, which is no finding at all; now and then something that the firewall disliked. */
const FINDINGS: readonly Pick<RecordKind, 'subtype' | 'action'>[] = [
  { subtype: 'url', action: 'alert' },
  { subtype: 'url', action: 'alert' },
  { subtype: 'url', action: 'alert' },
  { subtype: 'file', action: 'alert' },
  { subtype: 'spyware', action: 'alert' },
  { subtype: 'vulnerability', action: 'alert' },
  { subtype: 'vulnerability', action: 'reset-both' },
];

export function prepareShape(shape: SessionShape, book: KindBook): PreparedShape {
  const { transport, application, rule } = shape;
  const kind = (subtype: string, action: string, reason: string): number =>
    book.numberOf({ event: 'TRAFFIC', subtype, transport, action, reason, application, rule });
  return {
    ...shape,
    isPortless: isPortless(transport),
    ended: ENDINGS.map(({ reason }) => kind('end', 'allow', transport === 'tcp' ? reason : 'aged-out')),
    denials: (transport === 'tcp' ? DENIALS : DENIALS_WITHOUT_RESET[transport]).map((action) =>
      kind(action.startsWith('drop') ? 'drop' : 'deny', action, 'policy-deny'),
    ),
    begun: kind('start', 'allow', 'n/a'),
    findings: FINDINGS.map(({ subtype, action }) =>
      book.numberOf({ event: 'THREAT', subtype, transport, action, reason: 'threat', application, rule }),
    ),
  };
}

/** Adds a session that was logged at `end`. */
export function addSession(
  batch: RecordBatch,
  shape: PreparedShape,
  source: number,
  destination: number,
  end: number,
  slice: Span,
  dice: DiceStream,
): void {
  addSessionBetween(batch, shape, source, destination, end - dice.sample(shape.lasts), end, slice, dice);
}

/**
 * Adds a session that began at `start` and was logged at `end`, now and then with the record of its start or a finding about it, both of which
 * the firewall logs when the session begins.
 */
export function addSessionBetween(
  batch: RecordBatch,
  shape: PreparedShape,
  source: number,
  destination: number,
  start: number,
  end: number,
  slice: Span,
  dice: DiceStream,
): void {
  if (destination === source) return;
  const sourcePort = shape.isPortless ? 0 : 49_152 + dice.below(16_384);
  const ports = shape.ports;
  const port = shape.isPortless ? 0 : ports.length === 1 ? ports[0]! : ports[dice.below(ports.length)]!;
  const sent = dice.sample(shape.sent);
  const session = batch.nextSession++;
  const repeats = dice.chance(REPEATED_SHARE) ? 2 + dice.below(3) : 1;
  if (shape.denied === true) {
    const kind = shape.denials[dice.below(shape.denials.length)]!;
    addRecord(batch, kind, source, destination, sourcePort, port, sent, 0, start, end, repeats, session);
    return;
  }
  const isSilent = dice.chance(shape.unanswered ?? 0);
  const received = isSilent ? 0 : dice.sample(shape.received);
  const kind = shape.ended[isSilent ? AGED_OUT : endingOf(dice.unit())]!;
  addRecord(batch, kind, source, destination, sourcePort, port, sent, received, start, end, repeats, session);
  if (shape.transport !== 'tcp') return;
  // Thrown in any case: what is thrown next must not depend on the slice.
  const isBegun = dice.chance(BEGUN_SHARE);
  const throwOf = shape.application === 'ssl' ? dice.unit() / FINDING_SHARE : 1;
  if (start <= slice.start) return;
  if (isBegun) addRecord(batch, shape.begun, source, destination, sourcePort, port, 74, 0, start, start, 1, session);
  if (throwOf < 1) {
    const finding = shape.findings[Math.floor(throwOf * FINDINGS.length)]!;
    addRecord(batch, finding, source, destination, sourcePort, port, 0, 0, start, start, 1, session);
  }
}

function endingOf(throwOf: number): number {
  let ending = 0;
  while (throwOf >= ENDINGS[ending]!.upTo) ending++;
  return ending;
}
