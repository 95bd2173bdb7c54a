/** The way of mini-batches through the operators alone, as the consumers drive it, for tests to compare with a judge. */

import { calendarOf } from '../../src/operators/calendar.ts';
import { deltaSchema } from '../../src/operators/datasets.ts';
import { deltaTable } from '../../src/operators/delta-table.ts';
import { fgATable, orderHosts } from '../../src/operators/fg-a.ts';
import { fgAPairContextTable, orderWindowPairs, windowPairsOf } from '../../src/operators/fg-a-pairs.ts';
import { createFlowReader, type FileFlows, type ReaderOptions } from '../../src/operators/flow-reader.ts';
import { healthOf, lagOf } from '../../src/operators/health.ts';
import { pairContextTable, pairCountsTable } from '../../src/operators/pair-tables.ts';
import { noCounts, type QualityCounts } from '../../src/operators/quality.ts';
import { compactBlock } from '../../src/operators/sealed-rows.ts';
import {
  assembleRows,
  joinFlows,
  type MiniBatchFlows,
  type SliceOptions,
  type SliceRows,
  shardRowsOf,
} from '../../src/operators/slice-rows.ts';
import type { Table } from '../../src/operators/table.ts';
import { type SliceBlock, windowRowsOf } from '../../src/operators/windows.ts';
import type { Row } from '../oracle/metrics.ts';
import type { OracleMiniBatch } from '../oracle/oracle.ts';
import { type OracleParameters, settle } from '../oracle/parameters.ts';
import { lookbacksOf, type Reopened } from './product-lookback.ts';
import { furtherSetsOf, QUARTER, readerOptionsFor, sliceOptionsFor, windowOptionsFor } from './product-options.ts';
import { rowsOf } from './table-rows.ts';

const DAY = 86_400_000;
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
export const ALL_OPERATORS = ['base_counts', 'port_categories', 'burst', 'quantiles', 'peer_distribution'] as const;

export interface Rejection {
  /** 1 for the first line of the file. */
  readonly line: number;
  readonly rule: string;
  readonly text: string;
}

/** Reads the chunks of one file. */
export function readChunks(
  chunks: Iterable<Uint8Array>,
  options: ReaderOptions,
): { readonly file: FileFlows; readonly rejected: readonly Rejection[] } {
  const rejected: Rejection[] = [];
  const reader = createFlowReader(options, (line, rule, text) =>
    rejected.push({ line, rule, text: Buffer.from(text).toString('latin1') }),
  );
  for (const chunk of chunks) reader.push(chunk);
  return { file: reader.finish(), rejected };
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface Slice {
  readonly batch: MiniBatchFlows;
  readonly rows: SliceRows;
  readonly options: SliceOptions;
  readonly counts: QualityCounts;
  /** One a shard, as it is sealed. */
  readonly blocks: readonly SliceBlock[];
}

export interface SliceVariation {
  readonly shards?: number;
  /** The lines are dealt in turn to so many files. */
  readonly files?: number;
  readonly roles?: SliceOptions['roles'];
  readonly pairCounts?: SliceOptions['pairCounts'];
}

/** One mini-batch by itself. */
export function sliceOf(
  miniBatch: OracleMiniBatch,
  parameters: OracleParameters = {},
  { shards = 1, files = 1, ...others }: SliceVariation = {},
): Slice {
  const options = { ...sliceOptionsFor(parameters, miniBatch, shards), ...others };
  const read = Array.from({ length: files }, (_, f) => {
    const lines = miniBatch.lines.filter((_line, i) => i % files === f);
    return readChunks([bytesOf(lines.join('\n'))], readerOptionsFor(parameters)).file;
  });
  const counts = noCounts();
  for (const { counts: own } of read) {
    for (const rule of Object.keys(own) as (keyof QualityCounts)[]) counts[rule] += own[rule];
  }
  const batch = joinFlows([...read], options, counts);
  const shardRows = Array.from({ length: shards }, (_, shard) => shardRowsOf(batch, shard, options));
  const rows = assembleRows(batch, shardRows, options);
  const blocks = shardRows.map((roleRows) =>
    compactBlock({
      miniBatchId: miniBatch.id,
      sliceEnd: miniBatch.sliceEnd,
      addresses: batch.addresses,
      roles: roleRows,
    }),
  );
  return { batch, rows, options, counts, blocks };
}

export const lineageOf = ({ id, sliceEnd }: OracleMiniBatch) => ({
  miniBatchId: id,
  sliceStart: sliceEnd - QUARTER,
  sliceEnd,
});

/** The tables of delta and pair context, cut into parts of at most `most` rows. */
export function partsOf(
  miniBatch: OracleMiniBatch,
  { rows, options }: Slice,
  most = Number.POSITIVE_INFINITY,
): { readonly delta: readonly Table[]; readonly pairContext: readonly Table[] } {
  const lineage = lineageOf(miniBatch);
  const further = options.furtherPortSets;
  const schema = deltaSchema(ALL_OPERATORS, further);
  return {
    delta: spansOf(rows.order.length, most).map((span) => deltaTable(schema, rows, lineage, further, span)),
    pairContext: spansOf(rows.pairOrder.length, most).map((span) => pairContextTable(rows, lineage, span)),
  };
}

function spansOf(length: number, most: number): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  for (let start = 0; start < length; start += most) spans.push({ start, end: Math.min(length, start + most) });
  return spans;
}

export interface SliceDatasets {
  readonly delta: readonly Row[];
  readonly pair_context: readonly Row[];
  readonly pair_counts: readonly Row[];
}

export function sliceDatasetsOf(miniBatch: OracleMiniBatch, slice: Slice): SliceDatasets {
  const { delta, pairContext } = partsOf(miniBatch, slice);
  const { pairCounts } = slice.rows;
  const counted = pairCountsTable(slice.rows, lineageOf(miniBatch), { start: 0, end: pairCounts.length });
  return { delta: delta.flatMap(rowsOf), pair_context: pairContext.flatMap(rowsOf), pair_counts: rowsOf(counted) };
}

export interface MiniBatchDatasets extends SliceDatasets {
  readonly fg_a: readonly Row[];
  readonly fg_a_pair_context: readonly Row[];
}

export interface HistoryOptions {
  readonly shards?: number;
  readonly files?: number;
  /** What an earlier block becomes by the time that it is opened again. */
  readonly reopen?: (block: SliceBlock, shard: number) => SliceBlock;
  /** What merged days become by then. */
  readonly reopened?: Reopened;
}

/** Every dataset of every mini-batch, in the order of (slice end, id). */
export function runHistory(
  parameters: OracleParameters,
  miniBatches: readonly OracleMiniBatch[],
  { shards = 1, files = 1, reopen = (block) => block, reopened }: HistoryOptions = {},
): MiniBatchDatasets[] {
  const inOrder = [...miniBatches].sort((a, b) => a.sliceEnd - b.sliceEnd || (a.id < b.id ? -1 : 1));
  const sealed: SliceBlock[][] = Array.from({ length: shards }, () => []);
  const committed = new Set<number>();
  return inOrder.map((miniBatch) => {
    const { sliceEnd } = miniBatch;
    const slice = sliceOf(miniBatch, parameters, { shards, files });
    committed.add(sliceEnd);
    const lookbacks = lookbacksOf(
      parameters,
      slice.blocks.map((own, shard) => [...sealed[shard]!, own]),
      reopened,
    );
    const emitted = slice.blocks.map((own, shard) => {
      const earlier = sealed[shard]!.filter((block) => block.sliceEnd > sliceEnd - DAY).map((b) => reopen(b, shard));
      sealed[shard]!.push(own);
      const ofSlice = earlier.filter((block) => block.sliceEnd === sliceEnd);
      return {
        windows: windowRowsOf([own, ...earlier], own, windowOptionsFor(parameters), lookbacks[shard]!),
        pairs: windowPairsOf([...ofSlice, own], own),
      };
    });
    const windows = emitted.map((shard) => shard.windows);
    const pairs = emitted.map((shard) => shard.pairs);
    const hosts = orderHosts(windows);
    const pairOrder = orderWindowPairs(pairs);
    const lineage = lineageOf(miniBatch);
    const { calendar } = settle(parameters);
    const features = fgATable(
      windows,
      hosts,
      lineage,
      calendarOf(sliceEnd, {
        timeZone: calendar.time_zone,
        workingHours: calendar.working_hours,
        offHours: calendar.off_hours,
        weekend: calendar.weekend.map((day) => DAY_NAMES.indexOf(day.slice(0, 3).toLowerCase())),
        holidays: calendar.holidays,
      }),
      healthOf(sliceEnd, committed, lagOf(slice.batch.flows, miniBatch.batchEnd)),
      lookbacks[0]!,
      { start: 0, end: hosts.row.length },
    );
    const featurePairs = fgAPairContextTable(pairs, pairOrder, lineage, { start: 0, end: pairOrder.length });
    return {
      ...sliceDatasetsOf(miniBatch, slice),
      fg_a: rowsOf(features),
      fg_a_pair_context: rowsOf(featurePairs),
    };
  });
}

export const furtherColumnsOf = (parameters: OracleParameters): string[] =>
  furtherSetsOf(parameters).map((set) => `${set}_port_sessions_cnt`);
