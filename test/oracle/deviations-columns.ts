/** Which metrics deviations, suspicions and behaviours are made of. */

import { baseOf } from './baselines-metrics.ts';

/** Of hosts that open sessions, in the last hour and day alone. */
const BEHAVIOUR_METRICS = [
  'internal_peer_nunique',
  'internal_segment_nunique',
  'internal_admin_peer_nunique',
  'external_peer_nunique',
  'external_bytes_sent',
  'denied_peer_nunique',
  'noreply_peer_nunique',
  'new_to_project_peer_cnt',
];

const COMPARED = [
  'sessions_cnt',
  'bytes_src_sum',
  'bytes_dst_sum',
  'deny_ratio',
  'rst_cnt',
  'zero_reply_cnt',
  'peer_port_nunique',
  'peer_ip_entropy',
  'max_sessions_per_minute',
  'new_pair_cnt_lookback30d',
  'high_risk_port_sessions_cnt',
  'in_sessions_cnt',
  'in_peer_ip_nunique',
  'in_admin_port_sessions_cnt',
];

const LEFT_OUT = ['aged_out_cnt', 'tcp_cnt', 'udp_cnt', 'icmp_cnt', ...BEHAVIOUR_METRICS];

export const SUSPICION_METRICS = [
  'sessions_cnt',
  'bytes_src_sum',
  'bytes_dst_sum',
  'deny_ratio',
  'peer_ip_nunique',
  'in_sessions_cnt',
  'in_bytes_src_sum',
  'in_bytes_dst_sum',
].map((metric) => `${metric}_w_15m`);

export const curatedMetrics = (metrics: readonly string[]): string[] =>
  metrics.filter((metric) => !LEFT_OUT.includes(baseOf(metric)));

export const behaviourColumns = (): string[] =>
  [...BEHAVIOUR_METRICS, ...COMPARED].flatMap((metric) => [`${metric}_w_1h`, `${metric}_w_24h`]);
