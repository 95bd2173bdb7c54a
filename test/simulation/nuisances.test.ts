import { describe, expect, it } from 'vitest';
import { isReturnDay } from '../../src/simulation/daily-rhythm.ts';
import { type OfficeOptions, officeTraffic } from '../../src/simulation/office.ts';
import { addressAt } from '../../src/simulation/office-network.ts';
import { NUISANCES, type Nuisance } from '../../src/simulation/office-plan.ts';
import { clean, endOf, HOUR, type Line, linesOf, MINUTE, MONDAY, readable } from './office-lines.ts';

const ALL = Object.keys(NUISANCES) as Nuisance[];
const DAY = 24 * HOUR;

/** Good lines of some hours, every nuisance on unless others are given. */
function office(iso: string, hours: number, options: Partial<OfficeOptions> = {}): Line[] {
  return clean(
    readable(
      linesOf({ seed: 2, hosts: 120, start: Date.parse(iso), slices: hours * 4, incidents: [], dirty: 0, ...options }),
    ),
  );
}
const without = (...left: Nuisance[]): Partial<OfficeOptions> => ({
  nuisances: ALL.filter((name) => !left.includes(name)),
});
const bytes = (lines: readonly Line[]): number => lines.reduce((sum, { source_bytes = 0 }) => sum + source_bytes, 0);

describe('harmless oddities', () => {
  it('back servers up at night, most of all on Saturdays, and not when left out', () => {
    const toBackup = (lines: readonly Line[]) =>
      lines.filter(
        ({ destination_ip, destination_port }) => destination_ip === '10.10.0.30' && destination_port === 873,
      );
    const weekday = toBackup(office('2026-03-03T01:08:00Z', 6));
    expect(new Set(weekday.map(({ source_ip }) => source_ip)).size).toBeGreaterThan(12);
    expect(bytes(weekday)).toBeGreaterThan(5e9);
    expect(bytes(toBackup(office('2026-03-07T01:08:00Z', 6)))).toBeGreaterThan(bytes(weekday) * 5);
    expect(toBackup(office('2026-03-03T01:08:00Z', 6, without('backup')))).toEqual([]);
    expect(toBackup(office('2026-03-03T10:08:00Z', 2))).toEqual([]);
  });

  it('start all virtual desktops at five in the morning', () => {
    const leases = (lines: readonly Line[]) =>
      lines.filter(({ source_ip, destination_port }) => /^10\.10\.5\./.test(source_ip) && destination_port === 67);
    const storm = leases(office('2026-03-03T04:53:00Z', 1));
    expect(new Set(storm.map(({ source_ip }) => source_ip)).size).toBe(10);
    expect(storm.length).toBeGreaterThanOrEqual(20);
    expect(leases(office('2026-03-03T04:53:00Z', 1, without('desktops'))).length).toBeLessThan(10);
  });

  it('scan every machine on Tuesday and Thursday evenings, each port once', () => {
    const scan = office('2026-03-03T18:53:00Z', 5).filter(
      ({ source_ip, application }) => source_ip === '10.10.0.95' && application === 'incomplete',
    );
    const ends = scan.filter(({ event_subtype }) => event_subtype !== 'start');
    expect(new Set(ends.map(({ destination_ip }) => destination_ip)).size).toBeGreaterThan(130);
    const probes = ends.map(({ destination_ip, destination_port }) => `${destination_ip} ${destination_port}`);
    expect(new Set(probes).size).toBe(probes.length);
    expect(probes.length).toBeGreaterThan(130 * 32);
    const wednesday = office('2026-03-04T19:08:00Z', 1);
    expect(
      wednesday.filter(({ source_ip, application }) => source_ip === '10.10.0.95' && application === 'incomplete'),
    ).toEqual([]);
  });

  it('bring updates to everybody on the second Tuesday of the month', () => {
    const updated = (iso: string, options = {}) =>
      new Set(
        office(iso, 8, options)
          .filter(({ destination_port }) => destination_port === 8530)
          .map(({ source_ip }) => source_ip),
      ).size;
    expect(updated('2026-03-10T08:53:00Z')).toBe(120);
    expect(updated('2026-03-03T08:53:00Z')).toBe(0);
    expect(updated('2026-03-10T08:53:00Z', without('patch_day'))).toBe(0);
  });

  it('leave the antivirus agents out where nobody wants them', () => {
    const lines = office('2026-03-03T09:08:00Z', 1, without('antivirus'));
    expect(lines.filter(({ application }) => application === 'antivirus-telemetry')).toEqual([]);
  });

  it('give laptops other addresses from day to day, never two the same', () => {
    const { people } = officeTraffic({ seed: 2, hosts: 800, slices: 1, start: MONDAY }).plan.network;
    const laptops = people.filter(({ isLaptop }) => isLaptop);
    expect(laptops.length).toBeGreaterThan(100);
    let moved = 0;
    for (let day = 0; day < 10; day++) {
      const at = MONDAY + day * DAY;
      const addresses = people.map((person) => addressAt(person, at, true));
      expect(new Set(addresses).size).toBe(people.length);
      moved += laptops.filter((person) => addressAt(person, at, true) !== addressAt(person, at + DAY, true)).length;
    }
    expect(moved / 10 / laptops.length).toBeGreaterThan(0.15);
    expect(moved / 10 / laptops.length).toBeLessThan(0.25);
    for (const person of laptops) expect(addressAt(person, MONDAY, false)).toBe(person.fixedAddress);
  });

  it('set application servers up anew, under addresses never seen before', () => {
    const servers = (iso: string, options = {}) =>
      new Set(
        office(iso, 1, { hosts: 400, ...options })
          .map(({ source_ip }) => source_ip)
          .filter((ip) => ip.startsWith('10.9.')),
      );
    const [before, after] = [servers('2026-01-12T10:08:00Z'), servers('2026-04-13T10:08:00Z')];
    expect(before.size).toBe(16);
    expect([...after].filter((ip) => !before.has(ip))).toHaveLength(4);
    expect(servers('2026-04-13T10:08:00Z', without('new_servers'))).toEqual(
      servers('2026-01-12T10:08:00Z', without('new_servers')),
    );
  });

  it('end holidays in a busy morning', () => {
    const days = [9, 10, 11].map((date) => Date.UTC(2026, 2, date) / DAY);
    expect(isReturnDay(Date.UTC(2026, 2, 12) / DAY, new Set(days))).toBe(true);
    expect(isReturnDay(Date.UTC(2026, 2, 9) / DAY, new Set())).toBe(false);
    const late = (options = {}) =>
      office('2026-03-12T07:53:00Z', 2, options).filter(
        ({ destination_port, source_bytes }) => destination_port === 88 && source_bytes === 890,
      );
    expect(late({ daysOff: days }).length).toBeGreaterThan(300);
    expect(late()).toEqual([]);
  });
});

describe('a forwarder that is out', () => {
  const options: OfficeOptions = { seed: 4, hosts: 20, slices: 12, start: MONDAY, incidents: [] };
  const outage = { start: MONDAY + 40 * MINUTE, end: MONDAY + 100 * MINUTE };

  it('delivers nothing, then everything at once', () => {
    const usual = [...officeTraffic(options).slices];
    const after = [...officeTraffic({ ...options, outages: [outage] }).slices];
    // Slices that end at 45, 60, 75 and 90 minutes are missing; the one at 105 brings what they held.
    expect(after.map(({ index }) => index)).toEqual([0, 1, 6, 7, 8, 9, 10, 11]);
    const caughtUp = after[2]!;
    expect([caughtUp.start, caughtUp.end]).toEqual([MONDAY + 30 * MINUTE, MONDAY + 105 * MINUTE]);
    expect(caughtUp.lines.toSorted()).toEqual(
      usual
        .slice(2, 7)
        .flatMap(({ lines }) => lines)
        .toSorted(),
    );
    const ends = clean(readable(caughtUp.lines)).map(endOf);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
  });

  it('delivers nothing more where it never comes back', () => {
    const { deliveries } = officeTraffic({ ...options, outages: [{ start: MONDAY, end: MONDAY + DAY }] });
    expect(deliveries).toEqual([]);
  });
});

it("internet scanners are as many as asked for, nobody's hosts, and always refused", () => {
  const lines = office('2026-03-03T02:08:00Z', 1, { scanners: 3000 });
  const probes = lines.filter(({ source_ip }) => source_ip.startsWith('198.19.'));
  expect(probes.length).toBeGreaterThan(7000);
  expect(new Set(probes.map(({ source_ip }) => source_ip)).size).toBeGreaterThan(2500);
  expect(new Set(probes.map(({ source_ip }) => source_ip)).size).toBeLessThanOrEqual(3000);
  expect(new Set(probes.map(({ event_reason }) => event_reason))).toEqual(new Set(['policy-deny']));
  expect(
    office('2026-03-03T02:08:00Z', 1, { scanners: 0 }).filter(({ source_ip }) => source_ip.startsWith('198.19.')),
  ).toEqual([]);
});
