import type { Field, Table } from '../operators/table.ts';
import { joinSorted, type Part } from './sorted-join.ts';
import { type Cell, cellsOf, isSameCell, type SameNumber, shownCell } from './table-cells.ts';

/** How the rows of a dataset differ between two sides. */
export interface DatasetDiff {
  readonly dataset: string;
  readonly rowsA: number;
  readonly rowsB: number;
  /** Rows that only b has. */
  readonly added: number;
  /** Rows that only a has. */
  readonly removed: number;
  /** Rows of both sides of which some cell differs. */
  readonly changed: number;
  readonly changedCells: number;
  /** Column → cells that differ, most first. */
  readonly columns: Readonly<Record<string, number>>;
  /** Columns that only one side has. */
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
  /** The first rows that differ, by key. */
  readonly rows: readonly RowDiff[];
}

export interface RowDiff {
  readonly is: 'added' | 'removed' | 'changed';
  readonly key: Readonly<Record<string, unknown>>;
  /** Column → both values; the first of them. */
  readonly cells: Readonly<Record<string, readonly [a: unknown, b: unknown]>>;
  /** Cells that differ beyond those. */
  readonly furtherCells: number;
}

export interface DiffOptions {
  readonly key: readonly string[];
  readonly same: SameNumber;
  /** Rows that are told one by one, at most. */
  readonly mostRows: number;
  /** Columns that are not looked at. */
  readonly except?: ReadonlySet<string>;
}

/** Cells told of one row, at most. */
const MOST_CELLS = 12;

export const isEqual = ({ added, removed, changed, onlyInA, onlyInB }: DatasetDiff): boolean =>
  added + removed + changed + onlyInA.length + onlyInB.length === 0;

/** Compares two sides of a dataset row by row. */
export async function diffDataset(
  dataset: string,
  a: readonly Part[],
  b: readonly Part[],
  options: DiffOptions,
): Promise<DatasetDiff> {
  const sums = { rowsA: 0, rowsB: 0, added: 0, removed: 0, changed: 0, changedCells: 0 };
  const columns = new Map<string, number>();
  const rows: RowDiff[] = [];
  const onlyInA = new Set<string>();
  const onlyInB = new Set<string>();
  let pair: ComparedTables | undefined;

  const tell = (is: RowDiff['is'], table: Table, row: number, differing: readonly ComparedColumn[], rowB: number) => {
    if (rows.length >= options.mostRows) return;
    const key = options.key.map((name) => [name, shownCell(table.schema[name]!, cellsOf(table.columns[name]!)(row))]);
    const cells = differing
      .slice(0, MOST_CELLS)
      .map(({ name, field, a: cellA, b: cellB }) => [
        name,
        [shownCell(field, cellA(row)), shownCell(field, cellB(rowB))],
      ]);
    rows.push({
      is,
      key: Object.fromEntries(key),
      cells: Object.fromEntries(cells),
      furtherCells: Math.max(0, differing.length - MOST_CELLS),
    });
  };

  await joinSorted(a, b, options.key, {
    equal(count) {
      sums.rowsA += count;
      sums.rowsB += count;
    },
    onlyA(table, row) {
      sums.rowsA++;
      sums.removed++;
      tell('removed', table, row, [], row);
    },
    onlyB(table, row) {
      sums.rowsB++;
      sums.added++;
      tell('added', table, row, [], row);
    },
    both(tableA, rowA, tableB, rowB) {
      sums.rowsA++;
      sums.rowsB++;
      if (pair?.a !== tableA || pair.b !== tableB) {
        pair = compareTables(tableA, tableB, options);
        for (const name of pair.onlyInA) onlyInA.add(name);
        for (const name of pair.onlyInB) onlyInB.add(name);
      }
      const differing = pair.columns.filter((column) => !isSameCell(column.a(rowA), column.b(rowB), options.same));
      if (differing.length === 0) return;
      sums.changed++;
      sums.changedCells += differing.length;
      for (const { name } of differing) columns.set(name, (columns.get(name) ?? 0) + 1);
      tell('changed', tableA, rowA, differing, rowB);
    },
  });
  const mostFirst = [...columns].sort(([, x], [, y]) => y - x);
  return {
    dataset,
    ...sums,
    columns: Object.fromEntries(mostFirst),
    onlyInA: [...onlyInA],
    onlyInB: [...onlyInB],
    rows,
  };
}

interface ComparedColumn {
  readonly name: string;
  readonly field: Field;
  readonly a: (row: number) => Cell;
  readonly b: (row: number) => Cell;
}

interface ComparedTables {
  readonly a: Table;
  readonly b: Table;
  readonly columns: readonly ComparedColumn[];
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
}

function compareTables(a: Table, b: Table, { key, except }: DiffOptions): ComparedTables {
  const isLookedAt = (name: string): boolean => !key.includes(name) && !except?.has(name);
  const namesA = Object.keys(a.schema).filter(isLookedAt);
  const namesB = Object.keys(b.schema).filter(isLookedAt);
  const columns = namesA
    .filter((name) => Object.hasOwn(b.columns, name))
    .map((name) => ({
      name,
      field: a.schema[name]!,
      a: cellsOf(a.columns[name]!),
      b: cellsOf(b.columns[name]!),
    }));
  return {
    a,
    b,
    columns,
    onlyInA: namesA.filter((name) => !Object.hasOwn(b.columns, name)),
    onlyInB: namesB.filter((name) => !Object.hasOwn(a.columns, name)),
  };
}
