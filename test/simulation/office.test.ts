import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type OfficeOptions, officeTraffic } from '../../src/simulation/office.ts';

const MONDAY = Date.parse('2026-03-02T07:08:00Z');
const MINUTE = 60_000;
const DEMO: OfficeOptions = { seed: 1, hosts: 120, slices: 48, start: MONDAY };
const SMALL: OfficeOptions = { seed: 7, hosts: 12, slices: 4, start: MONDAY };

interface Line {
  readonly event_name: string;
  readonly event_subtype: string;
  readonly source_ip: string;
  readonly destination_ip: string;
  readonly destination_port: number;
  readonly source_bytes?: number;
  readonly destination_bytes?: number;
  readonly network_transport: string;
  readonly event_action: string;
  readonly event_start: string;
  readonly event_end: string;
  readonly session_id: number;
}

const linesOf = (options: OfficeOptions) => [...officeTraffic(options).slices].flatMap(({ lines }) => lines);

function readable(lines: readonly string[]): Line[] {
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}

/** A day of the demo, made once. */
const demo = officeTraffic(DEMO);
const slices = [...demo.slices];
const records = slices.map(({ lines }) => readable(lines));
const all = records.flat();
const incident = (kind: string) => demo.incidents.find((found) => found.kind === kind)!;

describe('office traffic repeats', () => {
  it('gives the same lines for the same seed, slice by slice or asked for again', () => {
    expect(linesOf(SMALL)).toEqual(linesOf(SMALL));
    const traffic = officeTraffic(SMALL);
    expect([...traffic.slices]).toEqual([...traffic.slices]);
  });

  it('gives these very bytes on every machine', () => {
    const digest = createHash('sha256').update(linesOf(SMALL).join('\n')).digest('hex');
    expect(digest).toBe('76a07f5dc0e1125bbc7a889a470bbee8e1589a8a46b60f12f83de07375a3aafa');
  });

  it('gives other lines for another seed', () => {
    expect(linesOf({ ...SMALL, seed: 8 })).not.toEqual(linesOf(SMALL));
  });
});

describe('office traffic is a firewall log', () => {
  it('has enough for a demo and not too much', () => {
    const count = slices.reduce((sum, { lines }) => sum + lines.length, 0);
    expect(count).toBeGreaterThan(60_000);
    expect(count).toBeLessThan(120_000);
  });

  it('delivers each record in the slice in which it ended', () => {
    expect(slices.map(({ index }) => index)).toEqual(Array.from({ length: 48 }, (_, i) => i));
    for (const [i, slice] of slices.entries()) {
      expect(slice.start).toBe(MONDAY + i * 15 * MINUTE);
      expect(slice.end).toBe(slice.start + 15 * MINUTE);
      const outside = records[i]!.filter(({ event_end }) => {
        const end = Date.parse(event_end);
        return !(slice.start < end && end <= slice.end);
      });
      expect(outside).toEqual([]);
    }
  });

  it('never lets a session end before it starts', () => {
    expect(all.filter(({ event_start, event_end }) => Date.parse(event_start) > Date.parse(event_end))).toEqual([]);
  });

  it('writes times as ISO text in milliseconds and gives every record an id of its own', () => {
    expect(all.filter(({ event_end }) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(event_end))).toEqual([]);
    expect(new Set(all.map(({ session_id }) => session_id)).size).toBe(all.length);
  });

  it('is dirty here and there, below one line in a hundred', () => {
    const total = slices.reduce((sum, { lines }) => sum + lines.length, 0);
    const broken = total - all.length;
    expect(broken).toBeGreaterThan(0);
    expect(broken / total).toBeLessThan(0.01);
    for (const spoilt of [
      all.filter(({ source_ip }) => source_ip === '10.10.1.999'),
      all.filter(({ source_bytes }) => source_bytes === -1),
      all.filter(({ destination_port }) => destination_port === 70_000),
      all.filter(({ event_name }) => event_name === 'SYSTEM'),
      all.filter(({ event_start }) => event_start.startsWith('1970')),
    ]) {
      expect(spoilt.length).toBeGreaterThan(0);
      expect(spoilt.length / total).toBeLessThan(0.002);
    }
  });

  it('has the kinds of records that a pipeline must tell apart', () => {
    const some = (test: (line: Line) => boolean) => expect(all.some(test)).toBe(true);
    for (const transport of ['tcp', 'udp', 'icmp', 'ipv6-icmp']) some((line) => line.network_transport === transport);
    for (const action of ['allow', 'deny', 'drop', 'reset-both', 'alert']) some((line) => line.event_action === action);
    for (const subtype of ['end', 'start', 'deny', 'drop', 'url', 'spyware', 'vulnerability'])
      some((line) => line.event_subtype === subtype);
    some((line) => line.source_ip.startsWith('fd10:') && line.destination_ip.startsWith('2001:db8:'));
    some((line) => line.destination_bytes === 0);
  });

  it('has about as many workstations as asked for, in four segments', () => {
    const hosts = new Set(all.map(({ source_ip }) => source_ip).filter((ip) => /^10\.10\.[1-4]\.\d{1,3}$/.test(ip)));
    hosts.delete('10.10.1.999');
    expect(hosts.size).toBe(120);
    expect(new Set([...hosts].map((ip) => ip.split('.')[2])).size).toBe(4);
  });

  it('is busy by day, quiet at night and on a Sunday', () => {
    // The first of four slices: the scan is in a later one.
    const at = (iso: string) =>
      [...officeTraffic({ ...DEMO, slices: 4, start: Date.parse(iso) }).slices][0]!.lines.length;
    const noon = at('2026-03-02T10:08:00Z');
    expect(at('2026-03-02T03:08:00Z')).toBeLessThan(noon / 4);
    expect(at('2026-03-01T10:08:00Z')).toBeLessThan(noon / 4);
  });
});

describe('the hidden incidents', () => {
  const between = (host: string, peer: string) =>
    all.filter((line) => line.source_ip === host && line.destination_ip === peer && line.event_name === 'TRAFFIC');

  it('are three, each on a workstation of its own', () => {
    expect(demo.incidents.map(({ kind }) => kind)).toEqual(['beacon', 'port_scan', 'exfiltration']);
    expect(new Set(demo.incidents.map(({ host }) => host)).size).toBe(3);
  });

  it('name the slices in which they can be seen', () => {
    for (const { host, peer, slices: named, kind } of demo.incidents) {
      const seen = records.flatMap((lines, i) =>
        lines.some((line) => line.source_ip === host && line.destination_ip === peer) ? [i] : [],
      );
      // The scanned file server is also used as such, so the scan's slices are among those seen.
      if (kind === 'port_scan') expect(seen).toEqual(expect.arrayContaining([...named]));
      else expect(seen).toEqual(named);
    }
  });

  it('hold a beacon every ten minutes, half a minute of jitter at most', () => {
    const { host, peer } = incident('beacon');
    const starts = between(host, peer).map(({ event_start }) => Date.parse(event_start));
    expect(starts.length).toBeGreaterThanOrEqual(70);
    const gaps = starts.slice(1).map((start, i) => start - starts[i]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(9.5 * MINUTE);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10.5 * MINUTE);
    expect(new Set(gaps).size).toBeGreaterThan(10);
  });

  it('hold a scan of 800 ports in one slice', () => {
    const { host, peer, slices: named } = incident('port_scan');
    expect(named).toHaveLength(1);
    const ports = records[named[0]!]!.filter((line) => line.source_ip === host && line.destination_ip === peer);
    expect(new Set(ports.map(({ destination_port }) => destination_port)).size).toBeGreaterThanOrEqual(800);
  });

  it('hold 200 MB that leave for a place nobody else talks to', () => {
    const { host, peer } = incident('exfiltration');
    const sent = between(host, peer).reduce((sum, { source_bytes }) => sum + (source_bytes ?? 0), 0);
    expect(sent).toBe(200_000_000);
    expect(all.filter((line) => line.destination_ip === peer && line.source_ip !== host)).toEqual([]);
  });

  it('fit into a single slice too', () => {
    const { incidents, slices: only } = officeTraffic({ seed: 3, hosts: 3, slices: 1, start: MONDAY });
    expect(incidents.map(({ slices: named }) => named)).toEqual([[0], [0], [0]]);
    expect([...only]).toHaveLength(1);
  });
});

it('refuses options outside their range, naming the value', () => {
  expect(() => officeTraffic({ ...SMALL, hosts: 2 })).toThrow('hosts is 2; expected a whole number from 3 to 800');
  expect(() => officeTraffic({ ...SMALL, slices: 0 })).toThrow('slices is 0');
  expect(() => officeTraffic({ ...SMALL, start: Number.NaN })).toThrow('start is NaN');
  expect(() => officeTraffic({ ...SMALL, seed: 0.5 })).toThrow('seed is 0.5');
});
