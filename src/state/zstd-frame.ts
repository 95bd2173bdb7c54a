import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

// Every call of node:zlib makes a compressor of its own, some 60 µs and a megabyte for the garbage collector. A batch has
// thousands of columns of a few rows, and columns of zeros: those become frames that need no compressor, which every
// zstd reader takes (RFC 8878).

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
const MAX_BLOCK = 1 << 17;
/** Up to here a frame is not worth a compressor. */
const SMALL = 256;
const [RAW, RLE] = [0, 1] as const;

/** Compresses at level 1, deterministically. */
export function compressZstd(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0 && isUniform(bytes)) return uniformFrame(bytes[0]!, bytes.length);
  if (bytes.length <= SMALL) return rawFrame(bytes);
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    // All at once: zlib's own 16 KiB at a time cost a call each.
    chunkSize: bytes.length + (bytes.length >>> 8) + 64,
  });
}

/** The content of frames of `length` bytes in all; throws where there is more, or something else. */
export function decompressZstd(frames: Uint8Array, length: number): Uint8Array {
  return (
    simpleContent(frames, length) ??
    zstdDecompressSync(frames, { chunkSize: Math.max(64, length + 1), maxOutputLength: Math.max(1, length) })
  );
}

function isUniform(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  // Word by word, but for the ends: most columns of a day are zeros.
  const head = (4 - (bytes.byteOffset & 3)) & 3;
  const words = Math.max(0, (bytes.length - head) >> 2);
  if (words > 0) {
    const word = (first * 0x01010101) | 0;
    const inner = new Int32Array(bytes.buffer, bytes.byteOffset + head, words);
    for (let i = 0; i < words; i++) if (inner[i] !== word) return false;
  }
  for (let i = 1; i < Math.min(head, bytes.length); i++) if (bytes[i] !== first) return false;
  for (let i = head + 4 * words; i < bytes.length; i++) if (bytes[i] !== first) return false;
  return true;
}

/** Frame header: the content's size, and nothing to look back at. */
function header(length: number): number[] {
  if (length < 256) return [...MAGIC, 0x20, length];
  if (length < 65_792) return [...MAGIC, 0x60, (length - 256) & 0xff, (length - 256) >>> 8];
  return [...MAGIC, 0xa0, length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24];
}

function blockHeader(size: number, type: number, isLast: boolean): number[] {
  const word = (size << 3) | (type << 1) | (isLast ? 1 : 0);
  return [word & 0xff, (word >>> 8) & 0xff, word >>> 16];
}

function rawFrame(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...header(bytes.length), ...blockHeader(bytes.length, RAW, true), ...bytes]);
}

function uniformFrame(byte: number, length: number): Uint8Array {
  const frame = header(length);
  for (let at = 0; at < length; at += MAX_BLOCK) {
    const size = Math.min(MAX_BLOCK, length - at);
    frame.push(...blockHeader(size, RLE, at + size === length), byte);
  }
  return Uint8Array.from(frame);
}

/** The content of a frame that holds nothing compressed; undefined for any other. */
function simpleContent(frame: Uint8Array, length: number): Uint8Array | undefined {
  const sizeBytes = { 32: 1, 96: 2, 160: 4 }[frame[4]!];
  if (sizeBytes === undefined || MAGIC.some((byte, i) => frame[i] !== byte)) return undefined;
  const content = new Uint8Array(length);
  let at = 5 + sizeBytes;
  let filled = 0;
  for (;;) {
    if (at + 3 > frame.length) return undefined;
    const word = frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16);
    const size = word >>> 3;
    const type = (word >>> 1) & 3;
    const stored = type === RLE ? 1 : size;
    at += 3;
    if (type > RLE || at + stored > frame.length || filled + size > length) return undefined;
    if (type === RLE) content.fill(frame[at]!, filled, filled + size);
    else content.set(frame.subarray(at, at + size), filled);
    at += stored;
    filled += size;
    if ((word & 1) === 1) return at === frame.length && filled === length ? content : undefined;
  }
}
