import { gzipSync } from 'node:zlib';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { S3 } from '../../../src/state/aws/s3-client.ts';
import { readRawFile } from '../../../src/state/raw-file-reader.ts';
import { openS3RawFiles } from '../../../src/state/raw-files/s3.ts';
import type { RawFile, RawFiles } from '../../../src/state/raw-files.ts';
import { Unavailable } from '../../../src/state/unavailable.ts';
import { collect } from '../../conformance/collect.ts';
import { rawFilesSuite } from '../../conformance/raw-files-suite.ts';
import { pretendAwsCredentials } from '../../fakes/aws-environment.ts';
import { s3Of } from '../../fakes/s3-client.ts';
import type { S3Fault, S3FaultRule } from '../../fakes/s3-fault-rules.ts';
import { type FakeS3, startFakeS3 } from '../../fakes/s3-server.ts';

pretendAwsCredentials();

rawFilesSuite('S3', async () => {
  const server = await startFakeS3({ buckets: ['ingestion'], pageSize: 3 });
  const s3 = s3Of(server.endpoint);
  const at = (path: string) => ({ Bucket: 'ingestion', Key: `paloalto/acme/${path}` });
  return {
    rawFiles: openS3RawFiles(s3),
    root: 's3://ingestion/paloalto/acme',
    async deliver(path, bytes) {
      await s3.send(new PutObjectCommand({ ...at(path), Body: bytes }));
    },
    async withdraw(path) {
      await s3.send(new DeleteObjectCommand(at(path)));
    },
    async close() {
      s3.destroy();
      await server.close();
    },
  };
});

describe('a raw file in S3', () => {
  const FOLDER = 's3://ingestion/2025/01/02/mb';
  const LENGTH = 3_000_000;
  const bytes = Buffer.from(Uint8Array.from({ length: LENGTH }, (_, i) => (i * i) % 251));
  let server: FakeS3;
  let s3: S3;
  let rawFiles: RawFiles;
  beforeAll(async () => {
    server = await startFakeS3({ buckets: ['ingestion'] });
    s3 = s3Of(server.endpoint);
    rawFiles = openS3RawFiles(s3, { stallMs: 300, resumptions: 3 });
  });
  afterAll(async () => {
    s3.destroy();
    await server.close();
  });
  beforeEach(() => server.setFaults({ rules: [] }));

  const deliver = async (content: Uint8Array, name = 'a.json'): Promise<RawFile> => {
    await s3.send(new PutObjectCommand({ Bucket: 'ingestion', Key: `2025/01/02/mb/${name}`, Body: content }));
    return (await rawFiles.list(FOLDER)).find((file) => file.name === name)!;
  };
  const fail = (fault: S3Fault, rule: Omit<S3FaultRule, 'fault'> = {}): void =>
    server.setFaults({ rules: [{ fault, operations: ['GetObject'], ...rule }] });
  const contentOf = async (file: RawFile): Promise<Buffer> => Buffer.concat(await collect(rawFiles.read(file)));
  const rangesSince = (start: number): (string | undefined)[] => server.seen.slice(start).map(({ range }) => range);

  it.each<[string, S3Fault]>([
    ['breaks off', { is: 'cut', afterBytes: 1_000_000 }],
    ['breaks off before its first byte', { is: 'cut', afterBytes: 0 }],
    ['stalls', { is: 'stalled', afterBytes: 1_000_000 }],
  ])('whose body %s is taken up where it ended', async (_, fault) => {
    const file = await deliver(bytes);
    const start = server.seen.length;
    fail(fault, { times: 2 });
    expect((await contentOf(file)).equals(bytes)).toBe(true);
    const ranges = rangesSince(start);
    expect(ranges.length).toBeGreaterThanOrEqual(3);
    if (fault.is !== 'delayed' && 'afterBytes' in fault && fault.afterBytes > 0)
      expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it('is read through any number of breaks, as long as they let some of it through', async () => {
    const file = await deliver(bytes);
    fail({ is: 'cut', afterBytes: 600_000 });
    expect((await contentOf(file)).equals(bytes)).toBe(true);
  });

  it('fails, as something that may pass, where nothing comes however often it is asked', async () => {
    const file = await deliver(bytes);
    for (const fault of [
      { is: 'cut', afterBytes: 10 },
      { is: 'stalled', afterBytes: 10 },
    ] as const) {
      const start = server.seen.length;
      fail(fault);
      const failure = await contentOf(file).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Unavailable);
      expect(failure).toMatchObject({ message: expect.stringContaining('s3://ingestion/2025/01/02/mb/a.json') });
      expect(rangesSince(start)).toHaveLength(4);
    }
  });

  it('waits for a slow body whose bytes keep coming', async () => {
    const file = await deliver(bytes.subarray(0, 100_000));
    fail({ is: 'slow', chunkBytes: 10_000, pauseMs: 60 });
    expect((await contentOf(file)).equals(bytes.subarray(0, 100_000))).toBe(true);
  });

  it('does not lose patience with its reader', async () => {
    const file = await deliver(bytes);
    const start = server.seen.length;
    let length = 0;
    for await (const chunk of rawFiles.read(file)) {
      if (length === 0) await new Promise((go) => setTimeout(go, 900));
      length += chunk.length;
    }
    expect(length).toBe(LENGTH);
    expect(rangesSince(start)).toEqual([undefined]);
  });

  it('is never two files, be it put anew before or while it is read', async () => {
    const file = await deliver(bytes);
    await deliver(bytes.subarray(1));
    await expect(contentOf(file)).rejects.toThrow('it changed or went away since it was listed');
    const other = await deliver(bytes);
    fail({ is: 'cut', afterBytes: 100_000 }, { times: 1 });
    const reading = (async () => {
      for await (const chunk of rawFiles.read(other)) if (chunk.length > 0) await deliver(bytes.subarray(2));
    })();
    await expect(reading).rejects.toBeInstanceOf(Unavailable);
  });

  it('whose bytes arrive as others is not taken for read', async () => {
    const file = await deliver(bytes);
    fail({ is: 'garbled' }, { times: 1 });
    await expect(contentOf(file)).rejects.toBeInstanceOf(Unavailable);
    expect((await contentOf(file)).equals(bytes)).toBe(true);
  });

  it('costs nothing but itself where it is archived', async () => {
    const file = await deliver(bytes);
    fail({ is: 'refused', status: 403, code: 'InvalidObjectState' });
    await expect(contentOf(file)).rejects.toMatchObject({
      name: 'DamagedFile',
      message: expect.stringContaining('restore it'),
    });
  });

  it('inflates, and survives a break within its gzip data', async () => {
    const lines = Array.from({ length: 60_000 }, (_, n) => `{"line":${n},"app":"web-${(n * 7919) % 10_007}"}\n`).join(
      '',
    );
    for (const [name, content] of [
      ['g.json.gz', gzipSync(lines)],
      ['p.json', Buffer.from(lines)],
    ] as const) {
      const file = await deliver(content, name);
      fail({ is: 'cut', afterBytes: 50_000 }, { times: 2 });
      let read = '';
      for await (const chunk of readRawFile(rawFiles, file, 1e9)) read += Buffer.from(chunk).toString('latin1');
      expect(read === lines).toBe(true);
    }
  });
});
