import { setTimeout as pause } from 'node:timers/promises';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Unavailable } from '../unavailable.ts';
import { statusOf } from './aws-faults.ts';
import type { S3 } from './s3-client.ts';
import { s3Fault } from './s3-faults.ts';
import type { S3Place } from './s3-location.ts';
import { isS3ObjectThere } from './s3-read.ts';

/** Above it an object is uploaded in parts, several at once. */
const SINGLE_BYTES = 16 << 20;
const PART_BYTES = 8 << 20;
const PARTS_AT_ONCE = 4;

/** How often a write starts anew because another writer of the key was under way, or its upload was cleared away. */
const TRIES = 6;
const FIRST_PAUSE_MS = 50;

/**
 * Puts an object where there is none, or leaves the one that is there as it is. Of several writers of a key exactly one
 * created it, and no other hears so; the one that did hears `exists` if the answer to it was lost on the way.
 */
export async function createS3Object(s3: S3, place: S3Place, bytes: Uint8Array): Promise<'created' | 'exists'> {
  const isSingle = bytes.length <= SINGLE_BYTES;
  const operation = isSingle ? 'PutObject' : 'Upload';
  for (let attempt = 1; ; attempt++) {
    try {
      await (isSingle ? put(s3, place, bytes) : upload(s3, place, bytes));
      return 'created';
    } catch (error) {
      const status = statusOf(error);
      if (status === 412) return 'exists';
      const fault = s3Fault(error, operation, place);
      // The answer may have been lost, or the connection closed on a body that nobody wanted, since the object is there.
      const isUnderWay = status === 409 || (error as Error).name === 'NoSuchUpload';
      if (!isUnderWay && !(fault instanceof Unavailable)) throw fault;
      if (await isS3ObjectThere(s3, place).catch(() => false)) return 'exists';
      if (!isUnderWay || attempt === TRIES) throw fault;
      await pause((0.5 + Math.random()) * FIRST_PAUSE_MS * 2 ** attempt);
    }
  }
}

async function put(s3: S3, { bucket, key }: S3Place, bytes: Uint8Array): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, IfNoneMatch: '*' }));
}

/** Parts are aborted if anything fails; those of a killed process stay until a rule of the bucket clears them. */
async function upload(s3: S3, { bucket, key }: S3Place, bytes: Uint8Array): Promise<void> {
  await new Upload({
    client: s3,
    params: { Bucket: bucket, Key: key, Body: bytes, IfNoneMatch: '*' },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
  }).done();
}

/** Does nothing if there is none. */
export async function removeS3Object(s3: S3, place: S3Place): Promise<void> {
  try {
    await s3.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: place.key }));
  } catch (error) {
    throw s3Fault(error, 'DeleteObject', place);
  }
}
