import { afterEach, beforeEach, expect, it } from 'vitest';
import type { S3 } from '../../../src/state/aws/s3-client.ts';
import { openS3Lifecycle } from '../../../src/state/aws/s3-lifecycle.ts';
import type { BucketUpkeep } from '../../../src/state/bucket-upkeep.ts';
import { pretendAwsCredentials } from '../../fakes/aws-environment.ts';
import { s3Of } from '../../fakes/s3-client.ts';
import { type LifecycleServer, startLifecycleServer } from '../../support/lifecycle-server.ts';

let server: LifecycleServer;
let s3: S3;
let upkeep: BucketUpkeep;
beforeEach(async () => {
  pretendAwsCredentials();
  server = await startLifecycleServer();
  s3 = s3Of(server.endpoint);
  upkeep = openS3Lifecycle(s3);
});
afterEach(async () => {
  s3.destroy();
  await server.close();
});

const RULES = (...rules: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?><LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join('')}</LifecycleConfiguration>`;
const idsOf = (xml: string): string[] => [...xml.matchAll(/<ID>([^<]*)<\/ID>/g)].map(([, id]) => id!);

it('adds one rule, once, for what is below the prefix; no data expire by it', async () => {
  expect(await upkeep.clearsUploads('s3://lake/ndr')).toBe(false);
  expect(await upkeep.clearUploads('s3://lake/ndr')).toBe(true);
  const written = server.rules.get('lake')!;
  expect(written).toContain('<Prefix>ndr/</Prefix>');
  expect(written).toContain('<DaysAfterInitiation>2</DaysAfterInitiation>');
  expect(written).not.toMatch(/Expiration|Transition/);
  expect(await upkeep.clearsUploads('s3://lake/ndr/')).toBe(true);
  expect(await upkeep.clearUploads('s3://lake/ndr/')).toBe(true);
  expect(server.writes()).toBe(1);
  expect(await upkeep.clearsUploads('s3://lake')).toBe(false);
  expect(await upkeep.clearsUploads('s3://lake/other')).toBe(false);
  expect(await upkeep.clearUploads('s3://lake')).toBe(true);
  expect(idsOf(server.rules.get('lake')!)).toEqual(['ndr-unfinished-uploads:ndr/', 'ndr-unfinished-uploads']);
});

it('keeps the rules of others, and puts its own right', async () => {
  const theirs =
    '<Rule><ID>theirs</ID><Prefix>logs/</Prefix><Status>Enabled</Status><Expiration><Days>30</Days></Expiration></Rule>';
  const stale =
    '<Rule><ID>ndr-unfinished-uploads</ID><Filter><Prefix></Prefix></Filter><Status>Disabled</Status>' +
    '<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>';
  server.rules.set('lake', RULES(theirs, stale));
  expect(await upkeep.clearsUploads('s3://lake')).toBe(false);
  expect(await upkeep.clearUploads('s3://lake')).toBe(true);
  const written = server.rules.get('lake')!;
  expect(idsOf(written)).toEqual(['theirs', 'ndr-unfinished-uploads']);
  expect(written).toContain('<Filter><Prefix>logs/</Prefix></Filter>');
  expect(written).toContain('<Days>30</Days>');
  expect(written).not.toContain('Disabled');
});

it('says what the server does not know, and what it does not allow', async () => {
  server.refuse(501, 'NotImplemented');
  expect(await upkeep.clearsUploads('s3://lake')).toBe('unknown to the server');
  expect(await upkeep.clearUploads('s3://lake')).toBe('unknown to the server');
  server.refuse(403, 'AccessDenied');
  await expect(upkeep.clearsUploads('s3://lake')).rejects.toThrow(
    /^S3: GetLifecycleConfiguration of s3:\/\/lake\/: AccessDenied \(HTTP 403\); allow s3:GetLifecycleConfiguration on bucket lake to/,
  );
  server.refuse(404, 'NoSuchBucket');
  await expect(upkeep.clearUploads('s3://lake')).rejects.toThrow('there is no such bucket; create it');
});
