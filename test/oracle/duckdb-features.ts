import { quoted, type RawFlows, SLICE_MS } from './duckdb-flows.ts';

const PORT_SETS: Readonly<Record<string, string>> = {
  high_risk:
    'port IN (21, 23, 69, 135, 445, 1080, 1433, 2323, 3389, 4444, 5555, 9001) OR port BETWEEN 137 AND 139 OR port BETWEEN 512 AND 514 OR port BETWEEN 5900 AND 5903 OR port BETWEEN 6660 AND 6669',
  admin: 'port IN (22, 23, 135, 3389, 5985, 5986) OR port BETWEEN 5900 AND 5903',
  fileshare: 'port IN (20, 21, 111, 137, 138, 139, 445, 548, 873, 2049)',
  directory: 'port IN (88, 389, 464, 636, 3268, 3269)',
  db: 'port IN (1433, 1434, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 27017)',
};

/** The two roles of a flow; in both, the peer port is the destination port. */
const ROLES = [
  { role: 'outbound', host: 'src', peer: 'dst', sent: 'sent', recv: 'recv' },
  { role: 'inbound', host: 'dst', peer: 'src', sent: 'recv', recv: 'sent' },
] as const;

type Batch = Pick<RawFlows, 'sliceEndMs' | 'miniBatchId'>;
type Role = (typeof ROLES)[number];

const bothRoles = (query: (role: Role) => string): string => ROLES.map(query).join(' UNION ALL ');

/**
 * Statements over `flow` and `address` that leave the contract's three datasets as `delta`, `pair_context` and `pair_counts`. Flows are
 * grouped once by (source, destination, port): both roles' pair context and the pair counts are views of that table.
 */
export function featureStatements(flows: Batch): readonly string[] {
  return [
    `CREATE TEMP TABLE pair AS
     SELECT src, dst, port, sum(n)::BIGINT AS sessions, coalesce(sum(n) FILTER (WHERE is_denied), 0)::BIGINT AS denied,
       coalesce(sum(n) FILTER (WHERE recv = 0), 0)::BIGINT AS unanswered, coalesce(sum(sent), 0) AS sent, coalesce(sum(recv), 0) AS recv,
       min(started) AS first_start, max(ended) AS last_end, max(lasted) AS longest
     FROM flow WHERE NOT is_threat GROUP BY src, dst, port`,
    `CREATE TEMP TABLE repeated_start AS
     SELECT flow.src, flow.dst, flow.port, list_sort(list(started))[:64] AS starts
     FROM flow JOIN (SELECT src, dst, port FROM pair WHERE sessions > 1) AS busy
       ON flow.src = busy.src AND flow.dst = busy.dst AND flow.port IS NOT DISTINCT FROM busy.port
     WHERE started IS NOT NULL AND NOT is_threat GROUP BY ALL`,
    `CREATE TEMP TABLE delta AS ${deltaQuery(flows)}`,
    `CREATE TEMP VIEW pair_context AS ${bothRoles((role) => pairContextQuery(role, flows))}`,
    `CREATE TEMP VIEW pair_counts AS ${pairCountsQuery(flows)}`,
  ];
}

function deltaQuery(flows: Batch): string {
  const sessions = Object.keys(PORT_SETS).map((set) => `coalesce(${set}, 0) AS ${set}_port_sessions_cnt`);
  return `
    WITH total AS (${bothRoles(totalQuery)}), peer AS (${bothRoles(peerQuery)}), service AS (${bothRoles(serviceQuery)}), burst AS (${bothRoles(burstQuery)})
    SELECT address.ip AS host_ip, role, ${batchColumns(flows)}, address.segment_id,
      total.* EXCLUDE (host, role), coalesce(peers, 0) AS peer_ip_nunique, coalesce(ports, 0) AS peer_port_nunique,
      coalesce(segments, 0) AS peer_segment_nunique, coalesce(peer_entropy, 0) AS peer_ip_entropy, coalesce(port_entropy, 0) AS peer_port_entropy,
      ${ratio('peer_sessions', 'sessions_cnt')} AS peer_ip_top1_sessions_share, ${ratio('port_sessions', 'sessions_cnt')} AS peer_port_top1_sessions_share,
      ${ratio('peer_bytes', '(bytes_sent_sum + bytes_recv_sum)')} AS peer_ip_top1_bytes_share,
      ${ratio('port_bytes', '(bytes_sent_sum + bytes_recv_sum)')} AS peer_port_top1_bytes_share,
      coalesce(most_in_a_minute, 0) AS max_sessions_per_minute, ${sessions.join(', ')}
    FROM total JOIN address ON host = address.id
      LEFT JOIN peer USING (host, role) LEFT JOIN service USING (host, role) LEFT JOIN burst USING (host, role)`;
}

/** Sums and quantiles of a host's own records. */
function totalQuery({ role, host, sent, recv }: Role): string {
  const sessions = (condition: string): string => `coalesce(sum(n) FILTER (WHERE ${condition}), 0)::BIGINT`;
  const quantiles = (value: string): string => `quantile_cont(${value}, [0.25, 0.5, 0.75, 0.95, 0.99])`;
  return `
    SELECT ${host} AS host, ${quoted(role)} AS role, sum(n)::BIGINT AS sessions_cnt, ${sessions('is_allowed')} AS allow_cnt,
      ${sessions('is_denied')} AS drop_cnt,
      ${sessions('is_alert')} + count(*) FILTER (WHERE is_alert AND is_threat) AS alert_cnt,
      ${sessions('is_reset')} AS rst_cnt, ${sessions('is_aged_out')} AS aged_out_cnt, ${sessions('recv = 0')} AS zero_reply_cnt,
      ${sessions('lasted <= 1000')} AS short_session_cnt, coalesce(sum(${sent}), 0)::BIGINT AS bytes_sent_sum,
      coalesce(sum(${recv}), 0)::BIGINT AS bytes_recv_sum, coalesce(sum(lasted), 0)::BIGINT / 1000 AS duration_sum,
      ${sessions('is_tcp')} AS tcp_cnt, ${sessions('is_udp')} AS udp_cnt, ${sessions('is_icmp')} AS icmp_cnt,
      count(*) FILTER (WHERE is_threat) AS threat_cnt, sum(n)::BIGINT AS traffic_cnt,
      ${quantiles(sent)} AS bytes_sent_quantiles, ${quantiles(recv)} AS bytes_recv_quantiles, ${quantiles('lasted / 1000')} AS duration_quantiles
    FROM flow WHERE ${host} > 0 GROUP BY ${host}`;
}

function peerQuery({ role, host, peer }: Role): string {
  return `
    SELECT host, ${quoted(role)} AS role, count(*) AS peers, count(DISTINCT segment) AS segments, ${entropy('sessions')} AS peer_entropy,
      max(sessions) AS peer_sessions, max(bytes) AS peer_bytes
    FROM (SELECT ${host} AS host, ${peer} AS peer, sum(sessions)::BIGINT AS sessions, sum(sent + recv) AS bytes FROM pair WHERE ${host} > 0 GROUP BY ALL)
      JOIN address ON peer = address.id
    GROUP BY host`;
}

function serviceQuery({ role, host }: Role): string {
  const sets = Object.entries(PORT_SETS).map(
    ([set, ports]) => `(sum(sessions) FILTER (WHERE ${ports}))::BIGINT AS ${set}`,
  );
  return `
    SELECT host, ${quoted(role)} AS role, count(*) AS ports, ${entropy('sessions')} AS port_entropy,
      max(sessions) AS port_sessions, max(bytes) AS port_bytes, ${sets.join(', ')}
    FROM (
      SELECT ${host} AS host, port, sum(sessions)::BIGINT AS sessions, sum(sent + recv) AS bytes
      FROM pair WHERE ${host} > 0 AND port IS NOT NULL GROUP BY ALL
    )
    GROUP BY host`;
}

function burstQuery({ role, host }: Role): string {
  return `
    SELECT host, ${quoted(role)} AS role, max(sessions)::BIGINT AS most_in_a_minute
    FROM (SELECT ${host} AS host, started // 60000 AS minute, sum(n) AS sessions FROM flow WHERE ${host} > 0 AND started IS NOT NULL GROUP BY ALL)
    GROUP BY host`;
}

/** H = ln S - (Σ k ln k) / S; exactly 0 for a single group, where the difference of the two would leave rounding noise. */
function entropy(sessions: string): string {
  return `CASE WHEN count(*) = 1 THEN 0 ELSE ln(sum(${sessions})) - sum(${sessions} * ln(${sessions})) / sum(${sessions}) END`;
}

const ratio = (part: string, whole: string): string =>
  `CASE WHEN ${whole} = 0 THEN 0 ELSE coalesce(${part} / ${whole}, 0) END`;

function pairContextQuery({ role, host, peer, sent, recv }: Role, flows: Batch): string {
  return `
    SELECT hosts.ip AS host_ip, ${quoted(role)} AS role, peers.ip AS peer_ip, pair.port AS peer_port, ${batchColumns(flows)}, sessions AS sessions_cnt,
      denied AS deny_cnt, unanswered AS zero_reply_cnt, ${sent}::BIGINT AS bytes_sent_sum, ${recv}::BIGINT AS bytes_recv_sum,
      first_start AS first_event_ts, last_end AS event_ts, starts, longest AS max_duration_ms,
      peers.ip || '|' || coalesce(pair.port::VARCHAR, '') AS pair_key
    FROM pair JOIN address AS hosts ON pair.${host} = hosts.id JOIN address AS peers ON pair.${peer} = peers.id
      LEFT JOIN repeated_start AS again ON pair.src = again.src AND pair.dst = again.dst AND pair.port IS NOT DISTINCT FROM again.port
    WHERE hosts.is_host`;
}

function pairCountsQuery(flows: Batch): string {
  return `
    SELECT sources.ip AS src_ip, destinations.ip AS dst_ip, port AS dst_port, sources.segment_id, ${flows.sliceEndMs} AS event_ts,
      sessions AS sessions_cnt, ${quoted(flows.miniBatchId)} AS mini_batch_id
    FROM pair JOIN address AS sources ON src = sources.id JOIN address AS destinations ON dst = destinations.id
    WHERE port > 0`;
}

const batchColumns = ({ sliceEndMs, miniBatchId }: Batch): string =>
  `${sliceEndMs - SLICE_MS} AS slice_start_ts, ${sliceEndMs} AS slice_end_ts, ${quoted(miniBatchId)} AS mini_batch_id`;
