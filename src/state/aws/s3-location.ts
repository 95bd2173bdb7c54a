/** A place in S3; of a folder, a key that ends with a slash, or '' for the whole bucket. */
export interface S3Place {
  readonly bucket: string;
  readonly key: string;
}

const SCHEME = 's3://';

/** As AWS has them; what other servers allow beyond it could not be told from a folder. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const isS3Location = (location: string): boolean => location.startsWith(SCHEME);

/** Reads `s3://bucket/key`. */
export function s3Place(location: string): S3Place {
  const path = isS3Location(location) ? location.slice(SCHEME.length) : '';
  const slash = path.indexOf('/');
  const bucket = slash < 0 ? path : path.slice(0, slash);
  if (!BUCKET.test(bucket))
    throw new Error(`S3 location ${JSON.stringify(location)} names no bucket; write it as s3://bucket/prefix`);
  return { bucket, key: slash < 0 ? '' : path.slice(slash + 1) };
}

/** The folder at a location: its key ends with a slash unless it is the whole bucket. */
export function s3Folder(location: string): S3Place {
  const { bucket, key } = s3Place(location);
  const plain = key.replace(/\/+$/, '');
  return { bucket, key: plain === '' ? '' : `${plain}/` };
}

export const s3Address = ({ bucket, key }: S3Place): string => `${SCHEME}${bucket}/${key}`;
