import { DELTA_METRICS, formulaOf, SPREAD_METRICS } from './delta-metrics.ts';
import type { RoleName } from './role-rows.ts';

/** Windows by the number of 15-minute slices they span, shortest first. */
export const WINDOWS = { w_15m: 1, w_30m: 2, w_1h: 4, w_8h: 32, w_24h: 96 } as const;
export type WindowName = keyof typeof WINDOWS;
export const WINDOW_NAMES = Object.keys(WINDOWS) as readonly WindowName[];
export const SLICES_PER_DAY = 96;
export const SLICE_MS = 900_000;

/** Prefix of a metric's columns, by direction. */
export const PREFIXES: Readonly<Record<RoleName, string>> = { outbound: '', inbound: 'in_' };
export const DIRECTIONS: readonly RoleName[] = ['outbound', 'inbound'];

/** Names that a delta metric takes in FG-A. */
const RENAMED: Readonly<Record<string, string>> = {
  drop_cnt: 'deny_cnt',
  bytes_sent_sum: 'bytes_src_sum',
  bytes_recv_sum: 'bytes_dst_sum',
};

export type NoveltyMeasure =
  | 'new_peers'
  | 'rare_peers'
  | 'new_peer_ratio'
  | 'new_ports'
  | 'rare_ports'
  | 'new_pairs'
  | 'ports_new_to_segment';

/** How a metric of a window is computed from the window's slices. */
export type WindowMeasure =
  | { readonly is: 'merged'; readonly of: string; readonly by: 'sum' | 'max' }
  | { readonly is: 'spread'; readonly of: string }
  | { readonly is: 'ratio'; readonly of: string; readonly to: string; readonly plus: 0 | 1 }
  | { readonly is: 'is_positive'; readonly of: string }
  | { readonly is: 'high_risk_segment'; readonly what: 'sessions' | 'peers' | 'any' }
  | { readonly is: 'novelty'; readonly what: NoveltyMeasure };

export interface WindowMetric {
  readonly name: string;
  readonly measure: WindowMeasure;
  readonly unit: string;
  readonly doc: string;
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^bytes_\w+_sum$|bytes_sent$/, 'bytes'],
  [/^duration/, 'seconds'],
  [/entropy$/, 'nats'],
  [/_(ratio|share)(_|$)/, 'ratio'],
  [/^has_/, 'flag'],
];
export const unitOf = (name: string): string => UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? 'count';
const metric = (name: string, measure: WindowMeasure, doc: string): WindowMetric => ({
  name,
  measure,
  unit: unitOf(name),
  doc,
});

const rolledUp: readonly WindowMetric[] = DELTA_METRICS.map((delta) => {
  const measure: WindowMeasure =
    'over' in delta.measure
      ? { is: 'spread', of: delta.name }
      : { is: 'merged', of: delta.name, by: delta.measure.is === 'peak_per_minute' ? 'max' : 'sum' };
  return metric(RENAMED[delta.name] ?? delta.name, measure, delta.doc.replace(' that the slice delivered', ''));
});

const ratio = (name: string, of: string, to: string, doc: string, plus: 0 | 1 = 0): WindowMetric =>
  metric(name, { is: 'ratio', of, to, plus }, doc);

const novelty = (name: string, what: NoveltyMeasure, doc: string): WindowMetric =>
  metric(`${name}_lookback30d`, { is: 'novelty', what }, doc);

/** The 48 metrics that FG-A has for every window and direction. FG-A, its catalog and its computation are this table. */
export const WINDOW_METRICS: readonly WindowMetric[] = [
  ...rolledUp,
  ratio('duration_mean', 'duration_sum', 'sessions_cnt', 'Mean session length in seconds.'),
  ratio('deny_ratio', 'deny_cnt', 'sessions_cnt', 'Share of the sessions that the firewall denied.'),
  ratio('bytes_asymmetry_ratio', 'bytes_src_sum', 'bytes_dst_sum', 'Bytes sent for each byte received.', 1),
  ratio('transport_tcp_ratio', 'tcp_cnt', 'sessions_cnt', 'Share of TCP sessions.'),
  ratio('transport_udp_ratio', 'udp_cnt', 'sessions_cnt', 'Share of UDP sessions.'),
  ratio('transport_icmp_ratio', 'icmp_cnt', 'sessions_cnt', 'Share of ICMP sessions.'),
  metric(
    'has_high_risk_port_activity',
    { is: 'is_positive', of: 'high_risk_port_sessions_cnt' },
    '1 if any session went to a high-risk port.',
  ),
  novelty('new_peer_cnt', 'new_peers', 'Peers without a session with this host in the lookback.'),
  novelty('rare_peer_cnt', 'rare_peers', 'Peers with few sessions with this host in the lookback.'),
  novelty('new_peer_ratio', 'new_peer_ratio', 'Share of the peers that are new.'),
  novelty('new_dst_port_cnt', 'new_ports', 'Service ports without a session of this host in the lookback.'),
  novelty('rare_dst_port_cnt', 'rare_ports', 'Service ports with few sessions of this host in the lookback.'),
  novelty('new_pair_cnt', 'new_pairs', 'Pairs of peer and port that are not in the lookback.'),
  novelty('new_src_dst_port_cnt', 'ports_new_to_segment', 'Ports that no host of the segment used in the lookback.'),
  metric(
    'high_risk_segment_sessions_cnt',
    { is: 'high_risk_segment', what: 'sessions' },
    'Sessions with peers in a high-risk segment.',
  ),
  metric(
    'high_risk_segment_unique_dsts',
    { is: 'high_risk_segment', what: 'peers' },
    'Distinct peers in a high-risk segment.',
  ),
  metric(
    'has_high_risk_segment_interaction',
    { is: 'high_risk_segment', what: 'any' },
    '1 if any session was with a peer in a high-risk segment.',
  ),
];

/** What a behaviour counts over the distinct outbound peers of a window. */
export type BehaviourMeasure =
  | { readonly is: 'peers'; readonly where: PeerCondition }
  | { readonly is: 'segments'; readonly where: 'internal' }
  | { readonly is: 'bytes_sent'; readonly where: PeerCondition }
  | { readonly is: 'new_to_project' };

/** What can be true of a peer, merged over its ports in the window. */
const PEER_CONDITIONS = {
  internal: 'the peer is inside host_networks',
  internal_admin: 'the peer is inside host_networks and a port of ADMIN or FILESHARE was contacted',
  external: 'the peer is outside host_networks',
  denied: 'deny_cnt > 0',
  noreply: 'zero_reply_cnt = sessions_cnt, summed over the ports of the peer',
} as const;
export type PeerCondition = keyof typeof PEER_CONDITIONS;

export interface Behaviour {
  readonly name: string;
  readonly measure: BehaviourMeasure;
  readonly doc: string;
}

/** Behaviours of the outbound direction, over the windows in BEHAVIOUR_WINDOWS. */
export const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'internal_peer_nunique', measure: { is: 'peers', where: 'internal' }, doc: 'Distinct internal peers.' },
  {
    name: 'internal_segment_nunique',
    measure: { is: 'segments', where: 'internal' },
    doc: 'Distinct segments of internal peers.',
  },
  {
    name: 'internal_admin_peer_nunique',
    measure: { is: 'peers', where: 'internal_admin' },
    doc: 'Distinct internal peers contacted on an administration or file-sharing port.',
  },
  { name: 'external_peer_nunique', measure: { is: 'peers', where: 'external' }, doc: 'Distinct external peers.' },
  {
    name: 'external_bytes_sent',
    measure: { is: 'bytes_sent', where: 'external' },
    doc: 'Bytes sent to external peers.',
  },
  {
    name: 'denied_peer_nunique',
    measure: { is: 'peers', where: 'denied' },
    doc: 'Distinct peers to which a session was denied.',
  },
  {
    name: 'noreply_peer_nunique',
    measure: { is: 'peers', where: 'noreply' },
    doc: 'Distinct peers that never replied.',
  },
  {
    name: 'new_to_project_peer_cnt',
    measure: { is: 'new_to_project' },
    doc: 'Peers that no host of the project had outbound in the lookback.',
  },
];
export const BEHAVIOUR_WINDOWS: readonly WindowName[] = ['w_1h', 'w_24h'];

const NOVELTY_FORMULAS: Readonly<Record<NoveltyMeasure, string>> = {
  new_peers: 'count(peers with 0 sessions with the host in the lookback)',
  rare_peers: 'count(peers with 1..rare_thresholds.peer sessions with the host in the lookback)',
  new_peer_ratio: 'new_peer_cnt_lookback30d / count(distinct peers)',
  new_ports: 'count(ports with 0 sessions of the host in the lookback; ports >= 32768 are one)',
  rare_ports: 'count(ports with 1..rare_thresholds.port sessions of the host in the lookback; ports >= 32768 are one)',
  new_pairs: 'count(pairs (peer_ip, peer_port) that are not in the lookback)',
  ports_new_to_segment: 'count(ports < 32768 that no host of the segment used in the lookback, in that role)',
};

export interface WindowFeature {
  readonly name: string;
  readonly window: WindowName;
  readonly formula: string;
  readonly unit: string;
  readonly doc: string;
  readonly family: 'metric' | 'novelty' | 'behaviour';
}

/** The 480 columns: every metric for every window and direction, in the order in which they are computed. */
export const WINDOW_FEATURES: readonly WindowFeature[] = DIRECTIONS.flatMap((direction) =>
  WINDOW_NAMES.flatMap((window) =>
    WINDOW_METRICS.map(
      ({ name, measure, unit, doc }): WindowFeature => ({
        name: `${PREFIXES[direction]}${name}_${window}`,
        window,
        formula: formulaOfMeasure(measure),
        unit,
        doc: `${doc.slice(0, -1)}; ${direction}, ${window}.`,
        family: measure.is === 'novelty' ? 'novelty' : 'metric',
      }),
    ),
  ),
);

/** The 16 behaviour columns. */
export const BEHAVIOUR_FEATURES: readonly WindowFeature[] = BEHAVIOURS.flatMap(({ name, measure, doc }) =>
  BEHAVIOUR_WINDOWS.map((window) => ({
    name: `${name}_${window}`,
    window,
    formula: formulaOfBehaviour(measure),
    unit: measure.is === 'bytes_sent' ? 'bytes' : 'count',
    doc: `${doc.slice(0, -1)}; outbound, ${window}.`,
    family: 'behaviour' as const,
  })),
);

/** Values of all window features of one host, in the order WINDOW_FEATURES, then BEHAVIOUR_FEATURES. */
export const FEATURE_COUNT = WINDOW_FEATURES.length + BEHAVIOUR_FEATURES.length;

function formulaOfMeasure(measure: WindowMeasure): string {
  switch (measure.is) {
    case 'merged':
      return `${measure.by}(delta.${measure.of}) over the slices of the window`;
    case 'spread': {
      const spread = SPREAD_METRICS.find(({ name }) => name === measure.of);
      if (spread === undefined) throw new Error(`delta has no spread metric ${measure.of}`);
      return `${formulaOf(spread)}, over the pair context of the window`;
    }
    case 'ratio':
      return measure.plus === 0 ? `${measure.of} / ${measure.to}` : `${measure.of} / (${measure.to} + ${measure.plus})`;
    case 'is_positive':
      return `1 if ${measure.of} > 0 else 0`;
    case 'high_risk_segment':
      return {
        sessions: 'sum(sessions_cnt of peers in high_risk_segments)',
        peers: 'count(distinct peers in high_risk_segments)',
        any: '1 if high_risk_segment_sessions_cnt > 0 else 0',
      }[measure.what];
    default:
      return NOVELTY_FORMULAS[measure.what];
  }
}

function formulaOfBehaviour(measure: BehaviourMeasure): string {
  switch (measure.is) {
    case 'peers':
      return `count(distinct peers where ${PEER_CONDITIONS[measure.where]})`;
    case 'segments':
      return `count(distinct segments of peers where ${PEER_CONDITIONS[measure.where]})`;
    case 'bytes_sent':
      return `sum(bytes_sent_sum of peers where ${PEER_CONDITIONS[measure.where]})`;
    default:
      return 'count(peers that no host of the project had outbound in the lookback)';
  }
}
