/**
 * Baselines of hosts, segments and the whole project, recomputed one row and one metric at a time from published rows.
 * Like the rest of the oracle it shares nothing with the product.
 */

import { cappingOf } from './baselines-capping.ts';
import { readsLookback } from './baselines-metrics.ts';
import {
  type BaselineOptions,
  type BaselineRow,
  type BaselineSettings,
  type HostMetadata,
  type MetricStatistics,
  type SegmentGroup,
  settleBaseline,
  spanOf,
  supportMinOf,
  utcDayOf,
} from './baselines-rows.ts';
import { type Statistics, statisticsOf, type Weighted } from './baselines-statistics.ts';
import { compareText } from './numbers.ts';
import { groupBy } from './sides.ts';

export const PROJECT_LEVEL = '*';

/** Keys of hosts and segments end in `|<time band>` where groups are of one band. */
export interface Baseline {
  /** Epoch ms. */
  readonly start: number;
  /** Epoch ms, exclusive. */
  readonly end: number;
  readonly rows: readonly BaselineRow[];
  readonly leftOutAsDegraded: number;
  readonly capped: ReadonlySet<BaselineRow>;
  readonly excused: readonly BaselineRow[];
  readonly host: ReadonlyMap<string, MetricStatistics>;
  readonly segment: ReadonlyMap<string, SegmentGroup>;
  readonly metadata: ReadonlyMap<string, HostMetadata>;
}

export function baselineOf(published: readonly BaselineRow[], ref: number, options: BaselineOptions): Baseline {
  const settings = settleBaseline(options);
  const { start, end } = spanOf(ref, settings);
  const valid = validRows(published.filter(({ sliceEnd }) => sliceEnd >= start && sliceEnd < end));
  const rows = valid.filter(({ isDegraded }) => !isDegraded);

  const places = new Map(settings.metrics.map((metric, place) => [metric, place]));
  const ofLookback = new Set(settings.metrics.filter(readsLookback));
  const readValue = (row: BaselineRow, metric: string): number | null => {
    const isYoung = row.lookbackDays < settings.minDays || row.hostAgeDays < settings.minDays;
    if (isYoung && ofLookback.has(metric)) return null;
    const place = places.get(metric);
    if (place === undefined) throw new Error(`oracle: rows have no metric ${metric}`);
    return row.values[place]!;
  };
  const { capped, excused } = cappingOf(rows, settings, readValue);
  const weightOf = (row: BaselineRow): number => (capped.has(row) ? settings.anomalousWeight : 1);

  const keyed = (name: string, row: BaselineRow): string => (settings.byTimeBand ? `${name}|${row.timeBand}` : name);
  const ofEachMetric = (entriesOf: (metric: string) => Weighted[]): MetricStatistics =>
    new Map(
      settings.metrics.map((metric) => [metric, statisticsOf(entriesOf(metric), supportMinOf(metric, settings))]),
    );

  const hosts = groupBy(rows, (row) => keyed(row.host, row));
  const allOfHost = groupBy(rows, ({ host: name }) => name);
  const host = mapValues(hosts, (own) =>
    ofEachMetric((metric) =>
      own.flatMap((row) => {
        const value = readValue(row, metric);
        return value === null ? [] : [{ value, weight: weightOf(row), votes: 1 }];
      }),
    ),
  );

  /** A host has one vote in its group, however many rows it has, and a part of one where they are few. */
  const groupStatistics = (own: readonly BaselineRow[]): SegmentGroup => {
    const byHost = [...groupBy(own, (row) => row.host).values()];
    const sampleRate = own.length > settings.maxGroupRows ? settings.maxGroupRows / own.length : 1;
    const isSampled = (row: BaselineRow): boolean => sampleRate === 1 || hashOf(row) < sampleRate * 2 ** 32;
    return {
      hostsCount: byHost.length,
      sampleRate,
      statistics: ofEachMetric((metric) =>
        byHost.flatMap((ofHost) => {
          const withValue = ofHost.filter((row) => readValue(row, metric) !== null);
          const votes = Math.max(withValue.length, supportMinOf(metric, settings));
          return withValue
            .filter(isSampled)
            .map((row) => ({ value: readValue(row, metric)!, weight: weightOf(row), votes }));
        }),
      ),
    };
  };
  const segments = [
    ...groupBy(rows, (row) => keyed(row.segment, row)),
    ...groupBy(rows, (row) => keyed(PROJECT_LEVEL, row)),
  ];
  return {
    start,
    end,
    rows,
    leftOutAsDegraded: valid.length - rows.length,
    capped,
    excused,
    host,
    segment: mapValues(new Map(segments), groupStatistics),
    metadata: mapValues(hosts, (own, key) =>
      metadataOf(own, allOfHost.get(own[0]!.host)!, host.get(key)!, settings, readValue),
    ),
  };
}

/** FNV-1a, 32 bits, of host and slice. */
function hashOf({ host, sliceEnd }: BaselineRow): number {
  const text = `${host}|${new Date(sliceEnd).toISOString().replace('.000Z', 'Z')}`;
  let hash = 0x811c9dc5n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return Number(hash);
}

/** Of several rows of one host and slice, the one of the greatest mini-batch. */
function validRows(rows: readonly BaselineRow[]): BaselineRow[] {
  const same = groupBy(rows, ({ host, sliceEnd }) => `${host}|${sliceEnd}`);
  return [...same.values()].map((own) =>
    own.reduce((best, row) => (compareText(row.miniBatchId, best.miniBatchId) > 0 ? row : best)),
  );
}

/** `rows`: of one host, or of one time band of it; `all`: of the host, whatever the band. */
function metadataOf(
  rows: readonly BaselineRow[],
  all: readonly BaselineRow[],
  statistics: ReadonlyMap<string, Statistics>,
  settings: BaselineSettings,
  readValue: (row: BaselineRow, metric: string) => number | null,
): HostMetadata {
  const daysOf = (some: readonly BaselineRow[]): number => new Set(some.map((row) => utcDayOf(row.sliceEnd))).size;
  const isFull = settings.requiredMetrics.every((metric) => {
    const withValue = rows.filter((row) => readValue(row, metric) !== null);
    return statistics.get(metric)!.cold_start_flag === 0 && daysOf(withValue) >= settings.supportMinDays;
  });
  const names = [...(settings.names[rows[0]!.host] ?? [])].sort(compareText);
  const isNonPersistent = names.some((name) =>
    settings.prefixes.some((prefix) => name.toLowerCase().startsWith(prefix.toLowerCase())),
  );
  return {
    is_full_history: Number(isFull),
    is_non_persistent_machine: Number(isNonPersistent),
    is_cold_start: Number(!isFull || isNonPersistent),
    machine_name: names[0] ?? null,
    active_slices: all.length,
    active_days: daysOf(all),
    active_working_share: all.filter(({ timeBand }) => timeBand === 'working_hours').length / all.length,
  };
}

function mapValues<K, V, W>(map: ReadonlyMap<K, V>, change: (value: V, key: K) => W): Map<K, W> {
  return new Map([...map].map(([key, value]) => [key, change(value, key)]));
}
