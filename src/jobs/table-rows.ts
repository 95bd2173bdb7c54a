import { isList, isText, isUtf8, type ListVector, type Table, type Vector } from '../operators/table.ts';
import { cellsOf } from './table-cells.ts';

/** The table with those of its rows whose value in a column is wanted, in their order. */
export function selectRows(table: Table, column: string, wanted: ReadonlySet<string>): Table {
  const cellAt = cellsOf(table.columns[column]!);
  const rows: number[] = [];
  for (let row = 0; row < table.length; row++) if (wanted.has(String(cellAt(row)))) rows.push(row);
  const columns = Object.entries(table.columns).map(([name, vector]) => [name, selectFrom(vector, rows)]);
  return { schema: table.schema, length: rows.length, columns: Object.fromEntries(columns) };
}

function selectFrom(vector: Vector, rows: readonly number[]): Vector {
  if (isText(vector) || isUtf8(vector)) return { ...vector, codes: Int32Array.from(rows, (row) => vector.codes[row]!) };
  if (isList(vector)) return selectLists(vector, rows);
  return Float64Array.from(rows, (row) => vector[row]!);
}

function selectLists({ offsets, values, isNull }: ListVector, rows: readonly number[]): ListVector {
  const newOffsets = new Uint32Array(rows.length + 1);
  const kept: number[] = [];
  rows.forEach((row, i) => {
    for (let v = offsets[row]!; v < offsets[row + 1]!; v++) kept.push(values[v]!);
    newOffsets[i + 1] = kept.length;
  });
  const lists = { offsets: newOffsets, values: Float64Array.from(kept) };
  return isNull === undefined ? lists : { ...lists, isNull: Uint8Array.from(rows, (row) => isNull[row]!) };
}
