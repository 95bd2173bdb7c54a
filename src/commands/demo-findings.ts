import { FG_A_SCHEMA } from '../operators/fg-a.ts';
import { isText, isUtf8, type Table, textsOf } from '../operators/table.ts';
import type { Incident } from '../simulation/incidents.ts';
import { readManifest } from '../state/manifest.ts';
import { decodeParquet } from '../state/parquet.ts';
import type { Home } from './home.ts';

/** The column in which an incident of a kind should show by itself, and what it counts; others show in none. */
const TELLTALE: Readonly<Partial<Record<Incident['kind'], { column: string; counts: string }>>> = {
  fast_scan: { column: 'peer_port_nunique_w_1h', counts: 'ports tried in an hour' },
  exfiltration: { column: 'external_bytes_sent_w_1h', counts: 'bytes sent outside in an hour' },
};

/** How an incident stands out, if it does: its host's greatest value of the day against that of every other host. */
export interface Finding {
  readonly incident: Incident;
  readonly column: string | null;
  readonly counts: string | null;
  readonly value: number;
  /** 1: no other host has more. */
  readonly rank: number;
  /** The greatest value of any other host. */
  readonly others: number;
}

export interface Findings {
  readonly findings: readonly Finding[];
  /** Feature rows that were read. */
  readonly rows: number;
}

/** Reads the committed features of the given mini-batches back and looks the incidents up in them. */
export async function lookBack(
  { deps, spec }: Home,
  miniBatchIds: ReadonlySet<string>,
  incidents: readonly Incident[],
): Promise<Findings> {
  const columns = Object.values(TELLTALE).map(({ column }) => column);
  const greatest = new Map(columns.map((column) => [column, new Map<string, number>()]));
  let rows = 0;
  const { project, featureSpecVersion } = spec;
  const committed = await deps.index.committedBetween(
    project,
    featureSpecVersion,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  );
  for (const { manifest } of committed.filter(({ miniBatchId }) => miniBatchIds.has(miniBatchId))) {
    const { datasets } = await readManifest(deps.lake, manifest);
    for (const { path } of datasets['fg_a']?.files ?? []) {
      const wanted = { source: path, columns: ['host_ip', ...columns] };
      const table = decodeParquet(await deps.lake.read(path), FG_A_SCHEMA, wanted);
      rows += table.length;
      for (const [column, byHost] of greatest) keepGreatest(table, column, byHost);
    }
  }
  return { findings: incidents.map((incident) => findingOf(incident, greatest)), rows };
}

function keepGreatest(table: Table, column: string, byHost: Map<string, number>): void {
  const hosts = table.columns['host_ip'];
  const values = table.columns[column];
  if (hosts === undefined || !(isText(hosts) || isUtf8(hosts)) || !(values instanceof Float64Array)) {
    throw new Error(`the features as read back lack host_ip or ${column}; was the lake written by another version?`);
  }
  const names = textsOf(hosts);
  for (let row = 0; row < table.length; row++) {
    const host = names[hosts.codes[row]!]!;
    byHost.set(host, Math.max(values[row]!, byHost.get(host) ?? 0));
  }
}

function findingOf(incident: Incident, greatest: ReadonlyMap<string, ReadonlyMap<string, number>>): Finding {
  const telltale = TELLTALE[incident.kind];
  if (telltale === undefined) return { incident, column: null, counts: null, value: 0, rank: 0, others: 0 };
  const byHost = greatest.get(telltale.column)!;
  const value = byHost.get(incident.host) ?? 0;
  const others = [...byHost].flatMap(([host, theirs]) => (host === incident.host ? [] : [theirs]));
  const rank = 1 + others.filter((theirs) => theirs > value).length;
  return { incident, ...telltale, value, rank, others: others.reduce((most, theirs) => Math.max(most, theirs), 0) };
}
