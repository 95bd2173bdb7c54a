import { describe, expect, it } from 'vitest';
import { groundTruth } from '../../src/simulation/ground-truth.ts';
import { INCIDENT_KIND_NAMES, type IncidentRequest, parametersOf } from '../../src/simulation/incident-kinds.ts';
import { type OfficeOptions, officeTraffic } from '../../src/simulation/office.ts';
import { endOf, HOUR, type Line, linesOf, MINUTE, MONDAY, readable, sessionsBetween, startOf } from './office-lines.ts';

const OFFICE: OfficeOptions = { seed: 5, hosts: 60, slices: 40, start: MONDAY };
const STOP = MONDAY + 10 * HOUR;

interface Seen {
  readonly host: string;
  readonly peer: string | null;
  readonly start: number;
  readonly end: number;
  readonly sessions: readonly Line[];
  /** Everything that was logged. */
  readonly all: readonly Line[];
}

/** What one incident looks like in the log. */
function seen(request: IncidentRequest): Seen {
  const options = { ...OFFICE, hosts: 16, incidents: [request], dirty: 0 };
  const { incidents } = officeTraffic(options);
  expect(incidents.map(({ kind }) => kind)).toEqual([request.kind]);
  const { host, peer, start, end } = incidents[0]!;
  const all = readable(linesOf(options));
  return { host, peer, start, end, all, sessions: sessionsBetween(all, host, peer) };
}

const gapsOf = (lines: readonly Line[]): number[] => {
  const starts = lines.map(startOf).sort((a, b) => a - b);
  return starts.slice(1).map((start, i) => start - starts[i]!);
};
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('a beacon', () => {
  it('comes after its period, give or take its jitter, and fills the band', () => {
    const { sessions, start } = seen({ kind: 'beacon', parameters: { period: 300, jitter: 0.2 } });
    const gaps = gapsOf(sessions);
    expect(gaps.length).toBeGreaterThan(110);
    expect(gaps.filter((gap) => gap < 240_000 || gap > 360_000)).toEqual([]);
    expect(sum(gaps) / gaps.length).toBeGreaterThan(290_000);
    expect(sum(gaps) / gaps.length).toBeLessThan(310_000);
    expect(gaps.some((gap) => gap < 250_000) && gaps.some((gap) => gap > 350_000)).toBe(true);
    expect(startOf(sessions[0]!)).toBe(start);
  });

  it('comes to the millisecond without jitter', () => {
    const { sessions } = seen({ kind: 'beacon', strength: 'strong' });
    expect(new Set(gapsOf(sessions))).toEqual(new Set([60_000]));
  });

  it('goes on for as long as it should, at the size it should have, with a peer of its own', () => {
    const { sessions, all, peer, host } = seen({
      kind: 'beacon',
      parameters: { period: 60, hours: 2, at: 0.5, bytes: 9000 },
    });
    expect(sessions.length).toBeGreaterThan(115);
    expect(sessions.length).toBeLessThan(125);
    expect(startOf(sessions[0]!)).toBeGreaterThanOrEqual(MONDAY + 5 * HOUR);
    for (const { source_bytes } of sessions) expect(Math.abs(source_bytes! - 9000)).toBeLessThanOrEqual(300);
    expect(all.filter(({ destination_ip, source_ip }) => destination_ip === peer && source_ip !== host)).toEqual([]);
  });
});

describe('scans', () => {
  it('try every port of one server within minutes', () => {
    const { sessions, peer } = seen({ kind: 'fast_scan', parameters: { ports: 500, minutes: 4 } });
    const tried = sessions.filter(({ source_bytes }) => source_bytes === 60 || source_bytes === 194);
    expect(new Set(tried.map(({ destination_port }) => destination_port)).size).toBe(500);
    expect(peer).toBe('10.10.0.20');
    const ends = tried.map(endOf).sort((a, b) => a - b);
    expect(ends.at(-1)! - ends[0]!).toBeLessThanOrEqual(4 * MINUTE + 200);
    expect(tried.filter(({ event_action }) => event_action === 'drop').length).toBe(498);
  });

  it('go from neighbour to neighbour at their own slow pace', () => {
    const { sessions } = seen({ kind: 'slow_scan', parameters: { targets: 60, period: 180 } });
    const tried = sessions.filter(
      (line) => line.destination_ip.startsWith('10.10.1.') && (line.source_bytes === 66 || line.source_bytes === 214),
    );
    expect(new Set(tried.map(({ destination_ip }) => destination_ip)).size).toBe(tried.length);
    expect(tried.length).toBeGreaterThanOrEqual(59);
    const gaps = gapsOf(tried);
    expect(gaps.filter((gap) => gap < 90_000)).toEqual([]);
    expect(sum(gaps) / gaps.length).toBeGreaterThan(175_000);
    expect(sum(gaps) / gaps.length).toBeLessThan(190_000);
  });
});

it('an exfiltration sends as many bytes as it should, in as many sessions', () => {
  const { sessions, all, peer, host } = seen({ kind: 'exfiltration', parameters: { megabytes: 750, uploads: 7 } });
  expect(sessions).toHaveLength(7);
  expect(sum(sessions.map(({ source_bytes }) => source_bytes!))).toBe(750_000_000);
  expect(all.filter(({ destination_ip, source_ip }) => destination_ip === peer && source_ip !== host)).toEqual([]);
});

it('a lateral movement enters machines over file sharing and remote control', () => {
  const { sessions, start, end } = seen({ kind: 'lateral_movement', parameters: { targets: 6, minutes: 60 } });
  const during = sessions.filter((line) => startOf(line) >= start && endOf(line) <= end);
  const entered = during.filter(({ application }) => application === 'ms-rdp');
  expect(new Set(entered.map(({ destination_ip }) => destination_ip)).size).toBeGreaterThanOrEqual(5);
  for (const { destination_ip, destination_port } of entered) {
    expect([3389, 5985]).toContain(destination_port);
    const ports = during.filter((line) => line.destination_ip === destination_ip).map((line) => line.destination_port);
    expect(ports).toEqual(expect.arrayContaining([135, 445]));
  }
});

it('a long session is logged when it begins and when it ends, under one id', () => {
  const { all, host, peer, start, end } = seen({ kind: 'long_session', parameters: { hours: 6 } });
  const both = all.filter((line) => line.source_ip === host && line.destination_ip === peer);
  expect(both.map(({ event_subtype }) => event_subtype)).toEqual(['start', 'end']);
  expect(new Set(both.map(({ session_id }) => session_id)).size).toBe(1);
  expect([startOf(both[1]!), endOf(both[1]!)]).toEqual([start, end]);
  expect(end - start).toBe(6 * HOUR);
});

it('a long session that began before the log did is logged once, days after', () => {
  const { all, host, peer } = seen({ kind: 'long_session', parameters: { hours: 72 } });
  const both = all.filter((line) => line.source_ip === host && line.destination_ip === peer);
  expect(both.map(({ event_subtype }) => event_subtype)).toEqual(['end']);
  expect(startOf(both[0]!)).toBe(endOf(both[0]!) - 72 * HOUR);
});

it('a strobe knocks every few seconds', () => {
  const { sessions } = seen({ kind: 'strobe', parameters: { period: 4, hours: 1 } });
  expect(sessions).toHaveLength(900);
  expect(gapsOf(sessions).filter((gap) => Math.abs(gap - 4000) > 80)).toEqual([]);
});

describe('the ground truth', () => {
  const wanted = INCIDENT_KIND_NAMES.map((kind): IncidentRequest => ({ kind }));
  const traffic = officeTraffic({ ...OFFICE, incidents: wanted });

  it('names every incident, each on a workstation of its own, within the simulation', () => {
    const { incidents } = traffic;
    expect(incidents.map(({ kind }) => kind)).toEqual(INCIDENT_KIND_NAMES);
    expect(new Set(incidents.map(({ id }) => id)).size).toBe(7);
    expect(new Set(incidents.map(({ host }) => host)).size).toBe(7);
    for (const { end, records } of incidents) {
      expect(end).toBeGreaterThan(MONDAY);
      expect(end).toBeLessThanOrEqual(STOP);
      expect(records).toBeGreaterThan(0);
    }
  });

  it('is written with times, family and parameters, and tells what is harmless', () => {
    const outage = { start: MONDAY + HOUR, end: MONDAY + 2 * HOUR };
    const lines = groundTruth(traffic.plan, traffic.incidents, [outage]);
    expect(lines[0]).toMatchObject({
      incident: 'beacon-1',
      family: 'beacon',
      port: 443,
      start: new Date(traffic.incidents[0]!.start).toISOString(),
      parameters: { period: 600, jitter: 0.025, records: traffic.incidents[0]!.records },
    });
    expect(lines.find(({ kind }) => kind === 'outage')).toMatchObject({
      family: 'benign',
      start: '2026-03-02T08:08:00.000Z',
      end: '2026-03-02T09:08:00.000Z',
    });
    const week = officeTraffic({ ...OFFICE, hosts: 200, slices: 96 * 14, incidents: [] });
    const kinds = Object.groupBy(groundTruth(week.plan, [], []), ({ kind }) => kind);
    expect(kinds['scanner']!.map(({ start }) => start.slice(0, 10))).toEqual([
      '2026-03-03',
      '2026-03-05',
      '2026-03-10',
      '2026-03-12',
    ]);
    expect(kinds['patch_day']!.map(({ start }) => start.slice(0, 10))).toEqual(['2026-03-10']);
  });

  it('fits into a single slice too', () => {
    const { incidents, slices } = officeTraffic({ seed: 3, hosts: 3, slices: 1, start: MONDAY });
    expect(incidents.map(({ kind }) => kind)).toEqual(['beacon', 'fast_scan', 'exfiltration']);
    expect([...slices]).toHaveLength(1);
  });
});

it('parameters out of range, and unknown ones, are refused by name', () => {
  expect(() => parametersOf({ kind: 'beacon', parameters: { jitter: 2 } })).toThrow(
    'incident beacon: jitter is 2; expected a number from 0 to 1',
  );
  expect(() => parametersOf({ kind: 'beacon', parameters: { toString: 2 } })).toThrow(
    'toString is none of its parameters',
  );
  expect(parametersOf({ kind: 'beacon', strength: 'weak' })).toMatchObject({ period: 3600, jitter: 0.3 });
});
