import { parquetMetadata } from 'hyparquet';
import type { Field, Schema } from '../operators/table.ts';
import { fileColumns } from './parquet-schema.ts';

/**
 * The schema that a Parquet file has by itself, for readers of files that another version or another spec wrote. `source`
 * is what errors call the file.
 *
 * @throws {Error} for bytes that are no whole Parquet file, and for columns of types that no dataset has.
 */
export function schemaOfFile(bytes: Uint8Array, source: string): Schema {
  try {
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    const fields = [...fileColumns(metadata.schema)].map(([name, { type, path, physical }]): [string, Field] => {
      if (type === undefined) throw new Error(`column ${name} is ${physical}, which no dataset has`);
      const isNullable = path[1]?.element.repetition_type === 'OPTIONAL';
      return [name, isNullable ? { type, nullable: true, doc: '' } : { type, doc: '' }];
    });
    return Object.fromEntries(fields);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`parquet file ${source}, schema: ${why}; fetch it again, or publish it anew if it is damaged`, {
      cause,
    });
  }
}
