import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CopyObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { openS3Lake } from '../../src/state/lake/s3.ts';
import { s3ServerSuite } from '../conformance/s3-server-suite.ts';
import { pretendAwsCredentials } from './aws-environment.ts';
import { startS3Child } from './s3-child.ts';
import { s3Of } from './s3-client.ts';
import { faultChooser } from './s3-fault-rules.ts';
import { startFakeS3 } from './s3-server.ts';

pretendAwsCredentials();

s3ServerSuite('the fake', async () => {
  const { endpoint, close } = await startFakeS3({ buckets: ['bucket-1'] });
  return { endpoint, bucket: 'bucket-1', close };
});

s3ServerSuite('the fake in a process of its own, which keeps objects in a folder,', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fake-s3-'));
  const { endpoint, stop } = await startS3Child(['bucket-1'], folder);
  return {
    endpoint,
    bucket: 'bucket-1',
    async close() {
      await stop();
      expect((await readdir(folder)).length).toBeGreaterThan(10);
      await rm(folder, { recursive: true });
    },
  };
});

it('gives an object that was uploaded in parts another ETag when it is copied, and every copy a new time', async () => {
  let now = Date.UTC(2025, 0, 2, 3, 4, 5, 678);
  const { endpoint, close } = await startFakeS3({ buckets: ['bucket-1'], nowMs: () => now });
  const s3 = s3Of(endpoint);
  const lake = openS3Lake(s3, 's3://bucket-1');
  await lake.create('one', Buffer.alloc(1 << 20, 'x'));
  await lake.create('parts', Buffer.alloc(17 << 20, 'x'));
  const factsOf = async (Key: string) => {
    const { ETag, LastModified } = await s3.send(new HeadObjectCommand({ Bucket: 'bucket-1', Key }));
    return [ETag!, LastModified!.toISOString()] as const;
  };
  now += 60_000;
  for (const [key, isKept] of [
    ['one', true],
    ['parts', false],
  ] as const) {
    const onto = { Bucket: 'bucket-1', Key: key, CopySource: `bucket-1/${key}` };
    await expect(s3.send(new CopyObjectCommand(onto))).rejects.toThrow('onto itself');
    const [etag, time] = await factsOf(key);
    expect(time).toBe('2025-01-02T03:04:05.000Z');
    await s3.send(new CopyObjectCommand({ ...onto, MetadataDirective: 'REPLACE' }));
    const [copied, copiedAt] = await factsOf(key);
    expect(copied === etag).toBe(isKept);
    expect(copied).toMatch(/^"[0-9a-f]{32}"$/);
    expect(copiedAt).toBe('2025-01-02T03:05:05.000Z');
  }
  s3.destroy();
  await close();
});

it('encodes listed keys as a form does, where it is asked to', async () => {
  const { endpoint, close } = await startFakeS3({ buckets: ['bucket-1'] });
  const s3 = s3Of(endpoint);
  for (const Key of ['a b+c', 'é/%']) await s3.send(new PutObjectCommand({ Bucket: 'bucket-1', Key, Body: 'x' }));
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'bucket-1', EncodingType: 'url' }));
  expect(Contents!.map(({ Key }) => Key)).toEqual(['a+b%2Bc', '%C3%A9/%25']);
  s3.destroy();
  await close();
});

it('fails as it is told from outside, until it is told otherwise', async () => {
  const child = await startS3Child(['bucket-1']);
  const s3 = s3Of(child.endpoint);
  const put = () => s3.send(new PutObjectCommand({ Bucket: 'bucket-1', Key: 'a', Body: 'x' }));
  await child.setFaults({ rules: [{ fault: { is: 'refused', status: 503, code: 'SlowDown' } }] });
  await expect(put()).rejects.toMatchObject({ name: 'SlowDown' });
  await child.setFaults({ rules: [] });
  await put();
  s3.destroy();
  await child.stop();
});

it('chooses faults by seed, by how often and by how long', () => {
  let now = 0;
  const fault = { is: 'unanswered' } as const;
  const drawn = (seed: number): boolean[] => {
    const choose = faultChooser({ rules: [{ fault, share: 0.3 }], seed }, () => now);
    return Array.from({ length: 1000 }, () => choose('GetObject', 'k') !== undefined);
  };
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
  expect(drawn(1).filter(Boolean).length).toBeGreaterThan(200);
  expect(drawn(1).filter(Boolean).length).toBeLessThan(400);
  const choose = faultChooser(
    {
      rules: [
        { fault, operations: ['GetObject'], keyHolds: 'delta', times: 2 },
        { fault, forMs: 100 },
      ],
    },
    () => now,
  );
  now = 200;
  const chosen = (operation: string, key: string): boolean => choose(operation, key) !== undefined;
  expect(chosen('PutObject', 'delta/a')).toBe(false);
  expect(chosen('GetObject', 'fg_a/a')).toBe(false);
  expect([1, 2, 3].map(() => chosen('GetObject', 'delta/a'))).toEqual([true, true, false]);
  now = 50;
  expect(chosen('PutObject', 'x')).toBe(true);
});
