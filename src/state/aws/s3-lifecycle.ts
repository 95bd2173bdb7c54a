import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { type BucketUpkeep, UNFINISHED_DAYS } from '../bucket-upkeep.ts';
import { nameOf, statusOf } from './aws-faults.ts';
import type { S3 } from './s3-client.ts';
import { s3Fault } from './s3-faults.ts';
import { s3Folder } from './s3-location.ts';

const RULE_ID = 'ndr-unfinished-uploads';

/** Rules of S3 buckets. Ours are known by their ID; data never expire by one. */
export function openS3Lifecycle(s3: S3): BucketUpkeep {
  return {
    async clearsUploads(location) {
      const { bucket, rule } = wanted(location);
      const rules = await rulesOf(s3, bucket);
      return rules === 'unknown to the server' ? rules : rules.some((present) => isRule(present, rule));
    },

    async clearUploads(location) {
      const { bucket, rule } = wanted(location);
      const rules = await rulesOf(s3, bucket);
      if (rules === 'unknown to the server') return rules;
      if (rules.some((present) => isRule(present, rule))) return true;
      const others = rules.filter(({ ID }) => ID !== rule.ID).map(withFilter);
      try {
        await s3.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket: bucket,
            LifecycleConfiguration: { Rules: [...others, rule] },
          }),
        );
        return true;
      } catch (error) {
        if (isUnknown(error)) return 'unknown to the server';
        throw s3Fault(error, 'PutLifecycleConfiguration', { bucket, key: '' });
      }
    },
  };
}

function wanted(location: string): { readonly bucket: string; readonly rule: LifecycleRule & { ID: string } } {
  const { bucket, key: prefix } = s3Folder(location);
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

async function rulesOf(s3: S3, bucket: string): Promise<readonly LifecycleRule[] | 'unknown to the server'> {
  try {
    return (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))).Rules ?? [];
  } catch (error) {
    if (nameOf(error) === 'NoSuchLifecycleConfiguration') return [];
    if (isUnknown(error)) return 'unknown to the server';
    throw s3Fault(error, 'GetLifecycleConfiguration', { bucket, key: '' });
  }
}

const isUnknown = (error: unknown): boolean =>
  /^(?:NotImplemented|MethodNotAllowed)$/.test(nameOf(error)) || [405, 501].includes(statusOf(error) ?? 0);
