import { parquetMetadata } from 'hyparquet';
import type { Field, Schema } from '../operators/table.ts';
import { fileColumns } from './parquet-schema.ts';

/**
 * The schema that a Parquet file has by itself, for readers of files that another version or another spec wrote. `source`
 * is what errors call the file.
 *
 * @param foreign whether somebody else wrote it: then columns of types that no dataset has are left out.
 * @throws {Error} for bytes that are no whole Parquet file, and for such columns in a file of our own.
 */
export function schemaOfFile(bytes: Uint8Array, source: string, foreign: 'foreign' | 'own' = 'own'): Schema {
  try {
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    const fields = [...fileColumns(metadata.schema)].flatMap(([name, { type, path, physical }]): [string, Field][] => {
      if (type === undefined && foreign === 'foreign') return [];
      if (type === undefined) throw new Error(`column ${name} is ${physical}, which no dataset has`);
      const isNullable = path[1]?.element.repetition_type === 'OPTIONAL';
      return [[name, isNullable ? { type, nullable: true, doc: '' } : { type, doc: '' }]];
    });
    return Object.fromEntries(fields);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`parquet file ${source}, schema: ${why}; fetch it again, or publish it anew if it is damaged`, {
      cause,
    });
  }
}
