import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type OfficeOptions, officeTraffic } from '../../src/simulation/office.ts';
import { numberOf } from '../../src/simulation/record-batch.ts';
import { clean, HOUR, type Line, linesOf, MINUTE, MONDAY, readable, startOf } from './office-lines.ts';

const DEMO: OfficeOptions = { seed: 1, hosts: 120, slices: 48, start: MONDAY };
const SMALL: OfficeOptions = { seed: 7, hosts: 12, slices: 4, start: MONDAY };

/** A day of an office, made once. */
const demo = officeTraffic(DEMO);
const slices = [...demo.slices];
const records = slices.map(({ lines }) => readable(lines));
const all = records.flat();
const good = clean(all);

describe('office traffic repeats', () => {
  it('gives the same lines for the same seed, slice by slice or asked for again', () => {
    expect(linesOf(SMALL)).toEqual(linesOf(SMALL));
    const traffic = officeTraffic(SMALL);
    expect([...traffic.slices]).toEqual([...traffic.slices]);
  });

  it('gives these very bytes on every machine', () => {
    const digest = createHash('sha256').update(linesOf(SMALL).join('\n')).digest('hex');
    expect(digest).toBe('99edc2bc981de73330109a826173fb6cb7714ee12ca8359ecacbe50150cff4b6');
  });

  it('gives other lines for another seed, a great one too', () => {
    expect(linesOf({ ...SMALL, seed: 8 })).not.toEqual(linesOf(SMALL));
    expect(linesOf({ ...SMALL, seed: 2 ** 32 + 7 })).not.toEqual(linesOf(SMALL));
  });

  it('makes a late slice without those before it', () => {
    const traffic = officeTraffic(SMALL);
    const [, , third] = [...traffic.slices];
    const { batch, order } = officeTraffic(SMALL).recordsOf(traffic.deliveries[2]!);
    expect(order.length).toBe(third!.lines.length);
    expect(numberOf(batch, order[0]!, 'end')).toBe(Date.parse(readable(third!.lines)[0]!.event_end));
  });

  it('gives the same slice to a simulation that begins earlier, but for what is hidden', () => {
    const quiet = { ...SMALL, incidents: [] };
    const earlier = linesOf({ ...quiet, start: MONDAY - HOUR, slices: 8 });
    const later = linesOf(quiet);
    expect(later.length).toBeGreaterThan(500);
    expect(earlier.slice(-later.length)).toEqual(later);
  });
});

describe('office traffic is a firewall log', () => {
  it('has some thirty lines of a workstation and slice in working hours', () => {
    const busy = slices.slice(6, 12).reduce((sum, { lines }) => sum + lines.length, 0) / 6 / 120;
    expect(busy).toBeGreaterThan(20);
    expect(busy).toBeLessThan(45);
  });

  it('delivers each record in the slice in which it ended, in that order', () => {
    expect(slices.map(({ index }) => index)).toEqual(Array.from({ length: 48 }, (_, i) => i));
    for (const [i, slice] of slices.entries()) {
      expect(slice.start).toBe(MONDAY + i * 15 * MINUTE);
      expect(slice.end).toBe(slice.start + 15 * MINUTE);
      const ends = clean(records[i]!).map(({ event_end }) => Date.parse(event_end));
      expect(ends.filter((end) => !(slice.start < end && end <= slice.end))).toEqual([]);
      expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    }
  });

  it('never lets a session end before it starts', () => {
    expect(all.filter(({ event_start, event_end }) => Date.parse(event_start) > Date.parse(event_end))).toEqual([]);
  });

  it('writes times as ISO text in milliseconds', () => {
    expect(good.filter(({ event_end }) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(event_end))).toEqual([]);
  });

  it('logs some sessions when they begin and again when they end, under one id', () => {
    const ends = new Map(
      good.filter(({ event_subtype }) => event_subtype === 'end').map((line) => [line.session_id, line]),
    );
    const starts = good.filter(({ event_subtype }) => event_subtype === 'start');
    expect(starts.length).toBeGreaterThan(300);
    for (const start of starts) {
      const end = ends.get(start.session_id)!;
      expect(end).toMatchObject({
        source_ip: start.source_ip,
        source_port: start.source_port,
        destination_ip: start.destination_ip,
        destination_port: start.destination_port,
        event_start: start.event_start,
      });
      expect(start).toMatchObject({ event_end: start.event_start, event_reason: 'n/a', destination_bytes: 0 });
    }
    const others = good.filter(
      ({ event_name, event_subtype }) => event_name === 'TRAFFIC' && event_subtype !== 'start',
    );
    expect(new Set(others.map(({ session_id }) => session_id)).size).toBe(others.length);
  });

  it('logs long sessions once, hours and days after they began', () => {
    const hours = good
      .filter(({ event_subtype }) => event_subtype === 'end')
      .map((line) => (Date.parse(line.event_end) - startOf(line)) / HOUR);
    expect(hours.filter((h) => h > 4).length).toBeGreaterThan(10);
    expect(hours.some((h) => h > 24)).toBe(true);
    expect(hours.filter((h) => h > 30 * 24)).toEqual([]);
  });

  it('has the kinds of records that a pipeline must tell apart', () => {
    const some = (test: (line: Line) => boolean) => expect(good.some(test)).toBe(true);
    for (const transport of ['tcp', 'udp', 'icmp', 'ipv6-icmp']) some((line) => line.network_transport === transport);
    for (const action of ['allow', 'deny', 'drop', 'drop-icmp', 'reset-both', 'reset-client', 'reset-server', 'alert'])
      some((line) => line.event_action === action);
    for (const subtype of ['end', 'start', 'deny', 'drop', 'url', 'spyware', 'vulnerability'])
      some((line) => line.event_subtype === subtype);
    for (const reason of [
      'tcp-fin',
      'tcp-rst-from-client',
      'tcp-rst-from-server',
      'aged-out',
      'policy-deny',
      'threat',
      'n/a',
      'decrypt-error',
      'resources-unavailable',
      'unknown',
    ])
      some((line) => line.event_reason === reason);
    some((line) => line.source_ip.startsWith('fd10:') && line.destination_ip.startsWith('2001:db8:'));
    some((line) => line.destination_bytes === 0);
    some((line) => line.repeat_count > 1);
    expect(good.filter((line) => /icmp/.test(line.network_transport) && line.destination_port !== 0)).toEqual([]);
    expect(good.filter((line) => line.event_name === 'THREAT' && 'source_bytes' in line)).toEqual([]);
  });

  it('knows no public address but those that are reserved for examples and benchmarks', () => {
    const own = /^(10\.|198\.1[89]\.|198\.51\.100\.|203\.0\.113\.|2(?:24\.0\.0|39\.255\.255)\.|fd10:|ff02:|2001:db8:)/;
    const strange = good
      .flatMap(({ source_ip, destination_ip }) => [source_ip, destination_ip])
      .filter((ip) => !own.test(ip));
    expect(strange).toEqual([]);
  });
});

describe('office traffic has the habits of an office', () => {
  it('is busy by day, quiet at night, on a Sunday and on a holiday', () => {
    const at = (iso: string, more: Partial<OfficeOptions> = {}) =>
      linesOf({ ...DEMO, incidents: [], slices: 1, start: Date.parse(iso), ...more }).length;
    const noon = at('2026-03-02T10:08:00Z');
    expect(at('2026-03-02T03:08:00Z')).toBeLessThan(noon / 3);
    expect(at('2026-03-01T10:08:00Z')).toBeLessThan(noon / 3);
    const monday = Date.UTC(2026, 2, 2) / 86_400_000;
    expect(at('2026-03-02T10:08:00Z', { daysOff: [monday] })).toBeLessThan(noon / 3);
  });

  it('visits few places often and many now and then', () => {
    const visits = new Map<string, number>();
    for (const line of good)
      if (line.destination_port === 443 && line.destination_ip.startsWith('198.18.'))
        visits.set(line.destination_ip, (visits.get(line.destination_ip) ?? 0) + 1);
    const counts = [...visits.values()].sort((a, b) => b - a);
    const total = counts.reduce((sum, count) => sum + count, 0);
    expect(counts.length).toBeGreaterThan(800);
    expect(counts.slice(0, 50).reduce((sum, count) => sum + count, 0) / total).toBeGreaterThan(0.2);
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(100);
  });

  it('sends part of its web traffic through a proxy, which goes out in their place', () => {
    const to = good.filter(
      ({ destination_ip, destination_port }) => destination_ip === '10.10.0.90' && destination_port === 8080,
    );
    const from = good.filter(
      ({ source_ip, destination_port }) => source_ip === '10.10.0.90' && destination_port === 443,
    );
    expect(new Set(to.map(({ source_ip }) => source_ip)).size).toBeGreaterThan(20);
    expect(from.length / to.length).toBeGreaterThan(0.7);
    expect(from.length / to.length).toBeLessThan(0.95);
  });

  it('has antivirus agents with the strictest clock of all', () => {
    const agents = Map.groupBy(
      good.filter(({ application, event_subtype }) => application === 'antivirus-telemetry' && event_subtype === 'end'),
      ({ source_ip }) => source_ip,
    );
    expect(agents.size).toBeGreaterThan(90);
    for (const lines of agents.values()) {
      const starts = [...new Set(lines.map(startOf))].sort((a, b) => a - b);
      for (const [i, start] of starts.entries()) if (i > 0) expect((start - starts[i - 1]!) % (5 * MINUTE)).toBe(0);
    }
  });

  it('asks the resolvers outside through its directory servers alone', () => {
    const resolving = good.filter(({ destination_ip }) => destination_ip === '198.51.100.53');
    expect(new Set(resolving.map(({ source_ip }) => source_ip))).toEqual(new Set(['10.10.0.10', '10.10.0.11']));
  });

  it('has workstations in four segments and desktops in a fifth', () => {
    const hosts = new Set(good.map(({ source_ip }) => source_ip).filter((ip) => /^10\.10\.[1-5]\.\d{1,3}$/.test(ip)));
    expect(hosts.size).toBeGreaterThan(105);
    expect(hosts.size).toBeLessThanOrEqual(120);
    expect(new Set([...hosts].map((ip) => ip.split('.')[2])).size).toBe(5);
  });
});

it('refuses options outside their range, naming the value', () => {
  expect(() => officeTraffic({ ...SMALL, hosts: 2 })).toThrow('hosts is 2; expected a whole number from 3 to 100000');
  expect(() => officeTraffic({ ...SMALL, slices: 0 })).toThrow('slices is 0');
  expect(() => officeTraffic({ ...SMALL, start: Number.NaN })).toThrow('start is NaN');
  expect(() => officeTraffic({ ...SMALL, seed: 0.5 })).toThrow('seed is 0.5');
  expect(() => officeTraffic({ ...SMALL, dirty: 0.9 })).toThrow('dirty is 0.9; expected a share from 0 to 0.4');
  expect(() => officeTraffic({ ...SMALL, scanners: 1e6 })).toThrow('scanners is 1000000');
});
