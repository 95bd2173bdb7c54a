import { DAY_MS, HOUR_MS } from '../operators/time.ts';
import { dayOf, isPatchDay, isReturnDay, weekdayOf } from './daily-rhythm.ts';
import type { Incident } from './incidents.ts';
import { applicationAddress, generationOf, SERVERS } from './office-network.ts';
import type { OfficePlan } from './office-plan.ts';
import type { Span } from './session-maker.ts';
import { addressText } from './simulated-address.ts';

/** One line of the ground truth: an incident, or something harmless (family `benign`) that looks odd. Times are ISO 8601. */
export interface TruthLine {
  readonly incident: string;
  readonly kind: string;
  readonly family: string;
  readonly host: string | null;
  readonly peer: string | null;
  readonly port: number | null;
  readonly start: string;
  readonly end: string;
  readonly parameters: Readonly<Record<string, number>>;
}

const iso = (instant: number): string => new Date(instant).toISOString();

/** Everything that a detector should, or should not, find. */
export function groundTruth(plan: OfficePlan, incidents: readonly Incident[], outages: readonly Span[]): TruthLine[] {
  return [
    ...incidents.map(
      ({ id, kind, family, host, peer, port, start, end, parameters, records }): TruthLine => ({
        incident: id,
        kind,
        family,
        host,
        peer,
        port,
        start: iso(start),
        end: iso(end),
        parameters: { ...parameters, records },
      }),
    ),
    ...outages.map((outage, i) => benign('outage', i, outage, null)),
    ...oddDays(plan),
  ];
}

function benign(kind: string, place: number, { start, end }: Span, host: string | null): TruthLine {
  return {
    incident: `${kind}-${place + 1}`,
    kind,
    family: 'benign',
    host,
    peer: null,
    port: null,
    start: iso(start),
    end: iso(end),
    parameters: {},
  };
}

function oddDays(plan: OfficePlan): TruthLine[] {
  const { start, end, nuisances, daysOff, network } = plan;
  const lines: TruthLine[] = [];
  const add = (kind: string, day: number, [from, to]: readonly [number, number], host: string | null): void => {
    const span = { start: day * DAY_MS + from * HOUR_MS, end: day * DAY_MS + to * HOUR_MS };
    const place = lines.filter((line) => line.kind === kind).length;
    if (span.start < end && start < span.end) lines.push(benign(kind, place, span, host));
  };
  for (let day = dayOf(start); day <= dayOf(end); day++) {
    const isScanDay = weekdayOf(day) === 2 || weekdayOf(day) === 4;
    if (nuisances.has('patch_day') && isPatchDay(day)) add('patch_day', day, [9, 16], null);
    if (nuisances.has('scanner') && isScanDay) add('scanner', day, [19, 23], addressText(SERVERS.scanner));
    if (nuisances.has('backup')) add('backup', day, [1, 7], addressText(SERVERS.backup));
    if (nuisances.has('desktops')) add('desktops', day, [5, 5.5], null);
    if (isReturnDay(day, daysOff)) add('return', day, [7.5, 10.5], null);
    if (!nuisances.has('new_servers')) continue;
    for (let place = 0; place < network.applications; place++) {
      if (generationOf(place, day) === generationOf(place, day - 1)) continue;
      add('new_server', day, [0, 24], addressText(applicationAddress(place, day * DAY_MS, true)));
    }
  }
  return lines;
}
