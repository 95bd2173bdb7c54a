import { type Table, textsOf, type Vector } from '../../src/operators/table.ts';
import type { Cell, Row } from '../oracle/metrics.ts';

/** A table as rows, null where a vector says null. */
export function rowsOf({ columns, length }: Table): Row[] {
  const readers = Object.entries(columns).map(([name, vector]) => [name, cellsOf(vector)] as const);
  return Array.from({ length }, (_, row) => Object.fromEntries(readers.map(([name, cellAt]) => [name, cellAt(row)])));
}

function cellsOf(vector: Vector): (row: number) => Cell {
  if ('codes' in vector) {
    const { codes } = vector;
    const values = textsOf(vector);
    return (row) => (codes[row]! < 0 ? null : values[codes[row]!]!);
  }
  if ('offsets' in vector) {
    const { offsets, values, isNull } = vector;
    return (row) => {
      const list = [...values.subarray(offsets[row]!, offsets[row + 1]!)];
      const isAbsent = isNull === undefined ? list.length === 0 : isNull[row] === 1;
      return isAbsent ? null : list;
    };
  }
  return (row) => (Number.isNaN(vector[row]!) ? null : vector[row]!);
}
