import { type Field, isList, isText, isUtf8, type ListVector, textsOf, type Vector } from '../operators/table.ts';
import { exactInstant } from '../state/batch-item.ts';

/** One value of a table. Timestamps are ms UTC. */
export type Cell = string | number | null | readonly number[];

/** Reads a column row by row. */
export function cellsOf(vector: Vector): (row: number) => Cell {
  if (isText(vector) || isUtf8(vector)) {
    const values = textsOf(vector);
    const { codes } = vector;
    return (row) => (codes[row]! < 0 ? null : values[codes[row]!]!);
  }
  if (isList(vector)) return (row) => listAt(vector, row);
  return (row) => (Number.isNaN(vector[row]!) ? null : vector[row]!);
}

function listAt({ offsets, values, isNull }: ListVector, row: number): readonly number[] | null {
  const [start, end] = [offsets[row]!, offsets[row + 1]!];
  const isAbsent = isNull === undefined ? start === end : isNull[row] === 1;
  return isAbsent ? null : [...values.subarray(start, end)];
}

/** Whether two numbers count as the same one. */
export type SameNumber = (a: number, b: number) => boolean;

export const exactly: SameNumber = (a, b) => a === b;

/** Share of the greater one by which two fractions may differ. */
const TOLERANCE = 1e-9;

/** Whole numbers must be equal; others may differ in what the order of additions changes. */
export const nearly: SameNumber = (a, b) => {
  if (a === b) return true;
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return false;
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
};

export function isSameCell(a: Cell, b: Cell, same: SameNumber): boolean {
  if (typeof a === 'number' && typeof b === 'number') return same(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => same(value, b[i]!));
  return a === b;
}

/** The cell as people and JSON read it: instants as text. */
export function shownCell({ type }: Pick<Field, 'type'>, cell: Cell): unknown {
  if (cell === null || typeof cell === 'string') return cell;
  if (type === 'timestamp' && typeof cell === 'number') return exactInstant(cell);
  if (type === 'list<timestamp>' && typeof cell === 'object') return cell.map(exactInstant);
  return cell;
}
