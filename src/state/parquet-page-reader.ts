import type { Compressors, DecodedArray, FileMetaData, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import type { FileColumn } from './parquet-schema.ts';
import { decompressZstd } from './zstd-frame.ts';

// hyparquet takes a file apart down to the values of a page, of either version and any encoding. From there its own way
// makes a Date, a BigInt or a string of every value and an array of every list; the decoders of columns take over.

export interface ParquetFile {
  readonly bytes: Uint8Array;
  readonly metadata: FileMetaData;
}

/** A data page: entries are rows, nulls and elements of lists; only those at the highest level hold a value. */
export interface Page {
  readonly entries: number;
  /** Empty where every entry holds a value. */
  readonly definition: readonly number[];
  /** Empty where every entry is a row. */
  readonly repetition: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Physical values to numbers: text becomes codes. A dictionary is converted once, its pages then look up. */
export type Convert = (physical: DecodedArray, isDictionary: boolean) => ArrayLike<number>;

const COMPRESSORS: Compressors = {
  // One chunk as large as the page; a page that would grow beyond what its header says is refused, not inflated.
  ZSTD: decompressZstd,
};

/** The pages of a column, row group after row group. */
export function* readPages({ bytes, metadata }: ParquetFile, column: FileColumn, convert: Convert): Generator<Page> {
  for (const { columns } of metadata.row_groups) {
    const chunk = columns[column.ordinal]?.meta_data;
    if (!chunk) throw new Error('parquet row group lacks the column');
    const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
    const end = start + Number(chunk.total_compressed_size);
    if (end > bytes.length) throw new Error(`parquet column ends at byte ${end} of ${bytes.length}`);
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + start, end - start), offset: 0 };
    const { element } = column.path.at(-1) as SchemaTree;
    const decoder = {
      pathInSchema: chunk.path_in_schema,
      type: chunk.type,
      element,
      schemaPath: column.path,
      codec: chunk.codec,
      compressors: COMPRESSORS,
      parsers: DEFAULT_PARSERS,
    };

    let dictionary: ArrayLike<number> = [];
    let entries = 0;
    while (entries < Number(chunk.num_values)) {
      const header = parquetHeader(reader);
      const from = start + reader.offset;
      const body = bytes.subarray(from, from + header.compressed_page_size);
      reader.offset += header.compressed_page_size;
      const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: terms } = header;
      const inflate = () => decompressPage(body, header.uncompressed_page_size, chunk.codec, COMPRESSORS);
      if (terms) {
        const { buffer, byteOffset, byteLength } = inflate();
        const view = new DataView(buffer, byteOffset, byteLength);
        dictionary = convert(readPlain({ view, offset: 0 }, chunk.type, terms.num_values, element.type_length), true);
        continue;
      }
      const data = v1 ?? v2;
      if (!data) throw new Error(`parquet page is of unknown type ${header.type}`);
      const page = v1 ? readDataPage(inflate(), v1, decoder) : readDataPageV2(body, header, decoder);
      entries += data.num_values;
      yield {
        entries: data.num_values,
        definition: page.definitionLevels ?? [],
        repetition: page.repetitionLevels,
        values: data.encoding.endsWith('_DICTIONARY')
          ? lookUp(page.dataPage, dictionary)
          : convert(page.dataPage, false),
      };
    }
  }
}

function lookUp(indexes: DecodedArray, dictionary: ArrayLike<number>): Float64Array {
  const values = new Float64Array(indexes.length);
  for (let i = 0; i < values.length; i++) {
    const value = dictionary[indexes[i]];
    if (value === undefined)
      throw new Error(`parquet index ${indexes[i]} is beyond a dictionary of ${dictionary.length}`);
    values[i] = value;
  }
  return values;
}
