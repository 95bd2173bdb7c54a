import { mergedMetrics, SPREAD_METRICS } from './delta-metrics.ts';
import { ratio } from './distribution.ts';
import { WINDOW_METRICS, type WindowMetric } from './metrics.ts';

/** What a window of one host and direction is known by, before ratios and flags are derived from it. */
export interface WindowTotals {
  /** The merged metrics, in their order. */
  readonly merged: Float64Array;
  /** The spread metrics, in their order. */
  readonly spread: Float64Array;
  highRiskSessions: number;
  highRiskPeers: number;
}

const MERGED = mergedMetrics([]);
/** How merged metrics combine, by place: 1 takes the maximum, 0 adds. */
export const TAKES_MAXIMUM: Uint8Array = Uint8Array.from(MERGED, ({ measure }) =>
  measure.is === 'peak_per_minute' ? 1 : 0,
);
export const MERGED_COUNT = MERGED.length;

type Step = (totals: WindowTotals, values: Float64Array, at: number) => number;

const placeOf = (name: string): number => {
  const place = WINDOW_METRICS.findIndex((metric) => metric.name === name);
  if (place < 0) throw new Error(`no window metric is called ${name}`);
  return place;
};

const stepOf = ({ measure }: WindowMetric): Step => {
  switch (measure.is) {
    case 'merged': {
      const place = MERGED.findIndex(({ name }) => name === measure.of);
      const source = MERGED[place]!.measure;
      const per = source.is === 'sum' ? source.per : 1;
      return (totals) => totals.merged[place]! / per;
    }
    case 'spread': {
      const place = SPREAD_METRICS.findIndex(({ name }) => name === measure.of);
      return (totals) => totals.spread[place]!;
    }
    case 'ratio': {
      const of = placeOf(measure.of);
      const to = placeOf(measure.to);
      const { plus } = measure;
      return (_, values, at) => ratio(values[at + of]!, values[at + to]! + plus);
    }
    case 'is_positive': {
      const of = placeOf(measure.of);
      return (_, values, at) => (values[at + of]! > 0 ? 1 : 0);
    }
    case 'high_risk_segment':
      if (measure.what === 'sessions') return (totals) => totals.highRiskSessions;
      if (measure.what === 'peers') return (totals) => totals.highRiskPeers;
      return (totals) => (totals.highRiskSessions > 0 ? 1 : 0);
    default:
      // Set by what compares the window with its lookback.
      return () => 0;
  }
};

/** In table order: a derived metric stands behind those it is derived from. */
const STEPS: readonly Step[] = WINDOW_METRICS.map(stepOf);

/** Writes the 48 metrics of one window at `at`. */
export function deriveWindow(totals: WindowTotals, values: Float64Array, at: number): void {
  for (let m = 0; m < STEPS.length; m++) values[at + m] = STEPS[m]!(totals, values, at);
}

/** Where the novelty metrics stand among the metrics of a window. */
export const NOVELTY_PLACES = WINDOW_METRICS.flatMap(({ measure }, place) =>
  measure.is === 'novelty' ? [{ place, what: measure.what }] : [],
);
