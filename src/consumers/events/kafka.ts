import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { type EventFault, type Events, type StreamEvent, writeEvent } from '../events.ts';

export interface KafkaOptions {
  /** HOST:PORT each. */
  readonly brokers: readonly string[];
  readonly topic: string;
}

const CLIENT = 'ndr-stream';
const CONNECT_MS = 3_000;
const ANSWER_MS = 5_000;
/** A topic that comes into being with its first event has no leader for a moment. */
const RETRY = { initialRetryTime: 100, retries: 3, maxRetryTime: 1_000 };
/** All that the client does for one call, its retries included. */
const CALL_MS = 10_000;
/** Every broker that holds a copy has it. */
const ALL = -1;

/**
 * Connects with the first event, and again after a failure. The producer is not the idempotent one: that has retries
 * without end, and what is told twice across restarts is known by its id anyway.
 */
export function openKafkaEvents({ brokers, topic }: KafkaOptions): Events {
  const { Partitioners } = kafkajs;
  const kafka = clientOf(brokers);
  let connecting: Promise<Producer> | null = null;

  const connected = (): Promise<Producer> => {
    if (connecting !== null) return connecting;
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    const attempt = producer.connect().then(() => producer);
    connecting = attempt;
    return attempt;
  };

  const disconnect = async (): Promise<void> => {
    const held = connecting;
    connecting = null;
    await within(
      CONNECT_MS,
      held?.then((producer) => producer.disconnect()),
    ).catch(() => undefined);
  };

  return {
    async publish(events) {
      try {
        const send = async (): Promise<void> => {
          const producer = await connected();
          await producer.send({ topic, acks: ALL, timeout: ANSWER_MS, messages: events.map(toMessage) });
        };
        await within(CALL_MS, send());
        return [];
      } catch (error) {
        await disconnect();
        return events.map((event) => toFault(event, topic, error));
      }
    },
    close: disconnect,
  };
}

/** Whether a topic is there; asking brings none into being. Throws where no broker answers. */
export async function hasKafkaTopic({ brokers, topic }: KafkaOptions): Promise<boolean> {
  const admin = clientOf(brokers).admin();
  try {
    const topics = await within(
      CALL_MS,
      admin.connect().then(() => admin.listTopics()),
    );
    return topics?.includes(topic) === true;
  } finally {
    await within(CONNECT_MS, admin.disconnect()).catch(() => undefined);
  }
}

function clientOf(brokers: readonly string[]): Kafka {
  const { Kafka, logLevel } = kafkajs;
  return new Kafka({
    clientId: CLIENT,
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS,
    requestTimeout: ANSWER_MS,
    retry: RETRY,
    // What fails is returned; the client's own log would say it once more, in its own form.
    logLevel: logLevel.NOTHING,
  });
}

function toMessage(event: StreamEvent) {
  const { id, key, json } = writeEvent(event);
  return { key, value: json, headers: { event_id: id, event_type: event.event_type } };
}

function toFault(event: StreamEvent, topic: string, error: unknown): EventFault {
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const why = `Kafka: tell topic ${topic} of ${event.event_type}: ${told}`;
  return { event, why, mayPass: !LASTING.has(typeOf(error)) };
}

/** Errors of Kafka's protocol that no further attempt changes. */
const LASTING: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_VERSION',
  'POLICY_VIOLATION',
]);

/** The protocol's name of the error below those that the client wraps around it. */
function typeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return '';
}

async function within<T>(ms: number, work: Promise<T> | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
