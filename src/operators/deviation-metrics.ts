import { BEHAVIOUR_WINDOWS, BEHAVIOURS, DIRECTIONS, PREFIXES, WINDOW_METRICS, WINDOW_NAMES } from './metrics.ts';

/** What a deviation is made of: x the value, m its median, s its scale, f the floor of its kind. */
export const TRANSFORMS = {
  diff: { formula: 'x - median', doc: 'Distance from the median' },
  ratio: { formula: '(x + f) / (median + f)', doc: 'Times the median' },
  z_mad: { formula: '(x - median) / scale', doc: 'Distance from the median in scales' },
  abs_dev_over_mad: { formula: '|x - median| / scale', doc: 'Absolute distance from the median in scales' },
  z_mad_clipped: { formula: 'clip((x - median) / scale, -z_max, z_max)', doc: 'Distance in scales, bounded' },
  z_mad_signed_pow3: {
    formula: 'sign(z) * |z|^3 of z = z_mad_clipped',
    doc: 'Cube of the bounded distance, its sign kept',
  },
  log_ratio: { formula: 'ln((x + f) / (median + f))', doc: 'Logarithm of the times of the median' },
} as const;
export type Transform = keyof typeof TRANSFORMS;
export const TRANSFORM_NAMES = Object.keys(TRANSFORMS) as readonly Transform[];
export const DEFAULT_TRANSFORMS: readonly Transform[] = ['z_mad', 'ratio', 'log_ratio'];

/** What makes the scale of a metric, in words; f is 1, 1000 for bytes, 0.05 for shares and entropies. */
export const SCALE_FORMULA = 'scale = max(mad if > 1e-6, else iqr if > 1e-6, else 0; f)';

/** Counts that the curated list leaves out: what they say, others say. */
const NOT_CURATED: ReadonlySet<string> = new Set(['aged_out_cnt', 'tcp_cnt', 'udp_cnt', 'icmp_cnt']);

/** The 440 columns whose deviation is published by default. */
export const CURATED_METRICS: readonly string[] = DIRECTIONS.flatMap((direction) =>
  WINDOW_NAMES.flatMap((window) =>
    WINDOW_METRICS.filter(({ name }) => !NOT_CURATED.has(name)).map(
      ({ name }) => `${PREFIXES[direction]}${name}_${window}`,
    ),
  ),
);

const within = (window: string, names: readonly string[]): readonly string[] =>
  names.map((name) => `${name}_${window}`);

export const SUSPICION_METRICS: readonly string[] = within('w_15m', [
  ...['sessions_cnt', 'bytes_src_sum', 'bytes_dst_sum', 'deny_ratio', 'peer_ip_nunique'],
  ...['in_sessions_cnt', 'in_bytes_src_sum', 'in_bytes_dst_sum'],
]);
export const ANOMALY_STRENGTH_METRICS: readonly string[] = SUSPICION_METRICS.slice(0, 5);
export const RARE_PAIR_METRICS: readonly string[] = within('w_15m', ['sessions_cnt', 'bytes_src_sum']);
export const EXFIL_METRICS: readonly string[] = ['external_bytes_sent_w_1h', 'external_bytes_sent_w_24h'];
export const LATERAL_METRICS: readonly string[] = within('w_1h', [
  ...['internal_peer_nunique', 'internal_admin_peer_nunique', 'internal_segment_nunique'],
]);

/** Groups of behaviours of which a model has one forest each. */
export const BEHAVIOUR_FAMILIES = [
  'volume',
  'fan_out_internal',
  'fan_out_external',
  'services',
  'deny_scan',
  'novelty',
  'inbound',
] as const;
export type BehaviourFamily = (typeof BEHAVIOUR_FAMILIES)[number];

const FAMILY_OF: Readonly<Record<string, BehaviourFamily>> = {
  internal_peer_nunique: 'fan_out_internal',
  internal_segment_nunique: 'fan_out_internal',
  internal_admin_peer_nunique: 'fan_out_internal',
  external_peer_nunique: 'fan_out_external',
  external_bytes_sent: 'volume',
  denied_peer_nunique: 'deny_scan',
  noreply_peer_nunique: 'deny_scan',
  new_to_project_peer_cnt: 'novelty',
  sessions_cnt: 'volume',
  bytes_src_sum: 'volume',
  bytes_dst_sum: 'volume',
  deny_ratio: 'deny_scan',
  rst_cnt: 'deny_scan',
  zero_reply_cnt: 'deny_scan',
  peer_port_nunique: 'services',
  peer_ip_entropy: 'fan_out_external',
  max_sessions_per_minute: 'volume',
  new_pair_cnt_lookback30d: 'novelty',
  high_risk_port_sessions_cnt: 'services',
  in_sessions_cnt: 'inbound',
  in_peer_ip_nunique: 'inbound',
  in_admin_port_sessions_cnt: 'inbound',
};

export interface BehaviourInput {
  /** Column of FG-A. */
  readonly metric: string;
  readonly family: BehaviourFamily;
}

const OWN = new Set(BEHAVIOURS.map(({ name }) => name));

/** The 44 columns that behaviours look at: those of FG-A made for it, then the others. */
export const BEHAVIOUR_INPUTS: readonly BehaviourInput[] = [
  ...BEHAVIOURS.map(({ name }) => name),
  ...Object.keys(FAMILY_OF).filter((name) => !OWN.has(name)),
].flatMap((name) => {
  const family = FAMILY_OF[name];
  if (family === undefined) throw new Error(`behaviour ${name} has no family: add it to FAMILY_OF`);
  return BEHAVIOUR_WINDOWS.map((window) => ({ metric: `${name}_${window}`, family }));
});

/** What a spec says of deviations, as far as operators read it. Metrics are columns of FG-A. */
export interface DeviationOptions {
  /** Columns of which transforms are published. */
  readonly metrics: readonly string[];
  readonly transforms: readonly Transform[];
  /** Bound of z_mad_clipped. */
  readonly zMax: number;
  /** A segment of fewer hosts is no baseline. */
  readonly segmentMinHosts: number;
  readonly suspicionMetrics: readonly string[];
  readonly anomalyStrengthMetrics: readonly string[];
  readonly rarePairMetrics: readonly string[];
  /** The score is 0 where `minBytesOf`, a column of FG-A, is below minBytes. */
  readonly exfil: { readonly metrics: readonly string[]; readonly minBytes: number; readonly minBytesOf: string };
  readonly lateralMetrics: readonly string[];
  readonly pairCountsEnabled: boolean;
}

export const DEFAULT_DEVIATION_OPTIONS: DeviationOptions = {
  metrics: CURATED_METRICS,
  transforms: DEFAULT_TRANSFORMS,
  zMax: 6,
  segmentMinHosts: 3,
  suspicionMetrics: SUSPICION_METRICS,
  anomalyStrengthMetrics: ANOMALY_STRENGTH_METRICS,
  rarePairMetrics: RARE_PAIR_METRICS,
  exfil: { metrics: EXFIL_METRICS, minBytes: 10_000_000, minBytesOf: 'external_bytes_sent_w_1h' },
  lateralMetrics: LATERAL_METRICS,
  pairCountsEnabled: true,
};

/** The statistics that a kind of deviation reads, with its metrics in their order, each once. */
export interface DeviationInputs {
  /** Median and scale (mad, iqr). */
  readonly centred: readonly string[];
  /** p95 and iqr. */
  readonly suspicion: readonly string[];
  /** Median, p25 and p75. */
  readonly behaviours: readonly string[];
}

export function deviationInputsOf(options: DeviationOptions): DeviationInputs {
  const once = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())];
  return {
    centred: once(options.metrics, options.suspicionMetrics, options.anomalyStrengthMetrics, options.rarePairMetrics),
    suspicion: once(options.suspicionMetrics),
    behaviours: once(
      BEHAVIOUR_INPUTS.map(({ metric }) => metric),
      options.exfil.metrics,
      options.lateralMetrics,
    ),
  };
}

/** The columns of FG-A whose baselines a spec's deviations and the behaviours read. */
export function metricsReadBy(options: DeviationOptions): readonly string[] {
  const { centred, suspicion, behaviours } = deviationInputsOf(options);
  return [...new Set([...centred, ...suspicion, ...behaviours])];
}
