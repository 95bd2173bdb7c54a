import { BASELINE_SOURCES } from './baseline-choice.ts';
import type { Horizon } from './baseline-metrics.ts';
import type { BeaconRows } from './beacon-rows.ts';
import type { CalendarFeatures } from './calendar.ts';
import type { Lineage, Span } from './datasets.ts';
import type { DeviationOptions } from './deviation-metrics.ts';
import { deviationPlaces, type FgCRows } from './deviations.ts';
import { FG_A_SCHEMA, type HostOrder, WINDOW_LABEL } from './fg-a.ts';
import { fgCFeatures } from './fg-c-features.ts';
import { SLICE_MS } from './metrics.ts';
import { PAIR_SOURCES, type RarestPairs } from './pair-deviations.ts';
import type { Field, Schema, Table, Vector } from './table.ts';
import { formatInstant } from './time.ts';
import { constantNumber, constantText, labelColumn } from './vectors.ts';

/** What a row is compared with. Instants are ms UTC. */
export interface BaselineSpan {
  readonly horizon: Horizon;
  readonly start: number;
  readonly end: number;
}

const KEYS = [
  ...['host_ip', 'window_label', 'window_start_ts', 'window_end_ts'],
  ...['segment_id', 'time_band', 'mini_batch_id'],
];

/** The columns of FG-C under a spec. The horizon is a part of the path. */
export function fgCSchema(options: DeviationOptions): Schema {
  return {
    ...Object.fromEntries(KEYS.map((name) => [name, FG_A_SCHEMA[name]!])),
    record_id: { type: 'string', doc: 'host_ip|window_label|window_end_ts|baseline_horizon.' },
    baseline_start_ts: { type: 'timestamp', doc: 'Start of the history behind the baseline, inclusive.' },
    baseline_end_ts: { type: 'timestamp', doc: 'End of it, exclusive.' },
    ...Object.fromEntries(
      fgCFeatures(options).map(({ name, type, nullable, doc }) => [
        name,
        { type, doc, ...(nullable && { nullable }) } satisfies Field,
      ]),
    ),
  };
}

/** Rows of FG-C whose deviations still lie where they were computed: plain data, the large part of it on shared memory. */
export interface FgCPart {
  /** All columns but those of `deviations`. */
  readonly table: Table;
  readonly deviations: readonly string[];
  /** By shard: column c of the part's row places[i] stands at values[c * rows + from[i]]. */
  readonly sources: readonly {
    readonly values: Float64Array;
    readonly rows: number;
    readonly places: Uint32Array;
    readonly from: Uint32Array;
  }[];
}

/** FG-C rows `span` of the order, which is FG-A's; `schema` is the spec's. */
export function fgCPart(
  schema: Schema,
  shards: readonly FgCRows[],
  order: HostOrder,
  lineage: Lineage,
  { horizon, start, end }: BaselineSpan,
  timeBand: CalendarFeatures['time_band'],
  options: DeviationOptions,
  span: Span,
): FgCPart {
  const length = span.end - span.start;
  const shardAt = order.shard.subarray(span.start, span.end);
  const rowAt = order.row.subarray(span.start, span.end);
  const gather = <T>(of: (rows: FgCRows, row: number) => T): T[] =>
    Array.from(rowAt, (row, i) => of(shards[shardAt[i]!]!, row));
  const coded = (values: readonly string[], codeOf: (rows: FgCRows, row: number) => number): Vector => ({
    codes: Int32Array.from(gather(codeOf)),
    values,
  });
  const windowEnd = formatInstant(lineage.sliceEnd);
  const hostIps = order.hostIps.slice(span.start, span.end);
  const each = (values: readonly string[]): Vector => ({ codes: Int32Array.from(values, (_, i) => i), values });
  const columns: Record<string, Vector> = {
    host_ip: each(hostIps),
    window_label: constantText(length, WINDOW_LABEL),
    window_start_ts: constantNumber(length, lineage.sliceEnd - SLICE_MS),
    window_end_ts: constantNumber(length, lineage.sliceEnd),
    segment_id: labelColumn(gather((rows, row) => rows.segmentIds[row]!)),
    time_band: constantText(length, timeBand),
    mini_batch_id: constantText(length, lineage.miniBatchId),
    record_id: each(hostIps.map((hostIp) => `${hostIp}|${WINDOW_LABEL}|${windowEnd}|${horizon}`)),
    baseline_start_ts: constantNumber(length, start),
    baseline_end_ts: constantNumber(length, end),
    baseline_source: coded(BASELINE_SOURCES, ({ source }, row) => source[row]!),
    pair_rarity_source: coded(PAIR_SOURCES, ({ pairs }, row) => pairs.source[row]!),
    beacon_peer: labelColumn(gather(({ beacons }, row) => beacons.peer[row]!)),
    ...Object.fromEntries(
      Object.entries(NUMBERS).map(([name, columnOf]) => {
        const columnsOf = shards.map(columnOf);
        return [name, Float64Array.from(rowAt, (row, i) => columnsOf[shardAt[i]!]![row]!)];
      }),
    ),
  };
  const sources = shards.map(({ values, length: rows }, shard) => {
    const places = Uint32Array.from(shardAt.keys()).filter((i) => shardAt[i] === shard);
    return { values, rows, places, from: places.map((i) => rowAt[i]!) };
  });
  return { table: { schema, length, columns }, deviations: deviationColumns(options), sources };
}

/**
 * The part as a table. A column of deviations is gathered when it is looked at: all of them would take as much memory again as
 * they lie on.
 */
export function fgCTable({ table, deviations, sources }: FgCPart): Table {
  const columns = { ...table.columns };
  deviations.forEach((name, c) => {
    const get = (): Float64Array => {
      const column = new Float64Array(table.length);
      for (const { values, rows, places, from } of sources) {
        for (let i = 0; i < places.length; i++) column[places[i]!] = values[c * rows + from[i]!]!;
      }
      return column;
    };
    Object.defineProperty(columns, name, { enumerable: true, get });
  });
  return { ...table, columns };
}

type Numbers = Float64Array | Int32Array | Uint8Array;
const ofBeacons =
  (column: Exclude<keyof BeaconRows, 'peer'>) =>
  ({ beacons }: FgCRows): Numbers =>
    beacons[column];
const ofPairs =
  (column: Exclude<keyof RarestPairs, 'source' | 'fromSegment' | 'unseen'>) =>
  ({ pairs }: FgCRows): Numbers =>
    pairs[column];

/** Columns of numbers that stand by themselves. */
const NUMBERS: Readonly<Record<string, (rows: FgCRows) => Numbers>> = {
  is_cold_start: (rows) => rows.isCold,
  time_band_violation_flag: (rows) => rows.violatesTimeBand,
  beacon_suspicion_score: ofBeacons('score'),
  beacon_port: ofBeacons('port'),
  beacon_interval_sec: ofBeacons('intervalSec'),
  beacon_cadence: ofBeacons('cadence'),
  beacon_prior: ofBeacons('prior'),
  beacon_prevalence: ofBeacons('prevalence'),
  strobe_score: ofBeacons('strobe'),
  long_session_hours: ofBeacons('longSessionHours'),
  pair_rarity_score: ofPairs('score'),
  pair_seen_count: ofPairs('seen'),
  active_days: ofPairs('activeDays'),
  pair_daily_avg: ofPairs('dailyAverage'),
  pair_last_seen_ts: ofPairs('lastSeen'),
  is_new_pair_flag: ofPairs('isNew'),
  is_rare_pair_flag: ofPairs('isRare'),
  rare_pair_flag: ofPairs('anyRare'),
};

/** Names of the columns of FgCRows.values, in their order. */
function deviationColumns(options: DeviationOptions): readonly string[] {
  const names = fgCFeatures(options).filter(({ name, type }) => type === 'double' && !Object.hasOwn(NUMBERS, name));
  const { count } = deviationPlaces(options);
  if (names.length !== count) throw new Error(`FG-C has ${names.length} columns of deviations, and ${count} places`);
  return names.map(({ name }) => name);
}
