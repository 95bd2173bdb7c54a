import type { BaselineSpec } from '../config/baseline-spec.ts';
import { baselineMetricOf } from '../operators/baseline-metrics.ts';
import {
  type BinRows,
  groupByHost,
  groupByProject,
  groupBySegment,
  hostsPerGroup,
  type RowGroups,
  rowsPerGroup,
  sampleGroups,
  sampleRateOf,
} from '../operators/baseline-rows.ts';
import type { BaselineBin } from '../operators/baseline-statistics.ts';
import { capRows } from '../operators/capping.ts';
import { type IpMetadata, ipMetadataOf } from '../operators/cold-start.ts';
import type { SegmentMapping } from '../operators/segments.ts';
import { openRuns, readColumn, rowsOfBin } from './bin-column.ts';
import { isWritten, openArrays, type ScratchArray, writeArrays } from './scratch-arrays.ts';
import { IS_WORKING, IS_YOUNG, RUN_COLUMNS, segmentOfText } from './spill-features.ts';

export interface BinInput {
  /** File to write. */
  readonly target: string;
  readonly runs: readonly string[];
  readonly bin: number;
  /** Columns of the runs. */
  readonly metrics: readonly string[];
  readonly spec: Pick<
    BaselineSpec,
    'capping' | 'requiredMetrics' | 'supportMin' | 'maxGroupRows' | 'nonPersistentPrefixes'
  >;
  readonly supportMinDays: number;
  readonly timeZone: string;
  readonly byTimeBand: boolean;
  /** By time band of the whole project, or one: share of its rows that is kept. */
  readonly projectRates: readonly number[];
  /** Names of machines of addresses that may be in the bin. */
  readonly names: readonly (readonly [hostIp: string, names: readonly string[]])[];
  readonly segmentMapping: SegmentMapping;
}

/** What the job has to know of a bin to lay out the tables. */
export interface BinReport {
  readonly hosts: readonly string[];
  readonly segments: readonly string[];
  readonly segmentOfHost: readonly number[];
  /** Host by host group, and time band where rows are split by it. */
  readonly hostCode: readonly number[];
  readonly hostBand: readonly number[] | null;
  readonly hostRows: readonly number[];
  readonly segmentCode: readonly number[];
  readonly segmentBand: readonly number[] | null;
  readonly segmentHosts: readonly number[];
  readonly segmentRates: readonly number[];
  /** Time bands of the project that the bin has rows in, null where rows are not split; hosts by group. */
  readonly projectBand: readonly number[] | null;
  readonly projectHosts: readonly number[];
  readonly rowsCapped: number;
  readonly rowsExcused: number;
  readonly metadata: {
    readonly isFullHistory: readonly number[];
    readonly isNonPersistent: readonly number[];
    readonly isColdStart: readonly number[];
    readonly machineName: readonly (string | null)[];
    readonly activeSlices: readonly number[];
    readonly activeDays: readonly number[];
    readonly activeWorkingShare: readonly number[];
  };
}

/**
 * Prepares one bin: which rows it has, in the order of hosts, what they weigh, how they are grouped, and what is known of its
 * hosts. What is there already is not made again.
 */
export function prepareBin(input: BinInput): BinReport {
  if (!isWritten(input.target)) writeBin(input);
  const file = openArrays<BinReport>(input.target);
  file.close();
  return file.told;
}

function writeBin(input: BinInput): void {
  const { bin, metrics, spec, byTimeBand } = input;
  const open = openRuns(input.runs);
  try {
    const { rows, placeOf } = readRows(input, open.runs);
    const columnOf = (metric: string): Float64Array => {
      const values = new Float64Array(rows.length);
      readColumn(open.runs, bin, metrics.indexOf(metric), values, placeOf);
      return values;
    };
    const supportMinOf = (metric: string): number => spec.supportMin.byMetric[metric] ?? spec.supportMin.default;
    const judged = (names: readonly string[]) =>
      names.map((name) => ({
        metric: baselineMetricOf(name)!,
        values: columnOf(name),
        supportMin: supportMinOf(name),
      }));
    const { zMax, wAnom, keyMetrics } = spec.capping;
    const capping = capRows(rows, judged(keyMetrics), { zMax, wAnom, timeZone: input.timeZone });
    const hosts = groupByHost(rows, byTimeBand);
    const allOfSegments = groupBySegment(rows, byTimeBand);
    const allOfProject = groupByProject(rows, byTimeBand);
    const segmentRates = rowsPerGroup(allOfSegments).map((n) => sampleRateOf(n, spec.maxGroupRows));
    const segments = sampleGroups(rows, allOfSegments, segmentRates);
    const bandRates = Array.from(
      allOfProject.code,
      (_, group) => input.projectRates[allOfProject.band?.[group] ?? 0] ?? 1,
    );
    const project = sampleGroups(rows, allOfProject, bandRates);
    const names = new Map(input.names);
    const metadata = ipMetadataOf(rows, hosts, judged(spec.requiredMetrics), (hostIp) => names.get(hostIp) ?? [], {
      supportMinDays: input.supportMinDays,
      nonPersistentPrefixes: spec.nonPersistentPrefixes,
    });
    const report: BinReport = {
      hosts: rows.hosts,
      segments: rows.segments,
      segmentOfHost: [...rows.segmentOfHost],
      hostCode: [...hosts.code],
      hostBand: listOrNull(hosts.band),
      hostRows: rowsPerGroup(hosts),
      segmentCode: [...allOfSegments.code],
      segmentBand: listOrNull(allOfSegments.band),
      segmentHosts: [...hostsPerGroup(rows, allOfSegments)],
      segmentRates,
      projectBand: listOrNull(allOfProject.band),
      projectHosts: [...hostsPerGroup(rows, allOfProject)],
      rowsCapped: capping.weights.reduce((n, weight) => (weight === 1 ? n : n + 1), 0),
      rowsExcused: capping.isExcused.reduce((n, excused) => n + excused, 0),
      metadata: metadataOf(metadata),
    };
    writeArrays(input.target, report, {
      placeOf,
      isYoung: rows.isYoung,
      weights: capping.weights,
      ...groupArrays('hosts', hosts),
      ...groupArrays('segments', segments),
      ...groupArrays('project', project),
    });
  } finally {
    open.close();
  }
}

/** Rows of the bin in the order of hosts, those of a host in the order of reading, and where each row of the runs went. */
function readRows({ bin, metrics, segmentMapping }: BinInput, runs: ReturnType<typeof openRuns>['runs']) {
  const length = rowsOfBin(runs, bin);
  const texts = runs.map((run) => run.textsOf(bin)[0]!);
  const hosts = [...new Set(texts.flat())].sort();
  const hostPlace = new Map(hosts.map((hostIp, i) => [hostIp, i]));
  const hostOfRow = new Uint32Array(length);
  let row = 0;
  runs.forEach((run, r) => {
    const codes = Uint32Array.from(texts[r]!, (hostIp) => hostPlace.get(hostIp)!);
    const column = run.column(bin, metrics.length + RUN_COLUMNS.host);
    for (let i = 0; i < run.rowsOf(bin); i++) hostOfRow[row++] = codes[column?.[i] ?? 0]!;
  });
  const starts = new Uint32Array(hosts.length + 1);
  for (const host of hostOfRow) starts[host + 1]!++;
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const next = starts.slice();
  const placeOf = hostOfRow.map((host) => next[host]!++);

  const host = new Uint32Array(length);
  const sliceEnd = new Float64Array(length);
  const isWorkingHours = new Uint8Array(length);
  const isYoung = new Uint8Array(length);
  row = 0;
  for (const run of runs) {
    const rows = run.rowsOf(bin);
    const first = row;
    const slices = run.column(bin, metrics.length + RUN_COLUMNS.slice);
    for (let i = 0; i < rows; i++) sliceEnd[placeOf[first + i]!] = run.told.sliceEnds[slices?.[i] ?? 0]!;
    const flags = run.column(bin, metrics.length + RUN_COLUMNS.flags);
    for (let i = 0; i < rows; i++) {
      const place = placeOf[first + i]!;
      host[place] = hostOfRow[first + i]!;
      isWorkingHours[place] = ((flags?.[i] ?? 0) & IS_WORKING) === 0 ? 0 : 1;
      isYoung[place] = ((flags?.[i] ?? 0) & IS_YOUNG) === 0 ? 0 : 1;
    }
    row += rows;
  }
  const segmentOf = segmentOfText(segmentMapping);
  const ids = hosts.map(segmentOf);
  const segments = [...new Set(ids)].sort();
  const segmentPlace = new Map(segments.map((id, i) => [id, i]));
  const segmentOfHost = Uint32Array.from(ids, (id) => segmentPlace.get(id)!);
  const rows: BinRows = { hosts, segments, segmentOfHost, length, host, sliceEnd, isWorkingHours, isYoung };
  return { rows, placeOf };
}

const listOrNull = (values: Uint8Array | null): number[] | null => (values === null ? null : [...values]);

function metadataOf(metadata: IpMetadata): BinReport['metadata'] {
  return {
    isFullHistory: [...metadata.isFullHistory],
    isNonPersistent: [...metadata.isNonPersistent],
    isColdStart: [...metadata.isColdStart],
    machineName: metadata.machineName,
    activeSlices: [...metadata.activeSlices],
    activeDays: [...metadata.activeDays],
    activeWorkingShare: [...metadata.activeWorkingShare],
  };
}

function groupArrays(level: string, groups: RowGroups): Record<string, ScratchArray> {
  return {
    [`${level}.code`]: groups.code,
    [`${level}.band`]: groups.band ?? new Uint8Array(0),
    [`${level}.order`]: groups.order,
    [`${level}.offsets`]: groups.offsets,
    [`${level}.ofRow`]: groups.ofRow,
  };
}

export interface PreparedBin {
  readonly bin: BaselineBin;
  /** Where each row of the runs stands. */
  readonly placeOf: Uint32Array;
}

/** Reads back what statistics need of a bin: of its rows, only whether they are young. */
export function openBin(path: string, byTimeBand: boolean): PreparedBin {
  const file = openArrays<BinReport>(path);
  try {
    const groups = (level: string): RowGroups => {
      const code = file.read(`${level}.code`, 'u32');
      return {
        length: code.length,
        code,
        band: byTimeBand ? file.read(`${level}.band`, 'u8') : null,
        order: file.read(`${level}.order`, 'u32'),
        offsets: file.read(`${level}.offsets`, 'u32'),
        ofRow: file.read(`${level}.ofRow`, 'u32'),
      };
    };
    const isYoung = file.read('isYoung', 'u8');
    const { hosts, segments, segmentOfHost } = file.told;
    const rows: BinRows = {
      ...{ hosts, segments, segmentOfHost: Uint32Array.from(segmentOfHost), length: isYoung.length, isYoung },
      host: new Uint32Array(0),
      sliceEnd: new Float64Array(0),
      isWorkingHours: new Uint8Array(0),
    };
    const weights = file.read('weights', 'f64');
    return {
      bin: { rows, weights, hosts: groups('hosts'), segments: groups('segments'), project: groups('project') },
      placeOf: file.read('placeOf', 'u32'),
    };
  } finally {
    file.close();
  }
}
