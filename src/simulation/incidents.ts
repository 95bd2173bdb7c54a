import { INCIDENT_KINDS, type IncidentKind, type IncidentRequest, parametersOf } from './incident-kinds.ts';
import { type IncidentTrace, incidentTrace } from './incident-sessions.ts';
import type { Workstation } from './office-network.ts';
import type { OfficePlan } from './office-plan.ts';
import { addRecord, type BatchRecord, type RecordBatch } from './record-batch.ts';
import { type Dice, seededDice } from './seeded-dice.ts';
import type { Span } from './session-maker.ts';
import { addressText, ipv4 } from './simulated-address.ts';

/** What really happened: the answer that a detector is measured against. */
export interface Incident {
  readonly id: string;
  readonly kind: IncidentKind;
  readonly family: string;
  readonly host: string;
  /** Null where the incident touches many. */
  readonly peer: string | null;
  /** Service port; null where the incident touches many. */
  readonly port: number | null;
  /** When its first session began and its last one ended, as far as the firewall logged them; ms UTC. */
  readonly start: number;
  readonly end: number;
  readonly records: number;
  readonly parameters: Readonly<Record<string, number>>;
}

export interface HiddenIncident {
  readonly incident: Incident;
  /** In the order of their ends. */
  readonly records: readonly BatchRecord[];
}

/** Ids of sessions of incidents lie above all others. */
const FIRST_SESSION = 10_000_000_000;
const SESSIONS_PER_INCIDENT = 10_000_000;
/** One address of a documentation range each; incidents beyond share them. */
const outsideAddress = (place: number): number => ipv4(203, 0, 113, 1 + (place % 254));

/** Hides the wanted incidents in the office, each on a workstation of its own as long as there are enough. */
export function hiddenIncidents(plan: OfficePlan, requests: readonly IncidentRequest[]): HiddenIncident[] {
  const { seed, network, book, start, end } = plan;
  const hosts = shuffled(suitableHosts(plan), seededDice(seed, 'incident hosts'));
  return requests.flatMap((request, place) => {
    const host = hosts[place % hosts.length]!;
    const site = network.sites[host.site]!;
    const neighbours = network.people.filter((other) => other.site === host.site && !other.isDesktop);
    const parameters = parametersOf(request);
    const trace = incidentTrace(request.kind, {
      book,
      dice: seededDice(seed, 'incident', request.kind, place),
      host: host.fixedAddress,
      outside: outsideAddress(place),
      site,
      neighbours,
      parameters,
      start,
      end,
    });
    if (trace.records.length === 0) return [];
    return [hidden(`${request.kind}-${place + 1}`, request.kind, host, trace, parameters, place)];
  });
}

function hidden(
  id: string,
  kind: IncidentKind,
  host: Workstation,
  { records, peer, port }: IncidentTrace,
  parameters: Readonly<Record<string, number>>,
  place: number,
): HiddenIncident {
  return {
    incident: {
      id,
      kind,
      family: INCIDENT_KINDS[kind].family,
      host: addressText(host.fixedAddress),
      peer: peer === null ? null : addressText(peer),
      port,
      start: records.reduce((earliest, record) => Math.min(earliest, record.start), Number.POSITIVE_INFINITY),
      end: records[records.length - 1]!.end,
      records: records.length,
      parameters,
    },
    records: records.map((record) => ({
      ...record,
      session: FIRST_SESSION + place * SESSIONS_PER_INCIDENT + record.session,
    })),
  };
}

/** Machines that are on all the time, keep their address and talk to the outside themselves; all, where those are too few. */
function suitableHosts({ network: { people } }: OfficePlan): readonly Workstation[] {
  const enough = (found: readonly Workstation[]): boolean => found.length >= Math.min(8, people.length / 4);
  const direct = people.filter(({ isLaptop, isDesktop, isProxied }) => !isLaptop && !isDesktop && !isProxied);
  const always = direct.filter(({ staysOn, isAdministrator }) => staysOn && !isAdministrator);
  return [always, direct].find(enough) ?? people;
}

function shuffled<T>(items: readonly T[], dice: Dice): T[] {
  const shuffle = [...items];
  for (let i = shuffle.length - 1; i > 0; i--) {
    const j = dice.between(0, i);
    [shuffle[i], shuffle[j]] = [shuffle[j]!, shuffle[i]!];
  }
  return shuffle;
}

/** Adds what was logged of an incident in a slice. */
export function addIncident({ records }: HiddenIncident, slice: Span, batch: RecordBatch): void {
  for (let i = firstAfter(records, slice.start); i < records.length && records[i]!.end <= slice.end; i++) {
    const { kind, source, destination, sourcePort, destinationPort, sent, received, start, end, session } = records[i]!;
    addRecord(batch, kind, source, destination, sourcePort, destinationPort, sent, received, start, end, 1, session);
  }
}

function firstAfter(records: readonly BatchRecord[], instant: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.end <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}
