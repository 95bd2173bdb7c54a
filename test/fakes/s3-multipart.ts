import { createHash, randomUUID } from 'node:crypto';
import type { Answer } from './s3-answer.ts';
import { checkWriteConditions, keptHeaders, wholeSecond } from './s3-objects.ts';
import { S3Refusal } from './s3-refusal.ts';
import { crc32Of, type S3Request } from './s3-request.ts';
import { bucketOf, md5Of, type Part, type Store, type Uploading } from './s3-store.ts';
import { insideAll, textOf, xmlDocument } from './s3-xml.ts';

/** Every part but the last has at least so many bytes. */
const LEAST_PART = 5 << 20;

export function createUpload(store: Store, { bucket, key, headers }: S3Request): Answer {
  bucketOf(store, bucket);
  const id = randomUUID();
  store.uploads.set(id, { bucket, key, headers: keptHeaders(headers), parts: new Map() });
  return {
    status: 200,
    body: xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id }),
  };
}

export async function uploadPart(store: Store, request: S3Request): Promise<Answer> {
  const upload = uploadOf(store, request);
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Refusal(400, 'InvalidArgument');
  const part = { body: await store.keep(request.body), etag: md5Of(request.body), checksums: request.checksums };
  const before = upload.parts.get(number);
  upload.parts.set(number, part);
  await before?.body.drop();
  return { status: 200, headers: { etag: `"${part.etag}"`, ...part.checksums } };
}

export function listParts(store: Store, request: S3Request): Answer {
  const parts = [...uploadOf(store, request).parts].sort(([a], [b]) => a - b);
  return {
    status: 200,
    body: xmlDocument('ListPartsResult', {
      Bucket: request.bucket,
      Key: request.key,
      UploadId: request.query.get('uploadId')!,
      IsTruncated: false,
      Part: parts.map(([number, { etag, body }]) => ({ PartNumber: number, ETag: `"${etag}"`, Size: body.length })),
    }),
  };
}

export async function abortUpload(store: Store, request: S3Request): Promise<Answer> {
  await forget(store, request);
  return { status: 204 };
}

export async function completeUpload(store: Store, request: S3Request): Promise<Answer> {
  const { bucket, key, headers } = request;
  const upload = uploadOf(store, request);
  const parts = namedParts(upload, request.body.toString());
  const bytes = Buffer.concat(await Promise.all(parts.map(({ body }) => body.read(0, body.length))));
  const body = await store.keep(bytes);
  const objects = bucketOf(store, bucket);
  try {
    // Another request may have completed or aborted it by now.
    uploadOf(store, request);
    checkWriteConditions(headers, objects.get(key));
  } catch (refusal) {
    await body.drop();
    throw refusal;
  }
  const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')));
  const etag = `${createHash('md5').update(digests).digest('hex')}-${parts.length}`;
  const modifiedMs = wholeSecond(store.nowMs());
  const checksums = checksumOfParts(parts);
  objects.set(key, { body, etag, modifiedMs, headers: upload.headers, checksums });
  await forget(store, request);
  return {
    status: 200,
    headers: checksums,
    body: xmlDocument('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: `"${etag}"` }),
  };
}

function uploadOf(store: Store, { bucket, key, query }: S3Request): Uploading {
  const upload = store.uploads.get(query.get('uploadId') ?? '');
  if (upload === undefined || upload.bucket !== bucket || upload.key !== key)
    throw new S3Refusal(404, 'NoSuchUpload', 'The specified upload does not exist');
  return upload;
}

/** The parts that a completion names, which must be those that were uploaded, in order. */
function namedParts(upload: Uploading, xml: string): Part[] {
  const named = insideAll(xml, 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: (textOf(part, 'ETag') ?? '').replaceAll('"', ''),
  }));
  if (named.length === 0) throw new S3Refusal(400, 'MalformedXML');
  if (named.some(({ number }, i) => i > 0 && number <= named[i - 1]!.number))
    throw new S3Refusal(400, 'InvalidPartOrder');
  const parts = named.map(({ number, etag }) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag !== etag) throw new S3Refusal(400, 'InvalidPart');
    return part;
  });
  if (parts.slice(0, -1).some(({ body }) => body.length < LEAST_PART)) throw new S3Refusal(400, 'EntityTooSmall');
  return parts;
}

/** Made of the parts' checksums, not of the bytes; says so by the number of parts behind it. */
function checksumOfParts(parts: readonly Part[]): Record<string, string> {
  const crcs = parts.map(({ checksums }) => checksums['x-amz-checksum-crc32']);
  if (crcs.includes(undefined)) return {};
  const joined = Buffer.concat(crcs.map((crc) => Buffer.from(crc!, 'base64')));
  return { 'x-amz-checksum-crc32': `${crc32Of(joined)}-${parts.length}`, 'x-amz-checksum-type': 'COMPOSITE' };
}

async function forget(store: Store, request: S3Request): Promise<void> {
  const upload = uploadOf(store, request);
  store.uploads.delete(request.query.get('uploadId')!);
  for (const { body } of upload.parts.values()) await body.drop();
}
