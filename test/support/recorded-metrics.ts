import type { Meter } from '../../src/consumers/meter.ts';

export interface RecordedMetrics extends Meter {
  /** What a counter came to, what a gauge was last set to; undefined: never recorded. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** What was observed, in order. */
  observed(name: string, labels?: Readonly<Record<string, string>>): readonly number[];
}

/** Keeps what is recorded, as it is told. */
export function recordedMetrics(): RecordedMetrics {
  const values = new Map<string, number>();
  const observations = new Map<string, number[]>();
  const keyOf = (name: string, labels: Readonly<Record<string, string>> = {}): string =>
    JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return {
    count(name, labels, by = 1) {
      const key = keyOf(name, labels);
      values.set(key, (values.get(key) ?? 0) + by);
    },
    set: (name, labels, value) => void values.set(keyOf(name, labels), value),
    observe(name, labels, value) {
      const key = keyOf(name, labels);
      observations.set(key, [...(observations.get(key) ?? []), value]);
    },
    value: (name, labels) => values.get(keyOf(name, labels)),
    observed: (name, labels) => observations.get(keyOf(name, labels)) ?? [],
  };
}
