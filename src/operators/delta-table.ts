import { segmentIdsOf } from './address-facts.ts';
import type { Lineage, Span } from './datasets.ts';
import {
  countPortSet,
  DELTA_METRICS,
  DELTA_QUANTILES,
  type DeltaMetric,
  mergedMetrics,
  SPREAD_METRICS,
} from './delta-metrics.ts';
import { type DeltaRows, ROLES } from './role-rows.ts';
import type { SliceRows } from './slice-rows.ts';
import type { Schema, Table } from './table.ts';
import { constantNumber, constantText, listColumn, textColumn } from './vectors.ts';

/** Delta rows `span`, with the columns of `schema`. */
export function deltaTable(
  schema: Schema,
  rows: SliceRows,
  lineage: Lineage,
  furtherPortSets: readonly string[],
  span: Span,
): Table {
  const length = span.end - span.start;
  const at = (i: number): { rows: DeltaRows; row: number } => {
    const place = span.start + i;
    const { shard, role, row } = rows.order;
    return { rows: rows.shards[shard[place]!]![ROLES[role[place]!]!], row: row[place]! };
  };
  const hostAt = (i: number): number => at(i).rows.hosts[at(i).row]!;
  const numbers = (value: (of: DeltaRows, row: number) => number): Float64Array => {
    const column = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const found = at(i);
      column[i] = value(found.rows, found.row);
    }
    return column;
  };
  const merged = mergedMetrics(furtherPortSets);
  const metricColumn = (metric: DeltaMetric): Float64Array => {
    const spread = SPREAD_METRICS.indexOf(metric);
    if (spread >= 0) return numbers((of, row) => of.spreads[row * SPREAD_METRICS.length + spread]!);
    const place = merged.findIndex(({ name }) => name === metric.name);
    const per = metric.measure.is === 'sum' ? metric.measure.per : 1;
    return numbers((of, row) => of.totals[row * of.width + place]! / per);
  };
  const columns: Record<string, Table['columns'][string]> = {
    host_ip: rows.addressColumns.addresses(Uint32Array.from({ length }, (_, i) => hostAt(i))),
    role: textColumn(
      length,
      ROLES.length,
      (i) => rows.order.role[span.start + i]!,
      (role) => ROLES[role]!,
    ),
    slice_start_ts: constantNumber(length, lineage.sliceStart),
    slice_end_ts: constantNumber(length, lineage.sliceEnd),
    mini_batch_id: constantText(length, lineage.miniBatchId),
    segment_id: textColumn(
      length,
      rows.facts.segmentCount,
      (i) => rows.facts.segment[hostAt(i)]!,
      segmentIdsOf(rows.addresses, rows.facts, rows.segmentMapping),
    ),
  };
  for (const metric of [...DELTA_METRICS, ...furtherPortSets.map(countPortSet)]) {
    if (metric.name in schema) columns[metric.name] = metricColumn(metric);
  }
  for (const [name, { of }] of Object.entries(DELTA_QUANTILES)) {
    if (name in schema) columns[name] = listColumn(length, (i) => ({ of: at(i).rows.quantiles[of], at: at(i).row }));
  }
  return { schema, length, columns };
}
