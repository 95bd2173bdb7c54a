import type { NumberVector, TextVector, Utf8Vector } from '../operators/table.ts';
import { LIMITS, MICROS, type NumberLeaf } from './parquet-schema.ts';

/** Values as Parquet's PLAIN encoding lays them out, those that are null or do not fit left out. */
export interface Packed {
  readonly bytes: Uint8Array;
  /** Values in `bytes`. */
  readonly count: number;
  /** Bounds as the footer wants them: numbers in the physical unit, text as UTF-8. Absent without values. */
  readonly min?: number | Uint8Array;
  readonly max?: number | Uint8Array;
}

/** `bytes` hold each text once; a row that has one is an index into them. */
export interface PackedText extends Packed {
  readonly indexes: Int32Array;
}

const WORD = 2 ** 32;

const isInt32 = (value: number): boolean => (value | 0) === value;
const isWhole = (value: number, limit: number): boolean =>
  Math.floor(value) === value && value <= limit && value >= -limit;

/** What a type can hold, and how a fault says it. */
export const RANGES: Readonly<Record<NumberLeaf, { holds: (value: number) => boolean; says: string }>> = {
  int32: { holds: isInt32, says: 'a whole number of 32 bits' },
  int64: { holds: (value) => isWhole(value, LIMITS.int64), says: 'a whole number below 2^53' },
  double: { holds: Number.isFinite, says: 'a finite number' },
  timestamp: {
    holds: (value) => isWhole(value, LIMITS.timestamp),
    says: 'whole milliseconds within 285 years of 1970',
  },
};

/** Packs values[start, end) as the physical type of `leaf`, in the memory's own byte order (little-endian). */
export function packNumbers(values: NumberVector, start: number, end: number, leaf: NumberLeaf): Packed {
  if (leaf === 'int32') return packInt32(values, start, end);
  if (leaf === 'double') return packDouble(values, start, end);
  return packInt64(values, start, end, LIMITS[leaf], leaf === 'timestamp' ? MICROS : 1);
}

/** Two 32-bit words for each value: making a BigInt of it costs ten times as much. */
function packInt64(values: NumberVector, start: number, end: number, limit: number, scale: number): Packed {
  const packed = new Int32Array(2 * (end - start));
  let at = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (!isWhole(value, limit)) continue;
    const scaled = value * scale;
    if ((scaled | 0) === scaled) {
      packed[at++] = scaled;
      packed[at++] = scaled >> 31;
    } else {
      const high = Math.floor(scaled / WORD);
      packed[at++] = scaled - high * WORD;
      packed[at++] = high;
    }
    if (scaled < min) min = scaled;
    if (scaled > max) max = scaled;
  }
  return { bytes: new Uint8Array(packed.buffer, 0, 4 * at), count: at / 2, ...(at > 0 && { min, max }) };
}

function packInt32(values: NumberVector, start: number, end: number): Packed {
  const packed = new Int32Array(end - start);
  let at = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (!isInt32(value)) continue;
    packed[at++] = value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { bytes: new Uint8Array(packed.buffer, 0, 4 * at), count: at, ...(at > 0 && { min, max }) };
}

function packDouble(values: NumberVector, start: number, end: number): Packed {
  // Mostly every row has a finite value: then the column's own memory is what the file wants.
  const own = values instanceof Float64Array ? boundsOf(values, start, end) : undefined;
  if (own !== undefined) {
    const { buffer, byteOffset } = values;
    return { bytes: new Uint8Array(buffer, byteOffset + 8 * start, 8 * (end - start)), count: end - start, ...own };
  }
  const packed = new Float64Array(end - start);
  let at = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (Number.isFinite(value)) packed[at++] = value;
  }
  return { bytes: new Uint8Array(packed.buffer, 0, 8 * at), count: at, ...boundsOf(packed, 0, at) };
}

/** Least and greatest; undefined for no values, and where one is not finite. */
function boundsOf(values: Float64Array, start: number, end: number): { min: number; max: number } | undefined {
  if (end === start) return undefined;
  let min = values[start]!;
  let max = min;
  let zero = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    zero += value * 0; // NaN from the first value on that is not finite
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (zero !== 0) return undefined;
  // The format wants zero bounds so: a reader may tell -0 from +0.
  return { min: min === 0 ? -0 : min, max: max === 0 ? 0 : max };
}

/**
 * Packs the text of rows [start, end), each distinct one once and numbered by first appearance, so that the bytes do
 * not depend on what else the vector holds. A lone surrogate becomes U+FFFD: it has no UTF-8.
 */
export function packText({ codes, values }: TextVector, start: number, end: number): PackedText {
  const indexes = new Int32Array(end - start);
  const numbers = new Int32Array(values.length); // by code: 1 + its index in the file, 0 if not met yet
  const distinct: string[] = [];
  let at = 0;
  for (let i = start; i < end; i++) {
    const code = codes[i]!;
    if (code < 0 || code >= values.length) continue;
    if (numbers[code] === 0) numbers[code] = distinct.push(values[code]!);
    indexes[at++] = numbers[code]! - 1;
  }
  return { ...plainText(distinct), indexes: indexes.subarray(0, at) };
}

/** The same for text that stands as UTF-8 already. */
export function packUtf8({ codes, starts, utf8 }: Utf8Vector, start: number, end: number): PackedText {
  const indexes = new Int32Array(end - start);
  const numbers = new Int32Array(starts.length); // by code: 1 + its index in the file, 0 if not met yet
  const distinct = new Int32Array(Math.min(end - start, starts.length - 1));
  let count = 0;
  let size = 0;
  let at = 0;
  for (let i = start; i < end; i++) {
    const code = codes[i]!;
    if (code < 0 || code >= starts.length - 1) continue;
    if (numbers[code] === 0) {
      distinct[count] = code;
      numbers[code] = ++count;
      size += 4 + starts[code + 1]! - starts[code]!;
    }
    indexes[at++] = numbers[code]! - 1;
  }
  const bytes = new Uint8Array(size);
  const bounds = utf8Bounds(distinct.subarray(0, count), starts, utf8);
  let offset = 0;
  for (let d = 0; d < count; d++) {
    const from = starts[distinct[d]!]!;
    const length = starts[distinct[d]! + 1]! - from;
    bytes[offset] = length & 0xff;
    bytes[offset + 1] = (length >>> 8) & 0xff;
    bytes[offset + 2] = (length >>> 16) & 0xff;
    bytes[offset + 3] = length >>> 24;
    for (let i = 0; i < length; i++) bytes[offset + 4 + i] = utf8[from + i]!;
    offset += 4 + length;
  }
  return { bytes, count, indexes: indexes.subarray(0, at), ...bounds };
}

/** Least and greatest of some texts by their bytes. */
function utf8Bounds(codes: Int32Array, starts: Uint32Array, utf8: Uint8Array): Pick<Packed, 'min' | 'max'> {
  if (codes.length === 0) return {};
  const isBelow = (a: number, b: number): boolean => {
    let p = starts[a]!;
    let q = starts[b]!;
    const pEnd = starts[a + 1]!;
    const qEnd = starts[b + 1]!;
    while (p < pEnd && q < qEnd && utf8[p] === utf8[q]) {
      p++;
      q++;
    }
    return q < qEnd && (p === pEnd || utf8[p]! < utf8[q]!);
  };
  let min = codes[0]!;
  let max = codes[0]!;
  for (const code of codes) {
    if (isBelow(code, min)) min = code;
    else if (isBelow(max, code)) max = code;
  }
  const textAt = (code: number): Uint8Array => utf8.slice(starts[code], starts[code + 1]);
  return { min: textAt(min), max: textAt(max) };
}

/** Each text as UTF-8 behind its length. */
function plainText(texts: readonly string[]): Packed {
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = Buffer.allocUnsafe(4 * texts.length + 3 * units); // a UTF-16 unit is at most three bytes of UTF-8
  let at = 0;
  for (const text of texts) {
    const length = bytes.write(text, at + 4, 'utf8');
    bytes.writeUInt32LE(length, at);
    at += 4 + length;
  }
  const isAscii = at === 4 * texts.length + units;
  return { bytes: bytes.subarray(0, at), count: texts.length, ...(texts.length > 0 && textBounds(texts, isAscii)) };
}

/** The format orders text by its bytes. JavaScript compares UTF-16, which agrees on ASCII but not beyond. */
function textBounds(texts: readonly string[], isAscii: boolean): Pick<Packed, 'min' | 'max'> {
  const isBelow = isAscii ? (a: string, b: string) => a < b : isBelowInBytes;
  const min = texts.reduce((least, text) => (isBelow(text, least) ? text : least));
  const max = texts.reduce((most, text) => (isBelow(most, text) ? text : most));
  return { min: Buffer.from(min), max: Buffer.from(max) };
}

function isBelowInBytes(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
