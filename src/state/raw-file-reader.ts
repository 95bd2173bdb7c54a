import { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { codeOf } from './durable-file.ts';
import { DamagedFile, type RawFile, type RawFiles } from './raw-files.ts';

/** With zlib's own 16 KiB, inflating takes three times as long: each chunk costs a thread-pool hop. */
const INFLATE_BYTES = 1 << 20;
/**
 * How many times its own size a gzip file may inflate to, beyond so many bytes that nobody need count. Firewall logs
 * compress 8 to 60 times, the wordiest some 80; what compresses 150 times is one thing over and over. Gzip's best is 1,032.
 */
const MAX_INFLATION = 150;
const FREE_INFLATION = 64 << 20;

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The bytes of a raw file, inflated if it begins like gzip, whatever its name. A chunk is valid until the next one is
 * asked for: then its memory is given back, which would otherwise wait for the garbage collector by the hundred MB.
 *
 * @param maxBytes most that it may hold, inflated; settable as input.max_file_bytes
 * @throws {DamagedFile} where it cannot be read to its end, or holds more than it may
 */
export async function* readRawFile(rawFiles: RawFiles, file: RawFile, maxBytes: number): AsyncGenerator<Uint8Array> {
  const source = rawFiles.read(file)[Symbol.asyncIterator]();
  let gunzip: Gunzip | undefined;
  try {
    const head = await takeHead(source);
    const isGzip = beginsLikeGzip(head);
    gunzip = isGzip ? createGunzip({ chunkSize: INFLATE_BYTES }) : undefined;
    const most = isGzip ? Math.min(maxBytes, Math.max(FREE_INFLATION, file.size * MAX_INFLATION)) : maxBytes;
    let held = 0;
    for await (const chunk of inflated(withHead(head, source), gunzip)) {
      held += chunk.length;
      if (held > most) throw new DamagedFile(sizeFault(file.size, most, maxBytes));
      yield chunk;
      // zlib goes on writing behind a chunk that does not reach to the end of its buffer.
      if (chunk.byteOffset + chunk.length === chunk.buffer.byteLength) chunk.buffer.transfer(0);
    }
    if (gunzip !== undefined) await checkTail(rawFiles, file, gunzip.bytesWritten);
  } catch (error) {
    throw damage(error, gunzip);
  } finally {
    gunzip?.destroy();
    await source.return?.();
  }
}

/** Chunks from the beginning that hold two bytes, or all there is. */
async function takeHead(source: AsyncIterator<Bytes>): Promise<Bytes[]> {
  const head: Bytes[] = [];
  for (let length = 0; length < 2; ) {
    const next = await source.next();
    if (next.done === true) break;
    head.push(next.value);
    length += next.value.length;
  }
  return head;
}

function beginsLikeGzip(head: readonly Bytes[]): boolean {
  const [first, second] = head.flatMap((chunk) => [...chunk.subarray(0, 2)]);
  return first === 0x1f && second === 0x8b;
}

async function* withHead(head: readonly Bytes[], source: AsyncIterator<Bytes>): AsyncGenerator<Bytes> {
  yield* head;
  for (;;) {
    const next = await source.next();
    if (next.done === true) return;
    yield next.value;
  }
}

function inflated(chunks: AsyncIterable<Bytes>, gunzip: Gunzip | undefined): AsyncIterable<Bytes> {
  if (gunzip === undefined) return chunks;
  const source = Readable.from(chunks, { objectMode: false });
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip) as AsyncIterable<Bytes>;
}

/** Behind its gzip data a file may be padded with zeros, as blocks and tapes are; zlib would pass over anything behind a zero. */
async function checkTail(rawFiles: RawFiles, file: RawFile, from: number): Promise<void> {
  if (from >= file.size) return;
  for await (const chunk of rawFiles.read(file, from)) {
    if (chunk.some((byte) => byte !== 0)) {
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
  const code = codeOf(error);
  if (code === undefined || !code.startsWith('Z_') || code === 'Z_MEM_ERROR') return error;
  const { message } = error as Error;
  const why =
    message === 'unexpected end of file' ? 'it ends in the middle of its gzip data' : 'its gzip data is damaged';
  return new DamagedFile(`${why}, at byte ${gunzip?.bytesWritten} (${message}); deliver it again`, { cause: error });
}
