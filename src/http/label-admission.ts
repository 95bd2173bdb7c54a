import type { ClosedLabel, Label, Metric } from '../consumers/metric.ts';
import { parseAddress } from '../operators/address.ts';

export type LabelValues = Readonly<Record<string, string>>;

export interface Admitted {
  /** Every label of the metric and no other. */
  readonly labels: LabelValues;
  /** Those of them that are names, not of a closed set. */
  readonly names: LabelValues;
  /** False if one of them could not say what it was to say. */
  readonly isWhole: boolean;
}

/** What a label says instead of a value that it must not hold. */
export const OTHER = 'other';
/** Combinations of names told apart: a message may name projects and versions that there are not, and there is no end to those. */
export const MOST_NAMES = 512;

export const isClosed = (label: Label): label is ClosedLabel<string> => 'values' in label;

/**
 * Returns what decides which labels are recorded. Names are told apart as long as they have their form, are no address (a
 * version may look like one) and are not too many.
 */
export function openAdmission(): (metric: Metric, given: LabelValues) => Admitted {
  const known = new Set<string>();
  const isKnown = (names: LabelValues): boolean => {
    const key = JSON.stringify(names);
    if (known.has(key)) return true;
    if (known.size >= MOST_NAMES) return false;
    known.add(key);
    return true;
  };
  return (metric, given) => {
    const labels: Record<string, string> = {};
    const names: Record<string, string> = {};
    let isWhole = Object.keys(given).every((name) => Object.hasOwn(metric.labels, name));
    for (const [name, label] of Object.entries(metric.labels)) {
      const value = given[name];
      const fits = value !== undefined && mayHold(label, value);
      labels[name] = fits ? value : OTHER;
      if (!isClosed(label)) names[name] = labels[name];
      isWhole &&= fits;
    }
    if (isKnown(names)) return { labels, names, isWhole };
    const others = Object.fromEntries(Object.keys(names).map((name) => [name, OTHER]));
    return { labels: { ...labels, ...others }, names: others, isWhole: false };
  };
}

const mayHold = (label: Label, value: string): boolean =>
  isClosed(label) ? label.values.includes(value) : label.form.test(value) && parseAddress(value) === undefined;

/** Every combination of the values of a metric's closed labels; one that is empty where it has none. */
export function closedCombinations({ labels }: Metric): LabelValues[] {
  let combinations: LabelValues[] = [{}];
  for (const [name, label] of Object.entries(labels)) {
    if (!isClosed(label)) continue;
    combinations = combinations.flatMap((one) => label.values.map((value) => ({ ...one, [name]: value })));
  }
  return combinations;
}
