import { SPOILS } from './dirty-lines.ts';
import { addEveryday } from './everyday.ts';
import type { IncidentRequest } from './incident-kinds.ts';
import { addIncident, hiddenIncidents, type Incident } from './incidents.ts';
import { addInternetScanners, scannerShape } from './internet-scanners.ts';
import { createLineWriter } from './line-writer.ts';
import { addNuisances, nuisanceShapes } from './nuisance-days.ts';
import { MOST_SCANNERS, MOST_WORKSTATIONS } from './office-network.ts';
import { NUISANCES, type Nuisance, type OfficePlan, planOffice } from './office-plan.ts';
import { addSpoilt, createRecordBatch, halfOf, inLogOrder, type RecordBatch } from './record-batch.ts';
import { isPortless } from './record-kinds.ts';
import { addServerRoom, serverShapes } from './server-room.ts';
import type { Span } from './session-maker.ts';

export const SLICE_MS = 15 * 60_000;
/** Ids of sessions come again after ten days, as those of firewalls do. */
const SLICES_WITHOUT_REUSE = 960;
const SESSIONS_PER_SLICE = 10_000_000;
const DIRTY_SHARE = 0.002;
export const MOST_DIRTY = 0.4;
export const MOST_SLICES = 100_000;
const FEWEST_SCANNERS = 40;
const WORKSTATIONS_PER_SCANNER = 20;

export interface OfficeOptions {
  /** Any whole number: the same one gives the same lines on every machine. */
  readonly seed: number;
  /** Workstations, 3 to 100,000; the servers come on top. */
  readonly hosts: number;
  /** Slices of 15 minutes, 1 or more. */
  readonly slices: number;
  /** When the first slice starts, milliseconds UTC. Two simulations of one office give the same everyday slices. */
  readonly start: number;
  /** What is hidden in the traffic; absent: a beacon, a scan, an exfiltration. */
  readonly incidents?: readonly IncidentRequest[];
  /** Internet addresses that try the office's doors; absent: one per 20 workstations, at least 40. */
  readonly scanners?: number;
  /** Share of lines that are spoilt, 0 to 0.4; absent: 0.002. */
  readonly dirty?: number;
  /** Absent: all. */
  readonly nuisances?: readonly Nuisance[];
  /** Holidays, as days from 1 January 1970. */
  readonly daysOff?: readonly number[];
  /** While the forwarder is out nothing is delivered; what it then catches up on comes all at once. */
  readonly outages?: readonly Span[];
}

/** One mini-batch: what the forwarder delivers for the slice (end - 15 minutes, end]. */
export interface Delivery {
  readonly index: number;
  /** What ended in (start, end] is delivered: more than a slice after an outage. */
  readonly start: number;
  readonly end: number;
}

/** The records of a delivery, and their order in the log. */
export interface DeliveredRecords {
  readonly batch: RecordBatch;
  readonly order: Uint32Array;
}

/** The lines of a delivery, in the order in which the sessions ended. */
export interface TrafficSlice extends Delivery {
  readonly lines: readonly string[];
}

export interface OfficeTraffic {
  readonly plan: OfficePlan;
  /** What is hidden in the traffic. */
  readonly incidents: readonly Incident[];
  /** In their order. Each can be made without those before it. */
  readonly deliveries: readonly Delivery[];
  readonly recordsOf: (delivery: Delivery) => DeliveredRecords;
  /** One after the other; each is made when it is asked for, and may be asked for again. */
  readonly slices: Iterable<TrafficSlice>;
}

const USUAL_INCIDENTS: readonly IncidentRequest[] = [
  { kind: 'beacon' },
  { kind: 'fast_scan' },
  { kind: 'exfiltration' },
];

/**
 * The firewall log of an office: workstations, laptops and virtual desktops, their servers, a proxy, the internet around
 * them, denied and dirty records, harmless oddities, and incidents. A session is delivered in the slice in which it ended,
 * later where the forwarder was out. Pure: nothing but the options matters. Throws RangeError for options outside the
 * ranges above.
 */
export function officeTraffic(options: OfficeOptions): OfficeTraffic {
  const { seed, hosts, slices, start, outages = [] } = options;
  requireOptions(options);
  const end = start + slices * SLICE_MS;
  const plan = planOffice({
    seed,
    workstations: hosts,
    start,
    end,
    nuisances: new Set(options.nuisances ?? (Object.keys(NUISANCES) as Nuisance[])),
    daysOff: new Set(options.daysOff),
    internetScanners: options.scanners ?? Math.max(FEWEST_SCANNERS, Math.floor(hosts / WORKSTATIONS_PER_SCANNER)),
  });
  const shapes = { servers: serverShapes(plan), nuisances: nuisanceShapes(plan), scanners: scannerShape(plan) };
  const hidden = hiddenIncidents(plan, options.incidents ?? USUAL_INCIDENTS);
  const deliveries = deliveriesOf(start, slices, outages);

  const recordsOf = (delivery: Delivery): DeliveredRecords => {
    const batch = createRecordBatch(0);
    for (let from = delivery.start; from < delivery.end; from += SLICE_MS) {
      const slice = { start: from, end: from + SLICE_MS };
      const first = batch.length;
      batch.nextSession = (Math.floor(slice.end / SLICE_MS) % SLICES_WITHOUT_REUSE) * SESSIONS_PER_SLICE;
      addEveryday(plan, slice, batch);
      addServerRoom(plan, shapes.servers, slice, batch);
      addInternetScanners(plan, shapes.scanners, slice, batch);
      addNuisances(plan, shapes.nuisances, slice, batch);
      for (const incident of hidden) addIncident(incident, slice, batch);
      spoilSome(plan, options.dirty ?? DIRTY_SHARE, first, slice, batch);
    }
    return { batch, order: inLogOrder(batch) };
  };
  return {
    plan,
    incidents: hidden.map(({ incident }) => incident),
    deliveries,
    recordsOf,
    slices: {
      *[Symbol.iterator]() {
        const writer = createLineWriter(plan.book.kinds);
        const text = new TextDecoder();
        for (const delivery of deliveries) {
          const { batch, order } = recordsOf(delivery);
          const lines = text.decode(writer.write(batch, order, 0, order.length)).split('\n');
          yield { ...delivery, lines: lines.slice(0, -1) };
        }
      },
    },
  };
}

/** A slice that ends within an outage delivers nothing; the first one after it delivers what they held. */
function deliveriesOf(start: number, slices: number, outages: readonly Span[]): Delivery[] {
  const deliveries: Delivery[] = [];
  let waiting = start;
  for (let index = 0; index < slices; index++) {
    const end = start + (index + 1) * SLICE_MS;
    if (outages.some((outage) => outage.start < end && end <= outage.end)) continue;
    deliveries.push({ index, start: waiting, end });
    waiting = end;
  }
  return deliveries;
}

/** Adds spoilt copies of sessions of the slice. */
function spoilSome(
  { dice, seed, book }: OfficePlan,
  share: number,
  first: number,
  slice: Span,
  batch: RecordBatch,
): void {
  const good = batch.length - first;
  dice.reseed(seed ^ 0x55, 0, Math.floor(slice.end / 60_000));
  const canBeSpoilt = (row: number): boolean => {
    const { event, subtype, transport } = book.kinds[halfOf(batch, row, 'kind')]!;
    return event === 'TRAFFIC' && subtype !== 'start' && !isPortless(transport);
  };
  for (let left = Math.floor((good * share) / (1 - share) + dice.unit()); left > 0; left--) {
    let row = first + dice.below(good);
    for (let tries = 0; tries < 20 && !canBeSpoilt(row); tries++) row = first + dice.below(good);
    const spoil = 1 + dice.below(SPOILS.length);
    const end = slice.start + 1 + dice.below(slice.end - slice.start);
    if (canBeSpoilt(row)) addSpoilt(batch, row, spoil, end);
  }
}

function requireOptions({ seed, hosts, slices, start, scanners, dirty }: OfficeOptions): void {
  requireWhole('seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  requireWhole('hosts', hosts, 3, MOST_WORKSTATIONS);
  requireWhole('slices', slices, 1, MOST_SLICES);
  requireWhole('start', start, 0, 8e15);
  requireWhole('scanners', scanners ?? 0, 0, MOST_SCANNERS);
  if (dirty !== undefined && !(dirty >= 0 && dirty <= MOST_DIRTY))
    throw new RangeError(`office traffic: dirty is ${dirty}; expected a share from 0 to ${MOST_DIRTY}`);
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    throw new RangeError(`office traffic: ${name} is ${value}; expected a whole number from ${low} to ${high}`);
}
