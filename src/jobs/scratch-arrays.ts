import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Files of a job that may be made again any time: whole or absent, but not kept from a power cut. */
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const;
type ArrayKind = keyof typeof ARRAYS;
export type ScratchArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

interface Place {
  readonly kind: ArrayKind;
  readonly offset: number;
  readonly length: number;
}

/** What a scratch file says beside its arrays. */
export interface ScratchHead<T> {
  readonly told: T;
  readonly places: Readonly<Record<string, Place>>;
}

const HEAD_BYTES = 8;
const alignedTo = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Writes a file by pieces under another name and gives it its own once it is whole. */
export function writeWhole(path: string, write: (put: (bytes: Uint8Array) => void) => void): void {
  const unfinished = `${path}.${process.pid}-${randomUUID()}.tmp`;
  const file = openSync(unfinished, 'wx');
  try {
    try {
      write((bytes) => {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      });
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: ScratchArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

export const isWritten = (path: string): boolean => existsSync(path);

/** Writes named arrays and something that JSON can tell. */
export function writeArrays<T>(path: string, told: T, arrays: Readonly<Record<string, ScratchArray>>): void {
  const places: Record<string, Place> = {};
  let offset = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const kind = (Object.keys(ARRAYS) as ArrayKind[]).find((kind) => array instanceof ARRAYS[kind])!;
    places[name] = { kind, offset, length: array.length };
    offset += alignedTo(array.byteLength);
  }
  const head = Buffer.from(JSON.stringify({ told, places } satisfies ScratchHead<T>));
  const size = Buffer.alloc(HEAD_BYTES);
  size.writeUInt32LE(head.length);
  writeWhole(path, (put) => {
    put(size);
    put(head);
    put(new Uint8Array(alignedTo(head.length) - head.length));
    for (const array of Object.values(arrays)) {
      put(bytesOf(array));
      put(new Uint8Array(alignedTo(array.byteLength) - array.byteLength));
    }
  });
}

export interface ScratchArrays<T> {
  readonly told: T;
  /** The whole array, or elements [from, to) of it. */
  read<K extends ArrayKind>(name: string, kind: K, from?: number, to?: number): InstanceType<(typeof ARRAYS)[K]>;
  close(): void;
}

export function openArrays<T>(path: string): ScratchArrays<T> {
  const file = openSync(path, 'r');
  const size = Buffer.from(readAt(file, 0, HEAD_BYTES, path)).readUInt32LE();
  const head = Buffer.from(readAt(file, HEAD_BYTES, size, path)).toString();
  const { told, places } = JSON.parse(head) as ScratchHead<T>;
  const start = HEAD_BYTES + alignedTo(size);
  return {
    told,
    read(name, kind, from = 0, to) {
      const place = places[name];
      if (place?.kind !== kind) throw new Error(`scratch file ${path} has no ${kind} array ${name}; remove the file`);
      const each = ARRAYS[kind].BYTES_PER_ELEMENT;
      const end = to ?? place.length;
      const bytes = readAt(file, start + place.offset + from * each, (end - from) * each, path);
      return new ARRAYS[kind](bytes) as InstanceType<(typeof ARRAYS)[typeof kind]>;
    },
    close: () => closeSync(file),
  };
}

/** Bytes of an open file in a buffer of their own, so that arrays of any kind can stand on it. */
export function readAt(file: number, offset: number, length: number, path: string): ArrayBuffer {
  const bytes = new Uint8Array(length);
  fillFrom(file, bytes, offset, path);
  return bytes.buffer;
}

export function fillFrom(file: number, bytes: Uint8Array, offset: number, path: string): void {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, offset + at);
    if (read === 0)
      throw new Error(`scratch file ${path} ends at byte ${fstatSync(file).size}, too soon; remove it and run again`);
    at += read;
  }
}
