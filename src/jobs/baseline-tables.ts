import { closeSync, openSync } from 'node:fs';
import { hostBaselineTable, type LevelKeys, segmentBaselineTable } from '../operators/baseline-datasets.ts';
import { STATISTICS } from '../operators/baseline-metrics.ts';
import type { BaselineStatistics } from '../operators/baseline-statistics.ts';
import type { Table } from '../operators/table.ts';
import { encodeParquet } from '../state/parquet.ts';
import type { EncodedPart } from '../state/publish.ts';
import { readAt } from './scratch-arrays.ts';

/** A file of measured columns and the metrics that it has. */
export interface MeasuredFile {
  readonly path: string;
  readonly metrics: readonly string[];
}

export interface StatisticsPartInput {
  readonly level: 'host' | 'segment';
  readonly measured: readonly MeasuredFile[];
  /** Rows of both tables, which stand in the files one behind the other. */
  readonly hosts: number;
  readonly segments: number;
  /** Rows of the part. */
  readonly from: number;
  readonly to: number;
  readonly joinKeys: readonly string[];
  /** Of the rows of the part. */
  readonly owners: readonly string[];
  readonly segmentIds: readonly string[];
  readonly band: Uint8Array | null;
  /** Of segments. */
  readonly hostsCount: Float64Array;
  readonly sampleRate: Float64Array;
}

/** Encodes rows [from, to) of the host or segment table out of what was measured. */
export function encodeStatistics(input: StatisticsPartInput): EncodedPart {
  const { level, joinKeys, owners, segmentIds, band, from, to } = input;
  const pieces = input.measured.map((file) => readPiece(file, input));
  const keys: LevelKeys = {
    owner: level === 'host' ? 'host_ip' : 'segment_id',
    length: to - from,
    owners: (group) => owners[group]!,
    segments: (group) => segmentIds[group]!,
    band,
  };
  const table =
    level === 'host'
      ? hostBaselineTable(joinKeys, keys, pieces)
      : segmentBaselineTable(joinKeys, keys, pieces, input.hostsCount, input.sampleRate);
  return encodeTable({ table, start: 0, end: table.length });
}

/** Encodes rows [start, end) of a table. */
export const encodeTable = ({ table, start, end }: { table: Table; start: number; end: number }): EncodedPart => ({
  rows: end - start,
  bytes: encodeParquet(table, { start, end }),
});

function readPiece(
  { path, metrics }: MeasuredFile,
  { level, hosts, segments, from, to }: StatisticsPartInput,
): BaselineStatistics {
  const columns = metrics.length * STATISTICS.length;
  const [start, rows] = level === 'host' ? [0, hosts] : [columns * hosts, segments];
  const groups = to - from;
  const values = new Float64Array(columns * groups);
  const file = openSync(path, 'r');
  try {
    for (let column = 0; column < columns; column++) {
      const bytes = readAt(file, (start + column * rows + from) * 8, groups * 8, path);
      values.set(new Float64Array(bytes), column * groups);
    }
  } finally {
    closeSync(file);
  }
  return { groups, metrics, values };
}
