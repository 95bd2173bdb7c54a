import { addressStatements, DEFAULT_HOST_NETWORKS } from './duckdb-addresses.ts';

/** Canonical names of the fields that SQL reads; the first eight are required. */
export type FlowField = (typeof FLOW_FIELDS)[number];

const FLOW_FIELDS = [
  'source_ip',
  'destination_ip',
  'source_port',
  'destination_port',
  'source_bytes',
  'destination_bytes',
  'event_start',
  'event_end',
  'event_name',
  'event_subtype',
  'event_action',
  'event_reason',
  'network_transport',
  'repeat_count',
  'duration',
] as const;

export interface RawFlows {
  /** JSON Lines files, compressed or not. */
  readonly files: readonly string[];
  /** Canonical name → source name where it differs; dots reach into nested objects. `duration` is read only where it is mapped. */
  readonly fieldMapping: Readonly<Partial<Record<FlowField, string>>>;
  /** The end of the slice, ms UTC. The slice is (end - 15 min, end]. */
  readonly sliceEndMs: number;
  readonly miniBatchId: string;
  /** Default: the private networks. */
  readonly hostNetworks?: readonly string[];
}

export const SLICE_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

const DENY_ACTIONS = "('drop', 'deny', 'drop-icmp', 'reset-client', 'reset-server', 'reset-both', 'block')";
const DENY_REASONS = "('policy-deny', 'threat')";
const THREAT_SUBTYPES =
  "('vulnerability', 'virus', 'spyware', 'wildfire-virus', 'ml-virus', 'flood', 'scan', 'packet')";

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Statements that read the files once and leave `flow`, one row per record that is data for us: addresses as ids of table `address`, a port
 * that counts (or null), bytes as whole doubles (or null), times in ms (or null), n sessions. A THREAT record has n = 0 and nulls, so that
 * sums and quantiles pass over it.
 */
export function flowStatements(flows: RawFlows): readonly string[] {
  return [
    `CREATE TEMP TABLE raw AS ${rawQuery(flows)}`,
    ...addressStatements(flows.hostNetworks ?? DEFAULT_HOST_NETWORKS),
    `CREATE TEMP TABLE flow AS
     SELECT sources.id AS src, destinations.id AS dst, raw.* EXCLUDE (source, destination, is_data)
     FROM raw JOIN spelling AS sources ON raw.source = sources.text JOIN spelling AS destinations ON raw.destination = destinations.text
     WHERE is_data`,
    'DROP TABLE raw',
    'DROP TABLE spelling',
  ];
}

/**
 * The lines as values. `is_data` is computed here and filtered by the next statement: a filter here would be pushed under the projection
 * and evaluate its expressions twice.
 */
function rawQuery(flows: RawFlows): string {
  const earliest = flows.sliceEndMs - SLICE_MS - 30 * DAY_MS;
  const latest = flows.sliceEndMs + DAY_MS;
  const plausible = (ms: string): string => `CASE WHEN ${ms} BETWEEN ${earliest} AND ${latest} THEN ${ms} END`;
  return `
    WITH line AS (${lineQuery(flows)}),
    value AS (
      SELECT source_ip, destination_ip, coalesce(lower(event_name), 'traffic') AS name, coalesce(lower(event_subtype), '') AS subtype,
        lower(event_action) AS action, lower(event_reason) AS reason, lower(network_transport) AS transport,
        try_cast(source_port AS DOUBLE) AS source_port, try_cast(destination_port AS DOUBLE) AS port, try_cast(repeat_count AS DOUBLE) AS repeats,
        floor(try_cast(source_bytes AS DOUBLE)) AS sent, floor(try_cast(destination_bytes AS DOUBLE)) AS recv,
        ${milliseconds('event_start')} AS started, ${milliseconds('event_end')} AS ended, try_cast(duration AS DOUBLE) AS lasted
      FROM line
    ),
    known AS (
      SELECT * EXCLUDE (started, ended), ${plausible('started')} AS started,
        ${plausible('coalesce(ended, started + try_cast(floor(lasted * 1000 + 0.5) AS BIGINT))')} AS ended,
        name = 'threat' AS is_threat, coalesce(transport IN ('icmp', 'icmp6', 'ipv6-icmp'), false) AS is_icmp,
        coalesce(reason IN ${DENY_REASONS}, false) AS is_refused
      FROM value
    )
    SELECT source_ip AS source, destination_ip AS destination, is_threat,
      CASE WHEN is_threat THEN subtype = '' OR subtype IN ${THREAT_SUBTYPES}
        ELSE name = 'traffic' AND subtype <> 'start' AND coalesce(source_port, port, sent, recv) IS NOT NULL END AS is_data,
      CASE WHEN is_threat THEN 0 WHEN repeats BETWEEN 1 AND 2147483647 AND repeats = floor(repeats) THEN repeats ELSE 1 END::INTEGER AS n,
      CASE WHEN port BETWEEN 0 AND 65535 AND port = floor(port) AND NOT is_icmp THEN port END::INTEGER AS port,
      CASE WHEN NOT is_threat AND sent BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER} THEN sent END AS sent,
      CASE WHEN NOT is_threat AND recv BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER} THEN recv END AS recv,
      CASE WHEN NOT is_threat THEN started END AS started, CASE WHEN NOT is_threat THEN ended END AS ended,
      CASE WHEN NOT is_threat THEN coalesce(greatest(ended - started, 0), 0) END AS lasted,
      coalesce(action = 'allow', false) AND NOT is_refused AS is_allowed,
      is_refused OR coalesce(action IN ${DENY_ACTIONS}, false) AS is_denied,
      coalesce(action = 'alert', false) AS is_alert,
      coalesce(starts_with(reason, 'tcp-rst'), false) AS is_reset, coalesce(reason = 'aged-out', false) AS is_aged_out,
      coalesce(transport = 'tcp', false) AS is_tcp, coalesce(transport = 'udp', false) AS is_udp, is_icmp
    FROM known`;
}

/** Every field as the text that the line holds, or null. A line that is not a JSON object gives nulls only, thus no address. */
function lineQuery(flows: RawFlows): string {
  const columns = new Map<string, string>();
  const fields: string[] = [];
  for (const field of FLOW_FIELDS) {
    if (field === 'duration' && flows.fieldMapping.duration === undefined) {
      fields.push('NULL AS duration'); // looking for a key that no line has costs a fifth of the whole read
      continue;
    }
    const [head = '', ...rest] = (flows.fieldMapping[field] ?? field).split('.');
    columns.set(head, rest.length === 0 ? 'VARCHAR' : 'JSON');
    const column = `"${head.replaceAll('"', '""')}"`;
    const path = `$${rest.map((name) => `."${name}"`).join('')}`;
    fields.push(
      rest.length === 0 ? `${column} AS ${field}` : `json_extract_string(${column}, ${quoted(path)}) AS ${field}`,
    );
  }
  const types = [...columns].map(([name, type]) => `${quoted(name)}: ${quoted(type)}`).join(', ');
  const files = flows.files.map(quoted).join(', ');
  return `SELECT ${fields.join(', ')} FROM read_json([${files}], format = 'newline_delimited', ignore_errors = true, columns = {${types}})`;
}

/** Epoch numbers by their size, ISO 8601, `2026/03/04 10:10:00` and `Mar 04 2026 10:10:00`; rounds half up to ms; zoneless means UTC. */
function milliseconds(field: string): string {
  const number = `try_cast(${field} AS DOUBLE)`;
  const rounded = (instant: string): string => `(epoch_us(${instant}) + 500) // 1000`;
  return `CASE
    WHEN ends_with(${field}, 'Z') THEN ${rounded(`try_cast(${field} AS TIMESTAMP)`)}
    WHEN abs(${number}) < 1e11 THEN floor(${number} * 1000 + 0.5)::BIGINT
    WHEN abs(${number}) < 1e14 THEN floor(${number} + 0.5)::BIGINT
    WHEN abs(${number}) < 1e17 THEN floor(${number} / 1000 + 0.5)::BIGINT
    WHEN abs(${number}) < 1e20 THEN floor(${number} / 1e6 + 0.5)::BIGINT
    ELSE ${rounded(`coalesce(try_cast(${field} AS TIMESTAMPTZ), try_strptime(${field}, '%b %d %Y %H:%M:%S'))`)} END`;
}
