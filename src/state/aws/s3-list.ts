import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { S3 } from './s3-client.ts';
import { s3Fault } from './s3-faults.ts';
import type { S3Place } from './s3-location.ts';

export interface S3Entry {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedMs: number;
  /** Without its quotation marks. */
  readonly etag: string;
}

export interface S3Page {
  /** By UTF-8 bytes of the key, which is by code point. */
  readonly entries: readonly S3Entry[];
  /** What lies one slash deeper, as the beginning of its keys, the slash included; only where asked for. */
  readonly folders: readonly string[];
}

/** Everything whose key begins with that of `place`, in pages; with `delimiter` only what lies directly there. */
export async function* listS3Objects(s3: S3, place: S3Place, delimiter?: '/'): AsyncGenerator<S3Page> {
  let token: string | undefined;
  do {
    const page = await s3
      .send(
        new ListObjectsV2Command({
          Bucket: place.bucket,
          Prefix: place.key,
          ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      )
      .catch((error: unknown) => {
        throw s3Fault(error, 'ListObjectsV2', place);
      });
    yield {
      entries: (page.Contents ?? []).map(({ Key, Size, LastModified, ETag }) => ({
        key: Key!,
        size: Size ?? 0,
        modifiedMs: LastModified?.getTime() ?? 0,
        etag: (ETag ?? '').replaceAll('"', ''),
      })),
      folders: (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
    };
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}
