import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Refusal } from './s3-refusal.ts';

/** Bytes of an object or part, wherever they are kept. */
export interface Body {
  readonly length: number;
  /** Bytes [start, end). */
  read(start: number, end: number): Promise<Uint8Array>;
  drop(): Promise<void>;
}

export type KeepBody = (bytes: Uint8Array) => Promise<Body>;

export const keepInMemory: KeepBody = async (bytes) => ({
  length: bytes.length,
  read: async (start, end) => bytes.subarray(start, end),
  drop: async () => {},
});

/** For runs whose objects would fill the memory. What was kept is of no use to a later server. */
export const keepInFolder =
  (folder: string): KeepBody =>
  async (bytes) => {
    await mkdir(folder, { recursive: true });
    const file = join(folder, randomUUID());
    await writeFile(file, bytes);
    return {
      length: bytes.length,
      async read(start, end) {
        const handle = await open(file);
        try {
          const into = Buffer.alloc(end - start);
          await handle.read(into, 0, into.length, start);
          return into;
        } finally {
          await handle.close();
        }
      },
      drop: () => rm(file, { force: true }),
    };
  };

export interface StoredObject {
  readonly body: Body;
  /** Without its quotation marks. */
  readonly etag: string;
  readonly modifiedMs: number;
  /** Headers that are given back: type, encoding, own metadata. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksums: Readonly<Record<string, string>>;
}

export interface Part {
  readonly body: Body;
  readonly etag: string;
  readonly checksums: Readonly<Record<string, string>>;
}

export interface Uploading {
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, Part>;
}

export const md5Of = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** Keys sort by their UTF-8 bytes; read as Latin-1, those are code units. */
const sortKeyOf = (key: string): string => Buffer.from(key).toString('latin1');

/** The objects of a bucket, by key. */
export class Bucket {
  readonly #objects = new Map<string, StoredObject>();
  /** Of every key that is there, in order. */
  readonly #order: { readonly sortKey: string; readonly key: string }[] = [];

  get isEmpty(): boolean {
    return this.#order.length === 0;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  set(key: string, object: StoredObject): void {
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    if (before !== undefined) void before.body.drop();
    else this.#order.splice(this.#placeOf(sortKeyOf(key)), 0, { sortKey: sortKeyOf(key), key });
  }

  delete(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    void object.body.drop();
    this.#objects.delete(key);
    this.#order.splice(this.#placeOf(sortKeyOf(key)), 1);
  }

  /** Keys that begin with `prefix` and come behind `after`, in order. */
  *keys(prefix: string, after: string): Generator<string> {
    const start = sortKeyOf(prefix);
    const last = sortKeyOf(after);
    for (let i = this.#placeOf(start > last ? start : last); i < this.#order.length; i++) {
      const { sortKey, key } = this.#order[i]!;
      if (!sortKey.startsWith(start)) {
        if (sortKey > start) return;
      } else if (after === '' || sortKey > last) yield key;
    }
  }

  /** Place of the first key that is not before it. */
  #placeOf(sortKey: string): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order[middle]!.sortKey < sortKey) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface Store {
  readonly buckets: Map<string, Bucket>;
  readonly uploads: Map<string, Uploading>;
  readonly keep: KeepBody;
  readonly nowMs: () => number;
}

export function bucketOf({ buckets }: Store, name: string): Bucket {
  const bucket = buckets.get(name);
  if (bucket === undefined) throw new S3Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
  return bucket;
}
