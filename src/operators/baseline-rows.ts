import { fnv1a } from './address.ts';
import { formatInstant } from './time.ts';

/** The project's level of the segment table. */
export const WHOLE_PROJECT = '*';

/**
 * FG-A rows of one horizon that count for baselines: of a host's window the valid row, no degraded ones, in any order. A
 * bin holds whole segments. Columns of metrics stand beside it, one value a row in the same order, NaN: none.
 */
export interface BinRows {
  /** Distinct, ascending by text. */
  readonly hosts: readonly string[];
  /** Distinct, ascending by text. */
  readonly segments: readonly string[];
  /** By host. */
  readonly segmentOfHost: Uint32Array;
  readonly length: number;
  readonly host: Uint32Array;
  /** window_end_ts, ms UTC. */
  readonly sliceEnd: Float64Array;
  /** 1: time_band is working_hours. */
  readonly isWorkingHours: Uint8Array;
  /** 1: lookback_days or host_age_days is under the lookback's least age, so that metrics that read it have no value. */
  readonly isYoung: Uint8Array;
}

export const TIME_BANDS = ['off_hours', 'working_hours'] as const;

/** Rows by group, groups ascending by (code, band); a group without rows is none. */
export interface RowGroups {
  readonly length: number;
  /** Host or segment by group; 0 of the whole project. */
  readonly code: Uint32Array;
  /** Place in TIME_BANDS by group; null: groups are not split by time band. */
  readonly band: Uint8Array | null;
  /** Row numbers; those of group g at [offsets[g], offsets[g + 1]). */
  readonly order: Uint32Array;
  readonly offsets: Uint32Array;
  /** Group of each row. */
  readonly ofRow: Uint32Array;
}

/** Groups rows by a code below `codes`, and by time band where join keys have it. */
function groupRows(rows: BinRows, codes: number, codeOf: (row: number) => number, byTimeBand: boolean): RowGroups {
  const bands = byTimeBand ? TIME_BANDS.length : 1;
  const cellOf = (row: number): number => codeOf(row) * bands + (byTimeBand ? rows.isWorkingHours[row]! : 0);
  const starts = new Uint32Array(codes * bands + 1);
  for (let row = 0; row < rows.length; row++) starts[cellOf(row) + 1]!++;
  const used: number[] = [];
  const groupOfCell = new Uint32Array(codes * bands);
  for (let cell = 0; cell < codes * bands; cell++) {
    if (starts[cell + 1]! > 0) groupOfCell[cell] = used.push(cell) - 1;
    starts[cell + 1]! += starts[cell]!;
  }
  const offsets = Uint32Array.from([...used.map((cell) => starts[cell]!), rows.length]);
  const next = starts.slice();
  const order = new Uint32Array(rows.length);
  const ofRow = new Uint32Array(rows.length);
  for (let row = 0; row < rows.length; row++) {
    const cell = cellOf(row);
    order[next[cell]!++] = row;
    ofRow[row] = groupOfCell[cell]!;
  }
  return {
    length: used.length,
    code: Uint32Array.from(used, (cell) => Math.floor(cell / bands)),
    band: byTimeBand ? Uint8Array.from(used, (cell) => cell % bands) : null,
    order,
    offsets,
    ofRow,
  };
}

export const groupByHost = (rows: BinRows, byTimeBand: boolean): RowGroups =>
  groupRows(rows, rows.hosts.length, (row) => rows.host[row]!, byTimeBand);

export const groupBySegment = (rows: BinRows, byTimeBand: boolean): RowGroups =>
  groupRows(rows, rows.segments.length, (row) => rows.segmentOfHost[rows.host[row]!]!, byTimeBand);

/** The bin's part of the whole project: one group, or one a time band. */
export const groupByProject = (rows: BinRows, byTimeBand: boolean): RowGroups =>
  groupRows(rows, 1, () => 0, byTimeBand);

/** Number of rows by group. */
export const rowsPerGroup = ({ length, offsets }: RowGroups): number[] =>
  Array.from({ length }, (_, g) => offsets[g + 1]! - offsets[g]!);

/** Number of hosts with a row, by group. */
export function hostsPerGroup(rows: BinRows, { length, order, offsets }: RowGroups): Float64Array {
  const counts = new Float64Array(length);
  const seenIn = new Int32Array(rows.hosts.length).fill(-1);
  for (let group = 0; group < length; group++) {
    for (let i = offsets[group]!; i < offsets[group + 1]!; i++) {
      const host = rows.host[order[i]!]!;
      if (seenIn[host] === group) continue;
      seenIn[host] = group;
      counts[group]!++;
    }
  }
  return counts;
}

/** What part of a group's rows is kept so that about `most` remain. */
export const sampleRateOf = (groupRows: number, most: number): number => (groupRows > most ? most / groupRows : 1);

/**
 * The groups with only a sample of the rows of those whose rate is below 1: the rows whose FNV-1a 32 of
 * `host_ip|window_end_ts` is below rate * 2^32. Every group stays, even one that is left without rows; `ofRow` stays as is.
 */
export function sampleGroups(rows: BinRows, groups: RowGroups, rates: readonly number[]): RowGroups {
  if (rates.every((rate) => rate >= 1)) return groups;
  const { length, order, offsets } = groups;
  const endTexts = new Map<number, string>();
  const textOfEnd = (end: number): string => {
    const text = endTexts.get(end) ?? formatInstant(end);
    endTexts.set(end, text);
    return text;
  };
  const kept = new Uint32Array(order.length);
  const keptOffsets = new Uint32Array(length + 1);
  let n = 0;
  for (let group = 0; group < length; group++) {
    const below = rates[group]! * 2 ** 32;
    for (let i = offsets[group]!; i < offsets[group + 1]!; i++) {
      const row = order[i]!;
      const isKept =
        rates[group]! >= 1 || fnv1a(`${rows.hosts[rows.host[row]!]!}|${textOfEnd(rows.sliceEnd[row]!)}`) < below;
      if (isKept) kept[n++] = row;
    }
    keptOffsets[group + 1] = n;
  }
  return { ...groups, order: kept.subarray(0, n), offsets: keptOffsets };
}
