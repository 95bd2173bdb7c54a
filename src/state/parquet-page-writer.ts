import type { ColumnChunk, Encoding, PageHeader, ParquetType, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { hybridBlock } from './parquet-hybrid.ts';
import type { Packed, PackedText } from './parquet-values.ts';
import { compressZstd } from './zstd-frame.ts';

// hyparquet-writer's own column writer takes five times what zstd takes on whole numbers, eleven times on nullable
// doubles, and only knows version 2 data pages, which Snowflake and older engines refuse. So pages are laid out here,
// one data page of version 1 to a column, out of typed arrays; headers and footer are the library's.

/** The file as it grows. */
export interface FileParts {
  readonly parts: Uint8Array[];
  offset: number;
}

function append(file: FileParts, bytes: Uint8Array): void {
  file.parts.push(bytes);
  file.offset += bytes.length;
}

const MAGIC = Buffer.from('PAR1');

export function openFile(): FileParts {
  return { parts: [MAGIC], offset: MAGIC.length };
}

/** Ends a file of one row group. */
export function closeFile(file: FileParts, schema: SchemaElement[], columns: ColumnChunk[], rows: number): Uint8Array {
  const uncompressed = columns.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n);
  const num_rows = BigInt(rows);
  const group = {
    columns,
    num_rows,
    total_byte_size: uncompressed,
    total_compressed_size: BigInt(file.offset - MAGIC.length),
    file_offset: BigInt(MAGIC.length),
  };
  const footer = new ByteWriter();
  const metadata = { version: 2, created_by: 'ndr-stream', schema, num_rows, row_groups: [group], metadata_length: 0 };
  writeMetadata(footer, metadata, Number.POSITIVE_INFINITY); // bounds of text as they are, not cut
  return Buffer.concat([...file.parts, footer.getBytes(), MAGIC]);
}

/** Which entries hold a value, and which begin a row. Entries of a flat REQUIRED column need neither. */
export interface Levels {
  readonly definition?: { readonly levels: Uint8Array; readonly max: number };
  readonly repetition?: Uint8Array;
}

export interface ColumnPages {
  readonly path: readonly string[];
  readonly type: ParquetType;
  /** Rows, nulls, and for lists every element: what the format calls values. */
  readonly entries: number;
  readonly nulls: number;
  readonly levels: Levels;
  readonly values: Packed | PackedText;
}

/** Appends a column's pages and returns what the footer says of them. */
export function writePages(file: FileParts, { path, type, entries, nulls, levels, values }: ColumnPages): ColumnChunk {
  const start = file.offset;
  let uncompressed = 0;
  const writePage = (header: Omit<PageHeader, 'uncompressed_page_size' | 'compressed_page_size'>, body: Uint8Array) => {
    const compressed = compressZstd(body);
    const head = new ByteWriter(64);
    const sizes = { uncompressed_page_size: body.length, compressed_page_size: compressed.length };
    writePageHeader(head, { ...header, ...sizes });
    append(file, head.getBytes());
    append(file, compressed);
    uncompressed += head.offset + body.length;
  };

  // Without a value there is no dictionary: an empty one trips some readers.
  const isDictionary = 'indexes' in values && values.count > 0;
  if (isDictionary) {
    writePage(
      { type: 'DICTIONARY_PAGE', dictionary_page_header: { num_values: values.count, encoding: 'PLAIN' } },
      values.bytes,
    );
  }
  const dataOffset = file.offset;
  const encoding: Encoding = isDictionary ? 'RLE_DICTIONARY' : 'PLAIN';
  const body = isDictionary ? indexBytes(values.indexes, values.count) : values.bytes;
  const levelParts = levelBytes(levels);
  writePage(
    {
      type: 'DATA_PAGE',
      data_page_header: {
        num_values: entries,
        encoding,
        definition_level_encoding: 'RLE',
        repetition_level_encoding: 'RLE',
      },
    },
    levelParts.length > 0 ? Buffer.concat([...levelParts, body]) : body,
  );

  return {
    file_offset: BigInt(start),
    meta_data: {
      type,
      encodings: isDictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
      path_in_schema: [...path],
      codec: 'ZSTD',
      num_values: BigInt(entries),
      total_uncompressed_size: BigInt(uncompressed),
      total_compressed_size: BigInt(file.offset - start),
      data_page_offset: BigInt(dataOffset),
      ...(isDictionary && { dictionary_page_offset: BigInt(start) }),
      statistics: {
        null_count: BigInt(nulls),
        ...(values.min !== undefined && { min_value: values.min }),
        ...(values.max !== undefined && { max_value: values.max }),
      },
      encoding_stats: [
        ...(isDictionary ? [{ page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 } as const] : []),
        { page_type: 'DATA_PAGE', encoding, count: 1 },
      ],
    },
  };
}

/** Each kind of level is a run-length block behind its length; those that are always 0 are left out. */
function levelBytes({ repetition, definition }: Levels): Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (repetition) parts.push(levelBlock(repetition, 1));
  if (definition) parts.push(levelBlock(definition.levels, bitsFor(definition.max)));
  return parts;
}

function levelBlock(levels: Uint8Array, bits: number): Uint8Array {
  const block = hybridBlock(levels, bits, 4);
  new DataView(block.buffer).setUint32(0, block.length - 4, true);
  return block;
}

function indexBytes(indexes: Int32Array, distinct: number): Uint8Array {
  const bits = Math.max(1, bitsFor(distinct - 1)); // some readers refuse a width of 0
  const body = hybridBlock(indexes, bits, 1);
  body[0] = bits;
  return body;
}

/** Bits that hold the numbers 0 to `max`. */
const bitsFor = (max: number): number => 32 - Math.clz32(max);
