import { isDataFile } from '../../config/mini-batch-path.ts';
import type { S3 } from '../aws/s3-client.ts';
import { listS3Objects, type S3Entry } from '../aws/s3-list.ts';
import { type S3Place, s3Address, s3Folder, s3Place } from '../aws/s3-location.ts';
import { isS3ObjectThere, ObjectArchived, ObjectChanged, type Patience, readS3Object } from '../aws/s3-read.ts';
import { compareKeys } from '../key-order.ts';
import { DamagedFile, type RawFile, type RawFiles } from '../raw-files.ts';
import { Unavailable } from '../unavailable.ts';

/**
 * Raw logs in S3: folders are `s3://bucket/key`. Its ETag tells content from content; an object that was uploaded in parts
 * gets another one when it is copied, its bytes the same.
 */
export function openS3RawFiles(s3: S3, patience?: Patience): RawFiles {
  return {
    async list(folder) {
      const place = s3Folder(folder);
      const files: RawFile[] = [];
      for await (const { entries } of listS3Objects(s3, place, '/'))
        for (const entry of entries) {
          const name = entry.key.slice(place.key.length);
          if (isDataFile(name)) files.push(rawFile(name, place, entry));
        }
      return files.sort((a, b) => compareKeys(a.name, b.name));
    },
    async folders(folder) {
      const place = s3Folder(folder);
      const names: string[] = [];
      for await (const page of listS3Objects(s3, place, '/'))
        for (const key of page.folders) names.push(key.slice(place.key.length, -1));
      // What lies behind two slashes in a row has a folder without a name above it.
      return names.filter((name) => name !== '');
    },
    async etag({ path, etag }) {
      if (etag === undefined) throw new Error(`${path} has no etag; take the file from a listing of its folder`);
      return etag;
    },
    async *read({ path, etag }, from = 0) {
      try {
        yield* readS3Object(s3, s3Place(path), { from, etag }, patience);
      } catch (error) {
        if (error instanceof ObjectArchived)
          throw new DamagedFile('it is archived; restore it, or deliver it again', { cause: error });
        if (!(error instanceof ObjectChanged)) throw error;
        throw new Unavailable('S3', `GetObject of ${path}`, new Error('it changed or went away since it was listed'));
      }
    },
    async has(folder, name) {
      const { bucket, key } = s3Folder(folder);
      return isS3ObjectThere(s3, { bucket, key: `${key}${name}` });
    },
  };
}

function rawFile(name: string, { bucket }: S3Place, { key, size, modifiedMs, etag }: S3Entry): RawFile {
  // S3 knows one time only: when it was uploaded as it is.
  return { name, path: s3Address({ bucket, key }), size, modifiedMs, arrivedMs: modifiedMs, etag };
}
