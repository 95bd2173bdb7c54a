/** What a column holds. Counts and bytes are whole numbers below 2^53; a timestamp is milliseconds UTC. */
export type ColumnType = 'string' | 'int32' | 'int64' | 'double' | 'timestamp' | 'list<double>' | 'list<timestamp>';

export interface Field {
  readonly type: ColumnType;
  readonly nullable?: true;
  readonly doc: string;
}

/** Column name → field, in the order in which the columns are written. */
export type Schema = Readonly<Record<string, Field>>;

/** A text column as codes into the distinct values. Code -1 is null. */
export interface TextVector {
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

/** A text column whose distinct values stand as UTF-8 side by side: value i is utf8[starts[i] .. starts[i + 1]). */
export interface Utf8Vector {
  readonly codes: Int32Array;
  readonly starts: Uint32Array;
  readonly utf8: Uint8Array;
}

/** Row i holds values[offsets[i] .. offsets[i + 1]). An empty list is null, unless `isNull` says of every row which are. */
export interface ListVector {
  readonly offsets: Uint32Array;
  readonly values: Float64Array;
  /** 1: null. */
  readonly isNull?: Uint8Array;
}

/** Numbers of every numeric type; NaN is null (a Float64Array only). */
export type NumberVector = Float64Array | Int32Array | Uint32Array | Uint8Array;

export type Vector = NumberVector | TextVector | Utf8Vector | ListVector;

export interface Table {
  readonly schema: Schema;
  readonly length: number;
  readonly columns: Readonly<Record<string, Vector>>;
}

/** A table whose columns do not fit its schema: every fault is named. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`table does not fit its schema: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

export const isText = (vector: Vector): vector is TextVector => 'values' in vector && 'codes' in vector;
export const isUtf8 = (vector: Vector): vector is Utf8Vector => 'utf8' in vector;
export const isList = (vector: Vector): vector is ListVector => 'offsets' in vector;

/** Number of rows a vector holds. */
export function lengthOf(vector: Vector): number {
  if (isText(vector) || isUtf8(vector)) return vector.codes.length;
  if (isList(vector)) return vector.offsets.length - 1;
  return vector.length;
}

/** The distinct values of a text column, by code. */
export function textsOf(vector: TextVector | Utf8Vector): readonly string[] {
  if (isText(vector)) return vector.values;
  const { starts, utf8 } = vector;
  const decoder = new TextDecoder();
  return Array.from({ length: starts.length - 1 }, (_, i) => decoder.decode(utf8.subarray(starts[i], starts[i + 1])));
}
