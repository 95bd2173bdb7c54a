/**
 * What a label may say. Every combination of values is a series of its own that is kept as long as the process lives, so
 * none is free text: a closed set, or names that people give to a few things.
 */
export type Label = ClosedLabel<string> | NamingLabel;

export interface ClosedLabel<V extends string> {
  readonly values: readonly V[];
}

export interface NamingLabel {
  readonly form: RegExp;
  /** The form in words. */
  readonly says: string;
}

/** When somebody should be told. */
export interface Alarm {
  /** PromQL. */
  readonly when: string;
  /** How long it has to be so, as Prometheus writes it. */
  readonly for: string;
}

export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: Readonly<Record<string, Label>>;
  /** Upper bounds, ascending; of histograms alone. */
  readonly buckets: readonly number[];
  readonly alarm: Alarm | undefined;
}

export interface MetricOf<K extends Metric['kind'], L extends Metric['labels']> extends Metric {
  readonly kind: K;
  readonly labels: L;
}

export const oneOf = <const V extends string>(...values: readonly V[]): ClosedLabel<V> => ({ values });
export const named = (form: RegExp, says: string): NamingLabel => ({ form, says });
export const alarm = (when: string, during: string): Alarm => ({ when, for: during });

/** What only grows; its name ends in _total. */
export const counter = <const L extends Metric['labels']>(
  help: string,
  labels: L,
  told?: Alarm,
): MetricOf<'counter', L> => ({ kind: 'counter', help, labels, buckets: [], alarm: told });

/** What goes up and down. */
export const gauge = <const L extends Metric['labels']>(
  help: string,
  labels: L,
  told?: Alarm,
): MetricOf<'gauge', L> => ({ kind: 'gauge', help, labels, buckets: [], alarm: told });

/** How many observations lay where. */
export const histogram = <const L extends Metric['labels']>(
  help: string,
  labels: L,
  buckets: readonly number[],
  told?: Alarm,
): MetricOf<'histogram', L> => ({ kind: 'histogram', help, labels, buckets, alarm: told });
