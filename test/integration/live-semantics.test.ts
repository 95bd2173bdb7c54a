/** What live data mean does not depend on how they came: versions, projects, calendars and workers beside one another. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDynamoDbTables } from '../../src/state/aws/dynamodb-tables.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { openDynamoDbItems, PARTITION_KEY, SORT_KEY } from '../../src/state/items/dynamodb.ts';
import { openS3Lake } from '../../src/state/lake/s3.ts';
import type { Lake } from '../../src/state/lake.ts';
import { type Manifest, readManifest } from '../../src/state/manifest.ts';
import type { S3FaultRule } from '../fakes/s3-fault-rules.ts';
import {
  contentOfManifests,
  keyOf,
  LAKE_BUCKET,
  type LiveLab,
  type LiveProcess,
  LONG_HIDDEN,
  pathsIn,
  RAW_BUCKET,
  routeOf,
  s3Event,
} from '../support/live-lab.ts';
import type { MiniBatch } from '../support/mini-batch-folders.ts';
import { runNdr } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { undisturbed } from '../support/undisturbed-run.ts';
import { expectWhole, inLab, PATIENCE_MS, until } from '../support/whole-lab.ts';

const MINI_BATCHES = officeMiniBatches({ seed: 9, hosts: 3, slices: 4, doubled: [1], thin: 6 });
const [FIRST, SECOND] = MINI_BATCHES as [MiniBatch, MiniBatch];

let reference: Record<string, string>;
beforeAll(async () => {
  reference = await undisturbed(MINI_BATCHES);
});

const parameters = (project: string, version: string, spec: object = {}) => ({
  project_name: project,
  job_name: `project_parameters#${version}`,
  spec,
});
const WIDE = { segment_mapping: { strategy: 'ipv4_prefix', prefix_length: 16, ipv6_prefix_length: 64 } };

/** Runs a command on what a lab holds, from a home of its own. */
async function command(lab: LiveLab, args: readonly string[], further: Readonly<Record<string, string>> = {}) {
  const home = join(lab.folder, 'commands');
  const ended = await runNdr([...args, '--home', home, '--json'], { ...lab.settings, ...further });
  const lines = ended.stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code: ended.code, stderr: ended.stderr, lines, last: lines.at(-1) };
}

/** What a queue of its own tells one worker alone. */
function ownQueue(
  lab: LiveLab,
  name: string,
): { settings: Record<string, string>; announce(one: MiniBatch, file?: string): void } {
  const url = lab.sqs.create(name);
  return {
    settings: { NDR_QUEUE_URL: url },
    announce(one, file = 'part-0.json.gz') {
      lab.sqs.queue(name).send({ body: s3Event([`${keyOf(one)}/${file}`], one.sliceEnd + 5000) });
    },
  };
}

describe.concurrent('versions and projects', { timeout: PATIENCE_MS }, () => {
  it('takes two versions of a spec side by side, each as if it were alone, on the same slices', () =>
    inLab({ specs: [parameters('default', 'v1'), parameters('default', 'v2', WIDE)] }, async (lab) => {
      const process = lab.serve();
      for (const miniBatch of MINI_BATCHES) {
        const key = `${await lab.deliver(miniBatch)}/part-0.json.gz`;
        // Of v2 a clock tells another slice: the first that was settled holds.
        const timestamp = new Date(miniBatch.sliceEnd + 6000).toISOString();
        await lab.send(JSON.stringify({ s3_key: key, timestamp, feature_spec_version: 'v2' }));
      }
      await lab.settled(MINI_BATCHES.length, [process], 'v2');
      await lab.settled(MINI_BATCHES.length, [process]);
      const options = { specs: [parameters('default', 'v2', WIDE)], version: 'v2' };
      await expectWhole(lab, await undisturbed(MINI_BATCHES, options), { version: 'v2' });
      await expectWhole(lab, reference);
      const slicesOf = async (version: string) => (await lab.manifests(version)).map(({ slice }) => slice);
      expect(await slicesOf('v2')).toEqual(await slicesOf('v1'));
    }));

  it('keeps projects with the same addresses and names of mini-batches apart in S3, the index and Redis', async () => {
    const redis = await startRedisServer();
    const projects = { hq: 'default', branch: 'branch' };
    const options = {
      specs: [parameters('default', 'v1'), parameters('branch', 'v1', WIDE)],
      routes: Object.entries(projects).map(([site, project]) => routeOf(site, project)),
    };
    const others = MINI_BATCHES.map((one) => ({ ...one, lines: one.lines.filter((_, line) => line % 2 === 0) }));
    await inLab(options, async (lab) => {
      const process = lab.serve({ NDR_REDIS_STATE_URL: redis.url });
      for (const [n, miniBatch] of MINI_BATCHES.entries()) {
        await lab.deliver(miniBatch);
        await lab.deliver(others[n]!, 'branch');
      }
      await until('both are committed', async () => (await lab.manifests('v1', 'branch')).length === others.length);
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
      const alone = { specs: [parameters('branch', 'v1', WIDE)], project: 'branch' };
      await expectWhole(lab, await undisturbed(others, alone), { project: 'branch' });
      const keys = [...(await redis.client.keys('*')), ...(await pathsIn(lab.lake))];
      const owners = keys.map((key) => key.match(/(?<=^|[/:])(default|branch)(?=[/:]|$)/g)?.join());
      expect(new Set(owners)).toEqual(new Set(['default', 'branch']));
    });
    await redis.close();
  });

  it('settles what can be settled where projects are disabled, unknown, unclear or wrong', () =>
    inLab(
      {
        specs: [
          parameters('default', 'v1'),
          parameters('off', 'v1'),
          parameters('two', 'v1'),
          parameters('two', 'v2'),
          parameters('wrong', 'v1', { segment_mapping: { strategy: 'by_moon' } }),
        ],
        routes: [
          routeOf('hq', 'default'),
          routeOf('off', 'off', { enabled: false }),
          routeOf('none', 'none'),
          routeOf('two', 'two'),
          routeOf('wrong', 'wrong'),
        ],
      },
      async (lab) => {
        const process = lab.serve();
        for (const miniBatch of MINI_BATCHES)
          for (const site of ['wrong', 'none', 'hq', 'two', 'off']) await lab.deliver(miniBatch, site);
        await lab.settled(MINI_BATCHES.length, [process]);
        const { messages } = lab.sqs.queue('ndr-dead-letters');
        const causes = messages.map(({ attributes }) => attributes['cause']?.StringValue ?? '');
        expect(causes).toHaveLength(3 * MINI_BATCHES.length);
        expect([...new Set(causes)].sort()).toEqual([
          expect.stringMatching(/^project none: feature_spec_version: there is no project_parameters#<version>/),
          expect.stringMatching(/^project two: feature_spec_version: could be any of v1, v2/),
          expect.stringMatching(/^project_parameters#v1: segment_mapping/),
        ]);
        const paths = await pathsIn(lab.quarantine);
        expect(paths.filter((path) => path.includes('message-'))).toHaveLength(causes.length);
        lab.sqs.queue('ndr-dead-letters').purge();
        await expectWhole(lab, reference);
        expect(await lab.manifests('v1', 'off')).toEqual([]);
      },
    ));

  it('reads specs again now and then, and takes what comes next by what they say by then', () =>
    inLab({}, async (lab) => {
      const process = lab.serve();
      await lab.deliver(FIRST);
      await lab.settled(1, [process]);
      const { documents } = lab.dynamoDb.connect();
      await documents.put({ TableName: 'ml_projects_parameters', Item: parameters('default', 'v1', WIDE) });
      const digestOf = async (n: number) => JSON.stringify((await lab.manifests())[n]?.spec_digests);
      let sent = 1;
      // Nothing tells it of the change; one of those that come meanwhile is the first to be taken so.
      await until('one is taken by the new spec', async () => {
        await lab.deliver({ ...SECOND, id: `${SECOND.id}-${sent}` });
        await lab.settled(++sent, [process]);
        await new Promise((resolve) => setTimeout(resolve, 5000));
        return (await digestOf(sent - 1)) !== (await digestOf(0));
      });
      const wide = await undisturbed([FIRST, SECOND], { specs: [parameters('default', 'v1', WIDE)] });
      expect(Object.keys(wide)).not.toEqual([]);
    }));
});

describe.concurrent('times', { timeout: PATIENCE_MS }, () => {
  it('has the days of the calendar as a backfill has them: first ever, 1st of the month, 29 February, both DST nights', async () => {
    const starts = [
      Date.UTC(2024, 1, 28, 23, 38), // over midnight to 29 February
      Date.UTC(2024, 1, 29, 23, 53), // from 29 February to 1 March
      Date.UTC(2026, 2, 29, 0, 38), // over 01:00 UTC, when clocks in Berlin go forward
      Date.UTC(2026, 2, 31, 23, 38), // the slice that ends at 00:08 on the 1st
      Date.UTC(2026, 9, 25, 0, 38), // over 01:00 UTC, when clocks in Berlin go back
    ];
    const days = starts.flatMap((start, n) => officeMiniBatches({ seed: 20 + n, hosts: 3, slices: 3, thin: 8, start }));
    expect(days.map(({ sliceEnd }) => new Date(sliceEnd).toISOString())).toContain('2026-04-01T00:08:00.000Z');
    const calendar = { time_zone: 'Europe/Berlin', working_hours: [2, 3], off_hours: [3, 22] };
    const specs = [parameters('default', 'v1', { calendar })];
    await inLab({ specs }, async (lab) => {
      const process = lab.serve();
      for (const miniBatch of days) await lab.deliver(miniBatch);
      await lab.settled(days.length, [process]);
      await expectWhole(lab, await undisturbed(days, { specs }));
    });
  });
});

describe.concurrent('order across workers', { timeout: PATIENCE_MS }, () => {
  it('lets a later mini-batch wait for an earlier one that another worker has in hand', () =>
    inLab({}, async (lab) => {
      const workers = await twoWorkers(lab, { fault: { is: 'slow', chunkBytes: 256, pauseMs: 100 } });
      await lab.settled(2, workers);
      for (const worker of workers) await worker.stop();
      expect(workers.map(({ results }) => results)).toEqual([
        [`${FIRST.id} committed 1`],
        [`${SECOND.id} committed 1`],
      ]);
      expect(contentOfManifests(await lab.manifests())).toEqual(await undisturbed([FIRST, SECOND]));
    }));

  it('lets it wait no longer than order.wait_seconds, and then makes it right', () =>
    inLab({}, async (lab) => {
      // Each time the reader gives up on it after 20 s, and goes on where it stood.
      const stalled = { fault: { is: 'stalled', afterBytes: 64 }, times: 3 } as const;
      const workers = await twoWorkers(lab, stalled, { NDR_ORDER_WAIT_SECONDS: '2' });
      const isRight = async (): Promise<boolean> => (await lab.manifests())[1]?.revision === 2;
      await until('the later one was published again', isRight);
      await lab.settled(2, workers);
      for (const worker of workers) await worker.stop();
      const results = workers.map(({ results: own }) => own);
      expect(results[1]![0]).toBe(`${SECOND.id} committed 1`);
      expect(results.flat().sort()).toEqual([
        `${FIRST.id} committed 1`,
        `${SECOND.id} committed 1`,
        `${SECOND.id} committed 2`,
      ]);
      expect(contentOfManifests(await lab.manifests())).toEqual(await undisturbed([FIRST, SECOND]));
    }));
});

describe('a mini-batch of several files', { timeout: PATIENCE_MS }, () => {
  it('is computed by one worker, though its messages went to several at the same time', () =>
    inLab({}, async (lab) => {
      const queues = [ownQueue(lab, 'one'), ownQueue(lab, 'other')] as const;
      const further = { NDR_COMPLETENESS_SETTLE_SECONDS: '2', ...LONG_HIDDEN };
      const workers = queues.map(({ settings }) => lab.serve({ ...settings, ...further }));
      for (const miniBatch of MINI_BATCHES) {
        const lines = (n: number) => miniBatch.lines.filter((_, line) => line % 2 === n);
        await lab.put(miniBatch, { 'part-0.json.gz': lines(0), 'part-1.json.gz': lines(1) });
        for (const [n, queue] of queues.entries()) queue.announce(miniBatch, `part-${n}.json.gz`);
      }
      const isDone = async () =>
        (await lab.manifests()).length === MINI_BATCHES.length &&
        ['one', 'other'].every((name) => lab.sqs.queue(name).messages.length === 0);
      await until('all are committed and no message is left', isDone);
      for (const worker of workers) await worker.stop();
      const results = workers.flatMap(({ results: own }) => own);
      expect(results.sort()).toEqual(MINI_BATCHES.map(({ id }) => `${id} committed 1`).sort());
      expect(contentOfManifests(await lab.manifests())).toEqual(reference);
      const reads = lab.s3.seen.filter(({ operation, key }) => operation === 'GetObject' && key?.includes('/part-'));
      expect(reads).toHaveLength(2 * MINI_BATCHES.length);
    }));
});

/** One that has the first mini-batch in hand, and reads it with trouble, and one that was told of the second meanwhile. */
async function twoWorkers(
  lab: LiveLab,
  trouble: S3FaultRule,
  settings: Readonly<Record<string, string>> = {},
): Promise<LiveProcess[]> {
  const queues = [ownQueue(lab, 'one'), ownQueue(lab, 'other')] as const;
  await lab.put(FIRST);
  await lab.put(SECOND);
  lab.s3.setFaults({ rules: [{ ...trouble, operations: ['GetObject'], keyHolds: `${FIRST.id}/part` }] });
  const workers = queues.map((queue) => lab.serve({ ...queue.settings, ...settings }));
  queues[0].announce(FIRST);
  await until(`${FIRST.id} is planned`, async () =>
    (await lab.index.planned('default', 'v1', 0, Number.MAX_SAFE_INTEGER)).some(
      ({ miniBatchId }) => miniBatchId === FIRST.id,
    ),
  );
  queues[1].announce(SECOND);
  return workers;
}

describe.concurrent('commands on a lake in S3', { timeout: PATIENCE_MS }, () => {
  it('replays to the same after every raw object was copied onto itself, be it one that was uploaded in parts', () =>
    inLab({}, async (lab) => {
      const process = lab.serve();
      for (const miniBatch of MINI_BATCHES) await lab.put(miniBatch);
      await uploadInParts(lab, `${keyOf(SECOND)}/part-0.json.gz`);
      for (const { id, sliceEnd } of MINI_BATCHES)
        await lab.send(s3Event([`${keyOf({ id, sliceEnd })}/part-0.json.gz`], sliceEnd + 5000));
      await lab.settled(MINI_BATCHES.length, [process]);
      await process.stop();
      const before = await lab.manifests();
      const objects = await lab.s3Client.send(new ListObjectsV2Command({ Bucket: RAW_BUCKET }));
      for (const { Key } of objects.Contents!)
        await lab.s3Client.send(
          new CopyObjectCommand({
            Bucket: RAW_BUCKET,
            Key,
            CopySource: `${RAW_BUCKET}/${Key}`,
            MetadataDirective: 'REPLACE',
          }),
        );
      const replayed = await command(lab, ['replay', '--from', '2026-01-01', '--to', '2027-01-01']);
      expect(replayed).toMatchObject({ code: 0, stderr: '' });
      expect(replayed.last).toEqual({
        summary: { unchanged: MINI_BATCHES.length, committed: 0, would_commit: 0, unequal: 0, failed: 0 },
      });
      expect(await lab.manifests()).toEqual(before);
      await expectWhole(lab, reference);
    }));

  it('verifies, compares, keeps, restores and fills a lake in S3 from raw logs in S3', () =>
    inLab({}, async (lab) => {
      const process = lab.serve();
      for (const miniBatch of MINI_BATCHES) await lab.deliver(miniBatch);
      await lab.settled(MINI_BATCHES.length, [process]);
      await lab.put(SECOND, { 'part-1.json.gz': FIRST.lines.slice(0, 20) });
      await lab.send(s3Event([`${keyOf(SECOND)}/part-1.json.gz`], SECOND.sliceEnd + 60_000));
      await until('there is a second revision', async () => (await lab.manifests())[1]!.revision === 2);
      await lab.settled(MINI_BATCHES.length, [process]);
      await process.stop();
      const manifests = await lab.manifests();
      const count = MINI_BATCHES.length;

      const verified = await command(lab, ['verify', '--last', `${count}`]);
      expect(verified).toMatchObject({ code: 0, last: { summary: { equal: count, different: 0, unverifiable: 0 } } });

      const diff = await command(lab, ['diff', '--mini-batch', SECOND.id]);
      // Told by its exit: the revisions differ.
      expect(diff).toMatchObject({ code: 1, last: { summary: { compared: 1, equal: 0, different: 1 } } });

      const retained = await command(lab, ['retain', '--dry-run']);
      expect(retained).toMatchObject({ code: 0, stderr: '' });

      const again = await command(lab, ['run-batch', '--input', `s3://${RAW_BUCKET}/${keyOf(SECOND)}`]);
      expect(again).toMatchObject({ code: 0, last: { outcome: 'skipped', mini_batch_id: SECOND.id } });

      const elsewhere = {
        NDR_LAKE_LOCATION: `s3://${LAKE_BUCKET}/other`,
        NDR_TABLES_BATCH_INDEX: 'batch_index_2',
      };
      await makeIndex(lab, 'batch_index_2');
      const filled = await command(lab, ['backfill', '--input', `s3://${RAW_BUCKET}/paloalto/acme/`], elsewhere);
      expect(filled).toMatchObject({ code: 0, stderr: '', last: { summary: { committed: count, failed: 0 } } });
      const other = openS3Lake(lab.s3Client, elsewhere.NDR_LAKE_LOCATION);
      expect(contentOfManifests(await manifestsIn(lab, other, 'batch_index_2'))).toEqual(contentOfManifests(manifests));

      await makeIndex(lab, 'batch_index_3');
      const restored = await command(lab, ['rebuild-index'], { NDR_TABLES_BATCH_INDEX: 'batch_index_3' });
      expect(restored).toMatchObject({ code: 0, last: { summary: { restored: count, lost: 0, faults: 0 } } });

      expect(await manifestsIn(lab, lab.lake, 'batch_index_3')).toEqual(manifests);
      rmSync(join(lab.folder, 'commands'), { recursive: true });
      const baselines = await command(lab, ['baselines', '--horizon', '7d', '--ref', '2026-03-03']);
      // It looks at what S3 and DynamoDB hold, and an hour is no week.
      expect(baselines).toMatchObject({ code: 1, stderr: '' });
      expect(baselines.lines[0]).toMatchObject({ outcome: 'refused', baseline_horizon: '7d' });
    }));
});

/** An object again as S3 keeps one that was uploaded in parts: with an etag that is no digest of its bytes. */
async function uploadInParts({ s3Client }: LiveLab, key: string): Promise<void> {
  const place = { Bucket: RAW_BUCKET, Key: key };
  const { Body } = await s3Client.send(new GetObjectCommand(place));
  const bytes = await Body!.transformToByteArray();
  const { UploadId } = await s3Client.send(new CreateMultipartUploadCommand(place));
  const part = { ...place, UploadId, PartNumber: 1 };
  const { ETag } = await s3Client.send(new UploadPartCommand({ ...part, Body: bytes }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3Client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }));
}

const makeIndex = (lab: LiveLab, name: string): Promise<unknown> =>
  openDynamoDbTables(lab.dynamoDb.connect()).create({ name, partitionKey: PARTITION_KEY, sortKey: SORT_KEY });

/** What counts of a lake by another index than the lab's own. */
async function manifestsIn(lab: LiveLab, lake: Lake, table: string): Promise<Manifest[]> {
  const index = openBatchIndex(openDynamoDbItems(lab.dynamoDb.connect()), table);
  const committed = await index.committedBetween('default', 'v1', 0, Number.MAX_SAFE_INTEGER);
  return Promise.all(committed.map(({ manifest }) => readManifest(lake, manifest)));
}
