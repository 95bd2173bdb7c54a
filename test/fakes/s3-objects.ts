import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from './s3-answer.ts';
import { S3Refusal } from './s3-refusal.ts';
import type { S3Request } from './s3-request.ts';
import { bucketOf, md5Of, type Store, type StoredObject } from './s3-store.ts';
import { insideAll, textOf, xmlDocument } from './s3-xml.ts';

const bare = (etag: string): string => etag.trim().replace(/^W\//, '').replaceAll('"', '');
const quoted = (etag: string): string => `"${etag}"`;
const names = (header: string, etag: string): boolean =>
  header.trim() === '*' || header.split(',').some((one) => bare(one) === etag);

/** Throws unless an object may be put where `present` is, or nothing. */
export function checkWriteConditions(headers: IncomingHttpHeaders, present: StoredObject | undefined): void {
  const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = headers;
  if (ifNoneMatch !== undefined && present !== undefined && names(ifNoneMatch, present.etag))
    throw preconditionFailed();
  if (ifMatch === undefined) return;
  if (present === undefined) throw noSuchKey();
  if (!names(ifMatch, present.etag)) throw preconditionFailed();
}

export const preconditionFailed = (): S3Refusal =>
  new S3Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
export const noSuchKey = (): S3Refusal => new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.');

/** What is kept of the headers of a PUT, and given back by every GET. */
export function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': headers['content-type'] ?? 'binary/octet-stream' };
  const encoding = (headers['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked');
  if (encoding.length > 0) kept['content-encoding'] = encoding.join(',');
  for (const [name, value] of Object.entries(headers)) if (name.startsWith('x-amz-meta-')) kept[name] = String(value);
  return kept;
}

/** S3 keeps times by the second. */
export const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;

export async function putObject(store: Store, { bucket, key, headers, body, checksums }: S3Request): Promise<Answer> {
  const objects = bucketOf(store, bucket);
  const kept = await store.keep(body);
  try {
    checkWriteConditions(headers, objects.get(key));
  } catch (refusal) {
    await kept.drop();
    throw refusal;
  }
  const etag = md5Of(body);
  const modifiedMs = wholeSecond(store.nowMs());
  objects.set(key, { body: kept, etag, modifiedMs, headers: keptHeaders(headers), checksums });
  return { status: 200, headers: { etag: quoted(etag), ...checksums } };
}

export async function getObject(store: Store, { method, bucket, key, headers }: S3Request): Promise<Answer> {
  const object = bucketOf(store, bucket).get(key);
  if (object === undefined) throw noSuchKey();
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined && !names(ifMatch, object.etag)) throw preconditionFailed();
  const told = {
    ...object.headers,
    etag: quoted(object.etag),
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
  };
  if (ifNoneMatch !== undefined && names(ifNoneMatch, object.etag)) return { status: 304, headers: told };
  const { length } = object.body;
  const range = rangeOf(headers.range, length);
  const [start, end] = range ?? [0, length];
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...told,
      ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${length}` }),
      // Of a part the checksums of the whole say nothing.
      ...(headers['x-amz-checksum-mode'] === 'ENABLED' && range === undefined ? object.checksums : {}),
      'content-length': String(end - start),
    },
    body: method === 'HEAD' ? undefined : await object.body.read(start, end),
  };
}

/** Bytes [start, end) that a header asks for; undefined for all of them. */
function rangeOf(header: string | undefined, length: number): readonly [number, number] | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  const end = first === '' || last === '' ? length : Math.min(Number(last) + 1, length);
  if (start >= length || start >= end)
    throw new S3Refusal(416, 'InvalidRange', 'The requested range is not satisfiable');
  return [start, end];
}

export function deleteObject(store: Store, { bucket, key }: S3Request): Answer {
  bucketOf(store, bucket).delete(key);
  return { status: 204 };
}

export function deleteObjects(store: Store, { bucket, body }: S3Request): Answer {
  const objects = bucketOf(store, bucket);
  const asked = body.toString();
  const keys = insideAll(asked, 'Object').map((object) => textOf(object, 'Key')!);
  if (keys.length === 0 || keys.length > 1000) throw new S3Refusal(400, 'MalformedXML');
  for (const key of keys) objects.delete(key);
  const isQuiet = textOf(asked, 'Quiet') === 'true';
  return {
    status: 200,
    body: xmlDocument('DeleteResult', isQuiet ? {} : { Deleted: keys.map((key) => ({ Key: key })) }),
  };
}

/** The copy is one object put at once: one that was uploaded in parts gets the ETag of its bytes. */
export async function copyObject(store: Store, { bucket, key, headers }: S3Request): Promise<Answer> {
  const target = bucketOf(store, bucket);
  const from = decodeURIComponent(String(headers['x-amz-copy-source'])).replace(/^\//, '');
  const slash = from.indexOf('/');
  const source = bucketOf(store, from.slice(0, slash)).get(from.slice(slash + 1));
  if (source === undefined) throw noSuchKey();
  const ifMatch = headers['x-amz-copy-source-if-match'];
  if (ifMatch !== undefined && !names(String(ifMatch), source.etag)) throw preconditionFailed();
  const isReplacing = headers['x-amz-metadata-directive'] === 'REPLACE';
  const isChanging = isReplacing || headers['x-amz-storage-class'] !== undefined;
  if (from === `${bucket}/${key}` && !isChanging)
    throw new S3Refusal(400, 'InvalidRequest', 'An object is copied onto itself only if its metadata or class changes');
  const bytes = await source.body.read(0, source.body.length);
  const body = await store.keep(bytes);
  const etag = md5Of(bytes);
  const modifiedMs = wholeSecond(store.nowMs());
  const isInParts = source.etag.includes('-');
  target.set(key, {
    body,
    etag,
    modifiedMs,
    headers: isReplacing ? keptHeaders(headers) : source.headers,
    checksums: isInParts ? {} : source.checksums,
  });
  return {
    status: 200,
    body: xmlDocument('CopyObjectResult', { ETag: quoted(etag), LastModified: new Date(modifiedMs).toISOString() }),
  };
}
