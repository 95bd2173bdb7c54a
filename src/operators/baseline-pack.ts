import { WHOLE_PROJECT } from './baseline-rows.ts';
import type { DeviationOptions } from './deviation-metrics.ts';
import {
  numbersOfAll,
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

/** What a publication's ip_metadata says of its hosts, in the order of their keys. */
export type KnownHosts = Pick<HostPack, 'keys' | 'isNonPersistent' | 'activeDays' | 'workingShare'> & {
  readonly isCold: Uint8Array;
};

/** @throws {SchemaError} for a column that is missing, or a host that stands twice. */
export function knownHostsOf(metadata: readonly Table[], options: PackOptions): KnownHosts {
  const columns = keyColumns('host_ip', options);
  const hosts = metadata.flatMap((table) => {
    requireColumns(table, [...columns, ...METADATA_COLUMNS], METADATA_SOURCE);
    const [isCold, isNonPersistent, activeDays, workingShare] = METADATA_COLUMNS.map((name) =>
      numbersOfAll(table, name, METADATA_SOURCE),
    );
    return keysOf(table, columns).map((key, i) => ({
      key,
      ...{ isCold: isCold![i] !== 0 ? 1 : 0, isNonPersistent: isNonPersistent![i] === 1 ? 1 : 0 },
      ...{ activeDays: activeDays![i]!, workingShare: workingShare![i]! },
    }));
  });
  hosts.sort((a, b) => compareText(a.key, b.key));
  const keys = hosts.map(({ key }) => key);
  throwIfAny(repeatFaults(repeatsOf(keys), METADATA_SOURCE));
  return {
    keys,
    isCold: Uint8Array.from(hosts, ({ isCold }) => isCold),
    isNonPersistent: Uint8Array.from(hosts, ({ isNonPersistent }) => isNonPersistent),
    activeDays: Int32Array.from(hosts, (host) => host.activeDays),
    workingShare: Float64Array.from(hosts, (host) => host.workingShare),
  };
}

/** What packs take of some rows of FG-B's hosts. */
export interface HostStatistics {
  readonly keys: readonly string[];
  /** Row-major, on shared memory. NaN: the metric has no support there. */
  readonly values: Float64Array;
}

/** @throws {SchemaError} for a column that is missing, or a metric without a value where it has support. */
export function hostStatisticsOf(table: Table, options: PackOptions): HostStatistics {
  requireColumns(table, hostColumns(options), HOST_SOURCE);
  const layout = statisticLayoutOf(options);
  const rows = Array.from({ length: table.length }, (_, row) => row);
  const values = sharedNumbers(table.length * layout.width);
  writeStatistics(values, table, rows, rows, layout, 'host', HOST_SOURCE);
  return { keys: keysOf(table, keyColumns('host_ip', options)), values };
}

/** Packs that grow part by part, so that a publication need not be in memory as a whole beside them. */
export interface GrowingHostPacks {
  /** Takes what is known of warm hosts; others have no statistics in a pack. */
  add(statistics: HostStatistics): void;
  /** By shard. @throws {SchemaError} for a warm host without statistics, or one that stands twice. */
  finish(): HostPack[];
}

/** Packs of every shard by itself: all hosts that are known, with the statistics of those that are warm. */
export function growHostPacks(
  known: KnownHosts,
  options: PackOptions,
  shards: number,
  shardOf: (hostIp: string) => number,
): GrowingHostPacks {
  const { width } = statisticLayoutOf(options);
  const members: number[][] = Array.from({ length: shards }, () => []);
  const shardAt = Uint16Array.from(known.keys, (key) => shardOf(key.split('|', 1)[0]!));
  shardAt.forEach((shard, i) => void members[shard]!.push(i));
  const rowAt = new Int32Array(known.keys.length).fill(-1);
  const packs = members.map((places): HostPack => {
    let warm = 0;
    for (const i of places) if (known.isCold[i] === 0) rowAt[i] = warm++;
    return {
      ...heading(options),
      keys: places.map((i) => known.keys[i]!),
      row: Int32Array.from(places, (i) => rowAt[i]!),
      values: sharedNumbers(warm * width),
      isNonPersistent: Uint8Array.from(places, (i) => known.isNonPersistent[i]!),
      activeDays: Int32Array.from(places, (i) => known.activeDays[i]!),
      workingShare: Float64Array.from(places, (i) => known.workingShare[i]!),
    };
  });
  const isWritten = new Uint8Array(known.keys.length);
  const twice: string[] = [];
  return {
    add({ keys, values }) {
      for (const [i, key] of keys.entries()) {
        const place = placeOfText(known.keys, key);
        if (place < 0 || rowAt[place]! < 0) continue;
        if (isWritten[place] === 1) twice.push(key);
        isWritten[place] = 1;
        packs[shardAt[place]!]!.values.set(values.subarray(i * width, (i + 1) * width), rowAt[place]! * width);
      }
    },
    finish() {
      const without = known.keys.filter((_, i) => rowAt[i]! >= 0 && isWritten[i] === 0);
      throwIfAny([
        ...repeatFaults(twice.sort(compareText), HOST_SOURCE),
        ...(without.length > 0 ? [`${HOST_SOURCE}: no row for ${shown(without)}, warm by ${METADATA_SOURCE}`] : []),
      ]);
      return packs;
    },
  };
}

const sharedNumbers = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8));

const METADATA_SOURCE = 'fg_b/ip_metadata';
const HOST_SOURCE = 'fg_b/host';
const SEGMENT_SOURCE = 'fg_b/segment';

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
    const counts = numbersOfAll(table, 'hosts_count', SEGMENT_SOURCE);
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
