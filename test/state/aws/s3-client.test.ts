import { inspect } from 'node:util';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openS3, type S3Options } from '../../../src/state/aws/s3-client.ts';
import { mayPass, s3Fault } from '../../../src/state/aws/s3-faults.ts';
import { openS3Lake } from '../../../src/state/lake/s3.ts';
import { Unavailable } from '../../../src/state/unavailable.ts';
import { pretendAwsCredentials } from '../../fakes/aws-environment.ts';
import { s3OptionsOf } from '../../fakes/s3-client.ts';
import { type FakeS3, startFakeS3 } from '../../fakes/s3-server.ts';

const TOUCHED = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_USE_DUALSTACK_ENDPOINT', 'AWS_USE_FIPS_ENDPOINT'];

describe('a client of S3', () => {
  let server: FakeS3;
  let elsewhere: FakeS3;
  beforeEach(async () => {
    pretendAwsCredentials();
    server = await startFakeS3({ buckets: ['features'] });
    elsewhere = await startFakeS3({ buckets: ['features'] });
  });
  afterEach(async () => {
    for (const name of TOUCHED) delete process.env[name];
    await Promise.all([server.close(), elsewhere.close()]);
  });

  const createWith = async (options: Partial<S3Options> = {}): Promise<string> => {
    const s3 = openS3({ ...s3OptionsOf(server.endpoint), ...options });
    try {
      return await openS3Lake(s3, 's3://features').create('a', Uint8Array.of(1));
    } finally {
      s3.destroy();
    }
  };

  it('asks its endpoint, whatever the environment names', async () => {
    process.env['AWS_ENDPOINT_URL_S3'] = elsewhere.endpoint;
    process.env['AWS_ENDPOINT_URL'] = elsewhere.endpoint;
    expect(await createWith()).toBe('created');
    expect(elsewhere.seen).toEqual([]);
    expect(server.seen).toHaveLength(1);
  });

  it.each(['AWS_USE_DUALSTACK_ENDPOINT', 'AWS_USE_FIPS_ENDPOINT'])('goes nowhere else for %s', async (name) => {
    process.env[name] = 'true';
    const outcome = await createWith().catch((error: unknown) => error);
    if (outcome !== 'created') expect(outcome).toBeInstanceOf(Error);
    else expect(server.seen).toHaveLength(1);
  });

  it('refuses a request that something would send elsewhere', async () => {
    const s3 = openS3(s3OptionsOf(server.endpoint));
    s3.middlewareStack.add(
      (next) => (args) => {
        Object.assign(args.request as object, { port: Number(new URL(elsewhere.endpoint).port) });
        return next(args);
      },
      { step: 'build' },
    );
    await expect(s3.send(new GetObjectCommand({ Bucket: 'features', Key: 'a' }))).rejects.toThrow('was refused');
    expect(elsewhere.seen).toEqual([]);
    s3.destroy();
  });

  it('writes with and without checksums', async () => {
    for (const checksums of ['when_supported', 'when_required'] as const) {
      const s3 = openS3({ ...s3OptionsOf(server.endpoint), checksums });
      expect(await openS3Lake(s3, 's3://features').create(checksums, Buffer.alloc(17 << 20))).toBe('created');
      s3.destroy();
    }
  });

  it('says which credentials are missing', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
    const failure = await createWith().catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(Unavailable);
    expect((failure as Error).message).toContain('give ndr credentials that are valid');
  });

  it('says that the region is missing', async () => {
    await expect(createWith({ region: null })).rejects.toThrow('set aws.region');
  });

  it('tells what may pass where nobody listens', async () => {
    const { endpoint } = server;
    await server.close();
    const failure = await createWith({ endpoint }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    expect((failure as Error).message).toContain('ECONNREFUSED');
  });
});

describe('a fault', () => {
  const answered = (status: number, name: string, more: object = {}): Error =>
    Object.assign(new Error('quoted: hush'), {
      name,
      $metadata: { httpStatusCode: status, requestId: 'r-1' },
      ...more,
    });

  it.each([
    [answered(503, 'SlowDown'), true],
    [answered(500, 'InternalError'), true],
    [answered(429, 'TooManyRequests'), true],
    [answered(409, 'ConditionalRequestConflict'), true],
    [answered(400, 'RequestTimeout'), true],
    [answered(400, 'ExpiredToken'), false],
    [answered(403, 'SignatureDoesNotMatch'), false],
    [answered(403, 'RequestTimeTooSkewed'), false],
    [answered(404, 'NoSuchBucket'), false],
    [answered(301, 'PermanentRedirect'), false],
    [Object.assign(new Error('getaddrinfo ENOTFOUND x'), { code: 'ENOTFOUND' }), true],
    [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), false],
    [new TypeError('x is not a function'), false],
  ])('%s passes: %s', (error, passes) => {
    expect(mayPass(error)).toBe(passes);
    expect(s3Fault(error, 'PutObject', { bucket: 'b', key: 'k' }) instanceof Unavailable).toBe(passes);
  });

  it('holds nothing of an answer, which may quote what was signed', () => {
    for (const status of [403, 503]) {
      const fault = s3Fault(
        answered(status, 'SignatureDoesNotMatch', { CanonicalRequest: 'hush', AWSAccessKeyId: 'hush' }),
        'PutObject',
        { bucket: 'b', key: 'k' },
      );
      expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain('hush');
    }
  });
});
