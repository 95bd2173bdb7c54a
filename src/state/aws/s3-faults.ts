import { isOfSystem } from '../refused.ts';
import { awsFault, nameOf, statusOf } from './aws-faults.ts';
import { type S3Place, s3Address } from './s3-location.ts';

/** Whether an error says that the object is not there; that its bucket is not is another matter. */
export const isAbsent = (error: unknown): boolean =>
  statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket' && nameOf(error) !== 'NoSuchUpload';

const LISTING = 's3:GetObject and s3:ListBucket, without which what is not there counts as denied,';

/** What an operation needs where that is not called as it is. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  GetObject: LISTING,
  HeadObject: LISTING,
  ListObjectsV2: 's3:ListBucket',
  Upload: 's3:PutObject and s3:AbortMultipartUpload',
};

const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket; create it or correct the location',
  KeyTooLongError: 'a key has at most 1,024 bytes; shorten the prefix or the name of the folder',
};

/** The error to throw for one of the client's: an Unavailable if it may pass, one that was told already as it is. Its text is made of codes, not of answers. */
export function s3Fault(error: unknown, operation: string, place: S3Place): Error {
  if (isOfSystem(error) || !(error instanceof Error)) return error as Error;
  const { bucket } = place;
  return awsFault('S3', `${operation} of ${s3Address(place)}`, error, {
    permission: `${PERMISSIONS[operation] ?? `s3:${operation}`} on bucket ${bucket}`,
    remedy:
      REMEDIES[error.name] ?? `look into the location, s3.endpoint and what the server of bucket ${bucket} supports`,
  });
}
