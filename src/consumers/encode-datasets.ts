import type { BatchSpec } from '../config/batch-spec.ts';
import type { CalendarFeatures } from '../operators/calendar.ts';
import { type DatasetName, datasetSchemas } from '../operators/dataset-schemas.ts';
import { deltaSchema, type Lineage, type Span } from '../operators/datasets.ts';
import { deltaTable } from '../operators/delta-table.ts';
import type { FgCRows } from '../operators/deviations.ts';
import { fgATable, type HostOrder } from '../operators/fg-a.ts';
import { fgAPairContextTable, orderWindowPairs } from '../operators/fg-a-pairs.ts';
import { type BaselineSpan, fgCPart, fgCSchema } from '../operators/fg-c.ts';
import type { DataHealth } from '../operators/health.ts';
import type { Lookback } from '../operators/lookback.ts';
import { pairContextTable, pairCountsTable } from '../operators/pair-tables.ts';
import type { SliceRows } from '../operators/slice-rows.ts';
import type { Table } from '../operators/table.ts';
import type { DatasetOutput } from '../state/commit.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { datasetFolder, datasetPrefix, partRanges } from '../state/publish.ts';
import { furtherPortSetsOf } from './slice-plan.ts';
import type { EmittedRows, EncodedTable } from './stages.ts';
import type { WorkPool } from './work-pool.ts';

interface EncodeDeps {
  readonly pool: WorkPool;
  readonly parallel: number;
}

/** Encodes what a mini-batch's own flows give: delta, pair context, pair counts. */
export async function encodeSliceRows(
  deps: EncodeDeps,
  spec: BatchSpec,
  rows: SliceRows,
  lineage: Lineage,
): Promise<DatasetOutput[]> {
  const further = furtherPortSetsOf(spec);
  const schema = deltaSchema(spec.operators, further);
  return [
    await encodeDataset(deps, spec, 'delta', lineage, rows.order.length, (span) =>
      deltaTable(schema, rows, lineage, further, span),
    ),
    await encodeDataset(deps, spec, 'pair_context', lineage, rows.pairOrder.length, (span) =>
      pairContextTable(rows, lineage, span),
    ),
    await encodeDataset(deps, spec, 'pair_counts', lineage, rows.pairCounts.length, (span) =>
      pairCountsTable(rows, lineage, span),
    ),
  ];
}

/** Encodes what the windows give: FG-A, whose rows stand in the order `hosts`, and its pair context. */
export async function encodeFgA(
  deps: EncodeDeps,
  spec: BatchSpec,
  emitted: readonly EmittedRows[],
  hosts: HostOrder,
  lineage: Lineage,
  calendar: CalendarFeatures,
  health: DataHealth,
  known: Pick<Lookback, 'days' | 'rules'>,
): Promise<DatasetOutput[]> {
  const windows = emitted.map((shard) => shard.windows);
  const pairs = emitted.map((shard) => shard.pairs);
  const pairOrder = orderWindowPairs(pairs);
  return [
    await encodeDataset(deps, spec, 'fg_a', lineage, hosts.row.length, (span) =>
      fgATable(windows, hosts, lineage, calendar, health, known, span),
    ),
    await encodeDataset(deps, spec, 'fg_a_pair_context', lineage, pairOrder.length, (span) =>
      fgAPairContextTable(pairs, pairOrder, lineage, span),
    ),
  ];
}

/** Encodes the deviations from one publication of baselines. `order` is that of FG-A's rows. */
export async function encodeFgC(
  deps: EncodeDeps,
  spec: BatchSpec,
  deviated: readonly FgCRows[],
  order: HostOrder,
  lineage: Lineage,
  from: BaselineSpan,
  timeBand: CalendarFeatures['time_band'],
): Promise<DatasetOutput> {
  const { deviation } = spec;
  const schema = fgCSchema(deviation);
  const encode = (span: Span): Promise<EncodedTable> =>
    deps.pool.encodeFgC({ part: fgCPart(schema, deviated, order, lineage, from, timeBand, deviation, span) });
  return encodeParts(deps, spec, 'fg_c', lineage, order.row.length, encode, [['baseline_horizon', from.horizon]]);
}

const encodeDataset = (
  deps: EncodeDeps,
  spec: BatchSpec,
  dataset: DatasetName,
  lineage: Lineage,
  rows: number,
  tableOf: (span: Span) => Table,
): Promise<DatasetOutput> =>
  encodeParts(deps, spec, dataset, lineage, rows, (span) => deps.pool.encode({ table: tableOf(span) }));

async function encodeParts(
  { parallel }: EncodeDeps,
  spec: BatchSpec,
  dataset: DatasetName,
  lineage: Lineage,
  rows: number,
  encode: (span: Span) => Promise<EncodedTable>,
  partitions: Parameters<typeof datasetFolder>[4] = [],
): Promise<DatasetOutput> {
  const prefix = datasetPrefix(spec.outputs[dataset], spec.project, dataset);
  const schema = datasetSchemas(spec.operators, furtherPortSetsOf(spec), spec.deviation)[dataset];
  const parts = await mapInOrder(partRanges(rows), parallel, ([start, end]) => encode({ start, end }));
  const folder = datasetFolder(prefix, dataset, spec.featureSpecVersion, lineage, partitions);
  return { dataset, folder, parts, schema };
}
