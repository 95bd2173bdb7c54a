import { always, type DiceStream, mixed, tailed } from './dice-stream.ts';
import { DNS, type SessionShape, WEB } from './habits.ts';
import type { RecordBatch } from './record-batch.ts';
import { addSessionBetween, holds, type PreparedShape, type Span } from './session-maker.ts';

/** Whom a timer of a workstation talks to. */
export type TimerPeer = 'antivirus' | 'vendor' | 'updates' | 'directory' | 'lease';

/** What a machine does by the clock, with a phase of its own. */
export interface Timer extends SessionShape {
  readonly peer: TimerPeer;
  /** Milliseconds between two. */
  readonly period: number;
  /** Each comes up to so many milliseconds late; 0: to the millisecond. */
  readonly jitter: number;
  /** Share of machines that have it. */
  readonly share: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KB = 1000;

export const WORKSTATION_TIMERS: readonly Timer[] = [
  {
    // The strictest clock in the office is harmless: exactly every five minutes, always the same size.
    ...WEB,
    peer: 'antivirus',
    application: 'antivirus-telemetry',
    period: 5 * MINUTE,
    jitter: 0,
    share: 1,
    sent: always(842),
    received: always(391),
    lasts: [180, 200, 220, 240, 260, 300, 400, 900],
    unanswered: 0,
  },
  {
    ...WEB,
    peer: 'vendor',
    period: 15 * MINUTE,
    jitter: 90 * SECOND,
    share: 0.3,
    sent: tailed(900, 1800, 40 * KB),
    received: tailed(300, 700, 4 * KB),
    lasts: tailed(150, 400, 6 * SECOND),
  },
  {
    ...WEB,
    peer: 'updates',
    application: 'ms-update',
    period: HOUR,
    jitter: 4 * MINUTE,
    share: 1,
    sent: tailed(2 * KB, 5 * KB, 30 * KB),
    received: tailed(4 * KB, 22 * KB, 30 * 1000 * KB),
    lasts: tailed(300, 2 * SECOND, 40 * SECOND),
  },
  {
    ...DNS,
    peer: 'directory',
    ports: [123],
    application: 'ntp',
    period: 1024 * SECOND,
    jitter: 2 * SECOND,
    share: 1,
    sent: always(90),
    received: always(90),
    lasts: [2, 5, 10, 20, 40, 60, 90, 120],
    unanswered: 0.005,
  },
  {
    ...DNS,
    peer: 'lease',
    ports: [67],
    application: 'dhcp',
    period: 4 * HOUR,
    jitter: 3 * SECOND,
    share: 1,
    sent: [329, 329, 329, 330, 330, 345, 345, 576],
    received: [329, 345, 345, 345, 345, 345, 576, 576],
    lasts: tailed(1, 4, 400),
  },
];

/** Adds what one timer of one machine did in a slice. */
export function addTimer(
  batch: RecordBatch,
  shape: PreparedShape,
  { period, jitter }: Pick<Timer, 'period' | 'jitter'>,
  seed: number,
  source: number,
  destination: number,
  slice: Span,
  dice: DiceStream,
): void {
  const phase = mixed(seed, 1, 1) % period;
  const latest = jitter + shape.lasts[7];
  const last = Math.floor((slice.end - phase) / period);
  for (let turn = Math.ceil((slice.start - latest - phase) / period); turn <= last; turn++) {
    dice.reseed(seed, turn, 2);
    const start = turn * period + phase + (jitter === 0 ? 0 : dice.below(jitter + 1));
    const end = start + dice.sample(shape.lasts);
    if (holds(slice, end)) addSessionBetween(batch, shape, source, destination, start, end, slice, dice);
  }
}
