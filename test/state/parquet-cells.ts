import {
  type ColumnType,
  type Field,
  type Schema,
  type Table,
  textsOf,
  type Vector,
} from '../../src/operators/table.ts';

/** What a test writes down for a row: null is null, whatever the vector makes of it. */
export type Cell = string | number | readonly number[] | null;

export interface Column {
  readonly type: ColumnType;
  readonly nullable?: boolean;
  readonly cells: readonly Cell[];
}

export const field = (type: ColumnType, nullable = false): Field => ({
  type,
  doc: type,
  ...(nullable && { nullable: true }),
});

export function tableOf(columns: Readonly<Record<string, Column>>): Table {
  const entries = Object.entries(columns);
  const schema: Schema = Object.fromEntries(entries.map(([name, { type, nullable }]) => [name, field(type, nullable)]));
  return {
    schema,
    length: entries[0]![1].cells.length,
    columns: Object.fromEntries(entries.map(([name, { type, cells }]) => [name, vectorOf(type, cells)])),
  };
}

export function vectorOf(type: ColumnType, cells: readonly Cell[]): Vector {
  if (type === 'string') {
    const values = [...new Set(cells.filter((cell) => typeof cell === 'string'))];
    return { codes: Int32Array.from(cells, (cell) => values.indexOf(cell as string)), values };
  }
  if (type === 'list<double>' || type === 'list<timestamp>') {
    const lists = cells.map((cell) => (cell ?? []) as readonly number[]);
    const offsets = new Uint32Array(lists.length + 1);
    for (const [i, list] of lists.entries()) offsets[i + 1] = offsets[i]! + list.length;
    return { offsets, values: Float64Array.from(lists.flat()) };
  }
  return Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)));
}

export const cellsOf = (table: Table): Record<string, Cell[]> =>
  Object.fromEntries(Object.entries(table.columns).map(([name, vector]) => [name, vectorCells(vector)]));

function vectorCells(vector: Vector): Cell[] {
  if ('codes' in vector) {
    const texts = textsOf(vector);
    return Array.from(vector.codes, (code) => (code < 0 ? null : texts[code]!));
  }
  if ('offsets' in vector) {
    const { offsets, values } = vector;
    return Array.from(offsets.subarray(1), (end, row) => {
      const list = Array.from(values.subarray(offsets[row], end));
      return list.length > 0 ? list : null;
    });
  }
  return Array.from(vector, (value) => (Number.isNaN(value) ? null : value));
}
