import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListPartsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export interface OpenS3Server {
  readonly endpoint: string;
  /** One that is empty. */
  readonly bucket: string;
  readonly close: () => Promise<void>;
}

const md5 = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('hex');
const MIB = 1 << 20;

/** What the adapters of S3 count on: true of every server that they are tested against, the fake among them. */
export function s3ServerSuite(name: string, open: () => Promise<OpenS3Server>): void {
  describe(`${name} is an S3 server`, () => {
    let server: OpenS3Server;
    let client: S3Client;
    beforeAll(async () => {
      server = await open();
      // One try: an error is looked at, not waited away.
      client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 });
    });
    afterAll(async () => {
      client.destroy();
      await server.close();
    });

    const put = (
      Key: string,
      Body: NonNullable<PutObjectCommandInput['Body']>,
      more: Partial<PutObjectCommandInput> = {},
    ) => client.send(new PutObjectCommand({ Bucket: server.bucket, Key, Body, ...more }));
    const head = (Key: string) => client.send(new HeadObjectCommand({ Bucket: server.bucket, Key }));
    const get = async (Key: string, more: Partial<GetObjectCommandInput> = {}): Promise<Buffer> => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: server.bucket, Key, ...more }));
      return Buffer.from(await Body!.transformToByteArray());
    };
    const list = (more: Partial<ListObjectsV2CommandInput>) =>
      client.send(new ListObjectsV2Command({ Bucket: server.bucket, ...more }));
    const keysOf = async (more: Partial<ListObjectsV2CommandInput>): Promise<string[]> =>
      ((await list(more)).Contents ?? []).map(({ Key }) => Key!);
    /** Status and name of the error that a request is answered with. */
    const refusalOf = async (work: Promise<unknown>): Promise<readonly [number | undefined, string]> => {
      const error = await work.then(
        () => expect.unreachable('it was not refused'),
        (reason: unknown) => reason as Error & { $metadata?: { httpStatusCode?: number } },
      );
      return [error.$metadata?.httpStatusCode, error.name];
    };
    const upload = async (Key: string, parts: readonly Uint8Array[], more: { IfNoneMatch?: string } = {}) => {
      const at = { Bucket: server.bucket, Key };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
      const sent = await Promise.all(
        parts.map(async (Body, i) => {
          const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: i + 1, Body }));
          return { PartNumber: i + 1, ETag: ETag! };
        }),
      );
      const complete = { ...at, UploadId, ...more, MultipartUpload: { Parts: sent } };
      return client.send(new CompleteMultipartUploadCommand(complete));
    };

    it('keeps bytes, and says their MD5 as ETag', async () => {
      for (const [key, bytes] of [
        ['kept/empty', Buffer.alloc(0)],
        ['kept/short', Buffer.from('hello')],
        ['kept/long', Buffer.alloc(3 * MIB + 7, 'long')],
      ] as const) {
        expect((await put(key, bytes)).ETag).toBe(`"${md5(bytes)}"`);
        expect((await get(key)).equals(bytes)).toBe(true);
        const facts = await head(key);
        expect([facts.ETag, facts.ContentLength]).toEqual([`"${md5(bytes)}"`, bytes.length]);
        expect(Math.abs(facts.LastModified!.getTime() - Date.now())).toBeLessThan(60_000);
      }
    });

    it('takes a stream, whose checksum comes behind it', async () => {
      const chunks = [Buffer.alloc(100_000, 'a'), Buffer.alloc(200_000, 'b')];
      await put('stream', Readable.from(chunks), { ContentLength: 300_000 });
      expect((await get('stream')).equals(Buffer.concat(chunks))).toBe(true);
    });

    it('refuses bytes that do not agree with their checksum', async () => {
      const [status] = await refusalOf(put('wrong', 'hello', { ChecksumCRC32: 'AAAAAA==' }));
      expect(status).toBe(400);
      expect((await refusalOf(head('wrong')))[0]).toBe(404);
    });

    it('refuses who does not sign', async () => {
      await put('signed', 'x');
      expect((await fetch(`${server.endpoint}/${server.bucket}/signed`)).status).toBe(403);
    });

    it('reads ranges', async () => {
      await put('ranged', '0123456789');
      const range = async (Range: string): Promise<string> => (await get('ranged', { Range })).toString();
      expect(await range('bytes=0-3')).toBe('0123');
      expect(await range('bytes=7-')).toBe('789');
      expect(await range('bytes=8-100')).toBe('89');
      expect(await range('bytes=-2')).toBe('89');
      const answer = await client.send(
        new GetObjectCommand({ Bucket: server.bucket, Key: 'ranged', Range: 'bytes=4-' }),
      );
      expect([answer.ContentRange, answer.ContentLength]).toEqual(['bytes 4-9/10', 6]);
      await answer.Body!.transformToByteArray();
      expect((await refusalOf(range('bytes=10-')))[0]).toBe(416);
    });

    it('reads on condition', async () => {
      const { ETag } = await put('condition', 'x');
      expect((await get('condition', { IfMatch: ETag })).toString()).toBe('x');
      expect((await get('condition', { IfMatch: ETag, Range: 'bytes=0-' })).toString()).toBe('x');
      expect((await refusalOf(get('condition', { IfMatch: `"${md5('y')}"` })))[0]).toBe(412);
      expect((await refusalOf(get('condition', { IfNoneMatch: ETag })))[0]).toBe(304);
    });

    it('tells a key that is not there from a bucket that is not', async () => {
      expect(await refusalOf(get('absent'))).toEqual([404, 'NoSuchKey']);
      expect(await refusalOf(head('absent'))).toEqual([404, 'NotFound']);
      const elsewhere = new GetObjectCommand({ Bucket: 'no-such-bucket-here', Key: 'absent' });
      expect(await refusalOf(client.send(elsewhere))).toEqual([404, 'NoSuchBucket']);
    });

    it('creates an object only where there is none', async () => {
      await put('new', '1', { IfNoneMatch: '*' });
      expect(await refusalOf(put('new', '2', { IfNoneMatch: '*' }))).toEqual([412, 'PreconditionFailed']);
      expect((await get('new')).toString()).toBe('1');
    });

    it('lets one of many creators win', async () => {
      const racers = Array.from({ length: 12 }, (_, i) => put('raced', `racer ${i}`, { IfNoneMatch: '*' }));
      const outcomes = await Promise.allSettled(racers);
      const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [`racer ${i}`] : []));
      expect(winners).toEqual([(await get('raced')).toString()]);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected')
          expect([409, 412]).toContain(
            (outcome.reason as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode,
          );
    });

    it('replaces an object only where it is the one that is meant', async () => {
      const { ETag } = await put('replaced', '1');
      await put('replaced', '2', { IfMatch: ETag });
      expect((await refusalOf(put('replaced', '3', { IfMatch: ETag })))[0]).toBe(412);
      expect((await get('replaced')).toString()).toBe('2');
    });

    it('takes an object in parts', async () => {
      const parts = [Buffer.alloc(5 * MIB, 1), Buffer.alloc(5 * MIB, 2), Buffer.alloc(10, 3)];
      const { ETag } = await upload('parts', parts);
      const digests = Buffer.concat(parts.map((part) => Buffer.from(md5(part), 'hex')));
      expect(ETag).toBe(`"${md5(digests)}-3"`);
      expect((await get('parts')).equals(Buffer.concat(parts))).toBe(true);
      expect((await list({ Prefix: 'parts' })).Contents![0]).toMatchObject({ ETag, Size: 10 * MIB + 10 });
    });

    it('completes parts only where nothing is', async () => {
      await put('completed', 'before');
      const [status] = await refusalOf(upload('completed', [Buffer.from('after')], { IfNoneMatch: '*' }));
      expect(status).toBe(412);
      expect((await get('completed')).toString()).toBe('before');
      await upload('completed-new', [Buffer.from('new')], { IfNoneMatch: '*' });
      expect((await get('completed-new')).toString()).toBe('new');
    });

    it('refuses parts that are too small, others than it has, or aborted', async () => {
      const [small] = await refusalOf(upload('small', [Buffer.alloc(1000), Buffer.alloc(1000)]));
      expect(small).toBe(400);
      const at = { Bucket: server.bucket, Key: 'aborted' };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
      const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'x' }));
      const { Parts } = await client.send(new ListPartsCommand({ ...at, UploadId }));
      expect(Parts!.map((part) => [part.PartNumber, part.ETag, part.Size])).toEqual([[1, ETag, 1]]);
      const complete = (etag: string) =>
        client.send(
          new CompleteMultipartUploadCommand({
            ...at,
            UploadId,
            MultipartUpload: { Parts: [{ PartNumber: 1, ETag: etag }] },
          }),
        );
      expect((await refusalOf(complete(`"${md5('y')}"`)))[0]).toBe(400);
      await client.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
      expect(await refusalOf(complete(ETag!))).toEqual([404, 'NoSuchUpload']);
      expect((await refusalOf(head('aborted')))[0]).toBe(404);
    });

    it('copies an object, onto itself too', async () => {
      const parts = [Buffer.alloc(5 * MIB, 1), Buffer.from('end')];
      await upload('copied', parts);
      const onto = { Bucket: server.bucket, Key: 'copied', CopySource: `${server.bucket}/copied` };
      await client.send(new CopyObjectCommand({ ...onto, MetadataDirective: 'REPLACE' }));
      expect((await get('copied')).equals(Buffer.concat(parts))).toBe(true);
      await put('source é', 'x');
      const CopySource = encodeURI(`${server.bucket}/source é`);
      await client.send(new CopyObjectCommand({ Bucket: server.bucket, Key: 'target', CopySource }));
      expect((await get('target')).toString()).toBe('x');
    });

    it('keeps keys as they are', async () => {
      const keys = ['a b', 'a+b', 'a%2Fb', 'a&b=c?d#e', 'quote\'"<x>', 'é', '\u{1f600}', 'batch=1%2F2$,;@'];
      for (const key of keys) await put(`odd/${key}`, key);
      for (const key of keys) expect((await get(`odd/${key}`)).toString()).toBe(key);
      expect((await keysOf({ Prefix: 'odd/' })).toSorted()).toEqual(keys.map((key) => `odd/${key}`).toSorted());
    });

    it('lists by the bytes of keys, in pages', async () => {
      const keys = ['B', 'a-b', 'a/y/deep', 'a/z', 'a0', 'é', '\uff5e', '\u{1f600}'].map((key) => `sorted/${key}`);
      for (const key of keys.toReversed()) await put(key, key);
      await put('sorted-not', 'x');
      const listed: string[] = [];
      let token: string | undefined;
      do {
        const page = await list({ Prefix: 'sorted/', MaxKeys: 3, ContinuationToken: token });
        listed.push(...(page.Contents ?? []).map(({ Key }) => Key!));
        expect(page.KeyCount).toBeLessThanOrEqual(3);
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
      expect(listed).toEqual(keys);
      expect(await keysOf({ Prefix: 'sorted/', StartAfter: 'sorted/a/z' })).toEqual(keys.slice(4));
      expect(await keysOf({ Prefix: 'sorted/nothing' })).toEqual([]);
    });

    it('lists what lies directly in a folder', async () => {
      for (const key of ['x', '1/a', '1/b/c', '2/a', '3/a', '3/b']) await put(`tree/${key}`, 'x');
      const found: string[] = [];
      let token: string | undefined;
      do {
        const page = await list({ Prefix: 'tree/', Delimiter: '/', MaxKeys: 2, ContinuationToken: token });
        found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!));
        found.push(...(page.Contents ?? []).map(({ Key }) => Key!));
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
      expect(found).toEqual(['tree/1/', 'tree/2/', 'tree/3/', 'tree/x']);
    });

    it('deletes what is there and what is not', async () => {
      for (const key of ['1', '2', '3']) await put(`deleted/${key}`, 'x');
      const remove = (Key: string) => client.send(new DeleteObjectCommand({ Bucket: server.bucket, Key }));
      await remove('deleted/1');
      await remove('deleted/1');
      const Objects = ['deleted/2', 'deleted/3', 'deleted/4'].map((Key) => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket: server.bucket, Delete: { Objects } }));
      expect(await keysOf({ Prefix: 'deleted/' })).toEqual([]);
    });
  });
}
