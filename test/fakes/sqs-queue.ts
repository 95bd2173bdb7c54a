import { createHash, randomUUID } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { AwsError } from './aws-json-server.ts';

export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

export interface HeldMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentAt: number;
  visibleAt: number;
  receives: number;
  firstReceivedAt: number;
  /** When it was handed out last. */
  receivedAt: number;
  /** Of its last handing out. */
  receipt: string;
}

export interface SentMessage {
  readonly body: string;
  readonly attributes?: MessageAttributes | undefined;
  readonly delaySeconds?: number | undefined;
}

/** What goes wrong with the messages of a queue, each a number of messages to come. */
export interface MessageTroubles {
  /** Handed out, and handed out again at once. */
  duplicated: number;
  /** Taken, and never handed out. */
  lost: number;
  /** The newest are handed out first, as long as it is true. */
  reversed: boolean;
}

/** A standard queue in memory. Times are ms of the given clock. */
export interface FakeQueue {
  readonly name: string;
  readonly arn: string;
  readonly attributes: Record<string, string>;
  readonly troubles: MessageTroubles;
  /** Whatever is on it, handed out or not, in the order of sending. */
  readonly messages: readonly HeldMessage[];
  send(message: SentMessage): HeldMessage;
  /** Hands out what is visible; what was handed out too often goes to the dead letters instead. */
  take(most: number, visibilitySeconds: number | undefined): HeldMessage[];
  remove(receipt: string): void;
  hide(receipt: string, seconds: number): void;
  purge(): void;
  /** Resolves when a message may have become visible, or after `ms`. */
  change(ms: number, gone: AbortSignal): Promise<void>;
  /** Lets all who wait look again. */
  wake(): void;
  depth(): { readonly waiting: number; readonly inHand: number; readonly delayed: number };
}

const DEFAULTS = {
  VisibilityTimeout: '30',
  MessageRetentionPeriod: '345600',
  MaximumMessageSize: '1048576',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
};
const MOST_SECONDS = 43_200;
/** Characters that XML 1.0 lacks. */
const UNSPEAKABLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

export function fakeQueue(
  name: string,
  given: Readonly<Record<string, string>>,
  now: () => number,
  queueOf: (arn: string) => FakeQueue | undefined,
): FakeQueue {
  const attributes: Record<string, string> = { ...DEFAULTS, ...given };
  const troubles: MessageTroubles = { duplicated: 0, lost: 0, reversed: false };
  const waiting = new Set<() => void>();
  let messages: HeldMessage[] = [];

  const wake = (): void => {
    for (const look of waiting) look();
  };

  /** The message that was last handed out with this receipt. */
  const holding = (receipt: string): HeldMessage | undefined => {
    if (!receipt.startsWith(`${name}/`))
      throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
    return messages.find((message) => message.receipt === receipt);
  };

  const redrive = (message: HeldMessage): boolean => {
    const { maxReceiveCount, deadLetterTargetArn } = JSON.parse(attributes['RedrivePolicy'] ?? '{}') as Record<
      string,
      string
    >;
    if (maxReceiveCount === undefined || message.receives < Number(maxReceiveCount)) return false;
    messages = messages.filter((held) => held !== message);
    queueOf(deadLetterTargetArn ?? '')?.send(message);
    return true;
  };

  const visible = (): HeldMessage[] => {
    const ready = messages.filter(({ visibleAt }) => visibleAt <= now());
    return troubles.reversed ? ready.toReversed() : ready;
  };

  return {
    name,
    arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
    attributes,
    troubles,
    wake,
    get messages() {
      return messages;
    },
    send({ body, attributes: own = {}, delaySeconds = Number(attributes['DelaySeconds']) }) {
      check(body, own, Number(attributes['MaximumMessageSize']));
      const message: HeldMessage = {
        id: randomUUID(),
        body,
        attributes: own,
        sentAt: now(),
        visibleAt: now() + delaySeconds * 1_000,
        receives: 0,
        firstReceivedAt: 0,
        receivedAt: 0,
        receipt: '',
      };
      if (troubles.lost > 0) troubles.lost--;
      else messages.push(message);
      wake();
      return message;
    },
    take(most, visibilitySeconds = Number(attributes['VisibilityTimeout'])) {
      if (most < 1 || most > 10)
        throw new AwsError(
          'InvalidParameterValue',
          `Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
        );
      const taken = visible()
        .filter((message) => !redrive(message))
        .slice(0, most);
      for (const message of taken) {
        message.receives++;
        message.firstReceivedAt ||= now();
        message.receivedAt = now();
        message.receipt = `${name}/${message.id}/${randomUUID()}`;
        const again = troubles.duplicated > 0;
        if (again) troubles.duplicated--;
        message.visibleAt = now() + (again ? 0 : visibilitySeconds * 1_000);
      }
      return taken.map((message) => ({ ...message }));
    },
    remove(receipt) {
      const message = holding(receipt);
      messages = messages.filter((held) => held !== message);
    },
    hide(receipt, seconds) {
      if (seconds < 0 || seconds > MOST_SECONDS)
        throw new AwsError(
          'InvalidParameterValue',
          `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and ${MOST_SECONDS}.`,
        );
      const message = holding(receipt);
      if (message === undefined || message.visibleAt <= now())
        throw new AwsError('MessageNotInflight', 'The specified message is not in flight.');
      if (now() + seconds * 1_000 > message.receivedAt + MOST_SECONDS * 1_000)
        throw new AwsError(
          'InvalidParameterValue',
          `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [${MOST_SECONDS} seconds].`,
        );
      message.visibleAt = now() + seconds * 1_000;
      wake();
    },
    purge() {
      messages = [];
    },
    async change(ms, gone) {
      const next = Math.min(...messages.map(({ visibleAt }) => visibleAt - now()).filter((left) => left > 0), ms);
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(end);
          gone.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, next);
        waiting.add(end);
        gone.addEventListener('abort', end);
        if (gone.aborted) end();
      });
    },
    depth() {
      const hidden = messages.filter(({ visibleAt }) => visibleAt > now());
      const inHand = hidden.filter(({ receives }) => receives > 0).length;
      return { waiting: messages.length - hidden.length, inHand, delayed: hidden.length - inHand };
    },
  };
}

function check(body: string, attributes: MessageAttributes, most: number): void {
  const texts = [
    body,
    ...Object.entries(attributes).flatMap(([name, value]) => [name, value.DataType, value.StringValue]),
  ];
  const bytes = texts.reduce((sum, text = '') => sum + Buffer.byteLength(text), 0);
  const invalid = 'One or more parameters are invalid. Reason:';
  if (bytes > most)
    throw new AwsError('InvalidParameterValue', `${invalid} Message must be shorter than ${most} bytes.`);
  if (body === '') throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (texts.some((text = '') => UNSPEAKABLE.test(text)))
    throw new AwsError('InvalidMessageContents', 'Invalid characters.');
  for (const [name, { StringValue }] of Object.entries(attributes)) {
    if (StringValue === undefined || StringValue === '')
      throw new AwsError('InvalidParameterValue', `${invalid} Message attribute ${name} must contain a value.`);
  }
}

const md5 = (content: string | Uint8Array): string => createHash('md5').update(content).digest('hex');
export const bodyDigest = (body: string): string => md5(body);

/** By name: name, type, and the value behind a byte that says of what kind it is, each with its length. */
export function attributesDigest(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const sized = (text: string): Buffer[] => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  };
  return md5(
    Buffer.concat(
      names.flatMap((name) => {
        const { DataType = '', StringValue = '' } = attributes[name]!;
        return [...sized(name), ...sized(DataType), Buffer.from([1]), ...sized(StringValue)];
      }),
    ),
  );
}
