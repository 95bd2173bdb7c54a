import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import { S3Refusal } from './s3-refusal.ts';

/** A request as S3 understands it. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  /** '' of the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** What was sent, freed of its chunks. */
  readonly body: Buffer;
  /** Checksums that came with it, as headers or behind the body, by the name of their header. All were verified. */
  readonly checksums: Readonly<Record<string, string>>;
}

export async function readS3Request(message: IncomingMessage): Promise<S3Request> {
  const [path, search = ''] = message.url!.split('?', 2);
  const slash = path!.indexOf('/', 1);
  const bucket = slash < 0 ? path!.slice(1) : path!.slice(1, slash);
  const raw = await bytesOf(message);
  const { headers } = message;
  const isChunked =
    /\baws-chunked\b/.test(headers['content-encoding'] ?? '') ||
    /^STREAMING-/.test(String(headers['x-amz-content-sha256'] ?? ''));
  const { body, trailers } = isChunked ? decodeAwsChunked(raw) : { body: raw, trailers: {} };
  return {
    method: message.method!,
    bucket: decodeURIComponent(bucket),
    // As it was sent: a key may have parts such as `..` that an address would lose.
    key: slash < 0 ? '' : decodeURIComponent(path!.slice(slash + 1)),
    query: new URLSearchParams(search),
    headers,
    body,
    checksums: verifiedChecksums(body, headers, trailers),
  };
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** `<hex>[;chunk-signature=…]\r\n<bytes>\r\n` again and again, `0\r\n`, trailers. */
export function decodeAwsChunked(raw: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(raw.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2;
    if (Number.isNaN(size) || at + size > raw.length) throw new S3Refusal(400, 'IncompleteBody');
    if (size === 0) break;
    chunks.push(raw.subarray(at, at + size));
    at += size + 2;
  }
  const lines = raw.toString('latin1', at).split('\r\n');
  const trailers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]];
  });
  return { body: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) };
}

const base64 = (algorithm: string, body: Buffer): string => createHash(algorithm).update(body).digest('base64');

export function crc32Of(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

/** Checksums that can be verified here. Others are kept as they came. */
const CHECKSUMS: Readonly<Record<string, (body: Buffer) => string>> = {
  'x-amz-checksum-crc32': crc32Of,
  'x-amz-checksum-sha1': (body) => base64('sha1', body),
  'x-amz-checksum-sha256': (body) => base64('sha256', body),
};

function verifiedChecksums(
  body: Buffer,
  headers: IncomingHttpHeaders,
  trailers: Readonly<Record<string, string>>,
): Record<string, string> {
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== base64('md5', body)) throw new S3Refusal(400, 'BadDigest');
  const sha256 = String(headers['x-amz-content-sha256'] ?? '');
  if (/^[0-9a-f]{64}$/.test(sha256) && createHash('sha256').update(body).digest('hex') !== sha256)
    throw new S3Refusal(400, 'XAmzContentSHA256Mismatch');
  const announced = String(headers['x-amz-trailer'] ?? '');
  if (announced !== '' && trailers[announced] === undefined) throw new S3Refusal(400, 'MalformedTrailerError');
  const given = Object.entries({ ...headers, ...trailers }).filter(([name]) =>
    /^x-amz-checksum-(?:crc|sha)/.test(name),
  ) as [string, string][];
  for (const [name, value] of given) {
    const expected = CHECKSUMS[name]?.(body);
    if (expected !== undefined && expected !== value) throw new S3Refusal(400, 'BadDigest', `${name} does not agree`);
  }
  return Object.fromEntries(given);
}
