import { crc32 } from 'node:zlib';
import type { HostPack, SegmentPack } from '../operators/baseline-pack.ts';
import type { DayRollup } from '../operators/day-rollup.ts';
import type { LookbackBase } from '../operators/lookback-base.ts';
import type { PairPack } from '../operators/pair-pack.ts';
import type { PairTimings } from '../operators/pair-timings.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import { compressZstd, decompressZstd } from './zstd-frame.ts';

/** What is kept sealed, by kind. */
interface Kinds {
  readonly slice: SliceBlock;
  readonly project: PastSlice;
  readonly day: DayRollup;
  readonly base: LookbackBase;
  readonly host_baselines: HostPack;
  readonly segment_baselines: SegmentPack;
  readonly pair_rarities: PairPack;
  readonly timings: PairTimings;
}
export type BlockKind = keyof Kinds;

/**
 * First bytes of a block, by kind; the number changes with the shape of what it holds. Whatever begins otherwise, or cannot
 * be read, is no block: it is rebuilt.
 */
const MAGIC: Readonly<Record<BlockKind, string>> = {
  slice: 'NDRB0004',
  project: 'NDRP0002',
  day: 'NDRD0003',
  base: 'NDRL0003',
  host_baselines: 'NDRH0001',
  segment_baselines: 'NDRS0001',
  pair_rarities: 'NDRR0001',
  timings: 'NDRT0001',
};
const MAGIC_BYTES = 8;
/** Behind the magic: CRC-32 of all that follows it. A damaged column may well decompress, and then to other numbers. */
const CHECK_END = MAGIC_BYTES + 4;
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const;
type ArrayKind = keyof typeof ARRAYS;
type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** What stands in the header for a column. */
type Placeholder = readonly ['column', ArrayKind, length: number];
/** What stands there for a map. */
type Entries = readonly ['map', (readonly [unknown, unknown])[]];

/**
 * Seals a block: magic, checksum, a header, then the columns, compressed together: for each call of node:zlib a thread pays
 * with a compressor and a megabyte for the garbage collector. Same block, same bytes.
 */
export function encodeBlock<K extends BlockKind>(kind: K, block: Kinds[K]): Uint8Array {
  const columns: Uint8Array[] = [];
  let bytes = 0;
  const head = JSON.stringify(block, (_name, value: unknown) => {
    if (value instanceof Map) return ['map', [...value]] satisfies Entries;
    const array = (Object.keys(ARRAYS) as ArrayKind[]).find((name) => value instanceof ARRAYS[name]);
    if (array === undefined) return value;
    const column = value as Column;
    const padding = new Uint8Array(alignedTo(column.byteLength) - column.byteLength);
    columns.push(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), padding);
    bytes += alignedTo(column.byteLength);
    return ['column', array, column.length] satisfies Placeholder;
  });
  const headBytes = Buffer.from(head);
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32LE(headBytes.length);
  sizes.writeUInt32LE(bytes, 4);
  const body = compressZstd(Buffer.concat(columns, bytes));
  const sealed = Buffer.concat([Buffer.from(MAGIC[kind]), Buffer.alloc(4), sizes, headBytes, body]);
  sealed.writeUInt32LE(crc32(sealed.subarray(CHECK_END)), MAGIC_BYTES);
  return sealed;
}

/** Columns begin at multiples of their elements' size. */
const alignedTo = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Opens a sealed block; undefined if the bytes are none of this kind and format, or damaged. */
export function decodeBlock<K extends BlockKind>(kind: K, bytes: Uint8Array): Kinds[K] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < CHECK_END + 8 || buffer.toString('latin1', 0, MAGIC_BYTES) !== MAGIC[kind]) return undefined;
  if (crc32(buffer.subarray(CHECK_END)) !== buffer.readUInt32LE(MAGIC_BYTES)) return undefined;
  try {
    const headStart = CHECK_END + 8;
    const headEnd = headStart + buffer.readUInt32LE(CHECK_END);
    const columnBytes = buffer.readUInt32LE(CHECK_END + 4);
    const columns = decompressZstd(buffer.subarray(headEnd), columnBytes);
    // A copy where the content does not begin at a multiple of the greatest element's size.
    const { buffer: content, byteOffset } = columns.byteOffset % 8 === 0 ? columns : columns.slice();
    let at = byteOffset;
    // Values are revived in the order in which they were written, columns included.
    return JSON.parse(buffer.toString('utf8', headStart, headEnd), (_name, value: unknown) => {
      if (!Array.isArray(value)) return value;
      if (value[0] === 'map') return new Map((value as unknown as Entries)[1]);
      if (value[0] !== 'column') return value;
      const [, array, length] = value as unknown as Placeholder;
      const column = new ARRAYS[array](content as ArrayBuffer, at, length);
      at += alignedTo(column.byteLength);
      return column;
    }) as Kinds[K];
  } catch {
    return undefined;
  }
}
