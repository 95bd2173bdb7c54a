import { describeDifference } from '../consumers/input-differences.ts';
import type { DatasetDiff, RowDiff } from '../jobs/dataset-diff.ts';
import type { RevisionDiff } from '../jobs/revision-diff.ts';

/** What a comparison of one mini-batch gave. */
export type ComparedMiniBatch =
  | {
      readonly is: 'compared';
      readonly miniBatchId: string;
      /** Revisions. */
      readonly a: number;
      readonly b: number;
      readonly diff: RevisionDiff;
    }
  | { readonly is: 'unknown'; readonly miniBatchId: string; readonly why: string };

export function comparedJson(compared: ComparedMiniBatch): string {
  const { miniBatchId } = compared;
  if (compared.is === 'unknown')
    return JSON.stringify({ mini_batch_id: miniBatchId, outcome: 'unknown', why: compared.why });
  const { inputs, datasets, unread } = compared.diff;
  return JSON.stringify({
    mini_batch_id: miniBatchId,
    outcome: 'compared',
    revision_a: compared.a,
    revision_b: compared.b,
    inputs,
    datasets: Object.fromEntries(datasets.map((dataset) => [dataset.dataset, datasetJson(dataset)])),
    unread,
  });
}

export const datasetJson = ({ rowsA, rowsB, changedCells, onlyInA, onlyInB, rows, ...diff }: DatasetDiff): object => ({
  rows_a: rowsA,
  rows_b: rowsB,
  added: diff.added,
  removed: diff.removed,
  changed: diff.changed,
  changed_cells: changedCells,
  changed_columns: diff.columns,
  columns_only_in_a: onlyInA,
  columns_only_in_b: onlyInB,
  rows: rows.map(({ furtherCells, ...row }) => ({ ...row, further_cells: furtherCells })),
});

/** Inputs told one by one, at most. */
const MOST_INPUTS = 20;
const MOST_COLUMNS = 10;
const MOST_CELLS = 5;
const LONGEST_VALUE = 60;

export function describeCompared(compared: ComparedMiniBatch): string[] {
  if (compared.is === 'unknown') return [`${compared.miniBatchId}: cannot be compared: ${compared.why}`];
  const { inputs, datasets, unread } = compared.diff;
  const further = inputs.length > MOST_INPUTS ? [`    and ${inputs.length - MOST_INPUTS} more`] : [];
  return [
    `${compared.miniBatchId}: revision ${compared.a} -> revision ${compared.b}`,
    ...(inputs.length === 0 ? ['  inputs are the same'] : ['  inputs that differ:']),
    ...inputs.slice(0, MOST_INPUTS).map((input) => `    ${describeDifference(input)}`),
    ...further,
    ...datasets.flatMap((dataset) => describeDataset(dataset).map((line) => `  ${line}`)),
    ...unread.map(({ dataset, why }) => `  ${dataset}: cannot be compared: ${why}`),
  ];
}

/** One line on the counts, then the columns, then rows. */
export function describeDataset(diff: DatasetDiff): string[] {
  const { dataset, rowsA, rowsB, added, removed, changed, changedCells, columns, onlyInA, onlyInB, rows } = diff;
  const names = Object.entries(columns);
  const most = names.slice(0, MOST_COLUMNS).map(([name, cells]) => `${name} ${cells}`);
  const others = names.length > MOST_COLUMNS ? `, and ${names.length - MOST_COLUMNS} more columns` : '';
  const untold = added + removed + changed - rows.length;
  const counts = rowsA === rowsB ? `${rowsA} rows` : `${rowsA} -> ${rowsB} rows`;
  if (added + removed + changed + onlyInA.length + onlyInB.length === 0) return [`${dataset}: ${counts}, all equal`];
  return [
    `${dataset}: ${counts}; ${added} added, ${removed} removed, ${changed} changed in ${changedCells} cells`,
    ...(most.length > 0 ? [`  cells by column: ${most.join(', ')}${others}`] : []),
    ...(onlyInA.length > 0 ? [`  columns that went: ${onlyInA.join(', ')}`] : []),
    ...(onlyInB.length > 0 ? [`  columns that came: ${onlyInB.join(', ')}`] : []),
    ...rows.map((row) => `  ${describeRow(row)}`),
    ...(untold > 0 ? [`  and ${untold} more rows`] : []),
  ];
}

function describeRow({ is, key, cells, furtherCells }: RowDiff): string {
  const name = Object.values(key)
    .map((part) => part ?? '-')
    .join(' ');
  if (is !== 'changed') return `${is === 'added' ? '+' : '-'} ${name}`;
  const all = Object.entries(cells);
  const values = all.slice(0, MOST_CELLS).map(([column, [a, b]]) => `${column} ${shown(a)} -> ${shown(b)}`);
  const untold = all.length - values.length + furtherCells;
  return `~ ${name}: ${values.join(', ')}${untold > 0 ? `, and ${untold} more cells` : ''}`;
}

function shown(value: unknown): string {
  if (value === null) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text;
}
