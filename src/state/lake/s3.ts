import type { S3 } from '../aws/s3-client.ts';
import { listS3Objects } from '../aws/s3-list.ts';
import { type S3Place, s3Address, s3Folder, s3Place } from '../aws/s3-location.ts';
import { isS3ObjectThere, readWholeS3Object } from '../aws/s3-read.ts';
import { createS3Object, removeS3Object } from '../aws/s3-write.ts';
import { checkPath, checkPrefix, type Lake, type LakeEntry, NotFound, RESERVED } from '../lake.ts';

/** Beginning of a path whose first part names a bucket of its own, as in `s3:bucket/key`. */
const OTHER_BUCKET = 's3:';

/**
 * A lake below a location such as `s3://bucket/prefix`. A path `s3:other/key` lies in the bucket `other` instead, under
 * just that key: so are datasets placed whose specs name a bucket.
 */
export function openS3Lake(s3: S3, location: string): Lake {
  const root = s3Folder(location);
  const place = (path: string): S3Place => {
    checkPath(path);
    return placeIn(root, path);
  };
  return {
    async read(path) {
      const bytes = await readWholeS3Object(s3, place(path));
      if (bytes === undefined) throw new NotFound(s3Address(root), path);
      return bytes;
    },
    exists: async (path) => isS3ObjectThere(s3, place(path)),
    list(prefix) {
      checkPrefix(prefix);
      return entriesOf(s3, root, prefix);
    },
    create: async (path, bytes) => createS3Object(s3, place(path), bytes),
    remove: async (path) => removeS3Object(s3, place(path)),
  };
}

function placeIn(root: S3Place, path: string): S3Place {
  if (!path.startsWith(OTHER_BUCKET)) return { bucket: root.bucket, key: `${root.key}${path}` };
  const { bucket, key } = s3Place(path.replace(OTHER_BUCKET, 's3://'));
  if (key === '') throw new Error(`lake path ${JSON.stringify(path)} is a bucket; name a key in it`);
  return { bucket, key };
}

async function* entriesOf(s3: S3, root: S3Place, prefix: string): AsyncGenerator<LakeEntry> {
  const isElsewhere = prefix.startsWith(OTHER_BUCKET);
  if (isElsewhere && !prefix.includes('/'))
    throw new Error(
      `lake path ${JSON.stringify(prefix)} may begin several buckets; end the bucket's name with a slash`,
    );
  const start = isElsewhere ? s3Place(prefix.replace(OTHER_BUCKET, 's3://')) : placeIn(root, prefix);
  const above = isElsewhere ? `${OTHER_BUCKET}${start.bucket}/` : '';
  const rootLength = isElsewhere ? 0 : root.key.length;
  for await (const { entries } of listS3Objects(s3, start)) {
    for (const { key, size, modifiedMs } of entries) {
      const path = `${above}${key.slice(rootLength)}`;
      if (isLakePath(path, isElsewhere)) yield { path, size, modifiedMs };
    }
  }
}

/** Keys that no path leads to are not the lake's: markers of folders, and what others left in the reserved one. */
function isLakePath(path: string, isElsewhere: boolean): boolean {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  return isElsewhere || (parts[0] !== RESERVED && !path.startsWith(OTHER_BUCKET));
}
