import { WHOLE_PROJECT } from './baseline-rows.ts';
import type { DeviationOptions } from './deviation-metrics.ts';
import {
  numbersOf,
  requireColumns,
  statisticColumns,
  statisticLayoutOf,
  textsByRow,
  writeStatistics,
} from './statistic-rows.ts';
import { SchemaError, type Table } from './table.ts';

/** How a publication's tables are keyed, beside the rest of a spec. */
export interface PackOptions extends DeviationOptions {
  readonly joinKeys: readonly string[];
}

/** Rows of statistics by key. Plain data: a pack is made once for a publication, stored, and read step after step. */
export interface StatisticRows {
  /** Layout of `values`: a pack that another spec made is refused. */
  readonly layout: string;
  readonly joinsSegment: boolean;
  readonly joinsBand: boolean;
  /** Ascending: host_ip or segment_id, then what joins further, bars between. */
  readonly keys: readonly string[];
  /** Row of a key in `values`; -1: none, the next coarser level is asked. */
  readonly row: Int32Array;
  /** Row-major. NaN: the metric has no support there. */
  readonly values: Float64Array;
}

/** What deviations read of the hosts of a shard; about 8 kB a warm host. */
export interface HostPack extends StatisticRows {
  readonly isNonPersistent: Uint8Array;
  readonly activeDays: Int32Array;
  /** Share of the host's baseline slices in working hours. */
  readonly workingShare: Float64Array;
}

/** Segments that have enough hosts; rows of `*`, the whole project, among them. Shared by all shards. */
export interface SegmentPack extends StatisticRows {
  readonly minHosts: number;
}

const METADATA_COLUMNS = ['is_cold_start', 'is_non_persistent_machine', 'active_days', 'active_working_share'];

const keyColumns = (of: 'host_ip' | 'segment_id', { joinKeys }: PackOptions): string[] => [
  of,
  ...(of === 'host_ip' && joinKeys.includes('segment_id') ? ['segment_id'] : []),
  ...(joinKeys.includes('time_band') ? ['time_band'] : []),
];

/** The columns of FG-B's host table that packs are made of. */
export const hostColumns = (options: PackOptions): readonly string[] => [
  ...keyColumns('host_ip', options),
  ...statisticColumns(statisticLayoutOf(options), 'host'),
];

/** The columns of FG-B's segment table that packs are made of. */
export const segmentColumns = (options: PackOptions): readonly string[] => [
  ...keyColumns('segment_id', options),
  'hosts_count',
  ...statisticColumns(statisticLayoutOf(options), 'segment'),
];

/** The columns of ip_metadata that packs are made of. */
export const metadataColumns = (options: PackOptions): readonly string[] => [
  ...keyColumns('host_ip', options),
  ...METADATA_COLUMNS,
];

/** The key of a host or segment. */
export function joinedKey(rows: StatisticRows, owner: string, segmentId: string | undefined, timeBand: string): string {
  const segment = rows.joinsSegment && segmentId !== undefined ? `|${segmentId}` : '';
  return rows.joinsBand ? `${owner}${segment}|${timeBand}` : owner + segment;
}

/**
 * Packs hosts: every row of the metadata, with the statistics of those that are warm.
 *
 * @param statistics tables of FG-B's hosts, each looked at once, and `metadata` of ip_metadata, whose hosts they are.
 * @throws {SchemaError} for a column that is missing, a warm host without statistics, a host that stands twice.
 */
export function packHosts(
  statistics: Iterable<Table>,
  metadata: readonly Table[],
  options: PackOptions,
  takes: (hostIp: string) => boolean = () => true,
): HostPack {
  const layout = statisticLayoutOf(options);
  const columns = keyColumns('host_ip', options);
  const hosts = metadata.flatMap((table) => knownHosts(table, columns, takes));
  hosts.sort((a, b) => compareText(a.key, b.key));
  const keys = hosts.map(({ key }) => key);
  let warm = 0;
  const row = Int32Array.from(hosts, ({ isCold }) => (isCold ? -1 : warm++));
  const values = new Float64Array(warm * layout.width);
  const isWritten = new Uint8Array(warm);
  const twice = repeatsOf(keys);
  for (const table of statistics) {
    requireColumns(table, hostColumns(options), HOST_SOURCE);
    const rows: number[] = [];
    const places: number[] = [];
    keysOf(table, columns).forEach((key, i) => {
      const place = row[placeOfText(keys, key)] ?? -1;
      if (place < 0) return;
      if (isWritten[place] === 1) twice.push(key);
      isWritten[place] = 1;
      rows.push(i);
      places.push(place);
    });
    writeStatistics(values, table, rows, places, layout, 'host', HOST_SOURCE);
  }
  const without = keys.filter((_, i) => row[i]! >= 0 && isWritten[row[i]!] === 0);
  throwIfAny([
    ...repeatFaults(twice, HOST_SOURCE),
    ...(without.length > 0 ? [`${HOST_SOURCE}: no row for ${shown(without)}, warm by fg_b/ip_metadata`] : []),
  ]);
  return {
    ...heading(options),
    ...{ keys, row, values },
    isNonPersistent: Uint8Array.from(hosts, ({ isNonPersistent }) => isNonPersistent),
    activeDays: Int32Array.from(hosts, (host) => host.activeDays),
    workingShare: Float64Array.from(hosts, (host) => host.workingShare),
  };
}

const HOST_SOURCE = 'fg_b/host';
const SEGMENT_SOURCE = 'fg_b/segment';

function knownHosts(table: Table, columns: readonly string[], takes: (hostIp: string) => boolean) {
  requireColumns(table, [...columns, ...METADATA_COLUMNS], 'fg_b/ip_metadata');
  const ips = textsByRow(table, 'host_ip');
  const [isCold, isNonPersistent, activeDays, workingShare] = METADATA_COLUMNS.map((name) => numbersOf(table, name));
  return keysOf(table, columns).flatMap((key, i) => {
    if (!takes(ips[i]!)) return [];
    const flags = { isCold: isCold![i] !== 0, isNonPersistent: isNonPersistent![i] === 1 ? 1 : 0 };
    return [{ key, ...flags, activeDays: activeDays![i]!, workingShare: workingShare![i]! }];
  });
}

/** The hosts of every shard by themselves. */
export function splitHosts(pack: HostPack, shards: number, shardOf: (hostIp: string) => number): HostPack[] {
  const width =
    pack.values.length /
    Math.max(
      1,
      pack.row.reduce((most, row) => Math.max(most, row + 1), 0),
    );
  const members: number[][] = Array.from({ length: shards }, () => []);
  pack.keys.forEach((key, i) => {
    members[shardOf(key.split('|', 1)[0]!)]!.push(i);
  });
  return members.map((places) => {
    let warm = 0;
    const row = Int32Array.from(places, (i) => (pack.row[i]! < 0 ? -1 : warm++));
    const values = new Float64Array(warm * width);
    places.forEach((i, n) => {
      if (row[n]! >= 0)
        values.set(pack.values.subarray(pack.row[i]! * width, (pack.row[i]! + 1) * width), row[n]! * width);
    });
    return {
      ...{ ...pack, row, values },
      keys: places.map((i) => pack.keys[i]!),
      isNonPersistent: Uint8Array.from(places, (i) => pack.isNonPersistent[i]!),
      activeDays: Int32Array.from(places, (i) => pack.activeDays[i]!),
      workingShare: Float64Array.from(places, (i) => pack.workingShare[i]!),
    };
  });
}

/**
 * Packs segments of at least segmentMinHosts hosts, and the project. Each table is looked at once.
 *
 * @throws {SchemaError} for a column that is missing, a segment that stands twice, or tables without `*`.
 */
export function packSegments(statistics: Iterable<Table>, options: PackOptions): SegmentPack {
  const layout = statisticLayoutOf(options);
  const segments: { readonly key: string; readonly row: number }[] = [];
  const parts: Float64Array[] = [];
  let hasProject = false;
  let used = 0;
  for (const table of statistics) {
    requireColumns(table, segmentColumns(options), SEGMENT_SOURCE);
    const counts = numbersOf(table, 'hosts_count');
    const ids = textsByRow(table, 'segment_id');
    const rows: number[] = [];
    keysOf(table, keyColumns('segment_id', options)).forEach((key, i) => {
      const isProject = ids[i] === WHOLE_PROJECT;
      if (isProject) hasProject = true;
      const isUsed = isProject || counts[i]! >= options.segmentMinHosts;
      segments.push({ key, row: isUsed ? used++ : -1 });
      if (isUsed) rows.push(i);
    });
    const values = new Float64Array(rows.length * layout.width);
    writeStatistics(values, table, rows, [...rows.keys()], layout, 'segment', SEGMENT_SOURCE);
    parts.push(values);
  }
  segments.sort((a, b) => compareText(a.key, b.key));
  const keys = segments.map(({ key }) => key);
  throwIfAny([
    ...repeatFaults(repeatsOf(keys), SEGMENT_SOURCE),
    ...(hasProject ? [] : [`${SEGMENT_SOURCE}: the row of the whole project, ${WHOLE_PROJECT}, is missing`]),
  ]);
  const values = new Float64Array(used * layout.width);
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return {
    ...heading(options),
    ...{ minHosts: options.segmentMinHosts, keys, values },
    row: Int32Array.from(segments, ({ row }) => row),
  };
}

const heading = (options: PackOptions) => ({
  layout: statisticLayoutOf(options).id,
  joinsSegment: options.joinKeys.includes('segment_id'),
  joinsBand: options.joinKeys.includes('time_band'),
});

const repeatsOf = (ascending: readonly string[]): string[] =>
  ascending.filter((key, i) => i > 0 && key === ascending[i - 1]);
const repeatFaults = (keys: readonly string[], source: string): string[] =>
  keys.length > 0 ? [`${source}: ${shown(keys)} more than once`] : [];

function throwIfAny(faults: readonly string[]): void {
  if (faults.length > 0) throw new SchemaError(faults);
}

const shown = (keys: readonly string[]): string =>
  keys.slice(0, 3).join(', ') + (keys.length > 3 ? ` and ${keys.length - 3} more` : '');

function keysOf(table: Table, columns: readonly string[]): readonly string[] {
  const [first, ...others] = columns.map((column) => textsByRow(table, column));
  if (others.length === 0) return first!;
  return first!.map((text, i) => [text, ...others.map((other) => other[i]!)].join('|'));
}

/** Order by UTF-16 code units, as `<` has it. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Place of a text in an ascending list; -1 where it is not there. */
export function placeOfText(ascending: readonly string[], text: string): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low < ascending.length && ascending[low] === text ? low : -1;
}
