import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { canonicalJson } from '../config/canonical-json.ts';
import type { Lake } from './lake.ts';
import { sha256Hex } from './manifest.ts';
import { plainPart } from './partition.ts';

/** A line of a raw file that is not a record. */
export interface RejectedLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The rule that it broke. */
  readonly reason: string;
  /** What is wrong, with values and limits, and what to do. */
  readonly detail: string;
  /** Length of the line. */
  readonly bytes: number;
  /** Whether the text is only its beginning. */
  readonly is_cut: boolean;
  /** What is not UTF-8 in it is replaced by U+FFFD; the raw file has the bytes. */
  readonly text: string;
}

/** A raw file that nothing was used of. The file itself stays where it was delivered. */
export interface DamagedInput {
  readonly file: string;
  /** As it was delivered. */
  readonly bytes: number;
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** What a mini-batch that failed for good was, and why. */
export interface FailedBatch {
  /** The notification as it came. */
  readonly notification: unknown;
  readonly error: unknown;
  /** Counts of data quality, where it came to be read. */
  readonly dq?: Readonly<Record<string, number>>;
}

export interface QuarantinePlace {
  readonly lake: Lake;
  /** Path in the lake, '' for its root. */
  readonly prefix: string;
  readonly project: string;
  readonly miniBatchId: string;
}

/** Text gathered before it is handed to the compressor. */
const CHUNK = 1 << 16;

/**
 * Writes rejected lines as gzip JSON Lines, in the order given, and returns the path, or
 * undefined where there are none. The name comes from the lines, so the same ones are kept once, and others of a later
 * attempt stand beside them. Holds the compressed lines in memory.
 */
export async function quarantineLines(
  place: QuarantinePlace,
  lines: Iterable<RejectedLine> | AsyncIterable<RejectedLine>,
): Promise<string | undefined> {
  const content = createHash('sha256');
  let isEmpty = true;
  const chunks = async function* (): AsyncGenerator<Buffer> {
    let gathered = '';
    for await (const { file, line, reason, detail, bytes, is_cut, text } of lines) {
      isEmpty = false;
      gathered += `${JSON.stringify({ file, line, reason, detail, bytes, is_cut, text })}\n`;
      if (gathered.length < CHUNK) continue;
      yield Buffer.from(gathered);
      gathered = '';
    }
    if (gathered !== '') yield Buffer.from(gathered);
  };
  const compressed: Buffer[] = [];
  await pipeline(
    Readable.from(chunks()),
    async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        content.update(chunk);
        yield chunk;
      }
    },
    createGzip({ level: constants.Z_DEFAULT_COMPRESSION }),
    async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) compressed.push(chunk);
    },
  );
  if (isEmpty) return undefined;
  const path = `${folderOf(place)}/rejected-${content.digest('hex').slice(0, 12)}.jsonl.gz`;
  await place.lake.create(path, withoutOrigin(Buffer.concat(compressed)));
  return path;
}

/** Writes which raw files of a mini-batch were left out, and why, as JSON; returns the path, or undefined for none. */
export async function quarantineFiles(
  place: QuarantinePlace,
  folder: string,
  files: readonly DamagedInput[],
): Promise<string | undefined> {
  if (files.length === 0) return undefined;
  const { project, miniBatchId } = place;
  const damaged = files.map(({ file, bytes, reason }) => ({ file, bytes, reason }));
  return writeRecord(place, 'damaged', { project_name: project, mini_batch_id: miniBatchId, folder, files: damaged });
}

/** Writes a failed mini-batch's notification and error as JSON and returns the path. The same failure is kept once. */
export async function quarantineBatch(place: QuarantinePlace, failed: FailedBatch): Promise<string> {
  const { project, miniBatchId } = place;
  const { notification, error, dq } = failed;
  const record = { project_name: project, mini_batch_id: miniBatchId, notification, error: describe(error) };
  return writeRecord(place, 'failed', dq === undefined ? record : { ...record, dq });
}

async function writeRecord(place: QuarantinePlace, name: string, record: object): Promise<string> {
  const bytes = new TextEncoder().encode(`${canonicalJson(record)}\n`);
  const path = `${folderOf(place)}/${name}-${sha256Hex(bytes).slice(0, 12)}.json`;
  await place.lake.create(path, bytes);
  return path;
}

function folderOf({ prefix, project, miniBatchId }: QuarantinePlace): string {
  return [prefix, project, plainPart(miniBatchId)].filter((part) => part !== '').join('/');
}

/** Bytes 4 to 7 of a gzip header tell the time, byte 9 the system: neither belongs to the content. */
function withoutOrigin(gzip: Buffer): Buffer {
  gzip.fill(0, 4, 8);
  gzip[9] = 255;
  return gzip;
}

/** Name, message and causes, as deep as anyone reads; an error may be its own cause. */
function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause === undefined || depth === 4 ? undefined : describe(error.cause, depth + 1);
  return { name: error.name, message: error.message, cause };
}
