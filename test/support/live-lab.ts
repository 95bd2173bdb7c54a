/** `ndr serve` as it runs in production: processes of their own, the real clients of AWS, servers of our own on the loopback. */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { DynamoDb } from '../../src/state/aws/dynamodb-client.ts';
import { openDynamoDbTables } from '../../src/state/aws/dynamodb-tables.ts';
import type { S3 } from '../../src/state/aws/s3-client.ts';
import type { BatchIndex } from '../../src/state/batch-index.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { openDynamoDbItems, PARTITION_KEY, SORT_KEY } from '../../src/state/items/dynamodb.ts';
import { openS3Lake } from '../../src/state/lake/s3.ts';
import type { Lake } from '../../src/state/lake.ts';
import { type Manifest, readManifest } from '../../src/state/manifest.ts';
import { openDynamoDbSpecs, PARAMETERS_KEYS, ROUTING_KEYS } from '../../src/state/specs/dynamodb.ts';
import { collect } from '../conformance/collect.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';
import { s3Of } from '../fakes/s3-client.ts';
import { type FakeS3, startFakeS3 } from '../fakes/s3-server.ts';
import { type SqsServer, startSqsServer } from '../fakes/sqs-server.ts';
import { type DynamoDbServer, startDynamoDb } from './dynamodb-server.ts';
import { ID_PATTERN, type MiniBatch } from './mini-batch-folders.ts';
import { type Ended, type NdrProcess, startNdr } from './ndr-process.ts';
import { patientItems } from './patient-items.ts';

export const RAW_BUCKET = 'raw-logs';
export const LAKE_BUCKET = 'features';

export interface LiveProcess {
  readonly ndr: NdrProcess;
  /** `<id> <outcome> <revision>` of every line so far. */
  readonly results: readonly string[];
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

export interface LiveLab {
  readonly folder: string;
  readonly s3: FakeS3;
  readonly s3Client: S3;
  readonly sqs: SqsServer;
  readonly dynamoDb: DynamoDbServer;
  readonly lake: Lake;
  readonly quarantine: Lake;
  readonly index: BatchIndex;
  /** Environment of a process that serves this lab. */
  readonly settings: Readonly<Record<string, string>>;
  /** Puts a mini-batch's files, without a word to anybody. Returns its folder's address. */
  put(miniBatch: MiniBatch, files?: Readonly<Record<string, readonly string[]>>, site?: string): Promise<string>;
  /** Sends a notification as it is. */
  send(body: string): Promise<void>;
  /** Puts a mini-batch and announces it as S3 does, at its own time. */
  deliver(miniBatch: MiniBatch, site?: string): Promise<string>;
  serve(further?: Readonly<Record<string, string>>): LiveProcess;
  /** Resolves once so many mini-batches are committed under the version, and no message is left in the queue. */
  settled(miniBatches: number, processes?: readonly LiveProcess[], version?: string): Promise<void>;
  /** Manifests that count under a version, in order. */
  manifests(version?: string, project?: string): Promise<Manifest[]>;
  close(): Promise<void>;
}

/** What a lab is started with beside its servers. */
export interface LabOptions {
  readonly specs?: readonly Readonly<Record<string, unknown>>[];
  readonly routes?: readonly Readonly<Record<string, unknown>>[];
  readonly maxReceiveCount?: number;
}

/** Everything is looked at a few times a second. */
const QUICK = {
  NDR_THREADS: '1',
  NDR_SERVE_POLL_SECONDS: '0.2',
  NDR_COMPLETENESS_SETTLE_SECONDS: '0',
  NDR_COMPLETENESS_RECHECK_SECONDS: '600',
  NDR_QUEUE_VISIBILITY_SECONDS: '10',
  NDR_LOG_LEVEL: 'warn',
};

/** For a trial in which nobody dies: a machine that is busy with other things prolongs late, and messages would come again. */
export const LONG_HIDDEN = { NDR_QUEUE_VISIBILITY_SECONDS: '120' };

/** A route of one of the organisation's sites. */
export const routeOf = (site: string, project: string, further: Readonly<Record<string, unknown>> = {}) => ({
  org_key: `acme#${site}`,
  project_name: project,
  ingestion_prefix: `s3://${RAW_BUCKET}/paloalto/acme/${site}`,
  ...further,
});
const ROUTE = routeOf('hq', 'default', { feature_spec_version: 'v1' });

export async function openLiveLab(options: LabOptions = {}): Promise<LiveLab> {
  pretendAwsCredentials();
  const folder = mkdtempSync(join(tmpdir(), 'ndr-live-'));
  const s3 = await startFakeS3({ buckets: [RAW_BUCKET, LAKE_BUCKET] });
  const sqs = await startSqsServer();
  const dynamoDb = await startDynamoDb();
  const deadLetters = sqs.create('ndr-dead-letters');
  const url = sqs.create('ndr', {
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: sqs.queue('ndr-dead-letters').arn,
      maxReceiveCount: options.maxReceiveCount ?? 20,
    }),
  });
  const connection = dynamoDb.connect();
  await makeTables(connection, options);
  const s3Client = s3Of(s3.endpoint);
  const lake = openS3Lake(s3Client, `s3://${LAKE_BUCKET}/lake`);
  const index = openBatchIndex(patientItems(openDynamoDbItems(connection)));
  const running: LiveProcess[] = [];
  let started = 0;
  const settings = {
    ...QUICK,
    NDR_INPUT_ID_PATTERN: ID_PATTERN,
    NDR_QUEUE_URL: url,
    NDR_QUEUE_DEAD_LETTER_URL: deadLetters,
    NDR_SQS_ENDPOINT: sqs.endpoint,
    NDR_S3_ENDPOINT: s3.endpoint,
    NDR_S3_FORCE_PATH_STYLE: 'true',
    NDR_DYNAMODB_ENDPOINT: dynamoDb.endpoint,
    // Whatever is not named above would go here, where nobody listens.
    NDR_AWS_ENDPOINT: 'http://127.0.0.1:9',
    NDR_AWS_REGION: 'us-east-1',
    NDR_TABLES_STORE: 'dynamodb',
    NDR_LAKE_LOCATION: `s3://${LAKE_BUCKET}/lake`,
    NDR_QUARANTINE_LOCATION: `s3://${LAKE_BUCKET}/quarantine`,
  };

  const put: LiveLab['put'] = async (miniBatch, files = { 'part-0.json.gz': miniBatch.lines }, site = 'hq') => {
    const key = keyOf(miniBatch, site);
    for (const [name, lines] of Object.entries(files)) {
      const text = lines.map((line) => `${line}\n`).join('');
      const Body = name.endsWith('.gz') ? gzipSync(text) : Buffer.from(text);
      await s3Client.send(new PutObjectCommand({ Bucket: RAW_BUCKET, Key: `${key}/${name}`, Body }));
    }
    return `s3://${RAW_BUCKET}/${key}`;
  };
  const send: LiveLab['send'] = async (body) => {
    sqs.queue('ndr').send({ body });
  };
  const manifests: LiveLab['manifests'] = async (version = 'v1', project = 'default') => {
    const committed = await index.committedBetween(
      project,
      version,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    );
    return Promise.all(committed.map(({ manifest }) => readManifest(lake, manifest)));
  };

  return {
    ...{ folder, s3, s3Client, sqs, dynamoDb, lake, index, settings, put, send, manifests },
    quarantine: openS3Lake(s3Client, `s3://${LAKE_BUCKET}/quarantine`),
    async deliver(miniBatch, site = 'hq') {
      const address = await put(miniBatch, undefined, site);
      await send(s3Event([`${keyOf(miniBatch, site)}/part-0.json.gz`], miniBatch.sliceEnd + 5000));
      return address;
    },
    serve(further = {}) {
      const results: string[] = [];
      // A worker of its own: what it keeps in its home is nobody else's.
      const home = join(folder, `home-${started++}`);
      const ndr = startNdr(['serve', '--home', home, '--json'], { ...settings, ...further }, (line) => {
        const { mini_batch_id: id, outcome, revision = '' } = JSON.parse(line) as Record<string, string>;
        results.push(`${id} ${outcome} ${revision}`.trim());
      });
      const process: LiveProcess = {
        ndr,
        results,
        async stop(signal = 'SIGTERM') {
          ndr.process.kill(signal);
          return ndr.ended;
        },
      };
      running.push(process);
      return process;
    },
    async settled(miniBatches, processes = [], version = 'v1') {
      for (;;) {
        for (const { ndr } of processes) {
          if (ndr.process.exitCode === null && ndr.process.signalCode === null) continue;
          const { stderr } = await ndr.ended;
          throw new Error(`a process ended before ${miniBatches} mini-batches were settled: ${stderr}`);
        }
        const committed = await index.committedBetween('default', version, 0, Number.POSITIVE_INFINITY);
        const isRight = committed.every(({ affected }) => affected === null);
        if (committed.length >= miniBatches && isRight && sqs.queue('ndr').messages.length === 0) return;
        await pause(100);
      }
    },
    async close() {
      for (const { ndr } of running) {
        ndr.process.kill('SIGKILL');
        await ndr.ended;
      }
      connection.close();
      s3Client.destroy();
      await Promise.all([s3.close(), sqs.close(), dynamoDb.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Key of a mini-batch's folder in the raw bucket. */
export const keyOf = ({ id, sliceEnd }: Pick<MiniBatch, 'id' | 'sliceEnd'>, site = 'hq'): string =>
  `paloalto/acme/${site}/${new Date(sliceEnd).toISOString().slice(0, 10).replaceAll('-', '/')}/${id}`;

/** An event of S3 about objects of the raw bucket; S3 encodes their keys. */
export function s3Event(keys: readonly string[], timeMs: number): string {
  const encoded = (key: string): string => key.split('/').map(encodeURIComponent).join('/').replaceAll('%20', '+');
  return JSON.stringify({
    Records: keys.map((key) => ({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      eventTime: new Date(timeMs).toISOString(),
      s3: { bucket: { name: RAW_BUCKET }, object: { key: encoded(key), size: 1 } },
    })),
  });
}

/** What counts of a lake, file by file: nothing of it tells by whom, when or in which revision it was committed. */
export function contentOfManifests(manifests: readonly Manifest[]): Record<string, string> {
  const content: Record<string, string> = {};
  for (const { mini_batch_id: id, slice, datasets } of manifests) {
    content[id] = slice.slice_end_ts;
    for (const { files } of Object.values(datasets)) for (const { path, sha256 } of files) content[path] = sha256;
  }
  return content;
}

/** Files that manifests name and that are not there as they say; for a reader there may be none at any time. */
export async function missingFiles(lake: Lake, manifests: readonly Manifest[]): Promise<string[]> {
  const faults: string[] = [];
  for (const { datasets } of manifests)
    for (const { files } of Object.values(datasets))
      for (const { path, sha256 } of files) {
        const bytes = await lake.read(path).catch(() => undefined);
        if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== sha256) faults.push(path);
      }
  return faults;
}

/** Paths in a lake. */
export const pathsIn = async (lake: Lake, prefix = ''): Promise<string[]> =>
  (await collect(lake.list(prefix))).map(({ path }) => path);

async function makeTables(connection: DynamoDb, { specs = [], routes = [ROUTE] }: LabOptions): Promise<void> {
  const tables = openDynamoDbTables(connection);
  await tables.create({ name: 'batch_index', partitionKey: PARTITION_KEY, sortKey: SORT_KEY });
  await tables.create({ name: 'ml_projects_parameters', ...PARAMETERS_KEYS });
  await tables.create({ name: 'ml_projects_routing', ...ROUTING_KEYS });
  const store = openDynamoDbSpecs(
    connection,
    { parameters: 'ml_projects_parameters', routing: 'ml_projects_routing' },
    async () => undefined,
  );
  const parameters = { project_name: 'default', job_name: 'project_parameters#v1', spec: {} };
  for (const item of specs.length > 0 ? specs : [parameters]) await store.addItem(item);
  for (const route of routes) await store.addRoute(route);
}
