/** How far rows are from their baselines, one row and one metric at a time. */

import { type Baseline, PROJECT_LEVEL } from './baselines.ts';
import { floorOf, isMetric, transformed, transformedFloorOf } from './baselines-metrics.ts';
import { type BaselineOptions, type BaselineRow, type SegmentGroup, settleBaseline } from './baselines-rows.ts';
import type { Statistics } from './baselines-statistics.ts';
import { behaviourColumns, curatedMetrics, SUSPICION_METRICS } from './deviations-columns.ts';
import { pairFeatures } from './deviations-pairs.ts';
import type { PairTables } from './rarity.ts';

export type Transform =
  | 'z_mad'
  | 'ratio'
  | 'log_ratio'
  | 'diff'
  | 'abs_dev_over_mad'
  | 'z_mad_clipped'
  | 'z_mad_signed_pow3';

export interface DeviationOptions {
  readonly baseline: BaselineOptions;
  readonly segmentMinHosts?: number;
  readonly zMax?: number;
  readonly addedMetrics?: readonly string[];
  readonly transforms?: readonly Transform[];
  readonly exfiltrationMinBytes?: number;
  readonly pairCountsEnabled?: boolean;
}

/** A (dst_ip, dst_port) that the host used in the slice. */
export interface UsedPair {
  readonly dstIp: string;
  readonly dstPort: number;
}

export type DeviationRow = Record<string, number | string | null>;

type Source = 'host' | 'segment' | 'project';

/** How statistics of a metric are found for a row: none where nothing has a value. */
type Choice = (metric: string) => Statistics | null;

const DEFAULT_TRANSFORMS: readonly Transform[] = ['z_mad', 'ratio', 'log_ratio'];
const BEHAVIOUR_LIMIT = 8;

/** Every column of the row but for those of beacons. `used`: null where pair counts are switched off. */
export function deviationOf(
  row: BaselineRow,
  baseline: Baseline,
  pairs: PairTables,
  used: readonly UsedPair[],
  options: DeviationOptions,
): DeviationRow {
  const settings = settleBaseline(options.baseline);
  const { segmentMinHosts = 3, zMax = 6, addedMetrics = [], transforms = DEFAULT_TRANSFORMS } = options;
  const places = new Map(settings.metrics.map((metric, place) => [metric, place]));
  const xOf = (metric: string): number => row.values[places.get(metric)!]!;
  const keyed = (name: string): string => (settings.byTimeBand ? `${name}|${row.timeBand}` : name);

  const metadata = baseline.metadata.get(keyed(row.host));
  const isCold = metadata?.is_cold_start ?? 1;
  const segment = baseline.segment.get(keyed(row.segment));
  const isSegmentUsable = segment !== undefined && segment.hostsCount >= segmentMinHosts;
  const ofSegment: Choice = (metric) =>
    supported(isSegmentUsable ? segment : undefined, metric) ??
    supported(baseline.segment.get(keyed(PROJECT_LEVEL)), metric);
  const chosen: Choice = (metric) => {
    const own = isCold === 1 ? undefined : baseline.host.get(keyed(row.host))?.get(metric);
    return own !== undefined && own.cold_start_flag === 0 ? own : ofSegment(metric);
  };
  let source: Source = isSegmentUsable ? 'segment' : 'project';
  if (isCold === 0) source = 'host';

  const result: DeviationRow = { baseline_source: source, is_cold_start: isCold };
  for (const metric of [...curatedMetrics(settings.metrics), ...addedMetrics].filter(isMetric)) {
    const all = transformsOf(metric, xOf(metric), chosen(metric), zMax);
    for (const transform of transforms) result[`${metric}_${transform}`] = all[transform];
  }
  for (const metric of SUSPICION_METRICS) {
    const statistics = chosen(metric);
    const [x, floor] = [xOf(metric), floorOf(metric)];
    result[`${metric}_excess_over_p95`] = statistics === null ? 0 : Math.max(0, x - statistics.p95!);
    result[`${metric}_excess_ratio_p95`] = statistics === null ? 1 : (x + floor) / (statistics.p95! + floor);
    result[`${metric}_iqr_dev`] = statistics === null ? 0 : (x - statistics.median!) / Math.max(statistics.iqr!, floor);
  }
  for (const metric of behaviourColumns()) {
    result[`b_${metric}`] = behaviour(metric, xOf(metric), chosen(metric));
    result[`bs_${metric}`] = behaviour(metric, xOf(metric), ofSegment(metric));
  }
  const clipped = (metric: string): number => transformsOf(metric, xOf(metric), chosen(metric), zMax).z_mad_clipped;
  const above = (metric: string): number => Math.max(0, Number(result[`b_${metric}`]));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  result['anomaly_strength_core'] = Math.max(
    ...['sessions_cnt', 'bytes_src_sum', 'bytes_dst_sum', 'deny_ratio', 'peer_ip_nunique'].map((metric) =>
      Math.abs(clipped(`${metric}_w_15m`)),
    ),
  );
  result['exfiltration_suspicion_score'] =
    xOf('external_bytes_sent_w_1h') < (options.exfiltrationMinBytes ?? 10_000_000)
      ? 0
      : mean([above('external_bytes_sent_w_1h'), above('external_bytes_sent_w_24h')]);
  result['lateral_movement_score'] = mean([
    above('internal_peer_nunique_w_1h'),
    above('internal_admin_peer_nunique_w_1h'),
    above('internal_segment_nunique_w_1h'),
  ]);
  const working = metadata?.active_working_share ?? 0;
  const share = row.timeBand === 'working_hours' ? working : 1 - working;
  result['time_band_violation_flag'] = Number(isCold === 0 && share < 0.05 && metadata!.active_days >= 5);
  const pairOptions = {
    isWarm: isCold === 0,
    isEnabled: options.pairCountsEnabled ?? true,
    threshold: settings.rarityThreshold,
  };
  Object.assign(result, pairFeatures(row, pairs, used, pairOptions));
  for (const metric of ['sessions_cnt_w_15m', 'bytes_src_sum_w_15m'])
    result[`rare_pair_weighted_z_${metric}`] = Number(result['pair_rarity_score']) * clipped(metric);
  return result;
}

function supported(group: SegmentGroup | undefined, metric: string): Statistics | null {
  const statistics = group?.statistics.get(metric);
  return statistics !== undefined && statistics.support_count! > 0 ? statistics : null;
}

function transformsOf(
  metric: string,
  x: number,
  statistics: Statistics | null,
  zMax: number,
): Record<Transform, number> {
  if (statistics === null)
    return {
      diff: 0,
      ratio: 1,
      log_ratio: 0,
      z_mad: 0,
      abs_dev_over_mad: 0,
      z_mad_clipped: 0,
      z_mad_signed_pow3: 0,
    };
  const floor = floorOf(metric);
  const { mad, iqr, median } = statistics;
  const spread = mad! > 1e-6 ? mad! : iqr! > 1e-6 ? iqr! : 0;
  const scale = Math.max(spread, floor);
  const diff = x - median!;
  const ratio = (x + floor) / (median! + floor);
  const clipped = Math.min(zMax, Math.max(-zMax, diff / scale));
  return {
    diff,
    ratio,
    log_ratio: Math.log(ratio),
    z_mad: diff / scale,
    abs_dev_over_mad: Math.abs(diff) / scale,
    z_mad_clipped: clipped,
    z_mad_signed_pow3: Math.sign(clipped) * Math.abs(clipped) ** 3,
  };
}

function behaviour(metric: string, x: number, statistics: Statistics | null): number {
  if (statistics === null) return 0;
  const t = (value: number): number => transformed(metric, value);
  const scale = Math.max((t(statistics.p75!) - t(statistics.p25!)) / 1.349, transformedFloorOf(metric));
  return Math.min(BEHAVIOUR_LIMIT, Math.max(-BEHAVIOUR_LIMIT, (t(x) - t(statistics.median!)) / scale));
}
