import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openS3, type S3Options } from '../../../src/state/aws/s3-client.ts';
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
    await expect(createWith({ region: null, endpoint: null })).rejects.toThrow('set aws.region');
  });

  it('tells what may pass where nobody listens', async () => {
    const { endpoint } = server;
    await server.close();
    const failure = await createWith({ endpoint }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    expect((failure as Error).message).toContain('ECONNREFUSED');
  });
});
