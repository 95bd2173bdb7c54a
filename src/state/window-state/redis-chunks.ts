import { crc32 } from 'node:zlib';

/** First bytes of a block's first value; the last digits change with the shape of what follows. */
const MAGIC = 'NDRV0001';
const COUNT_AT = 8;
const LENGTH_AT = 12;
const CHECK_AT = 16;
const HEADER_BYTES = 20;
/** No value is larger: Redis answers nobody else while it copies one. */
export const MOST_VALUE_BYTES = 2_000_000;

/** What the first value says of the whole block. */
export interface BlockHeader {
  readonly values: number;
  /** Bytes of the block, headers apart. */
  readonly length: number;
  /** CRC-32 of the block: its values may have been written at different times. */
  readonly check: number;
}

/** Cuts a block into values: a header and as much as fits, then the rest of the bytes as they are. */
export function cutBlock(block: Uint8Array): Buffer[] {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
  const rest = Math.max(0, block.length - (MOST_VALUE_BYTES - HEADER_BYTES));
  const values = 1 + Math.ceil(rest / MOST_VALUE_BYTES);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(values, COUNT_AT);
  header.writeUInt32LE(block.length, LENGTH_AT);
  header.writeUInt32LE(crc32(block), CHECK_AT);
  const cut: Buffer[] = [Buffer.concat([header, bytes.subarray(0, block.length - rest)])];
  for (let from = block.length - rest; from < block.length; from += MOST_VALUE_BYTES)
    cut.push(bytes.subarray(from, from + MOST_VALUE_BYTES));
  return cut;
}

/** Reads the header of a first value; undefined if it is of another format, or contradicts itself. */
export function headerOf(first: Buffer): BlockHeader | undefined {
  if (first.length < HEADER_BYTES || first.toString('latin1', 0, COUNT_AT) !== MAGIC) return undefined;
  const values = first.readUInt32LE(COUNT_AT);
  const length = first.readUInt32LE(LENGTH_AT);
  const rest = Math.max(0, length - (MOST_VALUE_BYTES - HEADER_BYTES));
  if (values !== 1 + Math.ceil(rest / MOST_VALUE_BYTES)) return undefined;
  return { values, length, check: first.readUInt32LE(CHECK_AT) };
}

/** Puts a block together again; undefined if a value is missing, damaged or of another block. */
export function joinBlock(
  { values, length, check }: BlockHeader,
  first: Buffer,
  others: readonly (Buffer | null)[],
): Uint8Array | undefined {
  const present = others.filter((value) => value !== null);
  if (present.length !== values - 1) return undefined;
  const content = first.subarray(HEADER_BYTES);
  const block = present.length === 0 ? content : Buffer.concat([content, ...present]);
  return block.length === length && crc32(block) === check ? block : undefined;
}
