import { createHash } from 'node:crypto';
import { createReadStream, type ReadStream, type Stats } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip, type Gunzip } from 'node:zlib';
import { isDataFile } from '../config/mini-batch-path.ts';
import { codeOf } from './durable-file.ts';

/** One raw file of a mini-batch. */
export interface RawFile {
  readonly name: string;
  readonly path: string;
  /** Bytes; 0 of what is no file. */
  readonly size: number;
  readonly modifiedMs: number;
  /** Why it cannot be a file of records, whatever it holds: a folder of that name, say. */
  readonly fault?: string;
}

/** What is wrong with a file itself, and will be wrong with it the next time: it costs the file. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile';
}

/** Small chunks cost a thread-pool hop each: with zlib's own 16 KiB, inflating takes three times as long. */
const READ_BYTES = 1 << 18;
const INFLATE_BYTES = 1 << 20;
/**
 * How many times its own size a gzip file may inflate to, beyond so many bytes that nobody need count. Firewall logs
 * compress 8 to 60 times, the wordiest some 80; what compresses 150 times is one thing over and over. Gzip's best is 1,032.
 */
const MAX_INFLATION = 150;
const FREE_INFLATION = 64 << 20;

/** Errors of the file system that say something of one file, not of the machine, and that the next try meets again. */
const LASTING: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it; change its permissions',
  EPERM: 'this user may not read it; change its permissions',
  ENOENT: 'it is not there, or a link that leads nowhere; deliver it again',
  ELOOP: 'it is a link that leads in a circle; deliver the file itself',
  EISDIR: 'it is a folder; deliver a file',
  ENXIO: 'it is no regular file; deliver one',
  ENODEV: 'it is no regular file; deliver one',
  EINVAL: 'it cannot be read as a file; deliver it again',
  EIO: 'its storage reports an error; deliver it again',
};

/** The data files of a mini-batch's folder, by name; what has a data file's name and is none stands there with its fault. */
export async function listRawFiles(folder: string): Promise<RawFile[]> {
  const names = (await readdir(folder)).filter(isDataFile).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      // stat follows a link to its file.
      const facts = await stat(path).catch(faultOf);
      if (typeof facts === 'string') return { name, path, size: 0, modifiedMs: 0, fault: facts };
      const modifiedMs = Math.floor(facts.mtimeMs);
      if (facts.isFile()) return { name, path, size: facts.size, modifiedMs };
      return { name, path, size: 0, modifiedMs, fault: kindFault(facts) };
    }),
  );
}

const kindFault = (facts: Stats): string => LASTING[facts.isDirectory() ? 'EISDIR' : 'ENXIO']!;

/** The fault that an error names; throws what is not of the file. */
function faultOf(error: unknown): string {
  const code = codeOf(error);
  const why = code === undefined ? undefined : LASTING[code];
  if (why === undefined) throw error;
  return code === 'EISDIR' || code === 'ENXIO' ? why : `${why} (${code})`;
}

/**
 * sha256 hex of a raw file as it stands: touching or copying the file does not change it. Of one that cannot be read, what
 * will be another once it can be.
 */
export async function etagOf({ path, fault }: RawFile): Promise<string> {
  if (fault !== undefined) return unreadable(fault);
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) hash.update(chunk as Uint8Array);
  } catch (error) {
    return unreadable(faultOf(error));
  }
  return hash.digest('hex');
}

const unreadable = (fault: string): string => `unreadable: ${fault.slice(0, fault.indexOf(';'))}`;

/**
 * The bytes of a raw file, inflated if it begins like gzip, whatever its name. A chunk is valid until the next one is
 * asked for: then its memory is given back, which would otherwise wait for the garbage collector by the hundred MB.
 *
 * @param maxBytes most that it may hold, inflated; settable as input.max_file_bytes
 * @throws {DamagedFile} where it cannot be read to its end, or holds more than it may
 */
export async function* readRawFile(path: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  let source: ReadStream | undefined;
  let gunzip: Gunzip | undefined;
  try {
    const file = await open(path);
    source = file.createReadStream({ highWaterMark: READ_BYTES, start: 0 });
    const { size } = await file.stat();
    const isGzip = await beginsLikeGzip(file);
    gunzip = isGzip ? createGunzip({ chunkSize: INFLATE_BYTES }) : undefined;
    const most = isGzip ? Math.min(maxBytes, Math.max(FREE_INFLATION, size * MAX_INFLATION)) : maxBytes;
    let held = 0;
    for await (const chunk of chunksOf(source, gunzip)) {
      held += chunk.length;
      if (held > most) throw new DamagedFile(sizeFault(size, most, maxBytes));
      yield chunk;
      // zlib goes on writing behind a chunk that does not reach to the end of its buffer.
      if (chunk.byteOffset + chunk.length === chunk.buffer.byteLength) chunk.buffer.transfer(0);
    }
    if (gunzip !== undefined) await checkTail(path, gunzip.bytesWritten);
  } catch (error) {
    throw damage(error, gunzip);
  } finally {
    gunzip?.destroy();
    source?.destroy();
  }
}

function chunksOf(source: ReadStream, gunzip: Gunzip | undefined): AsyncIterable<Uint8Array<ArrayBuffer>> {
  if (gunzip === undefined) return source as AsyncIterable<Uint8Array<ArrayBuffer>>;
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip) as AsyncIterable<Uint8Array<ArrayBuffer>>;
}

async function beginsLikeGzip(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}

/** Behind its gzip data a file may be padded with zeros, as blocks and tapes are; zlib would pass over anything behind a zero. */
async function checkTail(path: string, from: number): Promise<void> {
  for await (const chunk of createReadStream(path, { start: from, highWaterMark: READ_BYTES })) {
    if ((chunk as Uint8Array).some((byte) => byte !== 0)) {
      throw new DamagedFile(`something else follows its gzip data, from byte ${from} on; deliver it again`);
    }
  }
}

function sizeFault(size: number, most: number, maxBytes: number): string {
  if (most === maxBytes) {
    return `it holds more than ${maxBytes} bytes, the most that input.max_file_bytes lets one file hold; split it, or raise the setting`;
  }
  return (
    `its ${size} bytes inflate to more than ${most}, and no log inflates to more than ${MAX_INFLATION} times its size; ` +
    'deliver it without what fills it'
  );
}

/** What an error says of the file; anything else as it is, since it may go well the next time. */
function damage(error: unknown, gunzip: Gunzip | undefined): unknown {
  if (error instanceof DamagedFile) return error;
  const code = codeOf(error);
  if (code?.startsWith('Z_') && code !== 'Z_MEM_ERROR') {
    const { message } = error as Error;
    const why =
      message === 'unexpected end of file' ? 'it ends in the middle of its gzip data' : 'its gzip data is damaged';
    return new DamagedFile(`${why}, at byte ${gunzip?.bytesWritten} (${message}); deliver it again`, { cause: error });
  }
  if (code !== undefined && code in LASTING) return new DamagedFile(faultOf(error), { cause: error });
  return error;
}
