/** `ndr serve` while S3, DynamoDB, SQS, Redis or the disk of its home refuse what it asks: it holds everything, says what is missing, and goes on once it is allowed. */

import { mkdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3FaultRule } from '../fakes/s3-fault-rules.ts';
import { startAwsProxy } from '../support/aws-proxy.ts';
import { keyOf, type LiveLab, type LiveProcess, LONG_HIDDEN, routeOf, s3Event } from '../support/live-lab.ts';
import type { MiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';
import { freePort, startRedisServer } from '../support/redis-server.ts';
import { undisturbed } from '../support/undisturbed-run.ts';
import { expectWhole, inLab, PATIENCE_MS, until } from '../support/whole-lab.ts';

const MINI_BATCHES = officeMiniBatches({ seed: 7, hosts: 3, slices: 4, doubled: [2], thin: 6 });
const [FIRST] = MINI_BATCHES as [MiniBatch];
/** What is no dependency's fault would have been given up after five tries in some six seconds. */
const REFUSED_MS = 12_000;

/** Two projects under prefixes of their own. */
const SPECS = ['default', 'other'].map((project) => ({
  project_name: project,
  job_name: 'project_parameters#v1',
  spec: {},
}));

let reference: Record<string, string>;
beforeAll(async () => {
  reference = await undisturbed(MINI_BATCHES);
});

/** As AWS tells it. */
const REFUSALS = {
  denied: { status: 403, code: 'AccessDenied' },
  revoked: { status: 403, code: 'InvalidAccessKeyId' },
} as const;
const refuse = (how: keyof typeof REFUSALS, further: Partial<S3FaultRule> = {}): S3FaultRule => ({
  fault: { is: 'refused', ...REFUSALS[how] },
  ...further,
});

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly why: string }[];
}

/** A process whose health can be asked for. */
async function serveOpenly(lab: LiveLab, further: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const process = lab.serve({ NDR_HTTP_PORT: `${port}`, ...LONG_HIDDEN, ...further });
  const ready = async (): Promise<Readiness | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    return answer && ((await answer.json()) as Readiness);
  };
  /** Resolves with what a check says once it says that something is refused. */
  const refusalOf = async (name: string): Promise<string> => {
    let why: string | undefined;
    await until(`${name} is said to refuse`, async () => {
      const check = (await ready())?.checks.find((one) => one.name === name);
      why = check?.ok === false && check.why !== 'not asked yet' ? check.why : undefined;
      return why !== undefined;
    });
    return why!;
  };
  const metric = async (start: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(start))
        ?.split(' ')
        .at(-1) ?? 0,
    );
  };
  return { process, ready, refusalOf, metric };
}

/** Before anything is refused: whoever delivers may what ndr may not. */
const putAll = async (lab: LiveLab, site = 'hq'): Promise<void> => {
  for (const miniBatch of MINI_BATCHES) await lab.put(miniBatch, undefined, site);
};
const announceAll = async (lab: LiveLab, site = 'hq') => {
  for (const miniBatch of MINI_BATCHES)
    await lab.send(s3Event([`${keyOf(miniBatch, site)}/part-0.json.gz`], miniBatch.sliceEnd + 5000));
  return [...lab.sqs.queue('ndr').messages];
};
const receivesOf = (messages: Awaited<ReturnType<typeof announceAll>>): number[] =>
  messages.map(({ receives }) => receives);
/** Each committed once, and received once. */
async function expectAllAsEver(
  lab: LiveLab,
  process: LiveProcess,
  messages: Awaited<ReturnType<typeof announceAll>>,
): Promise<void> {
  await lab.settled(MINI_BATCHES.length, [process]);
  await expectWhole(lab, reference);
  expect(receivesOf(messages)).toEqual(messages.map(() => 1));
}

describe.concurrent('serve while S3 refuses', { timeout: PATIENCE_MS }, () => {
  it.each([
    { name: 'everything', rule: refuse('denied'), says: 'allow s3:ListBucket' },
    { name: 'credentials that are revoked', rule: refuse('revoked'), says: 'give ndr credentials that are valid' },
    {
      name: 'writing to the lake',
      rule: refuse('denied', { operations: ['PutObject'], keyHolds: 'lake/' }),
      says: 'allow s3:PutObject',
    },
    {
      name: 'a bucket that is not there',
      rule: { fault: { is: 'refused', status: 404, code: 'NoSuchBucket' }, keyHolds: 'lake/' } as S3FaultRule,
      says: 'there is no such bucket',
    },
  ])('($name), it gives nothing up, and says so', ({ rule, says }) =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const { process, ready, refusalOf, metric } = await serveOpenly(lab);
      lab.s3.setFaults({ rules: [rule] });
      const messages = await announceAll(lab);
      const begun = Date.now();
      expect(await refusalOf('s3')).toContain(says);
      expect(await metric('ndr_dependency_refusals_total{dependency="s3"}')).toBeGreaterThan(0);
      expect(await metric('ndr_breaker_open{dependency="s3"}')).toBe(1);
      await pause(Math.max(0, REFUSED_MS - (Date.now() - begun)));
      expect(await lab.manifests().catch(() => [])).toEqual([]);
      expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
      // No hot loop: each of five folders five times a second would be hundreds.
      expect(lab.s3.seen.filter(({ status }) => status >= 400 && status !== 412).length).toBeLessThan(150);
      lab.s3.setFaults({ rules: [] });
      await expectAllAsEver(lab, process, messages);
      expect((await ready())!.status).toBe('ready');
      const { stderr } = await process.stop();
      expect(stderr).toContain(says);
    }),
  );

  it('by threads, it gives nothing up either', () =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const process = lab.serve({ NDR_THREADS: '2', ...LONG_HIDDEN });
      const rules = [refuse('denied', { operations: ['GetObject'], keyHolds: 'paloalto/', forMs: REFUSED_MS })];
      lab.s3.setFaults({ rules });
      const messages = await announceAll(lab);
      await expectAllAsEver(lab, process, messages);
    }));

  it('or is away for threads, it gives nothing up either', () =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const process = lab.serve({ NDR_THREADS: '2', ...LONG_HIDDEN });
      const fault = { is: 'refused', status: 503, code: 'SlowDown' } as const;
      lab.s3.setFaults({ rules: [{ fault, operations: ['GetObject'], keyHolds: 'paloalto/', forMs: REFUSED_MS }] });
      const messages = await announceAll(lab);
      await expectAllAsEver(lab, process, messages);
    }));

  it('one object for good, all others go on, and its message is kept', () =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const { process, ready, metric } = await serveOpenly(lab, {
        NDR_ORDER_WAIT_SECONDS: '2',
        // No back-off is longer.
        NDR_COMPLETENESS_RECHECK_SECONDS: '2',
      });
      lab.s3.setFaults({ rules: [refuse('denied', { operations: ['GetObject'], keyHolds: keyOf(FIRST) })] });
      const messages = await announceAll(lab);
      await until('the others are committed', async () => (await lab.manifests()).length === MINI_BATCHES.length - 1);
      await until('all is well but for it', async () => (await ready())?.status === 'ready');
      const before = await metric('ndr_dependency_refusals_total{dependency="s3"}');
      await until(
        'it was tried often',
        async () => (await metric('ndr_dependency_refusals_total{dependency="s3"}')) >= before + 4,
      );
      expect((await ready())!.status).toBe('ready');
      expect(lab.sqs.queue('ndr').messages).toEqual([messages[0]]);
      expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
      lab.s3.setFaults({ rules: [] });
      await expectAllAsEver(lab, process, messages);
    }));

  it('one project, the other goes on', () =>
    inLab({ routes: [routeOf('hq', 'default'), routeOf('lab', 'other')], specs: SPECS }, async (lab) => {
      await putAll(lab);
      await putAll(lab, 'lab');
      const { process, refusalOf } = await serveOpenly(lab);
      lab.s3.setFaults({ rules: [refuse('denied', { keyHolds: 'paloalto/acme/lab' })] });
      await announceAll(lab, 'lab');
      expect(await refusalOf('s3')).toMatch(/work of other#v1 is held back/);
      await announceAll(lab);
      await until(
        'the one is committed',
        async () => (await lab.manifests('v1', 'default')).length === MINI_BATCHES.length,
      );
      expect(await lab.manifests('v1', 'other')).toEqual([]);
      lab.s3.setFaults({ rules: [] });
      await until('so is the other', async () => (await lab.manifests('v1', 'other')).length === MINI_BATCHES.length);
      await lab.settled(MINI_BATCHES.length, [process]);
      expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
    }));
});

describe.concurrent('serve while DynamoDB refuses', { timeout: PATIENCE_MS }, () => {
  it.each([
    { code: 'AccessDeniedException', says: /allow dynamodb:\w+ on table/ },
    { code: 'ExpiredTokenException', says: /the credentials have expired/ },
  ])('($code), it gives nothing up, and says so', ({ code, says }) =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const proxy = await startAwsProxy(lab.dynamoDb.endpoint);
      const { process, refusalOf, metric } = await serveOpenly(lab, { NDR_DYNAMODB_ENDPOINT: proxy.endpoint });
      await until('it serves', async () => (proxy.calls.get('Scan') ?? 0) > 0);
      proxy.setTrouble(() => ({ is: 'refused', code }));
      const messages = await announceAll(lab);
      expect(await refusalOf('dynamodb')).toMatch(says);
      expect(await metric('ndr_dependency_refusals_total{dependency="dynamodb"}')).toBeGreaterThan(0);
      await pause(REFUSED_MS);
      expect(await lab.manifests()).toEqual([]);
      proxy.setTrouble(() => undefined);
      await expectAllAsEver(lab, process, messages);
      await process.stop();
      await proxy.close();
    }),
  );
});

describe.concurrent('serve while SQS refuses', { timeout: PATIENCE_MS }, () => {
  it.each(['ReceiveMessage', 'DeleteMessageBatch'])('%s, it gives nothing up', (operation) =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const proxy = await startAwsProxy(lab.sqs.endpoint);
      proxy.setTrouble((asked) => (asked === operation ? { is: 'refused', code: 'AccessDenied' } : undefined));
      const process = lab.serve({ NDR_SQS_ENDPOINT: proxy.endpoint, ...LONG_HIDDEN });
      const messages = await announceAll(lab);
      await until('it was asked', async () => proxy.calls.has(operation));
      await pause(REFUSED_MS);
      expect(proxy.calls.get(operation)).toBeLessThan(40);
      proxy.setTrouble(() => undefined);
      await expectAllAsEver(lab, process, messages);
      const { stderr } = await process.stop();
      expect(stderr).toContain(`allow sqs:${operation.replace('Batch', '')}`);
      await proxy.close();
    }),
  );
});

describe.concurrent('serve while Redis refuses', { timeout: PATIENCE_MS }, () => {
  it.each([
    { name: 'a wrong password', guard: ['CONFIG', 'SET', 'requirepass', 'hush'], user: 'default:wrong@' },
    { name: 'every command', guard: ['ACL', 'SETUSER', 'default', '-@all', '+@connection'], user: '' },
  ])('($name), it takes what it needs from its home', ({ guard, user }) =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const redis = await startRedisServer();
      const [command, ...args] = guard as [string, ...string[]];
      await redis.client.call(command, ...args);
      const { process, ready } = await serveOpenly(lab, {
        NDR_REDIS_STATE_URL: `redis://${user}127.0.0.1:${redis.port}`,
      });
      await expectAllAsEver(lab, process, await announceAll(lab));
      expect((await ready())!.checks.find(({ name }) => name === 'redis')).toMatchObject({ ok: false });
      const { stderr } = await process.stop();
      expect(stderr).not.toContain('wrong@');
      await redis.close();
    }),
  );
});

describe.concurrent('serve while the disk of its home refuses', { timeout: PATIENCE_MS }, () => {
  it('window state, it gives nothing up, says where, and goes on once it may', () =>
    inLab({}, async (lab) => {
      await putAll(lab);
      const windows = join(lab.folder, 'home-0', 'state', 'windows');
      await mkdir(join(windows, '..'), { recursive: true });
      // Nobody makes a folder there, whoever he is.
      await symlink('/sys/kernel', windows);
      const { process, ready, refusalOf, metric } = await serveOpenly(lab);
      const messages = await announceAll(lab);
      expect(await refusalOf('disk')).toContain(windows);
      const begun = Date.now();
      expect(await metric('ndr_dependency_refusals_total{dependency="disk"}')).toBeGreaterThan(0);
      await pause(Math.max(0, REFUSED_MS - (Date.now() - begun)));
      expect((await lab.manifests()).length).toBeLessThan(MINI_BATCHES.length);
      expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
      await unlink(windows);
      await expectAllAsEver(lab, process, messages);
      expect((await ready())!.status).toBe('ready');
    }));
});
