import { type ParquetType, parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet';
import type { ColumnType, Field, Schema } from '../operators/table.ts';

/** What the values of a column are, once lists are unwrapped. */
export type LeafType = Exclude<ColumnType, `list<${string}>`>;

export type NumberLeaf = Exclude<LeafType, 'string'>;

type Annotation = Pick<SchemaElement, 'converted_type' | 'logical_type'> & { readonly type: ParquetType };

// Both annotations are written: engines of before 2018 know only the converted type.
const LEAVES: Readonly<Record<LeafType, Annotation>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
};

/** Microseconds, the unit of the file, in a millisecond, the unit of a table. */
export const MICROS = 1000;

/** The largest magnitude that a table and a file both hold exactly. */
export const LIMITS: Readonly<Record<LeafType, number>> = {
  string: Number.POSITIVE_INFINITY,
  int32: 2 ** 31,
  int64: Number.MAX_SAFE_INTEGER,
  double: Number.MAX_VALUE,
  timestamp: Number.MAX_SAFE_INTEGER / MICROS,
};

/** The element type of a list, the type itself otherwise. */
export function leafTypeOf(type: ColumnType): LeafType {
  if (type === 'list<double>') return 'double';
  if (type === 'list<timestamp>') return 'timestamp';
  return type;
}

export const isListType = (type: ColumnType): boolean => type.startsWith('list<');

/** The schema as Parquet's flat, depth-first list, the root first. */
export function schemaElements(schema: Schema): SchemaElement[] {
  const columns = Object.entries(schema);
  return [
    { name: 'schema', num_children: columns.length },
    ...columns.flatMap(([name, field]) => columnElements(name, field)),
  ];
}

function columnElements(name: string, { type, nullable }: Field): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  const leaf = LEAVES[leafTypeOf(type)];
  if (!isListType(type)) return [{ name, repetition_type, ...leaf }];
  return [
    { name, repetition_type, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...leaf },
  ];
}

/** Where the values of a column lie in the file, and as what. */
export const leafOf = (name: string, { type }: Field): { path: string[]; type: ParquetType } => ({
  path: isListType(type) ? [name, 'list', 'element'] : [name],
  type: LEAVES[leafTypeOf(type)].type,
});

/** A column of a file. */
export interface FileColumn {
  /** The nodes from the root down to the leaf. */
  readonly path: SchemaTree[];
  /** Position of the leaf among all leaves, which is that of its chunk in every row group. */
  readonly ordinal: number;
  readonly isList: boolean;
  /** What it holds in our words; absent where it is none of our types. */
  readonly type: ColumnType | undefined;
  /** What it holds in the file's words. */
  readonly physical: string;
}

/** The columns of a file by name. */
export function fileColumns(elements: SchemaElement[]): ReadonlyMap<string, FileColumn> {
  const root = parquetSchema({ schema: elements });
  const columns = new Map<string, FileColumn>();
  let ordinal = 0;
  for (const column of root.children) {
    columns.set(column.element.name, { ordinal, ...fileColumn(root, column) });
    ordinal += leafCount(column);
  }
  return columns;
}

const leafCount = ({ children }: SchemaTree): number =>
  children.length === 0 ? 1 : children.reduce((sum, child) => sum + leafCount(child), 0);

function fileColumn(root: SchemaTree, column: SchemaTree): Omit<FileColumn, 'ordinal'> {
  const [repeated] = column.children;
  const [leaf] = repeated?.children ?? [];
  if (!repeated || !leaf || !isList(column)) {
    return { path: [root, column], isList: false, type: leafType(column), physical: words(column.element) };
  }
  const element = leafType(leaf);
  const type = element === 'double' || element === 'timestamp' ? (`list<${element}>` as const) : undefined;
  return { path: [root, column, repeated, leaf], isList: true, type, physical: `list of ${words(leaf.element)}` };
}

const isList = ({ element, children }: SchemaTree): boolean =>
  (element.converted_type === 'LIST' || element.logical_type?.type === 'LIST') &&
  element.repetition_type !== 'REPEATED' &&
  children.length === 1 &&
  children[0]!.element.repetition_type === 'REPEATED' &&
  children[0]!.children.length === 1;

function leafType({ element, children }: SchemaTree): LeafType | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (children.length > 0 || element.repetition_type === 'REPEATED') return undefined;
  if (type === 'BYTE_ARRAY' && (logical?.type === 'STRING' || (!logical && converted === 'UTF8'))) return 'string';
  if (type === 'DOUBLE' && !logical && !converted) return 'double';
  if (type === 'INT64' && logical?.type === 'TIMESTAMP') {
    return logical.unit === 'MICROS' && logical.isAdjustedToUTC ? 'timestamp' : undefined;
  }
  if (type === 'INT64' && !logical && converted === 'TIMESTAMP_MICROS') return 'timestamp';
  if (type === 'INT32' && isSigned(element, 32)) return 'int32';
  if (type === 'INT64' && isSigned(element, 64)) return 'int64';
  return undefined;
}

/** Some writers annotate plain signed integers, others do not: it is the same type. */
function isSigned({ converted_type: converted, logical_type: logical }: SchemaElement, bits: 32 | 64): boolean {
  if (logical) return logical.type === 'INTEGER' && logical.bitWidth === bits && logical.isSigned;
  return !converted || converted === `INT_${bits}`;
}

const words = ({ type, converted_type, logical_type }: SchemaElement): string =>
  [type ?? 'group', logical_type ? JSON.stringify(logical_type) : converted_type].filter(Boolean).join(' ');
