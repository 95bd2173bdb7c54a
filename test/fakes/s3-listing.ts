import type { Answer } from './s3-answer.ts';
import { S3Refusal } from './s3-refusal.ts';
import type { S3Request } from './s3-request.ts';
import { bucketOf, type Store, type StoredObject } from './s3-store.ts';
import { xmlDocument } from './s3-xml.ts';

const MOST_KEYS = 1000;

/**
 * ListObjectsV2.
 * @param pageSize most that a page holds, whatever is asked for
 */
export function listObjects(store: Store, { bucket, query }: S3Request, pageSize = MOST_KEYS): Answer {
  const objects = bucketOf(store, bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const encoded = encodingOf(query.get('encoding-type'));
  const asked = Number(query.get('max-keys') ?? MOST_KEYS);
  if (!Number.isInteger(asked) || asked < 0) throw new S3Refusal(400, 'InvalidArgument');
  const most = Math.min(asked, pageSize, MOST_KEYS);
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const contents: [string, StoredObject][] = [];
  const folders: string[] = [];
  let last = '';
  let isTruncated = false;
  for (const key of objects.keys(prefix, after)) {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const folder = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    // A folder that the page before ended with, or that is told already.
    if (folder !== undefined && (folder === folders.at(-1) || (after !== '' && folder === after))) continue;
    if (contents.length + folders.length >= most) {
      isTruncated = most > 0;
      break;
    }
    if (folder === undefined) contents.push([key, objects.get(key)!]);
    else folders.push(folder);
    last = folder ?? key;
  }
  return {
    status: 200,
    body: xmlDocument('ListBucketResult', {
      Name: bucket,
      Prefix: encoded(prefix),
      Delimiter: delimiter === '' ? undefined : encoded(delimiter),
      MaxKeys: most,
      EncodingType: query.get('encoding-type') ?? undefined,
      KeyCount: contents.length + folders.length,
      IsTruncated: isTruncated,
      NextContinuationToken: isTruncated ? Buffer.from(last).toString('base64url') : undefined,
      Contents: contents.map(([key, { etag, modifiedMs, body }]) => ({
        Key: encoded(key),
        LastModified: new Date(modifiedMs).toISOString(),
        ETag: `"${etag}"`,
        Size: body.length,
        StorageClass: 'STANDARD',
      })),
      CommonPrefixes: folders.map((folder) => ({ Prefix: encoded(folder) })),
    }),
  };
}

/** As in a form, but for slashes: S3 writes a space as plus. */
function encodingOf(type: string | null): (key: string) => string {
  if (type === null) return (key) => key;
  if (type !== 'url') throw new S3Refusal(400, 'InvalidArgument');
  return (key) => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
}
