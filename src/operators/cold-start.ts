import type { BaselineMetric } from './baseline-metrics.ts';
import { type BinRows, groupByHost, type RowGroups } from './baseline-rows.ts';
import { DAY_MS } from './time.ts';

/** A metric that a baseline must have, with its column. */
export interface RequiredColumn {
  readonly metric: BaselineMetric;
  readonly values: Float64Array;
  /** Rows with a value that a full history has at least. */
  readonly supportMin: number;
}

export interface ColdStartRules {
  /** UTC days on which each required metric has a value, at least. */
  readonly supportMinDays: number;
  /** Beginnings of names of machines that do not last, in any case. */
  readonly nonPersistentPrefixes: readonly string[];
}

/** What is known of the history of every host group (host, or host and time band), in their order. */
export interface IpMetadata {
  readonly isFullHistory: Uint8Array;
  readonly isNonPersistent: Uint8Array;
  /** 1: no full history, or non-persistent: the host has no baseline of its own. */
  readonly isColdStart: Uint8Array;
  /** null: the inventory does not know the address. */
  readonly machineName: readonly (string | null)[];
  /** Of the host, whatever the group: rows; distinct UTC days; share of the rows in working hours. */
  readonly activeSlices: Float64Array;
  readonly activeDays: Float64Array;
  readonly activeWorkingShare: Float64Array;
}

/**
 * Which hosts have a history long enough for a baseline of their own. History is full where every required metric has
 * supportMin values or more, on supportMinDays UTC days or more. `groups` are the host groups of the statistics;
 * `namesOf` gives the machine names that the inventory has for an address. Of several the first by code point is told, and
 * one that is non-persistent is enough.
 */
export function ipMetadataOf(
  rows: BinRows,
  groups: RowGroups,
  required: readonly RequiredColumn[],
  namesOf: (host: string) => readonly string[],
  rules: ColdStartRules,
): IpMetadata {
  const days = rows.sliceEnd.map((end) => Math.floor(end / DAY_MS));
  const prefixes = rules.nonPersistentPrefixes.map((prefix) => prefix.toLowerCase());
  const n = groups.length;
  const isFullHistory = new Uint8Array(n).fill(1);
  for (const column of required) {
    for (let group = 0; group < n; group++) {
      if (!isSupported(rows, days, groups, group, column, rules.supportMinDays)) isFullHistory[group] = 0;
    }
  }
  const activity = activityOf(rows, days);
  const ofHost = (values: Float64Array): Float64Array => Float64Array.from(groups.code, (host) => values[host]!);
  const names = Array.from(groups.code, (host) => namesOf(rows.hosts[host]!));
  const isNonPersistent = Uint8Array.from(names, (own) =>
    own.some((name) => prefixes.some((prefix) => name.toLowerCase().startsWith(prefix))) ? 1 : 0,
  );
  return {
    isFullHistory,
    isNonPersistent,
    isColdStart: isFullHistory.map((isFull, group) => (isFull === 1 && isNonPersistent[group] === 0 ? 0 : 1)),
    machineName: names.map((own) => own.toSorted(compareCodePoints)[0] ?? null),
    activeSlices: ofHost(activity.slices),
    activeDays: ofHost(activity.days),
    activeWorkingShare: ofHost(activity.workingShare),
  };
}

function isSupported(
  rows: BinRows,
  days: Float64Array,
  { order, offsets }: RowGroups,
  group: number,
  { metric, values, supportMin }: RequiredColumn,
  minDays: number,
): boolean {
  const seen = new Set<number>();
  let count = 0;
  for (let i = offsets[group]!; i < offsets[group + 1]!; i++) {
    const row = order[i]!;
    if (Number.isNaN(values[row]!) || (metric.readsLookback && rows.isYoung[row] === 1)) continue;
    count++;
    seen.add(days[row]!);
  }
  return count >= supportMin && seen.size >= minDays;
}

/** Rows, distinct days and share in working hours, by host. */
function activityOf(rows: BinRows, dayOfRow: Float64Array) {
  const hosts = rows.hosts.length;
  const groups = groupByHost(rows, false);
  const slices = new Float64Array(hosts);
  const days = new Float64Array(hosts);
  const workingShare = new Float64Array(hosts);
  for (let group = 0; group < groups.length; group++) {
    const host = groups.code[group]!;
    const own = groups.order.subarray(groups.offsets[group]!, groups.offsets[group + 1]!);
    let working = 0;
    for (const row of own) working += rows.isWorkingHours[row]!;
    slices[host] = own.length;
    days[host] = new Set(Array.from(own, (row) => dayOfRow[row]!)).size;
    workingShare[host] = working / own.length;
  }
  return { slices, days, workingShare };
}

/** Orders texts by code point, where `<` orders by UTF-16 unit. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === length) return a.length - b.length;
  const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)];
  // Half of a pair stands for a code point beyond all others.
  const isHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
  return isHalf(one) === isHalf(other) ? one - other : isHalf(one) ? 1 : -1;
}
