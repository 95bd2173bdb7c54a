/** Whether what the program counted and quarantined is what the judge counted and rejected. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Manifest } from '../../src/state/manifest.ts';
import type { OracleOutput } from '../oracle/oracle.ts';
import { PROJECT } from './committed-lake.ts';
import { filesBelow } from './folder-content.ts';

/** The judge's name of a rule → the program's. */
const RULES: Readonly<Record<string, string>> = {
  not_json: 'malformed_json',
  malformed_ip: 'malformed_ip',
  null_bytes_ports: 'null_bytes_ports',
  event_name: 'other_event_name',
  threat_subtype: 'other_threat_subtype',
  start_record: 'session_start',
  negative_duration: 'negative_duration',
  negative_bytes: 'negative_bytes',
  port_out_of_range: 'port_out_of_range',
  implausible_time: 'implausible_time',
  unreadable_number: 'unreadable_number',
  unreadable_time: 'unreadable_time',
};

/** Rules whose counts differ, with both counts. */
export function qualityFaults({ quality, mini_batch_id: id }: OracleOutput, { dq }: Pick<Manifest, 'dq'>): string[] {
  return Object.entries(quality).flatMap(([rule, expected]) => {
    const found = dq[RULES[rule]!];
    return found === expected ? [] : [`${id}: ${rule} met ${expected} times, the manifest says ${found}`];
  });
}

/** `<line> <rule>` of every rejected line, in the judge's terms: lines from 0. Only for mini-batches of one file. */
export function quarantinedLines(home: string, miniBatchId: string): string[] {
  const folder = join(home, 'quarantine', PROJECT, miniBatchId);
  const judged = new Map(Object.entries(RULES).map(([theirs, ours]) => [ours, theirs]));
  return filesBelow(folder).flatMap((name) =>
    gunzipSync(readFileSync(join(folder, name)))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { line: number; reason: string })
      .map(({ line, reason }) => `${line - 1} ${judged.get(reason)}`),
  );
}
