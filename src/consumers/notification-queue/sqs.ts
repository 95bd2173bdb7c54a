import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  type Message as ReceivedMessage,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { awsFault, mayPass, namePasses, refusedBy } from '../../state/aws/aws-faults.ts';
import { type AwsPlace, clientPlace, pinToEndpoint } from '../../state/aws/pinned-endpoint.ts';
import { COUNT_RETRIES, retriesTo } from '../../state/aws/retries.ts';
import type {
  Message,
  MessageFault,
  NotificationQueue,
  QueueDepth,
  QueueFacts,
  ReceiveOptions,
} from '../notification-queue.ts';

export interface SqsOptions extends AwsPlace {
  readonly url: string;
  /** Null: there is none. */
  readonly deadLetterUrl: string | null;
  /** How long a received message is kept from others. */
  readonly visibilitySeconds: number;
  /** Hears of calls that were made again. */
  readonly onRetry?: (times: number) => void;
}

const CONNECT_MS = 3_000;
const LONGEST_WAIT = 20;
/** A long poll, and time for its answer. */
const ANSWER_MS = (LONGEST_WAIT + 10) * 1_000;
const MOST_ATTEMPTS = 3;
const MOST_ENTRIES = 10;

/** Opens no connection yet. With an endpoint every call goes there and nowhere else. */
export function openSqsQueue(options: SqsOptions): NotificationQueue {
  const { url, deadLetterUrl } = options;
  const client = clientOf(options);

  const hide = (messages: readonly Message[], seconds: number, what: string) =>
    inBatches(messages, `${what} messages of ${url}`, 'sqs:ChangeMessageVisibility', (Entries) =>
      client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: Entries.map((entry) => ({ ...entry, VisibilityTimeout: seconds })),
        }),
      ),
    );

  const remove = (messages: readonly Message[]) =>
    inBatches(messages, `remove messages of ${url}`, 'sqs:DeleteMessage', (Entries) =>
      client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries })),
    );

  return {
    remove,
    receive: (asked) => receive(client, options, asked),
    extend: (messages, seconds) => hide(messages, seconds, 'extend'),
    release: (messages, afterSeconds) => hide(messages, afterSeconds, 'release'),
    async deadLetter(message, cause) {
      if (deadLetterUrl !== null) await sendDeadLetter(client, deadLetterUrl, message, cause);
      const [fault] = await remove([message]);
      return fault;
    },
    depth: async () => toDepth(await attributesOf(client, url, DEPTH)),
    examine: () => examine(client, options),
    close: () => client.destroy(),
  };
}

function clientOf({ region, endpoint, onRetry = () => {} }: SqsOptions): SQSClient {
  const client = new SQSClient({
    ...clientPlace({ region, endpoint }),
    // Otherwise calls go to the host that the queue's address names, whatever endpoint is set.
    useQueueUrlAsEndpoint: false,
    maxAttempts: MOST_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  client.middlewareStack.add(retriesTo(onRetry), COUNT_RETRIES);
  pinToEndpoint(client.middlewareStack, endpoint);
  return client;
}

async function receive(
  client: SQSClient,
  { url, visibilitySeconds }: SqsOptions,
  { most, waitSeconds, signal }: ReceiveOptions,
): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: Math.min(most, MOST_ENTRIES),
    WaitTimeSeconds: Math.min(waitSeconds, LONGEST_WAIT),
    VisibilityTimeout: visibilitySeconds,
    MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
  });
  if (signal?.aborted) return [];
  try {
    const { Messages = [] } = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
    return Messages.map(toMessage);
  } catch (error) {
    if (signal?.aborted) return [];
    throw awsFault('SQS', `receive from ${url}`, error, {
      permission: 'sqs:ReceiveMessage',
      remedy: 'check queue.url',
    });
  }
}

function toMessage({ MessageId = '', ReceiptHandle = '', Body = '', Attributes = {} }: ReceivedMessage): Message {
  const sentAt = Number(Attributes.SentTimestamp);
  return {
    id: MessageId,
    receipt: ReceiptHandle,
    body: Body,
    sentAt: Number.isSafeInteger(sentAt) && sentAt > 0 ? sentAt : null,
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
  };
}

interface Entry {
  readonly Id: string;
  readonly ReceiptHandle: string;
}

interface BatchAnswer {
  readonly Failed?: readonly BatchResultErrorEntry[] | undefined;
}

async function inBatches(
  messages: readonly Message[],
  what: string,
  permission: string,
  send: (entries: Entry[]) => Promise<BatchAnswer>,
): Promise<MessageFault[]> {
  const faults: MessageFault[] = [];
  for (let from = 0; from < messages.length; from += MOST_ENTRIES) {
    const batch = messages.slice(from, from + MOST_ENTRIES);
    try {
      const { Failed = [] } = await send(batch.map(({ receipt }, n) => ({ Id: String(n), ReceiptHandle: receipt })));
      for (const { Id, Code = '', Message: told = '', SenderFault = false } of Failed) {
        const message = batch[Number(Id)];
        if (message === undefined) continue;
        const mayPassEntry = !SenderFault || namePasses(Code);
        faults.push({ message, why: `SQS: ${what}: ${message.id}: ${Code}: ${told}`, mayPass: mayPassEntry });
      }
    } catch (error) {
      const { message: why } = awsFault('SQS', what, error, { permission, remedy: 'check queue.url' });
      // What is refused says nothing of the messages: it goes well once somebody allows it.
      const mayPassAll = mayPass(error) || refusedBy(error) !== undefined;
      faults.push(...batch.map((message) => ({ message, why, mayPass: mayPassAll })));
    }
  }
  return faults;
}

const MOST_CAUSE = 1_024;

async function sendDeadLetter(client: SQSClient, url: string, message: Message, cause: string): Promise<void> {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const attributes = {
    cause: text(firstLine(cause)),
    original_message_id: text(message.id),
    receive_count: { DataType: 'Number', StringValue: String(message.receiveCount) },
  };
  const send = (MessageAttributes: Partial<typeof attributes>) =>
    client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: message.body, MessageAttributes }));
  try {
    await send(attributes).catch((error: unknown) => {
      // Attributes count as part of a message, which may have been as long as one can be.
      if (mayPass(error) || !isTooLong(error)) throw error;
      return send({});
    });
  } catch (error) {
    const tried = `send message ${message.id} to ${url}`;
    throw awsFault('SQS', tried, error, { permission: 'sqs:SendMessage', remedy: 'check queue.dead_letter_url' });
  }
}

const isTooLong = (error: unknown): boolean => error instanceof Error && /shorter|too ?long/i.test(error.message);

/** The first line, in characters that SQS takes, cut to fit. */
function firstLine(cause: string): string {
  const [line = ''] = cause.split(/\r?\n/, 1);
  const clean = line
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .trim();
  const bytes = new TextEncoder().encode(clean);
  if (bytes.length <= MOST_CAUSE) return clean === '' ? 'unknown' : clean;
  const cut = new TextDecoder().decode(bytes.subarray(0, MOST_CAUSE - 3));
  return `${cut.replace(/\ufffd+$/, '')}...`;
}

const DEPTH = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const satisfies readonly QueueAttributeName[];
const FACTS = [
  ...DEPTH,
  'QueueArn',
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'RedrivePolicy',
] as const satisfies readonly QueueAttributeName[];

type Attributes = Partial<Record<string, string>>;

async function attributesOf(client: SQSClient, url: string, names: readonly QueueAttributeName[]): Promise<Attributes> {
  try {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
    );
    return Attributes;
  } catch (error) {
    const advice = { permission: 'sqs:GetQueueAttributes', remedy: 'check its address' };
    throw awsFault('SQS', `ask ${url} for its attributes`, error, advice);
  }
}

const toDepth = (attributes: Attributes): QueueDepth => {
  const [waiting, inHand, delayed] = DEPTH.map((name) => Number(attributes[name] ?? 0));
  return { waiting: waiting!, inHand: inHand!, delayed: delayed! };
};

/** Servers other than AWS may keep messages for ever, and say nothing of it. */
const retentionOf = ({ MessageRetentionPeriod: seconds }: Attributes): number | null =>
  seconds === undefined ? null : Number(seconds);

async function examine(client: SQSClient, { url, deadLetterUrl }: SqsOptions): Promise<QueueFacts> {
  const own = await attributesOf(client, url, FACTS);
  const redrive = redriveOf(own['RedrivePolicy']);
  return {
    depth: toDepth(own),
    visibilitySeconds: Number(own['VisibilityTimeout']),
    retentionSeconds: retentionOf(own),
    redrive,
    deadLetters: deadLetterUrl === null ? null : await examineDeadLetters(client, deadLetterUrl, redrive),
  };
}

async function examineDeadLetters(
  client: SQSClient,
  url: string,
  redrive: QueueFacts['redrive'],
): Promise<QueueFacts['deadLetters']> {
  try {
    const attributes = await attributesOf(client, url, FACTS);
    return {
      is: 'reached',
      depth: toDepth(attributes),
      retentionSeconds: retentionOf(attributes),
      takesRedriven: redrive !== null && redrive.deadLetterArn === attributes['QueueArn'],
    };
  } catch (error) {
    return { is: 'out of reach', why: error instanceof Error ? error.message : String(error) };
  }
}

function redriveOf(policy: string | undefined): QueueFacts['redrive'] {
  if (policy === undefined || policy === '') return null;
  const { maxReceiveCount, deadLetterTargetArn } = JSON.parse(policy) as Record<string, unknown>;
  return { maxReceiveCount: Number(maxReceiveCount), deadLetterArn: String(deadLetterTargetArn) };
}
