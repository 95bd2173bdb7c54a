import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type BucketUpkeep, UNFINISHED_DAYS } from '../bucket-upkeep.ts';

export interface S3LifecycleOptions {
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly forcePathStyle: boolean;
}

/** Signatures name a region; a server that is not AWS takes any. */
const ANY_REGION = 'us-east-1';
const RULE_ID = 'ndr-unfinished-uploads';

/** Rules of S3 buckets. Ours are known by their ID; data never expire by one. */
export function openS3Lifecycle({ region, endpoint, forcePathStyle }: S3LifecycleOptions): BucketUpkeep & {
  close(): void;
} {
  const place = endpoint === null ? (region === null ? {} : { region }) : { region: region ?? ANY_REGION, endpoint };
  const client = new S3Client({ ...place, forcePathStyle });

  return {
    async clearsUploads(location) {
      const { bucket, rule } = wanted(location);
      const rules = await rulesOf(client, bucket);
      return rules === 'unknown to the server' ? rules : rules.some((present) => isRule(present, rule));
    },

    async clearUploads(location) {
      const { bucket, rule } = wanted(location);
      const rules = await rulesOf(client, bucket);
      if (rules === 'unknown to the server') return rules;
      if (rules.some((present) => isRule(present, rule))) return true;
      const others = rules.filter(({ ID }) => ID !== rule.ID).map(withFilter);
      try {
        await client.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket: bucket,
            LifecycleConfiguration: { Rules: [...others, rule] },
          }),
        );
        return true;
      } catch (error) {
        if (isUnknown(error)) return 'unknown to the server';
        throw faultOf(error, 'PutLifecycleConfiguration', bucket);
      }
    },

    close: () => client.destroy(),
  };
}

function wanted(location: string): { readonly bucket: string; readonly rule: LifecycleRule & { ID: string } } {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/*(.*?)\/*$/.exec(location) ?? [];
  const prefix = path === '' ? '' : `${path}/`;
  return {
    bucket,
    rule: {
      ID: prefix === '' ? RULE_ID : `${RULE_ID}:${prefix}`.slice(0, 255),
      Status: 'Enabled',
      Filter: { Prefix: prefix },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED_DAYS },
    },
  };
}

const isRule = (present: LifecycleRule, rule: LifecycleRule): boolean =>
  present.ID === rule.ID &&
  present.Status === rule.Status &&
  (present.Filter?.Prefix ?? present.Prefix ?? '') === rule.Filter?.Prefix &&
  present.AbortIncompleteMultipartUpload?.DaysAfterInitiation === UNFINISHED_DAYS;

/** Rules of the older form are not taken beside those of the newer one. */
function withFilter({ Prefix: prefix, ...rule }: LifecycleRule): LifecycleRule {
  return prefix === undefined || rule.Filter !== undefined ? rule : { ...rule, Filter: { Prefix: prefix } };
}

async function rulesOf(client: S3Client, bucket: string): Promise<readonly LifecycleRule[] | 'unknown to the server'> {
  try {
    return (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))).Rules ?? [];
  } catch (error) {
    if (nameOf(error) === 'NoSuchLifecycleConfiguration') return [];
    if (isUnknown(error)) return 'unknown to the server';
    throw faultOf(error, 'GetLifecycleConfiguration', bucket);
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

const isUnknown = (error: unknown): boolean =>
  nameOf(error) === 'NotImplemented' ||
  nameOf(error) === 'MethodNotAllowed' ||
  [405, 501].includes((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0);

function faultOf(error: unknown, permission: string, bucket: string): Error {
  const { name, message } = error as Error;
  const remedy =
    name === 'NoSuchBucket'
      ? 'create the bucket, or name another with lake.location'
      : name === 'AccessDenied'
        ? `allow s3:${permission} on this bucket to the role or user that ndr provision runs as`
        : 'look into it, and run ndr provision again';
  return new Error(`S3: rules of bucket ${bucket}: ${name}: ${message}; ${remedy}`, { cause: error });
}
