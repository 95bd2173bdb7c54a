/** What a bucket clears away by itself: pieces of uploads that were begun and never finished, which no listing shows. */
export interface BucketUpkeep {
  /** @param location `s3://bucket` or `s3://bucket/prefix` */
  clearsUploads(location: string): Promise<boolean | 'unknown to the server'>;
  /** Makes it so below the prefix; every other rule of the bucket stays. */
  clearUploads(location: string): Promise<true | 'unknown to the server'>;
}

/** Days after which an upload that is not finished never will be. */
export const UNFINISHED_DAYS = 2;
