import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { Unavailable } from '../unavailable.ts';
import { mayPass, statusOf } from './aws-faults.ts';
import type { S3 } from './s3-client.ts';
import { isAbsent, s3Fault } from './s3-faults.ts';
import { type S3Place, s3Address } from './s3-location.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** The part of an object that is wanted, and which object it must still be. */
export interface S3Part {
  /** First byte. */
  readonly from?: number;
  /** Without its quotation marks. */
  readonly etag?: string | undefined;
}

export interface Patience {
  /** How long the next chunk may take; what the reader does in between is not counted. */
  readonly stallMs: number;
  /** How often reading goes on without having come PROGRESS_BYTES further. */
  readonly resumptions: number;
}

const PATIENCE: Patience = { stallMs: 20_000, resumptions: 5 };

/** So much further, and patience begins anew: otherwise a large file on a bad line would never be read. */
const PROGRESS_BYTES = 1 << 20;
const FIRST_PAUSE_MS = 100;

/** An object is not there, or not the one any more that was asked for. */
export class ObjectChanged extends Error {
  override readonly name = 'ObjectChanged';
}

/** An object is there, but has to be brought back from an archive before anyone can read it. */
export class ObjectArchived extends Error {
  override readonly name = 'ObjectArchived';
}

/**
 * The bytes of an object from `from` on, all of one and the same object. A body that breaks off or stalls is taken up
 * where it ended.
 *
 * @throws {ObjectChanged} where it is not there, or another than `etag`
 * @throws {ObjectArchived}
 */
export async function* readS3Object(
  s3: S3,
  place: S3Place,
  { from = 0, etag: wanted }: S3Part = {},
  { stallMs, resumptions }: Patience = PATIENCE,
): AsyncGenerator<Bytes> {
  let etag = wanted;
  let at = from;
  let mark = from;
  let failures = 0;
  for (;;) {
    const answer = await get(s3, place, at, etag, stallMs);
    etag ??= answer.etag;
    try {
      for await (const chunk of unstalled(answer.body, stallMs)) {
        at += chunk.length;
        yield chunk;
      }
      if (at >= answer.end) return;
      throw Object.assign(new Error(`its body ended at byte ${at} of ${answer.end}`), { code: 'ECONNRESET' });
    } catch (error) {
      // If all of it came and does not agree with its checksum, what was handed out cannot be taken back.
      if (!mayPass(error) || at >= answer.end) throw s3Fault(error, 'GetObject', place);
      if (at - mark >= PROGRESS_BYTES) {
        mark = at;
        failures = 0;
      }
      if (++failures > resumptions) throw s3Fault(error, 'GetObject', place);
      await pause(Math.random() * FIRST_PAUSE_MS * 2 ** failures);
    }
  }
}

interface Answer {
  readonly body: AsyncIterable<Bytes> & { destroy(): void };
  /** Bytes of the whole object. */
  readonly end: number;
  readonly etag: string | undefined;
}

async function get(s3: S3, place: S3Place, at: number, etag: string | undefined, stallMs: number): Promise<Answer> {
  const request = s3.send(
    new GetObjectCommand({
      Bucket: place.bucket,
      Key: place.key,
      // Of an empty object no range at all is satisfiable.
      ...(at === 0 ? {} : { Range: `bytes=${at}-` }),
      ...(etag === undefined ? {} : { IfMatch: `"${etag}"` }),
    }),
    { requestTimeout: stallMs },
  );
  // Until there is an answer, the client itself has tried again.
  const answer = await request.catch((error: unknown) => {
    throw faultOf(error, place);
  });
  const body = answer.Body as unknown as Answer['body'];
  const begin = at === 0 ? 0 : Number(/^bytes (\d+)-/.exec(answer.ContentRange ?? '')?.[1] ?? Number.NaN);
  if (begin !== at) {
    body.destroy();
    throw new Error(`the server answered the range from byte ${at} with another part; it must know ranges`);
  }
  return { body, end: at + (answer.ContentLength ?? 0), etag: answer.ETag?.replaceAll('"', '') };
}

/** The chunks of a body; a timeout where the next one takes too long. Whatever ends it, its connection is let go. */
async function* unstalled(body: Answer['body'], stallMs: number): AsyncGenerator<Bytes> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await within(chunks.next(), stallMs);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}

async function within<T>(waiting: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`nothing came for ${ms} ms`), { name: 'TimeoutError', code: 'ETIMEDOUT' }));
    }, ms);
  });
  try {
    return await Promise.race([waiting, end]);
  } finally {
    clearTimeout(timer);
    waiting.catch(() => {});
  }
}

function faultOf(error: unknown, place: S3Place): Error {
  const status = statusOf(error);
  if (status === 412) return new ObjectChanged(`${s3Address(place)} is another than it was`, { cause: error });
  // A range behind the end: what was there was longer.
  if (status === 416 || isAbsent(error)) return new ObjectChanged(`${s3Address(place)} is not there`);
  const fault = s3Fault(error, 'GetObject', place);
  return (error as Error).name === 'InvalidObjectState' ? new ObjectArchived(fault.message) : fault;
}

/** The whole object in memory; undefined where there is none. */
export async function readWholeS3Object(s3: S3, place: S3Place, patience?: Patience): Promise<Uint8Array | undefined> {
  const chunks: Bytes[] = [];
  try {
    for await (const chunk of readS3Object(s3, place, {}, patience)) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof ObjectChanged)) throw error;
    // Before the first byte it was not there; behind it, it was removed or put anew under the reader.
    if (chunks.length === 0) return undefined;
    throw new Unavailable('S3', `GetObject of ${s3Address(place)}`, new Error('it went away while it was read'));
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

export async function isS3ObjectThere(s3: S3, place: S3Place): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: place.bucket, Key: place.key }));
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw s3Fault(error, 'HeadObject', place);
  }
}
