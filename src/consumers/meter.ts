import type { ClosedLabel, Metric } from './metric.ts';
import type { METRICS, MetricName } from './metrics-table.ts';

type NameOf<K extends Metric['kind']> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;

/** The labels of a metric: all of them, those of a closed set with one of its values. */
export type LabelsOf<N extends MetricName> = {
  readonly [L in keyof (typeof METRICS)[N]['labels']]: (typeof METRICS)[N]['labels'][L] extends ClosedLabel<infer V>
    ? V
    : string;
};

/**
 * Takes down what happens, in the metrics of the table. It never throws and never waits: what goes on must not depend on
 * whether it is counted.
 */
export interface Meter {
  /** Adds to a counter, 1 unless told otherwise. */
  count<N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number): void;
  set<N extends GaugeName>(name: N, labels: LabelsOf<N>, value: number): void;
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void;
}

/** For commands that end before anybody could ask. */
export const NO_METER: Meter = { count() {}, set() {}, observe() {} };
