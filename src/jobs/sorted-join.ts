import type { Table } from '../operators/table.ts';
import { type Cell, cellsOf } from './table-cells.ts';

/** Some rows of a dataset, read only where they are needed. */
export interface Part {
  readonly rows: number;
  /** Equal digests mean equal rows; null: unknown. */
  readonly digest: string | null;
  /** What errors call it. */
  readonly source: string;
  open(): Promise<Table>;
}

/** Told of every row once, in the order of the key. */
export interface JoinVisitor {
  /** Rows that are the same on both sides, as their digests say; they were not read. */
  equal(rows: number): void;
  both(a: Table, rowA: number, b: Table, rowB: number): void;
  onlyA(table: Table, row: number): void;
  onlyB(table: Table, row: number): void;
}

/**
 * Joins two datasets by their key. Both are read part by part, in order, and must be sorted by the key, each key standing
 * once: at most one part of each is in memory.
 */
export async function joinSorted(
  a: Iterable<Part>,
  b: Iterable<Part>,
  key: readonly string[],
  visitor: JoinVisitor,
): Promise<void> {
  const left = sideOf(a, key);
  const right = sideOf(b, key);
  for (;;) {
    while (left.digest() !== null && left.digest() === right.digest()) {
      visitor.equal(left.skip());
      right.skip();
    }
    const atA = await left.current();
    const atB = await right.current();
    if (atA === undefined && atB === undefined) return;
    if (atB === undefined) left.each((table, row) => visitor.onlyA(table, row));
    else if (atA === undefined) right.each((table, row) => visitor.onlyB(table, row));
    else joinParts(atA, atB, visitor);
  }
}

/** An open part, and the row at which it stands. */
interface OpenPart {
  readonly table: Table;
  readonly keys: readonly ((row: number) => Cell)[];
  row: number;
}

/** Goes on until one of the two has no further row. */
function joinParts(a: OpenPart, b: OpenPart, visitor: JoinVisitor): void {
  while (a.row < a.table.length && b.row < b.table.length) {
    const order = compareRows(a, a.row, b, b.row);
    if (order === 0) visitor.both(a.table, a.row++, b.table, b.row++);
    else if (order < 0) visitor.onlyA(a.table, a.row++);
    else visitor.onlyB(b.table, b.row++);
  }
}

interface Side {
  /** Of the part that comes next and of which nothing was read yet; null where a part is under way. */
  digest(): string | null;
  /** Passes over the part that comes next and says how many rows it has. */
  skip(): number;
  current(): Promise<OpenPart | undefined>;
  /** All further rows of the current part. */
  each(visit: (table: Table, row: number) => void): void;
}

function sideOf(parts: Iterable<Part>, key: readonly string[]): Side {
  const waiting = [...parts].filter(({ rows }) => rows > 0);
  let next = 0;
  let open: OpenPart | undefined;
  const isRead = (): boolean => open === undefined || open.row >= open.table.length;
  return {
    digest: () => (isRead() ? (waiting[next]?.digest ?? null) : null),
    skip: () => waiting[next++]!.rows,
    async current() {
      while (isRead()) {
        const part = waiting[next++];
        if (part === undefined) return undefined;
        const before = open;
        open = openPart(await part.open(), part.source, key);
        checkOrder(open, part.source, before);
      }
      return open;
    },
    each(visit) {
      while (!isRead()) visit(open!.table, open!.row++);
    },
  };
}

function openPart(table: Table, source: string, key: readonly string[]): OpenPart {
  const keys = key.map((name) => {
    const column = table.columns[name];
    if (column === undefined) throw new Error(`${source} lacks ${name}, which is part of the key; publish it anew`);
    return cellsOf(column);
  });
  return { table, keys, row: 0 };
}

/** A join over rows out of order would tell of rows that are not missing. */
function checkOrder(part: OpenPart, source: string, before: OpenPart | undefined): void {
  const { table } = part;
  for (let row = 0; row < table.length; row++) {
    const earlier = row > 0 ? part : before;
    if (earlier === undefined) continue;
    if (compareRows(earlier, row > 0 ? row - 1 : earlier.table.length - 1, part, row) < 0) continue;
    const key = part.keys.map((cellAt) => String(cellAt(row))).join(', ');
    throw new Error(
      `${source}: row ${row + 1} (${key}) does not come after the row before it, by the dataset's key; ` +
        'remove the file and run the mini-batch again',
    );
  }
}

function compareRows(a: OpenPart, rowA: number, b: OpenPart, rowB: number): number {
  for (let k = 0; k < a.keys.length; k++) {
    const order = compareCells(a.keys[k]!(rowA), b.keys[k]!(rowB));
    if (order !== 0) return order;
  }
  return 0;
}

/** Null first; text by code units, as the datasets are written. */
function compareCells(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
