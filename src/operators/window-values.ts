import { mergedMetrics, SPREAD_METRICS } from './delta-metrics.ts';
import { ratio } from './distribution.ts';
import { WINDOW_METRICS } from './metrics.ts';

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

const placeOf = (name: string): number => {
  const place = WINDOW_METRICS.findIndex((metric) => metric.name === name);
  if (place < 0) throw new Error(`no window metric is called ${name}`);
  return place;
};

const isMerged = WINDOW_METRICS.flatMap(({ measure }, into) => {
  if (measure.is !== 'merged') return [];
  const from = MERGED.findIndex(({ name }) => name === measure.of);
  const source = MERGED[from]!.measure;
  return [{ into, from, per: source.is === 'sum' ? source.per : 1 }];
});
const isSpread = WINDOW_METRICS.flatMap(({ measure }, into) =>
  measure.is === 'spread' ? [{ into, from: SPREAD_METRICS.findIndex(({ name }) => name === measure.of) }] : [],
);
const isRatio = WINDOW_METRICS.flatMap(({ measure }, into) =>
  measure.is === 'ratio' ? [{ into, of: placeOf(measure.of), to: placeOf(measure.to), plus: measure.plus }] : [],
);
const isPositive = WINDOW_METRICS.flatMap(({ measure }, into) =>
  measure.is === 'is_positive' ? [{ into, of: placeOf(measure.of) }] : [],
);
const isOfHighRisk = WINDOW_METRICS.flatMap(({ measure }, into) =>
  measure.is === 'high_risk_segment' ? [{ into, what: measure.what }] : [],
);

/**
 * Writes the 48 metrics of one window at `at`: first what is taken over, then what is derived from it. Those that compare the
 * window with its lookback are set elsewhere, and 0 here.
 */
export function deriveWindow(totals: WindowTotals, values: Float64Array, at: number): void {
  const { merged, spread, highRiskSessions, highRiskPeers } = totals;
  for (const { into, from, per } of isMerged) values[at + into] = merged[from]! / per;
  for (const { into, from } of isSpread) values[at + into] = spread[from]!;
  for (const { into, of, to, plus } of isRatio) values[at + into] = ratio(values[at + of]!, values[at + to]! + plus);
  for (const { into, of } of isPositive) values[at + into] = values[at + of]! > 0 ? 1 : 0;
  for (const { into, what } of isOfHighRisk) {
    const isAny = highRiskSessions > 0 ? 1 : 0;
    values[at + into] = what === 'sessions' ? highRiskSessions : what === 'peers' ? highRiskPeers : isAny;
  }
  for (const { place } of NOVELTY_PLACES) values[at + place] = 0;
}

/** Where the novelty metrics stand among the metrics of a window. */
export const NOVELTY_PLACES = WINDOW_METRICS.flatMap(({ measure }, place) =>
  measure.is === 'novelty' ? [{ place, what: measure.what }] : [],
);
