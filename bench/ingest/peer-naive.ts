// What one writes first: readline, JSON.parse, a Map of objects. Same columns, no cleverness.
import { createReadStream } from 'node:fs';
import { isIP } from 'node:net';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import {
  addToHost,
  addToPair,
  hostRow,
  type NaiveFlow,
  type NaiveHost,
  type NaivePair,
  newHost,
  newPair,
} from './naive-features.ts';
import { printReport, readPeerArguments } from './peer.ts';

const THREATS = new Set(['vulnerability', 'virus', 'spyware', 'wildfire-virus', 'ml-virus', 'flood', 'scan', 'packet']);
const isHost = (address: string): boolean => address.startsWith('10.') && !address.endsWith('.255');

/** The flow of a line, or undefined where the line is no data for us. */
function flowOf(line: string): NaiveFlow | undefined {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  const fields = record as NaiveFlow;
  if (fields.event_subtype === 'start') return undefined;
  if (fields.event_name === 'THREAT' && !THREATS.has(fields.event_subtype)) return undefined;
  if (isIP(fields.source_ip) === 0 || isIP(fields.destination_ip) === 0) return undefined;
  return fields;
}

const hosts = new Map<string, NaiveHost>();
const pairs = new Map<string, NaivePair>();

function found<V>(map: Map<string, V>, key: string, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}

for (const file of readPeerArguments().files) {
  for await (const line of createInterface({
    input: createReadStream(file).pipe(createGunzip()),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    const flow = flowOf(line);
    if (flow === undefined) continue;
    if (isHost(flow.source_ip)) addToHost(found(hosts, `outbound|${flow.source_ip}`, newHost), flow, 'outbound');
    if (isHost(flow.destination_ip))
      addToHost(found(hosts, `inbound|${flow.destination_ip}`, newHost), flow, 'inbound');
    if (flow.event_name === 'THREAT') continue;
    const port = flow.network_transport === 'icmp' ? '' : flow.destination_port;
    const key = `${flow.source_ip}|${flow.destination_ip}|${port}`;
    const pair = found(pairs, key, () => newPair(isHost(flow.source_ip), isHost(flow.destination_ip), Number(port)));
    addToPair(pair, flow);
  }
}

const rows = [...hosts.values()].map(hostRow);
const contacts = [...pairs.values()];
const counted = contacts.filter(({ port }) => port > 0);
const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);
printReport({
  delta_rows: rows.length,
  delta_sessions: sum(rows, (row) => row.sessions_cnt),
  delta_bytes_sent: sum(rows, (row) => row.bytes_sent_sum),
  pair_context_rows: sum(contacts, ({ outbound, inbound }) => Number(outbound) + Number(inbound)),
  pair_counts_rows: counted.length,
  pair_counts_sessions: sum(counted, ({ sessions }) => sessions),
});
