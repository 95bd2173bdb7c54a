/** Flows of captures and of the simulated office, alike. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type OfficeOptions, officeTraffic } from '../../src/simulation/office.ts';

export interface Flow {
  readonly client: string;
  readonly peer: string;
  readonly service: Service;
  readonly sent: number;
  readonly received: number;
  /** Seconds. */
  readonly lasts: number;
}

export const SERVICES = [
  'name resolution',
  'web',
  'ping and other ICMP',
  'local announcements',
  'directory, files',
  'other',
] as const;
export type Service = (typeof SERVICES)[number];

export interface Source {
  readonly name: string;
  readonly flows: readonly Flow[];
}

const PORTS: readonly (readonly [Service, readonly number[]])[] = [
  ['name resolution', [53]],
  ['web', [80, 443, 3128, 8080, 8443]],
  ['local announcements', [67, 68, 123, 137, 138, 546, 547, 1900, 5353, 5355]],
  ['directory, files', [88, 135, 389, 445, 636, 3268]],
];

export function simulatedOffice(options: OfficeOptions): Source {
  const lines = [...officeTraffic(options).slices].flatMap((slice) => slice.lines);
  return { name: 'simulation', flows: flowsOf(lines) };
}

/** A capture: gzip, one JSON flow a line. */
export function capturedOffice(folder: string, name: string): Source {
  const text = gunzipSync(readFileSync(join(folder, `${name}.ndjson.gz`))).toString('utf8');
  return { name, flows: flowsOf(text.split('\n').filter((line) => line !== '')) };
}

function flowsOf(lines: readonly string[]): Flow[] {
  return lines.flatMap((line): Flow[] => {
    const record = JSON.parse(line) as Record<string, unknown>;
    if ((record['event_name'] ?? 'TRAFFIC') !== 'TRAFFIC' || (record['event_subtype'] ?? record['subtype']) === 'start')
      return [];
    const transport = String(record['network_transport'] ?? record['transport']);
    return [
      {
        client: String(record['source_ip']),
        peer: String(record['destination_ip']),
        service: serviceOf(transport, Number(record['destination_port'])),
        sent: Number(record['source_bytes'] ?? 0),
        received: Number(record['destination_bytes'] ?? 0),
        lasts: Math.max(0, Date.parse(String(record['event_end'])) - Date.parse(String(record['event_start']))) / 1000,
      },
    ];
  });
}

function serviceOf(transport: string, port: number): Service {
  if (transport.includes('icmp')) return 'ping and other ICMP';
  return PORTS.find(([, ports]) => ports.includes(port))?.[0] ?? 'other';
}
