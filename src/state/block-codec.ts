import { crc32 } from 'node:zlib';
import type { DayRollup } from '../operators/day-rollup.ts';
import type { LookbackBase } from '../operators/lookback-base.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import { compressZstd, decompressZstd } from './zstd-frame.ts';

/** What is kept sealed, by kind. */
interface Kinds {
  readonly slice: SliceBlock;
  readonly project: PastSlice;
  readonly day: DayRollup;
  readonly base: LookbackBase;
}
export type BlockKind = keyof Kinds;

/**
 * First bytes of a block, by kind; the number changes with the shape of what it holds. Whatever begins otherwise, or cannot
 * be read, is no block: it is rebuilt.
 */
const MAGIC: Readonly<Record<BlockKind, string>> = {
  slice: 'NDRB0003',
  project: 'NDRP0001',
  day: 'NDRD0001',
  base: 'NDRL0001',
};
const MAGIC_BYTES = 8;
/** Behind the magic: CRC-32 of all that follows it. A damaged column may well decompress, and then to other numbers. */
const CHECK_END = MAGIC_BYTES + 4;
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const;
type ArrayKind = keyof typeof ARRAYS;
type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** What stands in the header for a column; `size`: compressed bytes. */
type Placeholder = readonly ['column', ArrayKind, length: number, size: number];
/** What stands there for a map. */
type Entries = readonly ['map', (readonly [unknown, unknown])[]];

/** Seals a block: magic, checksum, a header, then every column compressed by itself. Same block, same bytes. */
export function encodeBlock<K extends BlockKind>(kind: K, block: Kinds[K]): Uint8Array {
  const bodies: Uint8Array[] = [];
  const head = Buffer.from(
    JSON.stringify(block, (_name, value: unknown) => {
      if (value instanceof Map) return ['map', [...value]] satisfies Entries;
      const array = (Object.keys(ARRAYS) as ArrayKind[]).find((name) => value instanceof ARRAYS[name]);
      if (array === undefined) return value;
      const column = value as Column;
      const body = compressZstd(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
      bodies.push(body);
      return ['column', array, column.length, body.length] satisfies Placeholder;
    }),
  );
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  const sealed = Buffer.concat([Buffer.from(MAGIC[kind]), Buffer.alloc(4), size, head, ...bodies]);
  sealed.writeUInt32LE(crc32(sealed.subarray(CHECK_END)), MAGIC_BYTES);
  return sealed;
}

/** Opens a sealed block; undefined if the bytes are none of this kind and format, or damaged. */
export function decodeBlock<K extends BlockKind>(kind: K, bytes: Uint8Array): Kinds[K] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < CHECK_END + 4 || buffer.toString('latin1', 0, MAGIC_BYTES) !== MAGIC[kind]) return undefined;
  if (crc32(buffer.subarray(CHECK_END)) !== buffer.readUInt32LE(MAGIC_BYTES)) return undefined;
  try {
    const headStart = CHECK_END + 4;
    const headEnd = headStart + buffer.readUInt32LE(CHECK_END);
    let at = headEnd;
    // Values are revived in the order in which they were written, columns included.
    return JSON.parse(buffer.toString('utf8', headStart, headEnd), (_name, value: unknown) => {
      if (!Array.isArray(value)) return value;
      if (value[0] === 'map') return new Map((value as unknown as Entries)[1]);
      if (value[0] !== 'column') return value;
      const [, array, length, size] = value as unknown as Placeholder;
      const column = openColumn(buffer.subarray(at, at + size), ARRAYS[array], length);
      at += size;
      return column;
    }) as Kinds[K];
  } catch {
    return undefined;
  }
}

function openColumn(body: Uint8Array, array: (typeof ARRAYS)[ArrayKind], length: number): Column {
  const raw = decompressZstd(body, length * array.BYTES_PER_ELEMENT);
  // A copy where the content does not begin at a multiple of the element's size.
  const own = raw.byteOffset % array.BYTES_PER_ELEMENT === 0 ? raw : raw.slice();
  return new array(own.buffer as ArrayBuffer, own.byteOffset, length);
}
