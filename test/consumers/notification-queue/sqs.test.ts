import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSqsQueue, type SqsOptions } from '../../../src/consumers/notification-queue/sqs.ts';
import type { Message, NotificationQueue } from '../../../src/consumers/notification-queue.ts';
import { Unavailable } from '../../../src/state/unavailable.ts';
import { notificationQueueSuite } from '../../conformance/notification-queue-suite.ts';
import { pretendAwsCredentials } from '../../fakes/aws-environment.ts';
import { type SqsServer, startSqsServer } from '../../fakes/sqs-server.ts';

beforeAll(pretendAwsCredentials);

notificationQueueSuite('SQS', async () => {
  const server = await startSqsServer();
  return { ...server, pass: async (ms) => server.advance(ms) };
});

describe('a queue in SQS, where things go wrong,', () => {
  let server: SqsServer;
  let queue: NotificationQueue;
  let url: string;
  beforeEach(async () => {
    server = await startSqsServer();
    url = server.create('arrivals');
    server.create('dead-letters');
    queue = openSqsQueue(options());
  });
  afterEach(async () => {
    queue.close();
    await server.close();
  });
  const options = (more: Partial<SqsOptions> = {}): SqsOptions => ({
    url,
    deadLetterUrl: url.replace('arrivals', 'dead-letters'),
    region: null,
    endpoint: server.endpoint,
    visibilitySeconds: 30,
    ...more,
  });
  const send = (...bodies: readonly string[]): void => {
    for (const body of bodies) server.queue('arrivals').send({ body });
  };
  const take = (waitSeconds = 0): Promise<Message[]> => queue.receive({ most: 10, waitSeconds });

  it('says how long it and its dead letters are kept', async () => {
    Object.assign(server.queue('dead-letters').attributes, { MessageRetentionPeriod: '1209600' });
    const facts = await queue.examine();
    expect(facts).toMatchObject({ retentionSeconds: 345_600, deadLetters: { retentionSeconds: 1_209_600 } });
  });

  it('goes to its endpoint alone, whatever host its address names', async () => {
    const named = openSqsQueue(options({ url: 'https://sqs.eu-west-1.amazonaws.com/000000000000/arrivals' }));
    send('here');
    const taken = await named.receive({ most: 1, waitSeconds: 0 });
    expect(taken.map(({ body }) => body)).toEqual(['here']);
    expect(await named.remove(taken)).toEqual([]);
    expect(await named.examine()).toMatchObject({ depth: { waiting: 0 } });
    named.close();
  });

  it('tells which entries of a batch failed, and whether they may pass', async () => {
    send('a', 'b', 'c');
    const taken = await take();
    server.failEntries(1);
    server.failEntries(1, { code: 'RequestThrottled', senderFault: true });
    server.failEntries(1, { code: 'ReceiptHandleIsInvalid', senderFault: true });
    const faults = await queue.remove(taken);
    expect(faults.map(({ message, mayPass }) => [message.id, mayPass])).toEqual([
      [taken[0]!.id, true],
      [taken[1]!.id, true],
      [taken[2]!.id, false],
    ]);
    expect(faults[0]!.why).toBe(`SQS: remove messages of ${url}: ${taken[0]!.id}: InternalError: made to fail`);
    expect(await queue.remove(faults.map(({ message }) => message))).toEqual([]);
    expect(server.queue('arrivals').messages).toEqual([]);
  });

  it('does the other batches where a whole one fails', async () => {
    send(...Array.from({ length: 15 }, (_, n) => `m${n}`));
    const taken = [...(await take()), ...(await take())];
    server.trouble('DeleteMessageBatch', { is: 'refused', code: 'AccessDenied', status: 403 }, 1);
    const faults = await queue.remove(taken);
    expect(faults).toHaveLength(10);
    expect(faults[0]).toMatchObject({ mayPass: true });
    expect(faults[0]!.why).toContain('allow sqs:DeleteMessage to the role or user that ndr runs as');
    expect(server.queue('arrivals').messages).toHaveLength(10);
  });

  it('tries again by itself what the server refuses for a moment', async () => {
    send('x');
    server.trouble('ReceiveMessage', { is: 'refused' }, 2);
    expect(await take()).toHaveLength(1);
  });

  it('says that it may pass where the server goes on refusing', async () => {
    server.trouble('ReceiveMessage', { is: 'refused' }, 3);
    const failure = await take().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    expect((failure as Error).message).toContain(`SQS: receive from ${url}: ServiceUnavailable (HTTP 503`);
    server.trouble('DeleteMessageBatch', { is: 'refused' }, 3);
    send('x');
    expect(await queue.remove(await take())).toMatchObject([{ mayPass: true }]);
  });

  it('says the same where nobody answers', async () => {
    const { endpoint } = server;
    await server.close();
    const failure = await take().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    expect((failure as Error).message).toContain('ECONNREFUSED');
    server = await startSqsServer();
    expect(server.endpoint).not.toBe(endpoint);
  });

  it('says what to allow, and nothing of what was signed', async () => {
    server.trouble('ReceiveMessage', { is: 'refused', code: 'AccessDeniedException', status: 403 }, 1);
    await expect(take()).rejects.toThrow(/AccessDeniedException \(HTTP 403.*; allow sqs:ReceiveMessage to the role/);
    server.trouble('ReceiveMessage', { is: 'refused', code: 'SignatureDoesNotMatch', status: 403 }, 1);
    await expect(take()).rejects.toThrow(/SignatureDoesNotMatch \(HTTP 403.*; give ndr credentials that are valid/);
  });

  it('gets a message again whose answer was lost on the way', async () => {
    send('x');
    server.trouble('ReceiveMessage', { is: 'unanswered' }, 1);
    expect(await take()).toEqual([]);
    expect(server.calls.get('ReceiveMessage')).toBe(2);
    server.advance(30_000);
    expect(await take()).toMatchObject([{ body: 'x', receiveCount: 2 }]);
  });

  it('gets twice what is handed out twice, and never what is lost', async () => {
    server.queue('arrivals').troubles.lost = 1;
    send('lost');
    server.queue('arrivals').troubles.duplicated = 1;
    send('twice', 'once');
    server.queue('arrivals').troubles.reversed = true;
    expect((await take()).map(({ body }) => body)).toEqual(['once', 'twice']);
    expect((await take()).map(({ body, receiveCount }) => [body, receiveCount])).toEqual([['once', 2]]);
  });

  it('writes a dead letter without its cause where the two together are too long', async () => {
    const body = 'x'.repeat(1_048_576);
    send(body);
    const [message] = await take();
    await queue.deadLetter(message!, 'far too long');
    expect(server.queue('arrivals').messages).toEqual([]);
    expect(server.queue('dead-letters').messages).toMatchObject([{ body, attributes: {} }]);
  });

  it('hides a message for twelve hours after its receipt, and no longer', async () => {
    send('x');
    const taken = await take();
    expect(await queue.extend(taken, 43_200)).toMatchObject([
      { mayPass: false, why: expect.stringContaining('43200') },
    ]);
    expect(await queue.extend(taken, 43_100)).toEqual([]);
    server.advance(7_200_000);
    expect(await queue.extend(taken, 36_100)).toMatchObject([{ mayPass: false }]);
    expect(await queue.extend(taken, 35_900)).toEqual([]);
    server.advance(36_000_000);
    expect(await queue.extend(await take(), 43_100)).toEqual([]);
  });

  it('has a message in both queues rather than in none', async () => {
    send('x');
    const [message] = await take();
    server.failEntries(1);
    expect(await queue.deadLetter(message!, 'why')).toMatchObject({ mayPass: true });
    expect(server.queue('arrivals').messages).toHaveLength(1);
    expect(server.queue('dead-letters').messages).toHaveLength(1);
  });
});
