import type { Answer } from './s3-answer.ts';
import { listObjects } from './s3-listing.ts';
import { abortUpload, completeUpload, createUpload, listParts, uploadPart } from './s3-multipart.ts';
import { copyObject, deleteObject, deleteObjects, getObject, putObject } from './s3-objects.ts';
import { S3Refusal } from './s3-refusal.ts';
import type { S3Request } from './s3-request.ts';
import { Bucket, bucketOf, type Store } from './s3-store.ts';

type Perform = (store: Store, request: S3Request, pageSize: number | undefined) => Answer | Promise<Answer>;

/** Operations of S3 that are known here. */
const OPERATIONS = {
  CreateBucket: (store, { bucket }) => {
    if (store.buckets.has(bucket)) throw new S3Refusal(409, 'BucketAlreadyOwnedByYou');
    store.buckets.set(bucket, new Bucket());
    return { status: 200, headers: { location: `/${bucket}` } };
  },
  HeadBucket: (store, { bucket }) => {
    bucketOf(store, bucket);
    return { status: 200 };
  },
  DeleteBucket: (store, { bucket }) => {
    if (!bucketOf(store, bucket).isEmpty) throw new S3Refusal(409, 'BucketNotEmpty');
    store.buckets.delete(bucket);
    return { status: 204 };
  },
  ListObjectsV2: listObjects,
  DeleteObjects: deleteObjects,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject,
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  ListParts: listParts,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
} as const satisfies Record<string, Perform>;

export type S3Operation = keyof typeof OPERATIONS;

export const perform = async (
  operation: S3Operation,
  store: Store,
  request: S3Request,
  pageSize: number | undefined,
): Promise<Answer> => (OPERATIONS[operation] as Perform)(store, request, pageSize);

/** The operation that a request asks for; undefined where it is none of these. */
export function s3OperationOf({ method, bucket, key, query, headers }: S3Request): S3Operation | undefined {
  if (bucket === '') return undefined;
  const asks = [...query.keys()].find((name) => SUBRESOURCES.has(name)) ?? '';
  if (key === '') return ofBucket[`${method} ${asks}`];
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  // Parts copied from other objects are not known here.
  if (isCopy) return method === 'PUT' && asks === '' ? 'CopyObject' : undefined;
  return ofObject[`${method} ${asks}`];
}

/** Parameters that say what is asked for; others say how. */
const SUBRESOURCES: ReadonlySet<string> = new Set([
  ...['list-type', 'delete', 'uploads', 'uploadId', 'versions', 'versioning', 'lifecycle', 'notification', 'policy'],
  ...['tagging', 'acl', 'attributes', 'location', 'encryption', 'cors', 'website', 'object-lock', 'replication'],
]);

const ofBucket: Readonly<Record<string, S3Operation>> = {
  'PUT ': 'CreateBucket',
  'HEAD ': 'HeadBucket',
  'DELETE ': 'DeleteBucket',
  'GET list-type': 'ListObjectsV2',
  'POST delete': 'DeleteObjects',
};

const ofObject: Readonly<Record<string, S3Operation>> = {
  'PUT ': 'PutObject',
  'GET ': 'GetObject',
  'HEAD ': 'HeadObject',
  'DELETE ': 'DeleteObject',
  'POST uploads': 'CreateMultipartUpload',
  'PUT uploadId': 'UploadPart',
  'GET uploadId': 'ListParts',
  'POST uploadId': 'CompleteMultipartUpload',
  'DELETE uploadId': 'AbortMultipartUpload',
};
