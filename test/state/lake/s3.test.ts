import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { S3 } from '../../../src/state/aws/s3-client.ts';
import { openS3Lake } from '../../../src/state/lake/s3.ts';
import { type Lake, NotFound } from '../../../src/state/lake.ts';
import { Unavailable } from '../../../src/state/unavailable.ts';
import { collect } from '../../conformance/collect.ts';
import { lakeSuite } from '../../conformance/lake-suite.ts';
import { pretendAwsCredentials } from '../../fakes/aws-environment.ts';
import { s3Of } from '../../fakes/s3-client.ts';
import type { S3FaultRule } from '../../fakes/s3-fault-rules.ts';
import { type FakeS3, startFakeS3 } from '../../fakes/s3-server.ts';

pretendAwsCredentials();

for (const location of ['s3://features', 's3://features/ndr/é +%2F']) {
  lakeSuite(`S3 at ${location}`, async () => {
    const server = await startFakeS3({ buckets: ['features'], pageSize: 4 });
    const s3 = s3Of(server.endpoint);
    const close = async (): Promise<void> => {
      s3.destroy();
      await server.close();
    };
    return { lake: openS3Lake(s3, location), close };
  });
}

describe('a lake in S3', () => {
  let server: FakeS3;
  let s3: S3;
  let lake: Lake;
  beforeAll(async () => {
    server = await startFakeS3({ buckets: ['features', 'other-bucket'] });
    s3 = s3Of(server.endpoint);
    lake = openS3Lake(s3, 's3://features/ndr/');
  });
  afterAll(async () => {
    s3.destroy();
    await server.close();
  });
  beforeEach(() => server.setFaults({ rules: [] }));

  const fail = (...rules: S3FaultRule[]): void => server.setFaults({ rules });
  const refuse = (status: number, code: string, rule: Omit<S3FaultRule, 'fault'> = {}): void =>
    fail({ fault: { is: 'refused', status, code }, ...rule });
  const countSince = (start: number, operation: string): number =>
    server.seen.slice(start).filter((request) => request.operation === operation).length;
  const failureOf = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => expect.unreachable('it went well'),
      (error: unknown) => error as Error,
    );
  const ONE = Uint8Array.of(1);
  /** In parts of 8 MiB, the last one short. */
  const LARGE = Buffer.alloc((20 << 20) + 5, 'large');

  it('lies below its prefix', async () => {
    await lake.create('p/a', ONE);
    expect(server.seen.at(-1)).toMatchObject({ bucket: 'features', key: 'ndr/p/a' });
    await s3.send(new PutObjectCommand({ Bucket: 'features', Key: 'ndrother/x', Body: 'x' }));
    await s3.send(new PutObjectCommand({ Bucket: 'features', Key: 'ndr/_tmp/x', Body: 'x' }));
    await s3.send(new PutObjectCommand({ Bucket: 'features', Key: 'ndr/p/', Body: '' }));
    expect((await collect(lake.list(''))).map(({ path }) => path)).toEqual(['p/a']);
  });

  it('reaches into the bucket that a path begins with', async () => {
    const path = 's3:other-bucket/delta/dt=2025-01-01/a';
    expect(await lake.create(path, ONE)).toBe('created');
    expect(server.seen.at(-1)).toMatchObject({ bucket: 'other-bucket', key: 'delta/dt=2025-01-01/a' });
    expect(await lake.exists(path)).toBe(true);
    expect([...(await lake.read(path))]).toEqual([1]);
    expect((await collect(lake.list('s3:other-bucket/delta/dt='))).map((entry) => entry.path)).toEqual([path]);
    expect((await collect(lake.list('s3:other-bucket/'))).map((entry) => entry.path)).toEqual([path]);
    await lake.remove(path);
    await expect(lake.read(path)).rejects.toBeInstanceOf(NotFound);
    await expect(collect(lake.list('s3:other'))).rejects.toThrow('end the bucket');
    await expect(lake.create('s3:other-bucket', ONE)).rejects.toThrow('name a key');
    await expect(lake.create('s3:No_Bucket/a', ONE)).rejects.toThrow('names no bucket');
  });

  it('lists keys that hold what XML has to escape', async () => {
    const paths = ['\u0001', '\t', '\r\n', ' a ', '&amp;', '<a>', ']]>', '\u{10ffff}'].map(
      (sign) => `xml/${sign}x${sign}`,
    );
    for (const path of paths) await lake.create(path, ONE);
    expect((await collect(lake.list('xml/'))).map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
  });

  it('uploads large files in parts, whole or not at all, and only where nothing is', async () => {
    const start = server.seen.length;
    expect(await lake.create('large/a', LARGE)).toBe('created');
    expect(countSince(start, 'UploadPart')).toBe(3);
    expect(LARGE.equals(await lake.read('large/a'))).toBe(true);
    expect(await lake.create('large/a', Buffer.alloc(LARGE.length))).toBe('exists');
    expect(LARGE.equals(await lake.read('large/a'))).toBe(true);
    refuse(403, 'AccessDenied', { operations: ['UploadPart'] });
    await expect(lake.create('large/b', LARGE)).rejects.toThrow(
      's3:PutObject and s3:AbortMultipartUpload on bucket features',
    );
    expect(await lake.exists('large/b')).toBe(false);
    expect(server.openUploads()).toBe(0);
  });

  it('lets one of many writers of a large file win', async () => {
    const outcomes = await Promise.all(
      [1, 2, 3].map((fill) => lake.create('large/raced', Buffer.alloc(17 << 20, fill))),
    );
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    const winner = outcomes.indexOf('created') + 1;
    expect(Buffer.alloc(17 << 20, winner).equals(await lake.read('large/raced'))).toBe(true);
    expect(server.openUploads()).toBe(0);
  });

  it.each(['PutObject', 'CompleteMultipartUpload'])('tries again where another %s is under way', async (operation) => {
    refuse(409, 'ConditionalRequestConflict', { operations: [operation], times: 2 });
    expect(await lake.create(`conflict/${operation}`, operation === 'PutObject' ? ONE : LARGE)).toBe('created');
    expect(server.openUploads()).toBe(0);
  });

  it('gives up, as something that may pass, where others are under way for long', async () => {
    refuse(409, 'ConditionalRequestConflict');
    expect(await failureOf(lake.create('conflict/long', ONE))).toBeInstanceOf(Unavailable);
  });

  it.each(['PutObject', 'CompleteMultipartUpload'])(
    'knows what is there where the answer to %s was lost',
    async (operation) => {
      const content = operation === 'PutObject' ? ONE : LARGE;
      fail({ fault: { is: 'unanswered' }, operations: [operation], times: 1 });
      expect(await lake.create(`lost/${operation}`, content)).toBe('exists');
      expect(Buffer.from(content).equals(await lake.read(`lost/${operation}`))).toBe(true);
      fail({ fault: { is: 'unanswered' }, operations: [operation] });
      expect(await lake.create(`lost/always/${operation}`, content)).toBe('exists');
    },
  );

  it('goes on after a while of 503, and says what may pass where it lasts', async () => {
    refuse(503, 'SlowDown', { times: 2 });
    expect(await lake.create('busy/a', ONE)).toBe('created');
    refuse(503, 'SlowDown', { times: 2 });
    expect(await lake.exists('busy/a')).toBe(true);
    refuse(503, 'SlowDown');
    for (const work of [
      () => lake.create('busy/b', ONE),
      () => lake.read('busy/a'),
      () => lake.exists('busy/a'),
      () => lake.remove('busy/a'),
      () => collect(lake.list('busy/')),
    ]) {
      const failure = await failureOf(work());
      expect(failure).toBeInstanceOf(Unavailable);
      expect(failure).toMatchObject({ system: 'S3', message: expect.stringMatching(/SlowDown|HTTP 503/) });
    }
  });

  it('reads on where a body breaks off, and lists on where an answer does', async () => {
    const content = Buffer.alloc(3_000_000, 'content');
    await lake.create('broken/a', content);
    fail({ fault: { is: 'cut', afterBytes: 1_000_000 }, operations: ['GetObject'], times: 2 });
    expect(content.equals(await lake.read('broken/a'))).toBe(true);
    fail({ fault: { is: 'cut', afterBytes: 50 }, operations: ['ListObjectsV2'] });
    expect(await failureOf(collect(lake.list('broken/')))).toBeInstanceOf(Unavailable);
  });

  it('never hands out bytes that arrived as others', async () => {
    for (const size of [1000, 2_000_000]) {
      const content = Buffer.alloc(size, 'x');
      await lake.create(`garbled/${size}`, content);
      fail({ fault: { is: 'garbled' }, operations: ['GetObject'] });
      expect(await failureOf(lake.read(`garbled/${size}`))).toBeInstanceOf(Unavailable);
      server.setFaults({ rules: [] });
      expect(content.equals(await lake.read(`garbled/${size}`))).toBe(true);
    }
  });

  it('says which permission or bucket is missing, and does not call that passing', async () => {
    refuse(403, 'AccessDenied');
    const denied = await failureOf(lake.create('denied/a', ONE));
    expect(denied).not.toBeInstanceOf(Unavailable);
    expect(denied.message).toMatch(
      /^S3: PutObject of s3:\/\/features\/ndr\/denied\/a: AccessDenied \(HTTP 403, request [\w-]+\); allow s3:PutObject on bucket features to the role or user that ndr runs as$/,
    );
    expect((await failureOf(lake.exists('denied/a'))).message).toContain('s3:ListBucket');
    expect((await failureOf(collect(lake.list('')))).message).toContain('s3:ListBucket on bucket features');
    server.setFaults({ rules: [] });
    const nowhere = openS3Lake(s3, 's3://no-such-bucket');
    for (const work of [() => nowhere.create('a', ONE), () => nowhere.read('a'), () => collect(nowhere.list(''))]) {
      const failure = await failureOf(work());
      expect(failure).not.toBeInstanceOf(NotFound);
      expect(failure.message).toMatch(/s3:\/\/no-such-bucket\/.*create it or correct the location/);
    }
  });
});
