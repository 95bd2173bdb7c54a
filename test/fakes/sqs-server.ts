/** An SQS server in memory, spoken to by the real client. By itself: node test/fakes/sqs-server.ts PORT QUEUE... */

import type {
  BatchResultErrorEntry,
  ChangeMessageVisibilityBatchRequest,
  ChangeMessageVisibilityRequest,
  CreateQueueRequest,
  DeleteMessageBatchRequest,
  DeleteMessageRequest,
  GetQueueAttributesRequest,
  GetQueueUrlRequest,
  PurgeQueueRequest,
  ReceiveMessageRequest,
  SendMessageBatchRequest,
  SendMessageRequest,
  SetQueueAttributesRequest,
} from '@aws-sdk/client-sqs';
import { AwsError, startAwsJsonServer, type Trouble } from './aws-json-server.ts';
import { attributesDigest, bodyDigest, type FakeQueue, fakeQueue, type HeldMessage } from './sqs-queue.ts';

export interface SqsServer {
  readonly endpoint: string;
  readonly calls: ReadonlyMap<string, number>;
  /** Makes a queue, by default as AWS does, and gives its address. */
  create(name: string, attributes?: Readonly<Record<string, string>>): string;
  queue(name: string): FakeQueue;
  /** Whole calls that fail. */
  trouble(operation: string, trouble: Trouble, times: number): void;
  /** Entries of batches that fail, one by one, while the rest of their batch is done. */
  failEntries(times: number, entry?: { readonly code?: string; readonly senderFault?: boolean }): void;
  /** Moves the clock of all queues. */
  advance(ms: number): void;
  close(): Promise<void>;
}

type Queued = { QueueUrl: string | undefined };
type Given<Request> = { [Name in keyof Request]: Request[Name] };

const PROTOCOL = { target: 'AmazonSQS', namespace: 'com.amazonaws.sqs', version: '1.0' } as const;

export async function startSqsServer(port = 0): Promise<SqsServer> {
  const queues = new Map<string, FakeQueue>();
  const failing: { code: string; senderFault: boolean }[] = [];
  let ahead = 0;
  const now = (): number => Date.now() + ahead;

  const named = (name: string | undefined): FakeQueue => {
    const queue = queues.get(name ?? '');
    if (queue === undefined) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  };
  const of = ({ QueueUrl }: Queued): FakeQueue => named(QueueUrl?.split('/').at(-1));
  const make = (name: string, attributes: Readonly<Record<string, string>>): void => {
    if (!queues.has(name))
      queues.set(
        name,
        fakeQueue(name, attributes, now, (arn) => queues.get(arn.split(':').at(-1)!)),
      );
  };

  /** Each entry for itself: what fails of them does not keep the others. */
  const batch = <E extends { Id: string | undefined }>(
    entries: readonly E[] | undefined,
    act: (entry: E) => object,
  ) => {
    const ids = (entries ?? []).map(({ Id }) => Id);
    if (entries === undefined || ids.length === 0)
      throw new AwsError('EmptyBatchRequest', 'There should be at least one entry.');
    if (ids.length > 10)
      throw new AwsError(
        'TooManyEntriesInBatchRequest',
        `Maximum number of entries per request are 10. You have sent ${ids.length}.`,
      );
    if (new Set(ids).size < ids.length)
      throw new AwsError('BatchEntryIdsNotDistinct', `Ids ${ids.join()} are not distinct.`);
    const Successful: object[] = [];
    const Failed: BatchResultErrorEntry[] = [];
    for (const entry of entries) {
      const trouble = failing.shift();
      try {
        if (trouble !== undefined) throw new AwsError(trouble.code, 'made to fail', trouble.senderFault ? 400 : 500);
        Successful.push({ Id: entry.Id, ...act(entry) });
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: error.status < 500 });
      }
    }
    return { Successful, ...(Failed.length === 0 ? {} : { Failed }) };
  };

  const send = (
    queue: FakeQueue,
    message: Pick<SendMessageRequest, 'MessageBody' | 'MessageAttributes' | 'DelaySeconds'>,
  ) => {
    const held = queue.send({
      body: message.MessageBody ?? '',
      attributes: message.MessageAttributes,
      delaySeconds: message.DelaySeconds,
    });
    return {
      MessageId: held.id,
      MD5OfMessageBody: bodyDigest(held.body),
      MD5OfMessageAttributes: attributesDigest(held.attributes),
    };
  };

  const receive = async (request: Given<ReceiveMessageRequest>, gone: AbortSignal): Promise<object> => {
    const queue = of(request);
    const wait = request.WaitTimeSeconds ?? Number(queue.attributes['ReceiveMessageWaitTimeSeconds']);
    if (wait < 0 || wait > 20)
      throw new AwsError('InvalidParameterValue', `Value ${wait} for parameter WaitTimeSeconds is invalid.`);
    const end = now() + wait * 1_000;
    for (;;) {
      if (gone.aborted) return {};
      const taken = queue.take(request.MaxNumberOfMessages ?? 1, request.VisibilityTimeout);
      if (taken.length > 0) return { Messages: taken.map((message) => handedOut(message, request)) };
      if (now() >= end) return {};
      await queue.change(end - now(), gone);
    }
  };

  const attributesOf = ({ AttributeNames = [], ...request }: Given<GetQueueAttributesRequest>): object => {
    const queue = of(request);
    const { waiting, inHand, delayed } = queue.depth();
    const all = {
      ...queue.attributes,
      QueueArn: queue.arn,
      ApproximateNumberOfMessages: String(waiting),
      ApproximateNumberOfMessagesNotVisible: String(inHand),
      ApproximateNumberOfMessagesDelayed: String(delayed),
    };
    const isAsked = ([name]: [string, string]): boolean =>
      AttributeNames.some((asked) => asked === 'All' || asked === name);
    return { Attributes: Object.fromEntries(Object.entries(all).filter(isAsked)) };
  };

  const server = await startAwsJsonServer(
    PROTOCOL,
    (endpoint) => {
      const addressOf = (name: string | undefined) => ({ QueueUrl: `${endpoint}/000000000000/${name}` });
      return {
        CreateQueue: ({ QueueName, Attributes }: Given<CreateQueueRequest>) => {
          make(QueueName ?? '', Attributes ?? {});
          return addressOf(QueueName);
        },
        GetQueueUrl: ({ QueueName }: Given<GetQueueUrlRequest>) => addressOf(named(QueueName).name),
        GetQueueAttributes: attributesOf,
        SetQueueAttributes: (request: Given<SetQueueAttributesRequest>) => {
          Object.assign(of(request).attributes, request.Attributes);
        },
        PurgeQueue: (request: Given<PurgeQueueRequest>) => of(request).purge(),
        SendMessage: (request: Given<SendMessageRequest>) => send(of(request), request),
        SendMessageBatch: (request: Given<SendMessageBatchRequest>) =>
          batch(request.Entries, (entry) => send(of(request), entry)),
        ReceiveMessage: receive,
        DeleteMessage: (request: Given<DeleteMessageRequest>) => of(request).remove(request.ReceiptHandle ?? ''),
        DeleteMessageBatch: (request: Given<DeleteMessageBatchRequest>) =>
          batch(request.Entries, ({ ReceiptHandle = '' }) => {
            of(request).remove(ReceiptHandle);
            return {};
          }),
        ChangeMessageVisibility: (request: Given<ChangeMessageVisibilityRequest>) =>
          of(request).hide(request.ReceiptHandle ?? '', request.VisibilityTimeout ?? -1),
        ChangeMessageVisibilityBatch: (request: Given<ChangeMessageVisibilityBatchRequest>) =>
          batch(request.Entries, ({ ReceiptHandle = '', VisibilityTimeout = -1 }) => {
            of(request).hide(ReceiptHandle, VisibilityTimeout);
            return {};
          }),
      };
    },
    port,
  );

  return {
    ...server,
    create(name, attributes = {}) {
      make(name, attributes);
      return `${server.endpoint}/000000000000/${name}`;
    },
    queue: named,
    failEntries(times, { code = 'InternalError', senderFault = false } = {}) {
      failing.push(...Array.from({ length: times }, () => ({ code, senderFault })));
    },
    advance(ms) {
      ahead += ms;
      for (const queue of queues.values()) queue.wake();
    },
  };
}

function handedOut(
  message: HeldMessage,
  { MessageSystemAttributeNames = [], MessageAttributeNames = [] }: Given<ReceiveMessageRequest>,
) {
  const facts: Record<string, string> = {
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  };
  const asked = Object.entries(facts).filter(([name]) =>
    MessageSystemAttributeNames.some((one) => one === 'All' || one === name),
  );
  const attributes = MessageAttributeNames.includes('All') ? message.attributes : {};
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: bodyDigest(message.body),
    Attributes: Object.fromEntries(asked),
    ...(Object.keys(attributes).length === 0
      ? {}
      : { MessageAttributes: attributes, MD5OfMessageAttributes: attributesDigest(attributes) }),
  };
}

if (import.meta.main) {
  const [port = '0', ...names] = process.argv.slice(2);
  const server = await startSqsServer(Number(port));
  for (const name of names) server.create(name);
  process.stdout.write(`${server.endpoint}\n`);
}
