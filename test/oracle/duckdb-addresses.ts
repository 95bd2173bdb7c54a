/** The networks whose addresses are hosts unless a project says otherwise. */
export const DEFAULT_HOST_NETWORKS: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
];

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const IPV4 = `${OCTET}([.]${OCTET}){3}`;
const MAPPED = "['0', '0', '0', '0', '0', 'ffff']";
const HEXTETS = '([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?';

/**
 * Statements that read the text columns `source` and `destination` of table `raw` and leave two tables:
 * `spelling(text, id)`, every well-formed spelling with the id of its address, and `address(id, ip, segment, segment_id, is_host)` with the
 * canonical text, the number and the CIDR text of its segment (/24, /64) and whether it is a host. Text that is in neither is malformed.
 * An IPv6 address with a dotted tail is taken only as ::ffff:a.b.c.d.
 */
export function addressStatements(hostNetworks: readonly string[]): readonly string[] {
  return [
    // Its own statement: the filters below would otherwise be pushed under the DISTINCT and run on every flow.
    'CREATE TEMP TABLE seen AS SELECT DISTINCT text FROM (SELECT source AS text FROM raw UNION ALL SELECT destination FROM raw) WHERE text IS NOT NULL',
    `CREATE TEMP TABLE parsed AS
     WITH halved AS (SELECT text, string_split(lower(text), '::') AS halves FROM seen WHERE contains(text, ':') AND NOT contains(text, '.')),
     halves AS (
       SELECT text, len(halves) AS parts,
         CASE WHEN halves[1] = '' THEN [] ELSE string_split(halves[1], ':') END AS head,
         CASE WHEN coalesce(halves[2], '') = '' THEN [] ELSE string_split(halves[2], ':') END AS tail
       FROM halved WHERE len(halves) <= 2 AND len(list_filter(halves, lambda half: NOT regexp_full_match(half, '${HEXTETS}'))) = 0
     ),
     hextets AS (
       SELECT text, list_transform(head || list_transform(range(8 - len(head) - len(tail)), lambda gap: '0') || tail,
         lambda hextet: CASE WHEN ltrim(hextet, '0') = '' THEN '0' ELSE ltrim(hextet, '0') END) AS hextets
       FROM halves WHERE (parts = 1 AND len(head) = 8) OR (parts = 2 AND len(head) + len(tail) < 8)
     ),
     long AS MATERIALIZED (SELECT text, hextets, ':' || array_to_string(hextets, ':') || ':' AS long, hextets[:6] = ${MAPPED} AS is_mapped FROM hextets),
     v6 AS (
       SELECT *, list_filter(range(8, 1, -1), lambda zeros: contains(long, ':' || repeat('0:', zeros)))[1] AS zeros,
         regexp_replace(array_to_string(hextets[:4], ':'), '(^|:)0(:0)*$', '') || '::/64' AS segment_id
       FROM long WHERE NOT is_mapped
     ),
     v4 AS (
       SELECT text, string_split(text, '.') AS octets FROM seen WHERE regexp_full_match(text, '${IPV4}')
       UNION ALL SELECT text, string_split(substr(text, 8), '.') FROM seen WHERE regexp_full_match(text, '::[fF]{4}:${IPV4}')
       UNION ALL SELECT text, list_transform([hextets[7], hextets[7], hextets[8], hextets[8]],
         lambda hextet, place: ((('0x' || hextet)::INTEGER >> (place % 2 * 8)) & 255)::VARCHAR) FROM long WHERE is_mapped
     ),
     numbered AS (
       SELECT text, octets, ((octets[1]::BIGINT * 256 + octets[2]::BIGINT) * 256 + octets[3]::BIGINT) * 256 + octets[4]::BIGINT AS number FROM v4
     )
     SELECT text, array_to_string(octets, '.') AS ip, array_to_string(octets[:3], '.') || '.0/24' AS segment_id, number >> 8 AS segment,
       number, NULL AS hextet
     FROM numbered
     UNION ALL
     SELECT text,
       CASE WHEN zeros IS NULL THEN trim(long, ':')
         ELSE ltrim(left(long, strpos(long, ':' || repeat('0:', zeros)) - 1), ':') || '::' ||
           rtrim(substr(long, strpos(long, ':' || repeat('0:', zeros)) + 1 + 2 * zeros), ':') END,
       segment_id, -dense_rank() OVER (ORDER BY segment_id), NULL, ('0x' || hextets[1])::INTEGER
     FROM v6`,
    `CREATE TEMP TABLE address AS
     SELECT CASE WHEN is_host THEN row ELSE -row END AS id, ip, segment, segment_id, is_host
     FROM (
       SELECT ip, first(segment) AS segment, first(segment_id) AS segment_id, (row_number() OVER ())::INTEGER AS row,
         (${hostCondition(hostNetworks)}) AS is_host
       FROM parsed GROUP BY ip, number, hextet
     )`,
    'CREATE TEMP TABLE spelling AS SELECT text, id FROM parsed JOIN address USING (ip)',
    'DROP TABLE seen',
    'DROP TABLE parsed',
  ];
}

/** Inside a host network and none of: multicast, unspecified, loopback, the last address of a /24. Never null. */
function hostCondition(networks: readonly string[]): string {
  const inside = networks.map(networkCondition).join(' OR ');
  const never = `ip IN ('::', '::1', '0.0.0.0') OR number >> 28 = 14 OR number >> 24 = 127 OR number % 256 = 255 OR hextet >> 8 = 255`;
  return `coalesce(${inside}, false) AND NOT coalesce(${never}, false)`;
}

function networkCondition(network: string): string {
  const [address = '', length = ''] = network.split('/');
  const bits = Number(length);
  if (address.includes(':')) {
    if (bits > 16)
      throw new Error(
        `duckdb oracle: host network ${network} is longer than /16; only the first 16 bits of IPv6 are compared here`,
      );
    const first = Number.parseInt(`0${address.split(':')[0]}`, 16);
    return `coalesce(hextet >> ${16 - bits} = ${first >> (16 - bits)}, false)`;
  }
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return `coalesce(number >> ${32 - bits} = ${Math.floor(number / 2 ** (32 - bits))}, false)`;
}
