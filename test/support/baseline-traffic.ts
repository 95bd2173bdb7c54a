/**
 * A small office over days, made so that its baselines meet every rule: hosts with and without a past, prefixes with too few
 * hosts or none, habits of the night, bursts, a program that calls home. Of each day only some hours are there; their
 * slices follow one another, so that most rows are of good health.
 */

import { type Dice, seededDice } from '../../src/simulation/seeded-dice.ts';
import { idOf, type MiniBatch } from './mini-batch-folders.ts';

const MINUTE = 60_000;
const SLICE = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface BaselineTraffic {
  readonly seed: number;
  /** Midnight of the first day, ms UTC. */
  readonly start: number;
  readonly days: number;
  /** Hours of each day in which slices are delivered, at 08, 23, 38 and 53. */
  readonly hours: readonly number[];
}

/** A Wednesday: twelve days of history end on a Sunday, and the day that is scored is a Monday. */
export const FIRST_DAY = Date.UTC(2026, 2, 4);
export const SCORED_DAY = 12;
export const HOURS = [2, 10, 23];

const range = (prefix: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `${prefix}${from + n}`);

const DESKS = [...range('10.1.1.', 10, 17), ...range('10.1.2.', 10, 15)];
/** Desks that others connect to; the rest have rows of their own doing alone. */
const ASKED = range('10.1.2.', 10, 13);
const SERVERS = range('10.1.100.', 5, 10);
const PAIR_OF_HOSTS = range('10.1.3.', 10, 11);
const SIXES = range('fd00:1::', 10, 13);
const [DNS, BACKED_UP, FILES] = ['10.1.100.5', ['10.1.100.6', '10.1.100.7', '10.1.100.8'], '10.1.100.10'];
/** Of the infrastructure, outside; and what is no address at all is logged now and then. */
export const RESOLVER = '198.51.100.53';
const SITES = range('192.0.2.', 10, 29);

/** Hosts that come late: after how many days, and how many of their slices they are there. */
const LATE: Readonly<Record<string, readonly [days: number, share: number]>> = {
  '10.1.2.30': [8, 0.3],
  '10.1.1.99': [11, 1],
  '10.1.3.12': [SCORED_DAY, 1],
  '10.7.7.7': [SCORED_DAY, 1],
  'fd00:9::5': [SCORED_DAY, 1],
};

interface Flow {
  readonly from: string;
  readonly to: string;
  readonly port: number | null;
  /** Ms before the slice's end. */
  readonly ago?: number;
  readonly sent?: number;
  readonly received?: number;
  readonly seconds?: number;
  readonly more?: Readonly<Record<string, unknown>>;
}

export function baselineMiniBatches({ seed, start, days, hours }: BaselineTraffic): MiniBatch[] {
  const miniBatches: MiniBatch[] = [];
  for (let day = 0; day < days; day++)
    for (const hour of hours)
      for (const minute of [8, 23, 38, 53]) {
        const sliceEnd = start + day * DAY + hour * HOUR + minute * MINUTE;
        const flows = flowsOf({ seed, day, hour, minute, sliceEnd });
        const lines = flows.map((flow, n) => lineOf(flow, n, sliceEnd));
        miniBatches.push(...dealt(lines, sliceEnd, day, hour, minute));
      }
  return miniBatches;
}

/** Two mini-batches of one slice now and then; each host is in both. */
function dealt(lines: readonly string[], sliceEnd: number, day: number, hour: number, minute: number): MiniBatch[] {
  const id = idOf(sliceEnd);
  if (!(day % 3 === 0 && hour === 10 && minute === 53)) return [{ id, sliceEnd, lines }];
  const [early, late] = [0, 1].map((half) => lines.filter((_, n) => n % 2 === half));
  return [
    { id: `${id}-a`, sliceEnd, lines: early! },
    { id: `${id}-b`, sliceEnd, lines: late! },
  ];
}

interface Moment {
  readonly seed: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly sliceEnd: number;
}

function flowsOf(moment: Moment): Flow[] {
  const { seed, day, hour, minute } = moment;
  const isWork = hour >= 7 && hour < 17 && ![0, 6].includes(new Date(moment.sliceEnd).getUTCDay());
  const flows: Flow[] = [];
  const hosts = [...DESKS, ...PAIR_OF_HOSTS, ...SIXES, ...Object.keys(LATE)];
  for (const host of hosts) {
    const dice = seededDice(seed, day, hour, minute, host);
    const [since, share] = LATE[host] ?? [0, isWork ? 0.95 : 0.6];
    if (day < since || !dice.chance(share)) continue;
    // Two work by day alone, one by night alone.
    if (['10.1.1.13', '10.1.1.16'].includes(host) && !isWork && day < SCORED_DAY) continue;
    if (host === '10.1.1.10' && isWork && day < SCORED_DAY) continue;
    flows.push(...deskFlows(host, dice, moment));
  }
  for (const server of SERVERS) {
    const dice = seededDice(seed, day, hour, minute, server);
    flows.push({ from: server, to: '192.0.2.123', port: 123, sent: 76, received: 76 });
    if (BACKED_UP.includes(server) && hour === 2 && minute === 38)
      for (let n = 0; n < 40; n++)
        flows.push({ from: server, to: FILES, port: 873, sent: 90_000_000 + dice.between(0, 1_000_000), seconds: 300 });
    if (dice.chance(0.5))
      flows.push({ from: server, to: dice.pick(SERVERS), port: 1433, sent: dice.skewed(100, 9_000) });
  }
  return [...flows, ...events(moment)];
}

function deskFlows(host: string, dice: Dice, { hour }: Moment): Flow[] {
  const flows: Flow[] = [{ from: host, to: DNS, port: 53, sent: 60, received: 120 }];
  const count = dice.count(hour >= 7 && hour < 17 ? 4 : 1.5);
  for (let n = 0; n < count; n++)
    flows.push({
      from: host,
      to: dice.pick(SITES),
      port: 443,
      ago: dice.between(0, SLICE - 1),
      sent: dice.skewed(200, 60_000),
      received: dice.chance(0.05) ? 0 : dice.skewed(1_000, 900_000),
      seconds: dice.skewed(0, 600),
      more: { event_action: dice.chance(0.05) ? 'deny' : 'allow', repeat_count: dice.chance(0.1) ? 3 : 1 },
    });
  if (dice.chance(0.3)) flows.push({ from: host, to: dice.pick(BACKED_UP), port: 445, sent: dice.skewed(500, 90_000) });
  if (dice.chance(0.1)) flows.push({ from: host, to: dice.pick(ASKED), port: dice.pick([22, 3389, 33_000, 50_001]) });
  if (dice.chance(0.1)) flows.push({ from: host, to: '224.0.0.251', port: 5353, received: 0 });
  return flows;
}

/** What some hosts do on purpose, or once. */
function events({ day, hour, minute, sliceEnd, seed }: Moment): Flow[] {
  const flows: Flow[] = [];
  const dice = seededDice(seed, 'events', day, hour, minute);
  const every = (seconds: number, jitter: number, flow: Omit<Flow, 'ago'>): void => {
    const step = seconds * 1000;
    for (let at = Math.ceil((sliceEnd - SLICE + 1) / step) * step; at <= sliceEnd; at += step)
      flows.push({ ...flow, ago: Math.max(0, sliceEnd - at - Math.round(jitter * step * dice.fraction())) });
  };
  // Calls home, a poll among servers, pings, chatter, a shell that is kept alive: all of them regular.
  every(180, 0.1, { from: '10.1.1.11', to: '203.0.113.77', port: 443, sent: 412, received: 96 });
  every(150, 0.02, { from: '10.1.1.12', to: '203.0.113.78', port: 8443, sent: 500 + dice.between(0, 9), received: 0 });
  if (day >= 10) every(200, 0, { from: '10.1.100.10', to: '10.1.100.9', port: 8443, sent: 700 });
  every(120, 0.05, {
    from: '10.1.2.11',
    to: '198.51.100.7',
    port: null,
    sent: 84,
    more: { network_transport: 'icmp' },
  });
  every(240, 0, { from: '10.1.2.12', to: '10.1.2.255', port: 137, sent: 78, received: 0 });
  every(100, 0.3, { from: '10.1.2.13', to: '198.51.100.9', port: 22, sent: 1_200 });
  every(300, 0, { from: 'fd00:1::11', to: 'ff02::fb', port: 5353, sent: 100 });
  every(200, 0, { from: '10.1.3.10', to: RESOLVER, port: 53, sent: 61 });
  every(170, 0.1, { from: '10.1.3.11', to: 'printer-7', port: 9100, sent: 5_000 });
  every(300, 0, { from: 'fd00:1::12', to: '2001:db8::77', port: 443, sent: 300 });
  if (day >= SCORED_DAY) every(90, 0, { from: '10.7.7.7', to: '203.0.113.80', port: 4444, sent: 99 });
  // Once: a burst, a download of a day, a list of threats without a session.
  if (day === 7 && hour === 10 && minute === 53)
    for (let n = 0; n < 400; n++) flows.push({ from: '10.1.100.9', to: SITES[n % 20]!, port: 443, sent: 2_000_000 });
  if (day === SCORED_DAY && hour >= 10)
    for (let n = 0; n < 5; n++)
      flows.push({ from: '10.1.1.14', to: '203.0.113.200', port: 443, sent: 9_000_000, seconds: 800 });
  if (day === SCORED_DAY && hour >= 10)
    for (const to of DESKS) flows.push({ from: '10.1.1.15', to, port: 445, sent: 900, received: 0 });
  if (minute === 53)
    flows.push({
      from: '10.1.2.15',
      to: '203.0.113.5',
      port: 80,
      more: { event_name: 'THREAT', event_subtype: 'virus', event_action: 'alert' },
    });
  return flows;
}

function lineOf(
  { from, to, port, ago, sent = 300, received = 400, seconds = 1, more }: Flow,
  n: number,
  end: number,
): string {
  const start = end - (ago ?? (n * 7_919) % SLICE);
  return JSON.stringify({
    source_ip: from,
    destination_ip: to,
    source_port: 49_152 + (n % 1_000),
    destination_port: port,
    source_bytes: sent,
    destination_bytes: received,
    event_start: new Date(start - seconds * 1000).toISOString(),
    event_end: new Date(start).toISOString(),
    event_name: 'TRAFFIC',
    event_action: 'allow',
    network_transport: 'tcp',
    ...more,
  });
}
