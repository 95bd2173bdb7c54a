import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from './duckdb-flows.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const WINDOWS: Readonly<Record<string, number>> = {
  w_15m: 15 * MINUTE,
  w_30m: 30 * MINUTE,
  w_1h: 60 * MINUTE,
  w_8h: 8 * 60 * MINUTE,
  w_24h: DAY,
};

export interface NoveltySource {
  /** Relation of published pair context, or a scan of it. */
  readonly pairs: string;
  /** Relation of published delta rows: who was active, and in which segment. */
  readonly hosts: string;
  /** Every mini-batch, those without rows too. `sliceEnd`: ms UTC. */
  readonly miniBatches: readonly { readonly id: string; readonly sliceEnd: number }[];
}

/** One direction of one window of a host, and what of it was new or rare. Hosts without a pair in a window have no row. */
export interface NoveltyRow {
  readonly mini_batch_id: string;
  readonly host_ip: string;
  readonly role: string;
  readonly window_label: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Novelty of every row by SQL over the pair context of all mini-batches, where hosts of any age count (min_days 0). */
export async function duckdbNovelty(connection: DuckDBConnection, source: NoveltySource): Promise<NoveltyRow[]> {
  for (const statement of statements(source)) await connection.run(statement);
  const rows = (await connection.runAndReadAll('SELECT * FROM novelty')).getRowObjectsJS();
  return rows.map(({ mini_batch_id, host_ip, role, window_label, ...metrics }) => ({
    mini_batch_id: String(mini_batch_id),
    host_ip: String(host_ip),
    role: String(role),
    window_label: String(window_label),
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number(value ?? 0)])),
  }));
}

function statements({ pairs, hosts, miniBatches }: NoveltySource): string[] {
  const batches = miniBatches.map(({ id, sliceEnd }) => `(${quoted(id)}, ${sliceEnd}::BIGINT)`).join(', ');
  const windows = Object.entries(WINDOWS).map(([label, ms]) => `(${quoted(label)}, ${ms}::BIGINT)`);
  const item = 'mini_batch_id, window_label, host_ip, role';
  return [
    `CREATE OR REPLACE TEMP TABLE batch AS FROM (VALUES ${batches}) AS batch(mini_batch_id, ends)`,
    `CREATE OR REPLACE TEMP TABLE active AS SELECT DISTINCT mini_batch_id, host_ip, role, segment_id FROM ${hosts}`,
    `CREATE OR REPLACE TEMP TABLE past AS
     SELECT host_ip, role, segment_id, peer_ip, coalesce(peer_port, -1) AS port,
       least(port, 32768) AS port_group, sessions_cnt::BIGINT AS sessions, ends, mini_batch_id
     FROM ${pairs} AS pairs JOIN active USING (mini_batch_id, host_ip, role) JOIN batch USING (mini_batch_id)`,
    // What each window of each host that has a row holds, and where its lookback begins and ends.
    `CREATE OR REPLACE TEMP TABLE held AS
     SELECT DISTINCT batch.mini_batch_id, window_label, past.host_ip, past.role, past.segment_id, peer_ip, port,
       port_group, batch.ends - length AS until, ((batch.ends - length - ${30 * DAY}) // ${DAY}) * ${DAY} AS since
     FROM batch CROSS JOIN (VALUES ${windows.join(', ')}) AS windows(window_label, length)
       JOIN past ON past.ends > batch.ends - length AND past.ends <= batch.ends
         AND (past.ends < batch.ends OR past.mini_batch_id <= batch.mini_batch_id)
       SEMI JOIN active ON active.mini_batch_id = batch.mini_batch_id AND active.host_ip = past.host_ip`,
    `CREATE OR REPLACE TEMP TABLE peers AS ${counted(['host_ip', 'role', 'peer_ip'], 'true', 'peer', 'count(*) AS peers')}`,
    `CREATE OR REPLACE TEMP TABLE ports AS ${counted(['host_ip', 'role', 'port_group'], 'port >= 0', 'dst_port')}`,
    `CREATE OR REPLACE TEMP TABLE both_ends AS ${counted(['host_ip', 'role', 'peer_ip', 'port'], 'true', 'pair')}`,
    `CREATE OR REPLACE TEMP TABLE segments AS ${counted(['segment_id', 'role', 'port'], 'port BETWEEN 0 AND 32767', 'src_dst_port')}`,
    `CREATE OR REPLACE TEMP TABLE projects AS ${counted(['role', 'peer_ip'], "role = 'outbound'", 'to_project_peer')}`,
    `CREATE OR REPLACE TEMP TABLE novelty AS
     SELECT ${item}, new_peer AS new_peer_cnt, rare_peer AS rare_peer_cnt, new_peer / peers AS new_peer_ratio,
       new_dst_port AS new_dst_port_cnt, rare_dst_port AS rare_dst_port_cnt, new_pair AS new_pair_cnt,
       new_src_dst_port AS new_src_dst_port_cnt, new_to_project_peer AS new_to_project_peer_cnt
     FROM peers LEFT JOIN ports USING (${item}) LEFT JOIN both_ends USING (${item}) LEFT JOIN segments USING (${item})
       LEFT JOIN projects USING (${item})`,
  ];
}

/**
 * Things of a window without a session in its lookback, and with one. `keys` say what a thing is: whoever shares all of them
 * makes it known. Sessions of a lookback are the difference of two running sums.
 */
function counted(keys: readonly string[], isThing: string, name: string, more = '0 AS nothing'): string {
  const same = (table: string): string => keys.map((key) => `thing.${key} = ${table}.${key}`).join(' AND ');
  const columns = [...new Set([...keys, 'host_ip', 'role'])].join(', ');
  return `
    WITH sums AS (
      SELECT ${keys.join(', ')}, ends, sum(sessions) OVER (PARTITION BY ${keys.join(', ')} ORDER BY ends) AS so_far
      FROM (SELECT ${keys.join(', ')}, ends, sum(sessions)::BIGINT AS sessions FROM past WHERE ${isThing} GROUP BY ALL)
    ),
    thing AS (SELECT DISTINCT mini_batch_id, window_label, until, since, ${columns} FROM held WHERE ${isThing}),
    known AS (
      SELECT thing.*, coalesce(upto.so_far, 0) - coalesce(before.so_far, 0) AS sessions
      FROM thing ASOF LEFT JOIN sums AS upto ON ${same('upto')} AND thing.until >= upto.ends
        ASOF LEFT JOIN sums AS before ON ${same('before')} AND thing.since > before.ends
    )
    SELECT mini_batch_id, window_label, host_ip, role, count(*) FILTER (WHERE sessions = 0) AS new_${name},
      count(*) FILTER (WHERE sessions = 1) AS rare_${name}, ${more}
    FROM known GROUP BY ALL`;
}

/** The FG-A column of a metric; undefined where there is none. */
export function noveltyColumn(metric: string, { role, window_label }: NoveltyRow): string | undefined {
  if (metric === 'new_to_project_peer_cnt') {
    return role === 'outbound' && ['w_1h', 'w_24h'].includes(window_label) ? `${metric}_${window_label}` : undefined;
  }
  return `${role === 'inbound' ? 'in_' : ''}${metric}_lookback30d_${window_label}`;
}
