import type { BatchSpec } from '../../src/config/batch-spec.ts';

/** Windows by their slices, written out so that the peer shares no table with what it is compared with. */
const WINDOWS = { w_15m: 1, w_30m: 2, w_1h: 4, w_8h: 32, w_24h: 96 };
const BEHAVIOUR_WINDOWS = ['w_1h', 'w_24h'];
const RENAMED: Readonly<Record<string, string>> = {
  drop_cnt: 'deny_cnt',
  bytes_sent_sum: 'bytes_src_sum',
  bytes_recv_sum: 'bytes_dst_sum',
};
const ROLES = ['', 'in_'];

/** Statements that leave, for each window and role, a table of its features by host; the last gives sums over all hosts. */
export function windowStatements(folder: string, metrics: readonly string[], spec: BatchSpec): string[] {
  const names = Object.keys(WINDOWS);
  const ring = `CASE ${Object.values(WINDOWS)
    .map((slices, w) => `WHEN age < ${slices} THEN ${w}`)
    .join(' ')} END`;
  const internal = spec.hostNetworks
    .filter((cidr) => !cidr.includes(':'))
    .map((cidr) => networkRange(cidr))
    .map(([low, high]) => `peer BETWEEN ${low} AND ${high}`)
    .join(' OR ');
  const admin = [...(spec.portSets['admin'] ?? []), ...(spec.portSets['fileshare'] ?? [])].join(', ');
  const statements = [
    // One pass over the slices: what the windows share is added up once.
    `CREATE TEMP TABLE pair AS SELECT host, role, peer, port, ${ring} AS ring, sum(sessions)::DOUBLE AS sessions,
      sum(denied)::DOUBLE AS denied, sum(zeroReply)::DOUBLE AS silent, sum(bytesSent)::DOUBLE AS sent,
      sum(bytesSent + bytesReceived)::DOUBLE AS bytes
      FROM read_parquet('${folder}/pairs-*.parquet') GROUP BY host, role, peer, port, ring`,
    `CREATE TEMP TABLE delta AS SELECT host, role, ${ring} AS ring,
      ${metrics.map((name) => `${mergerOf(name)}(${name})::DOUBLE AS ${name}`).join(', ')}
      FROM read_parquet('${folder}/delta-*.parquet') GROUP BY host, role, ring`,
  ];
  names.forEach((name, w) => {
    const isTold = BEHAVIOUR_WINDOWS.includes(name);
    statements.push(
      `CREATE TEMP TABLE ${name} AS
      WITH peers AS (
        SELECT host, role, peer, sum(sessions) AS sessions, sum(bytes) AS bytes, sum(sent) AS sent, sum(denied) AS denied,
          sum(silent) AS silent, bool_or(port IN (${admin})) AS is_admin, any_value(${internal}) AS is_internal,
          peer >> ${32 - spec.segmentMapping.prefixLength} AS segment
        FROM pair WHERE ring <= ${w} GROUP BY host, role, peer),
      by_peer AS (
        SELECT host, role, count(*)::DOUBLE AS peer_ip_nunique, count(DISTINCT segment)::DOUBLE AS peer_segment_nunique,
          sum(sessions) AS sessions_in_all, sum(bytes) AS bytes_in_all,
          ${entropyOf('sessions')} AS peer_ip_entropy,
          max(sessions) / sum(sessions) AS peer_ip_top1_sessions_share,
          coalesce(max(bytes) / nullif(sum(bytes), 0), 0) AS peer_ip_top1_bytes_share
          ${isTold ? behaviours() : ''}
        FROM peers GROUP BY host, role),
      ports AS (
        SELECT host, role, port, sum(sessions) AS sessions, sum(bytes) AS bytes
        FROM pair WHERE ring <= ${w} AND port >= 0 GROUP BY host, role, port),
      by_port AS (
        SELECT host, role, count(*)::DOUBLE AS peer_port_nunique, ${entropyOf('sessions')} AS peer_port_entropy,
          max(sessions) AS top_sessions, max(bytes) AS top_bytes
        FROM ports GROUP BY host, role),
      sums AS (
        SELECT host, role, ${metrics.map((metric) => `${sumOf(metric)} AS ${RENAMED[metric] ?? metric}`).join(', ')}
        FROM delta WHERE ring <= ${w} GROUP BY host, role)
      SELECT sums.*, by_peer.* EXCLUDE (host, role, sessions_in_all, bytes_in_all), peer_port_nunique, peer_port_entropy,
        top_sessions / sessions_in_all AS peer_port_top1_sessions_share,
        coalesce(top_bytes / nullif(bytes_in_all, 0), 0) AS peer_port_top1_bytes_share,
        duration_sum / sessions_cnt AS duration_mean, deny_cnt / sessions_cnt AS deny_ratio,
        bytes_src_sum / (bytes_dst_sum + 1) AS bytes_asymmetry_ratio, tcp_cnt / sessions_cnt AS transport_tcp_ratio,
        udp_cnt / sessions_cnt AS transport_udp_ratio, icmp_cnt / sessions_cnt AS transport_icmp_ratio,
        (high_risk_port_sessions_cnt > 0)::DOUBLE AS has_high_risk_port_activity
      FROM sums JOIN by_peer USING (host, role) JOIN by_port USING (host, role)`,
    );
  });
  return statements;
}

/** By window and role: sums of every feature over all hosts, named as the features are. */
export const sumStatements = (): { readonly sql: string; readonly nameOf: (column: string) => string | undefined }[] =>
  Object.keys(WINDOWS).flatMap((window) =>
    ROLES.map((prefix, role) => ({
      sql: `SELECT sum(COLUMNS(* EXCLUDE (host, role))) FROM ${window} WHERE role = ${role}`,
      nameOf: (column) =>
        column.startsWith('told_')
          ? role === 0
            ? `${column.slice(5)}_${window}`
            : undefined
          : `${prefix}${column}_${window}`,
    })),
  );

const behaviours = (): string => `,
  count(*) FILTER (is_internal)::DOUBLE AS told_internal_peer_nunique,
  count(DISTINCT segment) FILTER (is_internal)::DOUBLE AS told_internal_segment_nunique,
  count(*) FILTER (is_internal AND is_admin)::DOUBLE AS told_internal_admin_peer_nunique,
  count(*) FILTER (NOT is_internal)::DOUBLE AS told_external_peer_nunique,
  coalesce(sum(sent) FILTER (NOT is_internal), 0) AS told_external_bytes_sent,
  count(*) FILTER (denied > 0)::DOUBLE AS told_denied_peer_nunique,
  count(*) FILTER (silent = sessions)::DOUBLE AS told_noreply_peer_nunique`;

const mergerOf = (metric: string): string => (metric === 'max_sessions_per_minute' ? 'max' : 'sum');
const sumOf = (metric: string): string =>
  metric === 'duration_sum' ? 'sum(duration_sum) / 1000' : `${mergerOf(metric)}(${metric})`;
const entropyOf = (count: string): string => `ln(sum(${count})) - sum(${count} * ln(${count})) / sum(${count})`;

function networkRange(cidr: string): [number, number] {
  const [base = '', length = '32'] = cidr.split('/');
  const low = base.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
  return [low, low + 2 ** (32 - Number(length)) - 1];
}
