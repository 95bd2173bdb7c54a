import type { BaselineSpec } from '../config/baseline-spec.ts';
import { type BaselineMetric, baselineMetricOf, STATISTICS } from '../operators/baseline-metrics.ts';
import {
  type BaselineStatistics,
  type ProjectColumn,
  statisticsOfBin,
  statisticsOfProject,
} from '../operators/baseline-statistics.ts';
import { openBin } from './baseline-bin.ts';
import { openRuns, readColumn } from './bin-column.ts';
import { bytesOf, isWritten, writeWhole } from './scratch-arrays.ts';

export interface ColumnsInput {
  /** File to write: statistics of hosts, then of segments, as `StatisticRows` reads them. */
  readonly target: string;
  readonly runs: readonly string[];
  /** Columns of the runs; those of [from, to) are measured. */
  readonly metrics: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly bins: readonly {
    readonly path: string;
    /** Row of the table by group. */
    readonly hostPlaces: Uint32Array;
    readonly segmentPlaces: Uint32Array;
  }[];
  /** Rows of the tables. */
  readonly hosts: number;
  readonly segments: number;
  /** Time bands of the project, null where rows are not split by it; and their rows in the segment table. */
  readonly projectBand: Uint8Array | null;
  readonly projectPlaces: readonly number[];
  readonly supportMin: BaselineSpec['supportMin'];
}

/** Measures some columns at all levels, bin by bin. What is there already is not made again. */
export function measureColumns(input: ColumnsInput): void {
  if (isWritten(input.target)) return;
  const { hosts, segments, projectBand, supportMin } = input;
  const metrics = input.metrics.slice(input.from, input.to).map((name) => baselineMetricOf(name)!);
  const supportMinOf = (metric: string): number => supportMin.byMetric[metric] ?? supportMin.default;
  const ofHosts = new Float64Array(metrics.length * STATISTICS.length * hosts);
  const ofSegments = new Float64Array(metrics.length * STATISTICS.length * segments);
  const ofProject: ProjectColumn[][] = metrics.map(() => []);
  const open = openRuns(input.runs);
  try {
    let column = new Float64Array(0);
    input.bins.forEach(({ path, hostPlaces, segmentPlaces }, number) => {
      const { bin, placeOf } = openBin(path, projectBand !== null);
      if (column.length < placeOf.length) column = new Float64Array(placeOf.length);
      const columnOf = (_: BaselineMetric, m: number): Float64Array => {
        readColumn(open.runs, number, input.from + m, column, placeOf);
        return column;
      };
      const measured = statisticsOfBin(bin, metrics, columnOf, supportMinOf);
      scatter(measured.hosts, hostPlaces, ofHosts, hosts);
      scatter(measured.segments, segmentPlaces, ofSegments, segments);
      measured.project.forEach((part, m) => {
        ofProject[m]!.push(part);
      });
    });
  } finally {
    open.close();
  }
  scatter(
    statisticsOfProject(metrics, ofProject, projectBand, supportMinOf),
    Uint32Array.from(input.projectPlaces),
    ofSegments,
    segments,
  );
  writeWhole(input.target, (put) => {
    put(bytesOf(ofHosts));
    put(bytesOf(ofSegments));
  });
}

/** Writes the statistics of groups to their rows of the table, statistic by statistic. */
function scatter({ groups, values }: BaselineStatistics, places: Uint32Array, into: Float64Array, rows: number): void {
  for (let at = 0, start = 0; at < values.length; at += groups, start += rows)
    for (let group = 0; group < groups; group++) into[start + places[group]!] = values[at + group]!;
}
