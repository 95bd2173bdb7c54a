import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSqsQueue, type SqsOptions } from '../../src/consumers/notification-queue/sqs.ts';
import type { Message, NotificationQueue } from '../../src/consumers/notification-queue.ts';

/** A server of SQS that has nothing on it yet. */
export interface QueueServer {
  readonly endpoint: string;
  /** Lets so much time go by on the server. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What a queue promises, on any server of SQS, spoken to by the real client. */
export function notificationQueueSuite(name: string, start: () => Promise<QueueServer>): void {
  describe(`${name} keeps the promises of a notification queue`, () => {
    let server: QueueServer;
    let client: SQSClient;
    let url: string;
    let deadLetterUrl: string;
    let queue: NotificationQueue;
    let round = 0;

    beforeAll(async () => {
      server = await start();
      client = new SQSClient({ endpoint: server.endpoint, region: 'us-east-1', useQueueUrlAsEndpoint: false });
    });
    afterAll(async () => {
      client.destroy();
      await server.close();
    });

    const create = async (queueName: string, attributes: Record<string, string> = {}): Promise<string> => {
      const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: queueName, Attributes: attributes }));
      return QueueUrl!;
    };
    const options = (more: Partial<SqsOptions> = {}): SqsOptions => ({
      url,
      deadLetterUrl,
      region: 'us-east-1',
      endpoint: server.endpoint,
      visibilitySeconds: 30,
      ...more,
    });
    const send = async (...bodies: readonly string[]): Promise<void> => {
      for (const body of bodies) await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
    };
    const take = (most = 10, waitSeconds = 0): Promise<Message[]> => queue.receive({ most, waitSeconds });
    const takeAll = async (wanted: number): Promise<Message[]> => {
      const taken: Message[] = [];
      while (taken.length < wanted) {
        const some = await take(10, 1);
        if (some.length === 0) break;
        taken.push(...some);
      }
      return taken;
    };
    const bodiesOf = (messages: readonly Message[]): string[] => messages.map(({ body }) => body).sort();

    beforeEach(async () => {
      round++;
      url = await create(`arrivals-${round}`);
      deadLetterUrl = await create(`dead-letters-${round}`);
      queue = openSqsQueue(options());
    });
    afterEach(() => queue.close());

    it('gives what was sent, as it was sent, with what is known of it', async () => {
      const before = Date.now() - 60_000;
      const body = '{"s3_key":"s3://raw/a b/é😀/\\u0000.gz"}\r\n\t<&>"';
      await send(body);
      const [message] = await take();
      expect(message).toMatchObject({ body, receiveCount: 1 });
      expect(message!.id).not.toBe('');
      expect(message!.sentAt).toBeGreaterThan(before);
      expect(await take()).toEqual([]);
    });

    it('gives no more than is asked for', async () => {
      await send('a', 'b', 'c');
      expect((await take(2)).length).toBeLessThanOrEqual(2);
    });

    it('asks a queue for ten at most', async () => {
      await send('a');
      expect(bodiesOf(await take(500))).toEqual(['a']);
    });

    it('waits for the first message', async () => {
      const waiting = take(10, 20);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await send('late');
      expect(bodiesOf(await waiting)).toEqual(['late']);
    });

    it('ends its wait when asked to, and loses nothing by it', async () => {
      const brief = openSqsQueue(options({ visibilitySeconds: 2 }));
      const stop = new AbortController();
      const waiting = brief.receive({ most: 10, waitSeconds: 20, signal: stop.signal });
      await new Promise((resolve) => setTimeout(resolve, 100));
      stop.abort();
      expect(await waiting).toEqual([]);
      expect(await brief.receive({ most: 10, waitSeconds: 20, signal: stop.signal })).toEqual([]);
      // A server may hand it out to the wait that nobody waits for any more: then it comes a little later.
      await send('after');
      await server.pass(2_500);
      expect(bodiesOf(await take(10, 5))).toEqual(['after']);
      brief.close();
    });

    it('removes for good, more than a batch at once', async () => {
      const bodies = Array.from({ length: 25 }, (_, n) => `m${n}`);
      await send(...bodies);
      const taken = await takeAll(25);
      expect(new Set(bodiesOf(taken)).size).toBe(25);
      expect(await queue.remove(taken)).toEqual([]);
      expect(await queue.depth()).toEqual({ waiting: 0, inHand: 0, delayed: 0 });
      expect(await queue.remove([])).toEqual([]);
    });

    it('hands out again what was not removed in time, and counts', async () => {
      const brief = openSqsQueue(options({ visibilitySeconds: 1 }));
      await send('again');
      const [first] = await brief.receive({ most: 1, waitSeconds: 1 });
      await server.pass(1_500);
      const [second] = await take(1, 5);
      expect(second).toMatchObject({ id: first!.id, body: 'again', receiveCount: 2, sentAt: first!.sentAt });
      expect(second!.receipt).not.toBe(first!.receipt);
      brief.close();
    });

    it('keeps from others what is extended', async () => {
      const brief = openSqsQueue(options({ visibilitySeconds: 1 }));
      await send('long work');
      const taken = await brief.receive({ most: 1, waitSeconds: 1 });
      expect(await brief.extend(taken, 60)).toEqual([]);
      await server.pass(1_500);
      expect(await take(10, 0)).toEqual([]);
      expect((await queue.depth()).inHand).toBe(1);
      expect(await brief.remove(taken)).toEqual([]);
      brief.close();
    });

    it('lets others have at once what is released', async () => {
      await send('a', 'b');
      const taken = await takeAll(2);
      expect(await queue.release(taken, 0)).toEqual([]);
      const again = await takeAll(2);
      expect(bodiesOf(again)).toEqual(['a', 'b']);
      expect(again.map(({ receiveCount }) => receiveCount)).toEqual([2, 2]);
    });

    it('tells which message is not in hand any more, beside those that are', async () => {
      await send('gone', 'here');
      const taken = await takeAll(2);
      const [gone, here] = ['gone', 'here'].map((body) => taken.find((message) => message.body === body)!);
      await queue.remove([gone!]);
      const faults = await queue.extend([{ ...gone!, receipt: 'no-receipt' }, here!], 60);
      expect(faults.map(({ message, mayPass }) => [message.body, mayPass])).toEqual([['gone', false]]);
      expect(faults[0]!.why).toContain(`extend messages of ${url}: ${gone!.id}: `);
    });

    it('puts a message among the dead letters with its cause', async () => {
      await send('{"poison":true}');
      const [message] = await take();
      const cause = `notification: has no field "x\u0007y"; ${'é'.repeat(900)}\nsecond line`;
      await queue.deadLetter(message!, cause);
      expect(await queue.depth()).toEqual({ waiting: 0, inHand: 0, delayed: 0 });
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: deadLetterUrl, MessageAttributeNames: ['All'], WaitTimeSeconds: 5 }),
      );
      expect(Messages[0]?.Body).toBe('{"poison":true}');
      const attributes = Messages[0]?.MessageAttributes ?? {};
      const told = attributes['cause']?.StringValue ?? '';
      expect(told).toMatch(/^notification: has no field "x y"; é+\.\.\.$/);
      expect(Buffer.byteLength(told)).toBeLessThanOrEqual(1_024);
      expect(attributes['original_message_id']?.StringValue).toBe(message!.id);
      expect(attributes['receive_count']).toMatchObject({ DataType: 'Number', StringValue: '1' });
    });

    it('without dead letters only removes it', async () => {
      const alone = openSqsQueue(options({ deadLetterUrl: null }));
      await send('x');
      const [message] = await take();
      await alone.deadLetter(message!, 'why');
      expect(await queue.depth()).toEqual({ waiting: 0, inHand: 0, delayed: 0 });
      alone.close();
    });

    it('keeps a message whose dead letter could not be written', async () => {
      const missing = openSqsQueue(options({ deadLetterUrl: `${deadLetterUrl}-that-is-not-there` }));
      await send('x');
      const [message] = await take();
      await expect(missing.deadLetter(message!, 'why')).rejects.toThrow(
        /^SQS: send message .*; check queue\.dead_letter_url$/,
      );
      expect((await queue.depth()).inHand).toBe(1);
      missing.close();
    });

    it('says what it knows of itself', async () => {
      const facts = await queue.examine();
      expect(facts).toMatchObject({
        depth: { waiting: 0, inHand: 0, delayed: 0 },
        visibilitySeconds: 30,
        redrive: null,
        deadLetters: { is: 'reached', depth: { waiting: 0 }, takesRedriven: false },
      });
      // Some servers keep messages for ever, and say nothing of it.
      expect([345_600, null]).toContain(facts.retentionSeconds);
      const missing = openSqsQueue(options({ deadLetterUrl: `${deadLetterUrl}-that-is-not-there` }));
      expect((await missing.examine()).deadLetters).toMatchObject({ is: 'out of reach' });
      missing.close();
      const none = openSqsQueue(options({ deadLetterUrl: null }));
      expect((await none.examine()).deadLetters).toBeNull();
      none.close();
    });

    it('gives a message to the dead letters by itself after so many receipts', async () => {
      const asked = new GetQueueAttributesCommand({ QueueUrl: deadLetterUrl, AttributeNames: ['QueueArn'] });
      const deadLetterArn = (await client.send(asked)).Attributes?.QueueArn;
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetterArn, maxReceiveCount: 2 });
      url = await create(`redriven-${round}`, { RedrivePolicy });
      const redriven = openSqsQueue(options());
      expect(await redriven.examine()).toMatchObject({
        redrive: { maxReceiveCount: 2, deadLetterArn },
        deadLetters: { takesRedriven: true },
      });
      await send('x');
      for (let n = 0; n < 2; n++) await redriven.release(await redriven.receive({ most: 1, waitSeconds: 5 }), 0);
      expect(await redriven.receive({ most: 1, waitSeconds: 1 })).toEqual([]);
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: deadLetterUrl, WaitTimeSeconds: 5 }),
      );
      expect(Messages.map(({ Body }) => Body)).toEqual(['x']);
      redriven.close();
    });

    it('says which queue is not there', async () => {
      const nowhere = openSqsQueue(options({ url: `${url}-that-is-not-there` }));
      await expect(nowhere.receive({ most: 1, waitSeconds: 0 })).rejects.toThrow(
        /^SQS: receive from .*-that-is-not-there: QueueDoesNotExist \(HTTP 400.*; check queue\.url$/,
      );
      nowhere.close();
    });
  });
}
