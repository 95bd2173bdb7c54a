/** Lines of the simulated office as a test reads them. */

import { type OfficeOptions, officeTraffic } from '../../src/simulation/office.ts';

export const MONDAY = Date.parse('2026-03-02T07:08:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface Line {
  readonly event_name: string;
  readonly event_subtype: string;
  readonly source_ip: string;
  readonly destination_ip: string;
  readonly source_port: number;
  readonly destination_port: number;
  readonly source_bytes?: number;
  readonly destination_bytes?: number;
  readonly network_transport: string;
  readonly event_action: string;
  readonly event_reason: string;
  readonly event_start: string;
  readonly event_end: string;
  readonly repeat_count: number;
  readonly session_id: number;
  readonly application: string;
}

export const linesOf = (options: OfficeOptions): string[] =>
  [...officeTraffic(options).slices].flatMap(({ lines }) => lines);

export function readable(lines: readonly string[]): Line[] {
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}

/** Lines that look as the firewall writes them: those that were spoilt are left out. */
export function clean(lines: readonly Line[]): Line[] {
  return lines.filter(
    (line) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(line.event_end) &&
      !line.event_start.startsWith('1970') &&
      line.source_ip !== '10.10.1.999' &&
      typeof line.source_bytes !== 'string' &&
      line.source_bytes !== null &&
      line.source_bytes !== -1 &&
      line.destination_port <= 65_535 &&
      line.source_port <= 65_535 &&
      line.event_reason !== null &&
      line.event_name !== 'SYSTEM',
  );
}

export const startOf = ({ event_start }: Line): number => Date.parse(event_start);
export const endOf = ({ event_end }: Line): number => Date.parse(event_end);

/** Sessions that a host had with a peer, in the order in which they ended; any peer where none is given. */
export function sessionsBetween(lines: readonly Line[], host: string, peer: string | null): Line[] {
  return lines.filter(
    (line) =>
      line.source_ip === host &&
      (peer === null || line.destination_ip === peer) &&
      line.event_name === 'TRAFFIC' &&
      line.event_subtype !== 'start',
  );
}
