import type { Field, ListVector, NumberVector, TextVector, Utf8Vector, Vector } from '../operators/table.ts';
import { isList, isText, isUtf8 } from '../operators/table.ts';
import type { ColumnPages } from './parquet-page-writer.ts';
import { isListType, leafTypeOf, type NumberLeaf } from './parquet-schema.ts';
import { packNumbers, packText, packUtf8, RANGES } from './parquet-values.ts';

/** A column ready for its pages; with faults it must not be written. */
export type EncodedColumn = Pick<ColumnPages, 'entries' | 'nulls' | 'levels' | 'values'> & {
  readonly faults: readonly string[];
};

/** Whether a vector is of the kind that holds a field's values: a number of any width may hold a number. */
export function isVectorOf({ type }: Field, vector: Vector): boolean {
  if (isText(vector) || isUtf8(vector)) return type === 'string';
  if (isList(vector)) return isListType(type);
  return type !== 'string' && !isListType(type);
}

/** Encodes rows [start, end) of a vector that is of the field's kind. */
export function encodeColumn(field: Field, vector: Vector, start: number, end: number): EncodedColumn {
  if (isText(vector) || isUtf8(vector)) return encodeText(field, vector, start, end);
  const leaf = leafTypeOf(field.type) as NumberLeaf;
  return isList(vector) ? encodeList(field, leaf, vector, start, end) : encodeNumbers(field, leaf, vector, start, end);
}

function encodeText(field: Field, vector: TextVector | Utf8Vector, start: number, end: number): EncodedColumn {
  const values = isText(vector) ? packText(vector, start, end) : packUtf8(vector, start, end);
  const length = isText(vector) ? vector.values.length : vector.starts.length - 1;
  const flat = flatLevels(field, vector.codes, start, end, values.indexes.length, {
    isNull: (code) => code === -1,
    holds: (code) => code >= 0 && code < length,
    says: `the code of one of ${length} values`,
  });
  return { ...flat, values };
}

function encodeNumbers(
  field: Field,
  leaf: NumberLeaf,
  vector: NumberVector,
  start: number,
  end: number,
): EncodedColumn {
  const values = packNumbers(vector, start, end, leaf);
  const flat = flatLevels(field, vector, start, end, values.count, { isNull: Number.isNaN, ...RANGES[leaf] });
  return { ...flat, values };
}

interface Rule {
  readonly isNull: (entry: number) => boolean;
  readonly holds: (entry: number) => boolean;
  readonly says: string;
}

/** Which rows hold a value: 1, or 0 for null. The scan for nulls is spared where every row was packed. */
function flatLevels(
  { nullable }: Field,
  entries: NumberVector,
  start: number,
  end: number,
  packed: number,
  { isNull, holds, says }: Rule,
): Omit<EncodedColumn, 'values'> {
  const levels = new Uint8Array(end - start).fill(1);
  let nulls = 0;
  if (packed < end - start) {
    for (let i = start; i < end; i++) {
      if (!isNull(entries[i]!)) continue;
      levels[i - start] = 0;
      nulls++;
    }
  }
  const faults: string[] = [];
  const unfit = end - start - packed - nulls;
  if (nulls > 0 && !nullable) faults.push(nullFault(nulls, end - start, start + levels.indexOf(0)));
  if (unfit > 0) {
    const row = entries.findIndex((entry, i) => i >= start && !isNull(entry) && !holds(entry));
    faults.push(`is not ${says} in ${unfit} of ${end - start} rows, first ${entries[row]} in row ${row}`);
  }
  return { entries: end - start, nulls, levels: nullable ? { definition: { levels, max: 1 } } : {}, faults };
}

function encodeList(
  field: Field,
  leaf: NumberLeaf,
  { offsets, values, isNull }: ListVector,
  start: number,
  end: number,
): EncodedColumn {
  const bounds = offsets.subarray(start, end + 1);
  const [first, last] = [bounds[0]!, bounds.at(-1)!];
  const falling = firstFall(bounds);
  if (falling > 0 || last > values.length) {
    const where = falling > 0 ? `fall after row ${start + falling - 1}` : `run to ${last} of ${values.length} values`;
    const none = { bytes: new Uint8Array(), count: 0 };
    return { entries: 0, nulls: 0, levels: {}, values: none, faults: [`has offsets that ${where}`] };
  }
  const packed = packNumbers(values, first, last, leaf);
  const isNullRow = (row: number): boolean =>
    bounds[row] === bounds[row + 1] && (isNull === undefined || isNull[start + row] === 1);
  const shape = listLevels(field, bounds, isNullRow);
  const faults: string[] = [];
  let nullRows = 0;
  let firstNull = -1;
  let filled = -1;
  for (let row = 0; row < end - start; row++) {
    if (isNullRow(row)) {
      if (nullRows++ === 0) firstNull = row;
    } else if (filled < 0 && isNull !== undefined && isNull[start + row] === 1) filled = row;
  }
  if (nullRows > 0 && !field.nullable) faults.push(nullFault(nullRows, end - start, start + firstNull));
  if (filled >= 0) faults.push(`is null in row ${start + filled}, which has elements`);
  const unfit = last - first - packed.count;
  if (unfit > 0) {
    const { holds, says } = RANGES[leaf];
    const at = values.findIndex((value, i) => i >= first && !holds(value));
    const row = start + bounds.findIndex((bound) => bound > at) - 1;
    faults.push(`is not ${says} in ${unfit} of ${last - first} elements, first ${values[at]} in row ${row}`);
  }
  return { ...shape, values: packed, faults };
}

/** The first bound that is less than the one before it; -1 if there is none. */
function firstFall(bounds: Uint32Array): number {
  for (let i = 1; i < bounds.length; i++) if (bounds[i]! < bounds[i - 1]!) return i;
  return -1;
}

/** One entry to an element, one to a row without any; repetition 0 begins a row. Counts rows without elements as nulls. */
function listLevels(
  { nullable }: Field,
  bounds: Uint32Array,
  isNullRow: (row: number) => boolean,
): Pick<EncodedColumn, 'entries' | 'nulls' | 'levels'> {
  const rows = bounds.length - 1;
  let nulls = 0;
  for (let row = 0; row < rows; row++) if (bounds[row + 1] === bounds[row]) nulls++;
  const entries = bounds[rows]! - bounds[0]! + nulls;
  const max = nullable ? 2 : 1;
  const levels = new Uint8Array(entries).fill(max);
  const repetition = new Uint8Array(entries).fill(1);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const length = bounds[row + 1]! - bounds[row]!;
    repetition[at] = 0;
    if (length === 0) levels[at] = nullable && !isNullRow(row) ? 1 : 0;
    at += Math.max(1, length);
  }
  return { entries, nulls, levels: { definition: { levels, max }, repetition } };
}

const nullFault = (nulls: number, rows: number, first: number): string =>
  `is null in ${nulls} of ${rows} rows, first row ${first}, and may not be`;
