import { getMaxDefinitionLevel } from 'hyparquet/src/schema.js';
import type { Field, ListVector, Utf8Vector, Vector } from '../operators/table.ts';
import { isList, isText, lengthOf } from '../operators/table.ts';
import { type Convert, type Page, type ParquetFile, readPages } from './parquet-page-reader.ts';
import { type FileColumn, LIMITS, leafTypeOf, MICROS } from './parquet-schema.ts';

type DecodedVector = Exclude<Vector, Utf8Vector>;

/** A column as a table holds it, and what its field does not allow of it. */
export interface DecodedColumn {
  readonly vector: DecodedVector;
  readonly faults: readonly string[];
}

/** Decodes a column of the field's type; null is NaN, code -1, or a list that is empty or said to be null. */
export function decodeColumn(file: ParquetFile, column: FileColumn, field: Field): DecodedColumn {
  const vector = readVector(file, column, field);
  const faults = vectorFaults(field, vector);
  const isWord = field.type === 'int32' && !field.nullable && vector instanceof Float64Array;
  return { vector: isWord ? new Int32Array(vector) : vector, faults };
}

function readVector(file: ParquetFile, column: FileColumn, { type }: Field): DecodedVector {
  const rows = Number(file.metadata.num_rows);
  if (type === 'string') {
    const values: string[] = [];
    const pages = readPages(file, column, textCodes(values));
    return { codes: readFlat(pages, column, new Int32Array(rows).fill(-1)), values };
  }
  const pages = readPages(file, column, leafTypeOf(type) === 'timestamp' ? millisOf : numbersOf);
  return column.isList
    ? readList(pages, column, rows)
    : readFlat(pages, column, new Float64Array(rows).fill(Number.NaN));
}

function readFlat<T extends Float64Array | Int32Array>(pages: Iterable<Page>, { path }: FileColumn, target: T): T {
  const max = getMaxDefinitionLevel(path);
  let row = 0;
  for (const { entries, definition, values } of pages) {
    if (definition.length === 0) target.set(values, row);
    else {
      let at = 0;
      for (let i = 0; i < entries; i++) if (definition[i] === max) target[row + i] = values[at++]!;
    }
    row += entries;
  }
  if (row !== target.length) throw rowsFault(row, target.length);
  return target;
}

/** An entry below the highest level has no element: it stands for a null or empty row, or for a null that is an element. */
function readList(pages: Iterable<Page>, { path }: FileColumn, rows: number): ListVector {
  const max = getMaxDefinitionLevel(path);
  const elementLevel = path.at(-1)?.element.repetition_type === 'REQUIRED' ? max : max - 1;
  const canBeNull = path[1]!.element.repetition_type === 'OPTIONAL';
  const offsets = new Uint32Array(rows + 1);
  const isNull = new Uint8Array(rows);
  const elements: number[] = [];
  let hasEmpty = false;
  let row = 0;
  for (const { entries, definition, repetition, values } of pages) {
    let at = 0;
    for (let i = 0; i < entries; i++) {
      const level = definition[i] ?? max;
      if (repetition[i] === 0) {
        if (canBeNull && level === 0) isNull[row] = 1;
        offsets[row++] = elements.length;
      }
      if (level === max) elements.push(values[at++]!);
      else if (level >= elementLevel) elements.push(Number.NaN);
      else if (isNull[row - 1] === 0) hasEmpty = true;
    }
  }
  if (row !== rows) throw rowsFault(row, rows);
  offsets[rows] = elements.length;
  const values = Float64Array.from(elements);
  return hasEmpty ? { offsets, values, isNull } : { offsets, values };
}

const rowsFault = (found: number, rows: number): Error =>
  new Error(`parquet pages hold ${found} rows, the footer says ${rows}`);

/** INT64 is read as its two words: a value of 2^53 or more comes out inexact, but no smaller. */
const numbersOf: Convert = (physical) => {
  if (!(physical instanceof BigInt64Array)) return physical as ArrayLike<number>;
  const words = new Int32Array(physical.buffer, physical.byteOffset, 2 * physical.length);
  const numbers = new Float64Array(physical.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = words[2 * i + 1]! * 2 ** 32 + (words[2 * i]! >>> 0);
  return numbers;
};

const millisOf: Convert = (physical, isDictionary) =>
  Float64Array.from(numbersOf(physical, isDictionary), (micros) => micros / MICROS);

/** Numbers text by first appearance; `values` receives each distinct one. */
function textCodes(values: string[]): Convert {
  let known: Map<string, number> | undefined;
  return (physical, isDictionary) => {
    const texts = decodeTexts(physical as readonly Uint8Array[]);
    const codes = new Int32Array(texts.length);
    // A dictionary is distinct as it stands, unless texts that were no UTF-8 became the same replacement character.
    if (isDictionary && values.length === 0 && !texts.some((text) => text.includes('\ufffd'))) {
      for (const text of texts) values.push(text);
      return codes.map((_, code) => code);
    }
    known ??= new Map(values.map((text, code) => [text, code]));
    for (const [i, text] of texts.entries()) {
      let code = known.get(text);
      if (code === undefined) {
        code = values.push(text) - 1;
        known.set(text, code);
      }
      codes[i] = code;
    }
    return codes;
  };
}

/** The texts of a page mostly lie in one buffer: wrapping it once is half the cost of wrapping each. */
function decodeTexts(encoded: readonly Uint8Array[]): string[] {
  let page = Buffer.alloc(0);
  return encoded.map(({ buffer, byteOffset, byteLength }) => {
    if (page.buffer !== buffer) page = Buffer.from(buffer as ArrayBuffer);
    return page.toString('utf8', byteOffset, byteOffset + byteLength);
  });
}

function vectorFaults({ type, nullable }: Field, vector: DecodedVector): string[] {
  const faults: string[] = [];
  const nulls = nullable ? 0 : countNulls(vector);
  if (nulls > 0) faults.push(`is null in ${nulls} of ${lengthOf(vector)} rows, and may not be`);
  if (isText(vector)) return faults;
  const elements = isList(vector) ? vector.values : vector;
  const missing = isList(vector) ? countNulls(elements) : 0;
  if (missing > 0) faults.push(`is null in ${missing} of ${elements.length} elements`);
  const limit = LIMITS[leafTypeOf(type)];
  let beyond = 0;
  for (let i = 0; i < elements.length; i++) if (Math.abs(elements[i]!) > limit) beyond++;
  if (beyond > 0)
    faults.push(`is beyond ${limit}, which a table cannot hold, in ${beyond} of ${elements.length} values`);
  return faults;
}

function countNulls(vector: DecodedVector): number {
  let nulls = 0;
  if (isText(vector)) {
    for (let i = 0; i < vector.codes.length; i++) if (vector.codes[i] === -1) nulls++;
  } else if (isList(vector)) {
    const { offsets, isNull } = vector;
    for (let i = 1; i < offsets.length; i++)
      if (offsets[i] === offsets[i - 1] && (isNull === undefined || isNull[i - 1] === 1)) nulls++;
  } else {
    for (let i = 0; i < vector.length; i++) if (Number.isNaN(vector[i])) nulls++;
  }
  return nulls;
}
