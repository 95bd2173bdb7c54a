import { closeSync, fstatSync, openSync } from 'node:fs';
import { bytesOf, fillFrom, readAt, writeWhole } from './scratch-arrays.ts';

// A run is what was read in one go, its rows dealt out to bins: for each bin and column a section, in as few bytes as the
// numbers need, so that a column of a bin can later be read by itself, out of all runs.

/** Rows of a run, sorted by bin. */
export interface Run<T> {
  readonly told: T;
  /** Rows by bin. */
  readonly rows: Uint32Array;
  /** Lists of texts that columns have codes of, by bin. */
  readonly texts: readonly (readonly (readonly string[])[])[];
  readonly columns: number;
  /** Called once for every column, in order; what it returned may be reused after that. */
  readonly columnOf: (column: number) => Float64Array;
}

const HEAD_BYTES = 16;
/** A section: where it lies, and bytes per number, 0 if all are 0. */
const INDEX_WORDS = 2;

const alignedTo = (bytes: number): number => Math.ceil(bytes / 8) * 8;

interface RunHead<T> {
  readonly told: T;
  readonly rows: readonly number[];
  readonly columns: number;
  /** Offset and length of the texts by bin. */
  readonly texts: readonly (readonly [offset: number, length: number])[];
  /** Offset of the index: by bin, then column. */
  readonly index: number;
}

export function writeRun<T>(path: string, { told, rows, texts, columns, columnOf }: Run<T>): void {
  const bins = rows.length;
  const index = new Float64Array(bins * columns * INDEX_WORDS);
  writeWhole(path, (put) => {
    let at = 0;
    const append = (bytes: Uint8Array): number => {
      const offset = at;
      put(bytes);
      put(new Uint8Array(alignedTo(bytes.length) - bytes.length));
      at += alignedTo(bytes.length);
      return offset;
    };
    for (let column = 0; column < columns; column++) {
      const values = columnOf(column);
      let start = 0;
      for (let bin = 0; bin < bins; bin++) {
        const section = narrow(values.subarray(start, start + rows[bin]!));
        start += rows[bin]!;
        const entry = (bin * columns + column) * INDEX_WORDS;
        index[entry] = section === undefined ? 0 : append(bytesOf(section));
        index[entry + 1] = section?.BYTES_PER_ELEMENT ?? 0;
      }
    }
    const places = texts.map((lists) => {
      const bytes = Buffer.from(JSON.stringify(lists));
      return [append(bytes), bytes.length] as const;
    });
    const head: RunHead<T> = { told, rows: [...rows], columns, texts: places, index: append(bytesOf(index)) };
    const bytes = Buffer.from(JSON.stringify(head));
    const offset = append(bytes);
    // Whoever reads begins at the end.
    put(bytesOf(Float64Array.of(offset, bytes.length)));
  });
}

/** The same numbers in words of 1, 2 or 4 bytes where they fit; undefined: all are 0. */
function narrow(values: Float64Array): Float64Array | Uint32Array | Uint16Array | Uint8Array | undefined {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >>> 0 !== value) return values;
    if (value > most) most = value;
  }
  if (most === 0) return undefined;
  return most < 0x100 ? Uint8Array.from(values) : most < 0x1_0000 ? Uint16Array.from(values) : Uint32Array.from(values);
}

const KINDS: Readonly<
  Record<number, typeof Float64Array | typeof Uint32Array | typeof Uint16Array | typeof Uint8Array>
> = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: Float64Array };

export interface RunReader<T> {
  readonly told: T;
  rowsOf(bin: number): number;
  textsOf(bin: number): readonly (readonly string[])[];
  /** Visits a column of a bin: the values in the order of rows, undefined where all are 0. */
  column(bin: number, column: number): ArrayLike<number> | undefined;
  close(): void;
}

export function openRun<T>(path: string): RunReader<T> {
  const file = openSync(path, 'r');
  const fileBytes = fstatSync(file).size;
  const [offset, length] = new Float64Array(readAt(file, fileBytes - HEAD_BYTES, HEAD_BYTES, path));
  const head = JSON.parse(Buffer.from(readAt(file, offset!, length!, path)).toString()) as RunHead<T>;
  const { columns } = head;
  let indexed: { readonly bin: number; readonly entries: Float64Array } | undefined;
  let room = new ArrayBuffer(0);
  return {
    told: head.told,
    rowsOf: (bin) => head.rows[bin]!,
    textsOf(bin) {
      const [from, bytes] = head.texts[bin]!;
      return JSON.parse(Buffer.from(readAt(file, from, bytes, path)).toString()) as string[][];
    },
    column(bin, column) {
      if (indexed?.bin !== bin) {
        const bytes = columns * INDEX_WORDS * 8;
        indexed = { bin, entries: new Float64Array(readAt(file, head.index + bin * bytes, bytes, path)) };
      }
      const from = indexed.entries[column * INDEX_WORDS]!;
      const width = indexed.entries[column * INDEX_WORDS + 1]!;
      const rows = head.rows[bin]!;
      if (width === 0 || rows === 0) return undefined;
      if (room.byteLength < rows * 8) room = new ArrayBuffer(rows * 8);
      fillFrom(file, new Uint8Array(room, 0, rows * width), from, path);
      return new KINDS[width]!(room, 0, rows);
    },
    close: () => closeSync(file),
  };
}
