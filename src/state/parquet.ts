import { parquetMetadata } from 'hyparquet';
import type { Field, Schema, Table, Vector } from '../operators/table.ts';
import { isList, isText, isUtf8, lengthOf, SchemaError } from '../operators/table.ts';
import { decodeColumn } from './parquet-column-decoder.ts';
import { encodeColumn, isVectorOf } from './parquet-column-encoder.ts';
import { closeFile, openFile, writePages } from './parquet-page-writer.ts';
import { type FileColumn, fileColumns, leafOf, schemaElements } from './parquet-schema.ts';

/**
 * Encodes rows [start, end) of a table, all of them by default, as one Parquet file of one row group, compressed with
 * zstd. The same rows give the same bytes, whatever else the table holds.
 *
 * @throws {SchemaError} naming every column that is missing, extra, of another type or length, null where it may not
 *   be, or holds what its type cannot: NaN and infinities in particular never reach a file.
 * @throws {RangeError} for no rows, or rows that the table does not have.
 */
export function encodeParquet(table: Table, rows = { start: 0, end: table.length }): Uint8Array {
  const { start, end } = rows;
  if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= table.length)) {
    throw new RangeError(
      `parquet rows ${start} to ${end} of ${table.length}: a file holds at least one row of its table`,
    );
  }
  const faults = Object.keys(table.columns)
    .filter((name) => !Object.hasOwn(table.schema, name))
    .map((name) => `${name} is not in the schema`);
  const file = openFile();
  const chunks = [];
  for (const [name, field] of Object.entries(table.schema)) {
    const vector = table.columns[name];
    const shape = shapeFault(table, field, vector);
    if (!vector || shape) {
      faults.push(`${name} ${shape}`);
      continue;
    }
    const column = encodeColumn(field, vector, start, end);
    faults.push(...column.faults.map((fault) => `${name} ${fault}`));
    // Once there is a fault, the other columns are only looked at for theirs.
    if (faults.length === 0) chunks.push(writePages(file, { ...leafOf(name, field), ...column }));
  }
  if (faults.length > 0) throw new SchemaError(faults);
  return closeFile(file, schemaElements(table.schema), chunks, end - start);
}

function shapeFault(table: Table, field: Field, vector: Vector | undefined): string | undefined {
  if (!vector) return 'is missing';
  if (!isVectorOf(field, vector)) return `is ${vectorKind(vector)}, the schema says ${field.type}`;
  if (lengthOf(vector) !== table.length) return `has ${lengthOf(vector)} rows, the table ${table.length}`;
  return undefined;
}

const vectorKind = (vector: Vector): string =>
  isText(vector) || isUtf8(vector) ? 'text' : isList(vector) ? 'lists' : 'numbers';

/**
 * Decodes the named columns of a Parquet file, all of the schema by default, into a table whose columns stand in the
 * order of the schema. Numbers come as Float64Array, NaN where null; int32 that may not be null as Int32Array.
 * `source` is what errors call the file.
 *
 * @throws {SchemaError} naming every column that the file lacks, has of another type, or null where it may not be;
 *   and, when all are asked for, those of the file that the schema does not know.
 * @throws {Error} for bytes that are no whole Parquet file.
 */
export function decodeParquet(
  bytes: Uint8Array,
  schema: Schema,
  { source, columns }: { source: string; columns?: readonly string[] },
): Table {
  const metadata = reading(source, 'footer', () => parquetMetadata(bytes, { geoparquet: false }));
  const inFile = reading(source, 'schema', () => fileColumns(metadata.schema));
  const wanted = new Set(columns ?? Object.keys(schema));
  const faults = [...(columns ?? inFile.keys())]
    .filter((name) => !Object.hasOwn(schema, name))
    .map((name) => `${name} is not in the schema`);
  const fields = Object.entries(schema).filter(([name]) => wanted.has(name));
  const vectors: Record<string, Vector> = {};
  for (const [name, field] of fields) {
    const column = inFile.get(name);
    const fault = typeFault(field, column);
    if (!column || fault) {
      faults.push(`${name} ${fault}`);
      continue;
    }
    const decoded = reading(source, `column ${name}`, () => decodeColumn({ bytes, metadata }, column, field));
    faults.push(...decoded.faults.map((found) => `${name} ${found}`));
    vectors[name] = decoded.vector;
  }
  if (faults.length > 0) throw new SchemaError(faults.map((fault) => `${source}: ${fault}`));
  return { schema: Object.fromEntries(fields), length: Number(metadata.num_rows), columns: vectors };
}

function typeFault({ type }: Field, column: FileColumn | undefined): string | undefined {
  if (!column) return 'is missing';
  if (column.type !== type) return `is ${column.physical}, the schema says ${type}`;
  return undefined;
}

function reading<T>(source: string, part: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`parquet file ${source}, ${part}: ${why}; fetch it again, or publish it anew if it is damaged`, {
      cause,
    });
  }
}
