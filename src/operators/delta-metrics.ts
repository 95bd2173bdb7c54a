import { FIRST_PORT_SET_BIT, FLAGS, type Flag } from './flow.ts';

/** The building blocks of a delta row; a spec may leave some out where nothing downstream needs them. */
export const DELTA_OPERATORS = ['base_counts', 'port_categories', 'burst', 'quantiles', 'peer_distribution'] as const;
export type DeltaOperator = (typeof DELTA_OPERATORS)[number];

export type Party = 'peer_ip' | 'peer_port' | 'peer_segment';

/** How a metric is computed from a host's sessions in the slice. */
export type DeltaMeasure =
  | { readonly is: 'count'; readonly flag: Flag }
  | { readonly is: 'count_port_set'; readonly set: string }
  | { readonly is: 'sum'; readonly of: 'bytes_sent' | 'bytes_recv' | 'duration'; readonly per: number }
  | { readonly is: 'peak_per_minute' }
  | { readonly is: 'nunique' | 'entropy' | 'top1_sessions_share' | 'top1_bytes_share'; readonly over: Party };

export interface DeltaMetric {
  readonly name: string;
  readonly measure: DeltaMeasure;
  readonly operator: DeltaOperator;
  readonly type: 'int64' | 'double';
  readonly doc: string;
}

const count = (name: string, flag: Flag, doc: string): DeltaMetric => ({
  name,
  measure: { is: 'count', flag },
  operator: 'base_counts',
  type: 'int64',
  doc,
});
const sum = (
  name: string,
  of: 'bytes_sent' | 'bytes_recv' | 'duration',
  per: number,
  type: 'int64' | 'double',
  doc: string,
): DeltaMetric => ({ name, measure: { is: 'sum', of, per }, operator: 'base_counts', type, doc });
const spread = (
  is: 'nunique' | 'entropy' | 'top1_sessions_share' | 'top1_bytes_share',
  over: Party,
  doc: string,
): DeltaMetric => ({
  name: `${over}_${is}`,
  measure: { is, over },
  operator: 'peer_distribution',
  type: is === 'nunique' ? 'int64' : 'double',
  doc,
});

/** The five port sets that every delta row counts, in this order. */
export const PORT_SETS = ['high_risk', 'admin', 'fileshare', 'directory', 'db'] as const;

export const countPortSet = (set: string): DeltaMetric => ({
  name: `${set}_port_sessions_cnt`,
  measure: { is: 'count_port_set', set },
  operator: 'port_categories',
  type: 'int64',
  doc: `Sessions to a port of the set ${set.toUpperCase()}.`,
});

/** The 31 metrics of a delta row. Schema, catalog and computation all read this list. */
export const DELTA_METRICS: readonly DeltaMetric[] = [
  count('sessions_cnt', 'traffic', 'Sessions that the slice delivered.'),
  count('allow_cnt', 'allow', 'Sessions that the firewall allowed.'),
  count('drop_cnt', 'deny', 'Sessions that the firewall denied.'),
  count('alert_cnt', 'alert', 'Sessions and threat events with action alert.'),
  count('rst_cnt', 'rst', 'Sessions that ended in a TCP reset.'),
  count('aged_out_cnt', 'aged_out', 'Sessions that aged out.'),
  count('zero_reply_cnt', 'zero_reply', 'Sessions that the server answered with no byte.'),
  count('short_session_cnt', 'short_session', 'Sessions of one second or less.'),
  sum('bytes_sent_sum', 'bytes_sent', 1, 'int64', 'Bytes that the host sent.'),
  sum('bytes_recv_sum', 'bytes_recv', 1, 'int64', 'Bytes that the host received.'),
  sum('duration_sum', 'duration', 1000, 'double', 'Seconds of session time.'),
  spread('nunique', 'peer_ip', 'Distinct peers.'),
  spread('nunique', 'peer_port', 'Distinct service ports.'),
  spread('nunique', 'peer_segment', 'Distinct segments of peers.'),
  spread('entropy', 'peer_ip', 'Entropy of the sessions over peers, in nats.'),
  spread('entropy', 'peer_port', 'Entropy of the sessions with a port over ports, in nats.'),
  spread('top1_sessions_share', 'peer_ip', 'Share of the sessions that the busiest peer has.'),
  spread('top1_sessions_share', 'peer_port', 'Share of the sessions that the busiest port has.'),
  spread('top1_bytes_share', 'peer_ip', 'Share of the bytes, both ways, that the heaviest peer has.'),
  spread('top1_bytes_share', 'peer_port', 'Share of the bytes, both ways, that the heaviest port has.'),
  {
    name: 'max_sessions_per_minute',
    measure: { is: 'peak_per_minute' },
    operator: 'burst',
    type: 'int64',
    doc: 'Highest number of sessions that began in one UTC minute.',
  },
  count('tcp_cnt', 'tcp', 'TCP sessions.'),
  count('udp_cnt', 'udp', 'UDP sessions.'),
  count('icmp_cnt', 'icmp', 'ICMP sessions.'),
  count('threat_cnt', 'threat', 'THREAT records.'),
  count('traffic_cnt', 'traffic', 'TRAFFIC sessions.'),
  ...PORT_SETS.map(countPortSet),
];

/** Lists of quantiles over the records of a host that have a value. */
export const DELTA_QUANTILES = {
  bytes_sent_quantiles: {
    of: 'bytes_sent',
    doc: 'p25, p50, p75, p95, p99 of the bytes sent, over the records that state them.',
  },
  bytes_recv_quantiles: {
    of: 'bytes_recv',
    doc: 'p25, p50, p75, p95, p99 of the bytes received, over the records that state them.',
  },
  duration_quantiles: {
    of: 'duration',
    doc: 'p25, p50, p75, p95, p99 of the durations in seconds, 0 where a time is missing.',
  },
} as const;

/** Metrics that add up (or take the maximum) over slices, by their place in a row of {@link RoleRows.totals}. */
export function mergedMetrics(furtherPortSets: readonly string[]): readonly DeltaMetric[] {
  const metrics = [...DELTA_METRICS, ...furtherPortSets.map(countPortSet)];
  return metrics.filter(({ measure }) => !('over' in measure));
}

/** Metrics of how sessions spread over parties, by their place in a row of {@link RoleRows.spreads}. */
export const SPREAD_METRICS = DELTA_METRICS.filter(({ measure }) => 'over' in measure);

/** Bit that says a counted metric holds, in a flow's flags joined with the bits of its peer port. */
export function bitOf(metric: DeltaMetric, portSets: readonly string[]): number {
  const { measure } = metric;
  if (measure.is === 'count') return FLAGS[measure.flag].bit;
  return measure.is === 'count_port_set' ? FIRST_PORT_SET_BIT + portSets.indexOf(measure.set) : -1;
}

/** What a flag counts, where it is not sessions alone. */
const COUNTED: Partial<Readonly<Record<Flag, string>>> = {
  traffic: 'records',
  threat: 'records',
  alert: 'TRAFFIC sessions and THREAT records',
};

/** What the metric computes, in words made from the same values that compute it. */
export function formulaOf({ measure }: DeltaMetric): string {
  switch (measure.is) {
    case 'count':
      return `count(${COUNTED[measure.flag] ?? 'TRAFFIC sessions'} where ${FLAGS[measure.flag].when})`;
    case 'count_port_set':
      return `count(TRAFFIC sessions where peer_port in ${measure.set.toUpperCase()})`;
    case 'sum':
      return measure.per === 1 ? `sum(${measure.of})` : `sum(${measure.of} in ms) / ${measure.per}`;
    case 'peak_per_minute':
      return 'max over UTC minutes of count(sessions with event_start in the minute)';
    case 'nunique':
      return `count(distinct ${measure.over})`;
    case 'entropy':
      return `-sum(p ln p), p = sessions of the ${measure.over} / sessions with one`;
    case 'top1_sessions_share':
      return `max over ${measure.over} of sessions / sessions_cnt`;
    default:
      return `max over ${measure.over} of (bytes_sent + bytes_recv) / (bytes_sent_sum + bytes_recv_sum)`;
  }
}
