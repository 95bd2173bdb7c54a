/** Whether the rows of a dataset are what a judge says. */

import { compareRows } from '../oracle/compare.ts';
import type { OracleOutput } from '../oracle/oracle.ts';
import type { DatasetName } from './committed-lake.ts';

type AnyRow = Readonly<Record<string, unknown>>;

export const KEYS: Readonly<Record<DatasetName, readonly string[]>> = {
  delta: ['host_ip', 'role'],
  pair_context: ['host_ip', 'role', 'pair_key'],
  pair_counts: ['src_ip', 'dst_ip', 'dst_port'],
  fg_a: ['host_ip'],
  fg_a_pair_context: ['host_ip', 'dst_ip', 'dst_port'],
};

/** Columns that are quotients, logarithms or interpolated, and so may differ in their last bits. All others are exact. */
const DERIVED = /entropy|ratio|share|quantiles|duration_mean/;

export interface Agreement {
  readonly faults: readonly string[];
  readonly rows: number;
  readonly cells: number;
}

/**
 * Compares the rows of one mini-batch: whole numbers and text exactly, derived numbers to 1e-9 relative.
 *
 * @param columns `all`: the actual rows may have no column that the expected ones lack
 */
export function agreementOf(
  dataset: DatasetName,
  expected: readonly AnyRow[],
  actual: readonly AnyRow[],
  columns: 'all' | 'expected',
): Agreement {
  const keys = KEYS[dataset];
  const pick = (row: AnyRow, isWanted: (column: string) => boolean): AnyRow =>
    Object.fromEntries(Object.entries(row).filter(([column]) => keys.includes(column) || isWanted(column)));
  const exact = expected.map((row) => pick(row, (column) => !DERIVED.test(column)));
  const derived = expected.map((row) => pick(row, (column) => DERIVED.test(column)));
  const known = new Set(Object.keys(expected[0] ?? {}));
  const strangers = columns === 'all' ? Object.keys(actual[0] ?? {}).filter((column) => !known.has(column)) : [];
  return {
    faults: [
      ...compareRows(exact, actual, keys, 0),
      ...(derived.some((row) => Object.keys(row).length > keys.length) ? compareRows(derived, actual, keys) : []),
      ...(expected.length > 0 ? strangers.map((column) => `column ${column} is not expected`) : []),
    ],
    rows: expected.length,
    cells: expected.reduce((sum, row) => sum + Object.keys(row).length, 0),
  };
}

export const addAgreements = (a: Agreement, b: Agreement): Agreement => ({
  faults: [...a.faults, ...b.faults],
  rows: a.rows + b.rows,
  cells: a.cells + b.cells,
});

/** What the judge says of a dataset, with the columns that follow from the slice alone. */
export function judgedRows(output: OracleOutput, dataset: DatasetName): AnyRow[] {
  const { mini_batch_id, slice_start_ts, slice_end_ts } = output;
  const window = { window_label: 'w_15m', window_end_ts: slice_end_ts };
  const lineage: Readonly<Record<DatasetName, AnyRow>> = {
    delta: { mini_batch_id, slice_start_ts, slice_end_ts },
    pair_context: { mini_batch_id, slice_start_ts, slice_end_ts },
    pair_counts: { mini_batch_id },
    fg_a: { mini_batch_id, window_start_ts: slice_start_ts, ...window },
    fg_a_pair_context: { mini_batch_id, ...window },
  };
  return output[dataset].map((row) => ({ ...row, ...lineage[dataset] }));
}
