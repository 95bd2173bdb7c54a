/** `ndr doctor` where everything lies in AWS: a lab that is well has no finding; what is broken is found once, with a remedy. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { runBatch } from '../../src/commands/run-batch.ts';
import { runCommand } from '../support/command-run.ts';
import { LAKE_BUCKET, type LiveLab, openLiveLab, pathsIn, RAW_BUCKET } from '../support/live-lab.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';
import { startRecoveringDynamoDb } from '../support/recovering-dynamodb.ts';

const [miniBatch] = officeMiniBatches({ seed: 3, hosts: 4, slices: 1, thin: 4 });

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';
const SECRETS = /pretended-secret|AKIAPRETENDED|hunter2/;

let lab: LiveLab;
let home: string;
let address: string;
const queue = () => lab.sqs.queue('ndr');
const dead = () => lab.sqs.queue('ndr-dead-letters');
const KEPT = { MessageRetentionPeriod: '1209600' };

beforeAll(async () => {
  lab = await openLiveLab();
  home = mkdtempSync(join(tmpdir(), 'ndr-doctor-'));
  Object.assign(dead().attributes, KEPT);
  address = await lab.put(miniBatch!);
  const { code } = await runCommand(runBatch, { home, flags: { input: address }, settings: lab.settings });
  expect(code).toBe(0);
});
afterAll(async () => {
  await lab.close();
  rmSync(home, { recursive: true, force: true });
});
afterEach(() => {
  lab.s3.setFaults({ rules: [] });
  dead().purge();
});

interface FindingJson {
  readonly severity: string;
  readonly check: string;
  readonly what: string;
  readonly remedy: string | null;
}

interface Options {
  readonly settings?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, boolean>>;
  readonly clock?: () => number;
  readonly at?: string;
}

async function examine({ settings = {}, at = home, ...options }: Options = {}) {
  const all = { ...lab.settings, NDR_QUEUE_VISIBILITY_SECONDS: '120', ...settings };
  const { code, results } = await runCommand(doctor, { home: at, settings: all, ...options });
  expect(JSON.stringify(results)).not.toMatch(SECRETS);
  const findings = results.slice(0, -1) as unknown as FindingJson[];
  const wrong = findings.filter(({ severity }) => severity !== 'info');
  for (const { remedy } of wrong) expect(remedy).toMatch(/\w/);
  const checks = new Set(findings.map(({ check }) => check));
  return { code, findings, checks, wrong, told: wrong.map(({ severity, check }) => `${severity} ${check}`) };
}

/** What was written to the lake's bucket while `work` ran. */
async function writesDuring(work: () => Promise<unknown>): Promise<string[]> {
  const before = lab.s3.seen.length;
  await work();
  const seen = lab.s3.seen
    .slice(before)
    .filter(({ operation }) => /^(?:Put|Delete|Copy|Create|Upload)/.test(operation));
  return seen.map(({ operation }) => operation);
}

describe('doctor in AWS', () => {
  it('finds nothing in a lab that is well, and changes nothing', async () => {
    const writes = await writesDuring(async () => {
      const { code, told, checks, findings } = await examine({ flags: { deep: true } });
      expect([code, told]).toEqual([0, []]);
      expect([...checks]).toEqual(
        expect.arrayContaining([
          'tables',
          'lake',
          'quarantine',
          'raw',
          'clock',
          'queue',
          'dead_letters',
          'specs',
          'index',
        ]),
      );
      expect(findings.map(({ what }) => what)).toContain('v1: mini-batches committed: 1');
    });
    expect(writes).toEqual([]);
  });

  it('tries writing where it is told to, and leaves nothing behind', async () => {
    const before = await pathsIn(lab.lake);
    const writes = await writesDuring(async () => {
      const { code, told, findings } = await examine({ flags: { write: true } });
      expect([code, told]).toEqual([0, []]);
      const said = findings.filter(({ what }) => what.includes('can be written'));
      expect(said.map(({ check }) => check)).toEqual(['tables', 'lake', 'quarantine']);
    });
    expect(writes).toEqual(['PutObject', 'PutObject', 'DeleteObject', 'PutObject', 'PutObject', 'DeleteObject']);
    expect(await pathsIn(lab.lake)).toEqual(before);
  });

  it('needs no home where nothing lies there', async () => {
    const { code, told } = await examine({ at: join(home, 'not-yet') });
    expect([code, told]).toEqual([0, []]);
    await expect(examine({ at: join(home, 'not-yet'), settings: { NDR_TABLES_STORE: 'directory' } })).rejects.toThrow(
      'is no folder',
    );
  });

  it('finds a file of the lake that is gone; what it says to type brings it back', async () => {
    const file = (await pathsIn(lab.lake)).find((path) => path.includes('/fg_a/'))!;
    const bytes = await lab.lake.read(file);
    await lab.lake.remove(file);
    const { code, wrong } = await examine();
    expect(code).toBe(1);
    expect(wrong).toMatchObject([{ check: 'files', remedy: `ndr run-batch --input ${address} --home ${home}` }]);
    await runCommand(runBatch, { home, flags: { input: address }, settings: lab.settings });
    expect(Buffer.from(await lab.lake.read(file)).equals(bytes)).toBe(true);
  });

  it('says how a file of another content is removed', async () => {
    const file = (await pathsIn(lab.lake)).find((path) => path.includes('/fg_a/'))!;
    const bytes = await lab.lake.read(file);
    await lab.lake.remove(file);
    await lab.lake.create(file, bytes.slice(1));
    const { wrong } = await examine();
    await lab.lake.remove(file);
    await lab.lake.create(file, bytes);
    expect(wrong[0]!.remedy).toContain(`aws s3 rm 's3://${LAKE_BUCKET}/lake/${file}'; ndr run-batch`);
  });

  it.each<[string, Options, readonly string[], string]>([
    ['no bucket', { settings: { NDR_LAKE_LOCATION: 's3://nowhere/lake' } }, ['error lake'], 'there is no such bucket'],
    [
      'no quarantine',
      { settings: { NDR_QUARANTINE_LOCATION: 's3://nowhere/q' } },
      ['error quarantine'],
      'no such bucket',
    ],
    ['S3 away', { settings: { NDR_S3_ENDPOINT: NOWHERE } }, ['error lake'], 'check s3.endpoint'],
    ['DynamoDB away', { settings: { NDR_DYNAMODB_ENDPOINT: NOWHERE } }, ['error tables'], 'check dynamodb.endpoint'],
    ['no table', { settings: { NDR_TABLES_ROUTING: 'no_routes' } }, ['error tables'], 'ndr provision'],
    ['other keys', { settings: { NDR_TABLES_ROUTING: 'batch_index' } }, ['error tables'], 'keys cannot be changed'],
    ['SQS away', { settings: { NDR_SQS_ENDPOINT: NOWHERE } }, ['error queue'], 'check queue.url'],
    [
      'no dead letters',
      { settings: { NDR_QUEUE_DEAD_LETTER_URL: 'http://127.0.0.1:9/000000000000/none' } },
      ['error dead_letters'],
      'check',
    ],
    ['a short visibility', { settings: { NDR_QUEUE_VISIBILITY_SECONDS: '10' } }, ['warning queue'], 'set it to 30'],
    [
      'Redis away',
      { settings: { NDR_REDIS_STATE_URL: 'redis://:hunter2@127.0.0.1:9' } },
      ['warning redis'],
      'check redis.state_url',
    ],
    [
      'a clock that is off',
      { clock: () => Date.now() + 60_000 },
      ['warning clock', 'warning clock'],
      'set the clock of this machine',
    ],
    [
      'a clock that is far off',
      { clock: () => Date.now() + 600_000 },
      ['error clock', 'error clock'],
      'set the clock of this machine',
    ],
  ])('finds %s, and examines the rest', async (_, options, expected, remedy) => {
    const { code, told, wrong, checks } = await examine(options);
    expect(told).toEqual(expected);
    for (const one of wrong) expect(one.remedy).toContain(remedy);
    expect(code).toBe(expected.some((one) => one.startsWith('error')) ? 1 : 0);
    for (const check of ['tables', 'lake', 'queue', 'state']) expect(checks).toContain(check);
  });

  it('says what has to be allowed: to list, to read, to write', async () => {
    const denied = async (operation: string, flags = {}) => {
      lab.s3.setFaults({
        rules: [{ operations: [operation], fault: { is: 'refused', code: 'AccessDenied', status: 403 } }],
      });
      return (await examine({ flags })).wrong;
    };
    const listing = await denied('ListObjectsV2');
    expect(listing.map(({ check }) => check)).toEqual(['lake', 'quarantine', 'raw']);
    expect(listing.map(({ remedy }) => remedy)).toEqual([
      `allow s3:ListBucket on bucket ${LAKE_BUCKET} to the role or user that ndr runs as`,
      `allow s3:ListBucket on bucket ${LAKE_BUCKET} to the role or user that ndr runs as`,
      `allow s3:ListBucket on bucket ${RAW_BUCKET} to the role or user that ndr runs as`,
    ]);
    const reading = await denied('HeadObject');
    expect(reading.map(({ check }) => check)).toEqual(['lake', 'quarantine', 'raw']);
    expect(reading[0]!.remedy).toContain('allow s3:GetObject and s3:ListBucket');
    expect(await denied('PutObject')).toEqual([]);
    const writing = await denied('PutObject', { write: true });
    expect(writing.map(({ remedy }) => remedy)).toEqual(
      Array.from(
        { length: 2 },
        () => `allow s3:PutObject on bucket ${LAKE_BUCKET} to the role or user that ndr runs as`,
      ),
    );
  });

  it('says what SQS refuses', async () => {
    lab.sqs.trouble('GetQueueAttributes', { is: 'refused', code: 'AccessDenied', status: 403 }, 1);
    expect((await examine()).wrong).toMatchObject([
      { check: 'queue', remedy: 'allow sqs:GetQueueAttributes to the role or user that ndr runs as' },
    ]);
  });

  it('goes on where S3 stops answering midway', async () => {
    lab.s3.setFaults({
      rules: [{ operations: ['GetObject'], fault: { is: 'refused', status: 503, code: 'SlowDown' } }],
    });
    const { code, told, checks } = await examine();
    expect([code, told]).toEqual([1, ['error lake']]);
    expect(checks).toContain('state');
  });

  it('finds what the policies of the queues lose', async () => {
    const policy = queue().attributes['RedrivePolicy']!;
    delete queue().attributes['RedrivePolicy'];
    expect((await examine()).wrong).toMatchObject([
      { check: 'queue', what: expect.stringContaining('comes again for ever') },
    ]);
    queue().attributes['RedrivePolicy'] = JSON.stringify({ ...JSON.parse(policy), maxReceiveCount: 9 });
    expect((await examine()).wrong).toMatchObject([
      { check: 'queue', what: expect.stringContaining('after 9 receipts: each restart of a worker takes one') },
    ]);
    queue().attributes['RedrivePolicy'] = policy.replace('ndr-dead-letters', 'others');
    expect((await examine()).wrong).toMatchObject([
      { check: 'dead_letters', what: expect.stringContaining('dead letters lie in two places') },
    ]);
    queue().attributes['RedrivePolicy'] = policy;
    dead().attributes['MessageRetentionPeriod'] = queue().attributes['MessageRetentionPeriod']!;
    expect((await examine()).wrong).toMatchObject([
      { check: 'dead_letters', what: expect.stringContaining('no longer than notifications') },
    ]);
    Object.assign(dead().attributes, KEPT);
    dead().send({ body: 'lost' });
    expect((await examine()).wrong).toMatchObject([
      { check: 'dead_letters', what: '1 notifications lie among the dead letters' },
    ]);
  });

  it('finds tables that cannot be brought back', async () => {
    const front = await startRecoveringDynamoDb(lab.dynamoDb.port, 0);
    const { code, told, wrong } = await examine({ settings: { NDR_DYNAMODB_ENDPOINT: front.endpoint } });
    await front.close();
    expect([code, told]).toEqual([0, ['warning tables', 'warning tables', 'warning tables']]);
    expect(new Set(wrong.map(({ remedy }) => remedy))).toEqual(new Set(['ndr provision']));
  });
});
