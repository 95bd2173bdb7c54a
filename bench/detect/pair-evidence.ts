import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY, HOUR } from './timeline.ts';

/** A pair is young for so long after its first session, and so is a peer: as the contract has it of internal pairs. */
const YOUNG = 7 * DAY;
/** What a young pair counts whose peer others of the project have known for longer. */
const KNOWN_PEER = 0.5;

/** Known starts of 24 hours from which a pair can be judged, and gaps between them: as the contract has it. */
const FEWEST_STARTS = 8;
const FEWEST_GAPS = 6;
const LEAST_GAP_MS = 1000;
/** Gaps are steady within so much of their median, as a share of it: jitter of ± 66 %. */
const STEADY = 2 / 3;
/** Share of the gaps of a Poisson process that are: P(m / 3 < gap < 5 m / 3), m being their median. */
const STEADY_BY_CHANCE = 2 ** (-1 / 3) - 2 ** (-5 / 3);
/** Of Wilson's 95 % interval. */
const Z = 1.96;

/** What is sent to one peer below so many bytes in an hour is no exfiltration: as the contract has it. */
const FEWEST_BYTES = 10_000_000;
const SECONDS_OF_DAY = 86_400;

/** The default host_networks, multicast, and what lies behind it. */
const IS_INSIDE =
  "regexp_matches(peer_ip, '^(10\\.|192\\.168\\.|172\\.(1[6-9]|2\\d|3[01])\\.|100\\.(6[4-9]|[7-9]\\d|1[01]\\d|12[0-7])\\." +
  "|2(2[4-9]|[345]\\d)\\.|f[cd]|fe[89ab]|ff)')";

/** SQL relations of pair context's rows. */
export interface PairRows {
  /** As far back as there is anything: by them it is told how old a pair is. */
  readonly known: string;
  /** Those of the slices that are looked at, and of the day before. */
  readonly recent: string;
}

/**
 * Makes the table `evidence` (host, until: slice end in ms; beacon, exfiltration, strobe): what the pairs of a host with the
 * outside say that are less than a week old, the greatest of each.
 *
 * - beacon = steadiness x (0.75 + 0.25 size) x novelty, of pairs with a session in the slice. Steadiness: the lower end of Wilson's
 *   interval of the share of gaps within two thirds of their median, scaled so that arrivals by chance are 0. Size is the contract's.
 * - exfiltration = log10(megabytes sent to the peer in an hour) x novelty, 0 below 10 MB.
 * - strobe = min(1, sessions of the pair in 24 hours / 86,400) x novelty.
 * - novelty = 1 where nobody had contacted the peer a week ago or earlier, else 0.5.
 */
export async function makeEvidence(reader: DuckDBConnection, { known, recent }: PairRows): Promise<void> {
  const make = (name: string, sql: string) => reader.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${sql}`);
  const outside = `role = 'outbound' AND NOT ${IS_INSIDE}`;
  const port = 'coalesce(peer_port, -1)::INTEGER AS port';
  await make(
    'first_of_pair',
    `SELECT host_ip AS host, peer_ip AS peer, ${port}, min(epoch_ms(slice_end_ts)) AS first
      FROM ${known} WHERE ${outside} GROUP BY ALL`,
  );
  await make('first_of_peer', 'SELECT peer, min(first) AS first FROM first_of_pair GROUP BY ALL');
  await make(
    'young',
    `WITH rows AS (
        SELECT host_ip AS host, peer_ip AS peer, ${port}, epoch_ms(slice_end_ts) AS until,
          sum(sessions_cnt)::DOUBLE AS sessions, sum(bytes_sent_sum)::DOUBLE AS bytes,
          flatten(list(coalesce(starts, CASE WHEN first_event_ts IS NULL THEN [] ELSE [first_event_ts] END))) AS starts
        FROM ${recent} WHERE ${outside} GROUP BY ALL
      )
      SELECT rows.* EXCLUDE (starts), list_transform(starts, start -> epoch_ms(start)) AS starts,
        CASE WHEN until - first_of_peer.first < ${YOUNG} THEN 1 ELSE ${KNOWN_PEER} END AS novelty
      FROM rows JOIN first_of_pair USING (host, peer, port) JOIN first_of_peer USING (peer)
      WHERE until - first_of_pair.first < ${YOUNG}`,
  );
  const wilson = `(part + ${Z ** 2} / (2 * n) - ${Z} * sqrt(part * (1 - part) / n + ${Z ** 2} / (4 * n * n))) / (1 + ${Z ** 2} / n)`;
  await make(
    'steady',
    `WITH days AS (
        SELECT now.host, now.peer, now.port, now.until, any_value(now.novelty) AS novelty,
          flatten(list(past.starts)) AS starts, list(past.bytes / past.sessions) AS sizes
        FROM young now JOIN young past USING (host, peer, port)
        WHERE past.until > now.until - ${DAY} AND past.until <= now.until
        GROUP BY ALL
      ), ordered AS (
        SELECT * REPLACE (list_sort(list_distinct(list_filter(starts, start -> start > until - ${DAY}))) AS starts)
        FROM days WHERE len(list_filter(starts, start -> start > until - ${DAY})) >= ${FEWEST_STARTS}
      ), spaced AS (
        SELECT * EXCLUDE (starts),
          list_filter(list_transform(range(2, len(starts) + 1), i -> starts[i] - starts[i - 1]), gap -> gap >= ${LEAST_GAP_MS}) AS gaps
        FROM ordered
      ), centred AS (
        SELECT *, list_median(gaps) AS middle, list_median(sizes) AS size FROM spaced WHERE len(gaps) >= ${FEWEST_GAPS}
      ), judged AS (
        SELECT *, len(gaps) AS n,
          len(list_filter(gaps, gap -> abs(gap - middle) <= ${STEADY} * middle)) / len(gaps) AS part,
          CASE WHEN size > 0 THEN greatest(0, 1 - list_median(list_transform(sizes, own -> abs(own - size))) / size) ELSE 0 END AS likeness
        FROM centred
      )
      SELECT host, peer, port, until, novelty, n, part, middle, likeness,
        greatest(0, (${wilson} - ${STEADY_BY_CHANCE}) / (1 - ${STEADY_BY_CHANCE})) * (0.75 + 0.25 * likeness) * novelty AS beacon
      FROM judged`,
  );
  await make(
    'sent',
    `SELECT host, peer, until, CASE WHEN bytes >= ${FEWEST_BYTES} THEN log10(bytes / 1e6) * novelty ELSE 0 END AS exfiltration
      FROM (
        SELECT host, peer, until, max(novelty) AS novelty,
          sum(sum(bytes)) OVER (PARTITION BY host, peer ORDER BY until RANGE BETWEEN ${HOUR - 1} PRECEDING AND CURRENT ROW) AS bytes
        FROM young GROUP BY host, peer, until
      )`,
  );
  await make(
    'busy',
    `SELECT host, until, novelty * least(1, sum(sessions) OVER (
          PARTITION BY host, peer, port ORDER BY until RANGE BETWEEN ${DAY - 1} PRECEDING AND CURRENT ROW) / ${SECONDS_OF_DAY}) AS strobe
      FROM young`,
  );
  await make(
    'evidence',
    `SELECT host, until::DOUBLE AS until, max(beacon) AS beacon, max(exfiltration) AS exfiltration, max(strobe) AS strobe FROM (
        SELECT host, until, beacon, 0 AS exfiltration, 0 AS strobe FROM steady
        UNION ALL SELECT host, until, 0, exfiltration, 0 FROM sent
        UNION ALL SELECT host, until, 0, 0, strobe FROM busy
      ) GROUP BY ALL`,
  );
}
