import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { isDataFile } from '../config/mini-batch-path.ts';

/** One raw file of a mini-batch. */
export interface RawFile {
  readonly name: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedMs: number;
}

/** Small chunks cost a thread-pool hop each: with zlib's own 16 KiB, inflating takes three times as long. */
const READ_BYTES = 1 << 18;
const INFLATE_BYTES = 1 << 20;

/** The data files of a mini-batch's folder, by name. */
export async function listRawFiles(folder: string): Promise<RawFile[]> {
  const names = (await readdir(folder)).filter(isDataFile).sort();
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      // stat follows a link to its file.
      const facts = await stat(path);
      return facts.isFile() ? [{ name, path, size: facts.size, modifiedMs: Math.floor(facts.mtimeMs) }] : [];
    }),
  );
  return found.flat();
}

/** sha256 hex of a raw file as it stands: touching or copying the file does not change it. */
export async function etagOf({ path }: RawFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/**
 * The bytes of a raw file, inflated if it begins like gzip, whatever its name. A chunk is valid until the next one is
 * asked for: then its memory is given back, which would otherwise wait for the garbage collector by the hundred MB.
 */
export async function* readRawFile(path: string): AsyncGenerator<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: READ_BYTES });
  const stream = (await beginsLikeGzip(path)) ? source.pipe(createGunzip({ chunkSize: INFLATE_BYTES })) : source;
  source.on('error', (error) => stream.destroy(error));
  for await (const chunk of stream as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    yield chunk;
    // zlib goes on writing behind a chunk that does not reach to the end of its buffer.
    if (chunk.byteOffset + chunk.length === chunk.buffer.byteLength) chunk.buffer.transfer(0);
  }
}

async function beginsLikeGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}
