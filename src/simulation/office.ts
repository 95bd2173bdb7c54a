import { dirtyLines } from './dirty-lines.ts';
import { everydaySessions, type Span } from './everyday.ts';
import { type HiddenIncident, hiddenIncidents, type Incident } from './incidents.ts';
import { MOST_WORKSTATIONS, type Workstation, workstations } from './office-network.ts';
import { seededDice } from './seeded-dice.ts';
import { sessionLine } from './session.ts';

export const SLICE_MS = 15 * 60_000;
/** Session ids of a slice begin at its index times this. */
const IDS_PER_SLICE = 1_000_000;

export interface OfficeOptions {
  /** Any number: the same one gives the same lines on every machine. */
  readonly seed: number;
  /** Workstations, 3 to 800; the servers come on top. */
  readonly hosts: number;
  /** Slices of 15 minutes, 1 or more. */
  readonly slices: number;
  /** When the first slice starts, milliseconds UTC. */
  readonly start: number;
}

/** The lines that the firewall delivered for (start, end], in the order in which the sessions ended. */
export interface TrafficSlice extends Span {
  readonly index: number;
  readonly lines: readonly string[];
}

export interface OfficeTraffic {
  /** What is hidden in the traffic. */
  readonly incidents: readonly Incident[];
  /** One after the other; each is made when it is asked for, and may be asked for again. */
  readonly slices: Iterable<TrafficSlice>;
}

/**
 * The firewall log of a small office: workstations in four segments, their servers, IPv6, denied and dirty records,
 * and three incidents. A session is delivered in the slice in which it ended. Pure: nothing but the options matters.
 * Throws RangeError for options outside the ranges above.
 */
export function officeTraffic(options: OfficeOptions): OfficeTraffic {
  const { seed, hosts, slices, start } = options;
  requireWhole('seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  requireWhole('hosts', hosts, 3, MOST_WORKSTATIONS);
  requireWhole('slices', slices, 1, 100_000);
  requireWhole('start', start, 0, 8e15);

  const people = workstations(seed, hosts);
  const spans = Array.from({ length: slices }, (_, i) => ({
    start: start + i * SLICE_MS,
    end: start + (i + 1) * SLICE_MS,
  }));
  const hidden = hiddenIncidents(seed, people, spans);
  return {
    incidents: hidden.map(({ incident }) => incident),
    slices: {
      *[Symbol.iterator]() {
        for (const [index, span] of spans.entries()) yield trafficSlice(seed, people, hidden, span, index);
      },
    },
  };
}

function trafficSlice(
  seed: number,
  people: readonly Workstation[],
  hidden: readonly HiddenIncident[],
  span: Span,
  index: number,
): TrafficSlice {
  const sessions = everydaySessions(seed, people, span);
  for (const incident of hidden)
    sessions.push(...incident.sessions.filter(({ end }) => span.start < end && end <= span.end));
  sessions.sort((a, b) => a.end - b.end);

  const firstId = index * IDS_PER_SLICE;
  const lines = sessions.map((session, i) => sessionLine(session, firstId + i));
  const dice = seededDice(seed, 'dirt', span.start);
  for (const line of dirtyLines(sessions, span, dice, firstId + lines.length))
    lines.splice(dice.between(0, lines.length), 0, line);
  return { ...span, index, lines };
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    throw new RangeError(`office traffic: ${name} is ${value}; expected a whole number from ${low} to ${high}`);
}
