/** Gates between one worker and all servers of a live lab: whatever it asks of them is seen, and can be its last act. */

import { type Gate, type KindOf, type Moment, openGate } from './gate.ts';
import type { LiveLab } from './live-lab.ts';

/** What a worker asks for on its way through a mini-batch, in about this order. */
export type Step =
  | 'receive'
  | 'settle'
  | 'enter'
  | 'raw'
  | 'rebuild'
  | 'file'
  | 'manifest'
  | 'index'
  | 'state'
  | 'lookup'
  | 'event'
  | 'extend'
  | 'release'
  | 'remove';

/** False: the connection on which the step came ends. */
export type Watcher = (step: Step, moment: Moment) => boolean;

export interface LiveGates {
  /** Settings of a worker that goes through these gates. */
  readonly settings: Readonly<Record<string, string>>;
  /** The gate to Redis. */
  readonly state: Gate;
  /** From now on this one hears of every step, instead of the one before. */
  watch(watcher: Watcher | undefined): void;
  close(): Promise<void>;
}

const s3Step: KindOf = (request) => {
  if (request.startsWith('GET /raw-logs/paloalto')) return 'raw';
  if (request.startsWith('GET /features/lake/_batches/')) return 'lookup';
  if (request.startsWith('GET /features/lake/')) return 'rebuild';
  if (request.startsWith('PUT /features/lake/_batches/')) return 'manifest';
  if (request.startsWith('PUT /features/lake/')) return 'file';
  return undefined;
};

const sqsStep: KindOf = (request, answer) => {
  const [, operation] = /x-amz-target: AmazonSQS\.(\w+)/i.exec(request) ?? [];
  switch (operation) {
    case 'ReceiveMessage':
      // Of what was answered it counts only where something came of it.
      return answer === undefined || answer.includes('"Messages"') ? 'receive' : undefined;
    case 'ChangeMessageVisibilityBatch':
      return /"VisibilityTimeout":0\b/.test(request) ? 'release' : 'extend';
    case 'DeleteMessageBatch':
      return 'remove';
    default:
      return undefined;
  }
};

const dynamoDbStep: KindOf = (request) => {
  if (!/x-amz-target: DynamoDB_\w+\.PutItem/i.test(request)) return undefined;
  if (/"v1#batch#/.test(request)) return 'index';
  if (/"v1#range#/.test(request)) return 'enter';
  if (/"slice#/.test(request)) return 'settle';
  return undefined;
};

/** A block and its entry in the index of blocks go in one transaction. */
const redisStep: KindOf = (request) => (/multi[\s\S]*\bset\r\n[\s\S]*\bexec\r\n/i.test(request) ? 'state' : undefined);

const eventStep: KindOf = (request) => (/x-amz-target: AWSEvents\.PutEvents/i.test(request) ? 'event' : undefined);

const portOf = (address: string): number => Number(new URL(address).port);

export async function openLiveGates(lab: LiveLab, redisUrl: string, eventsEndpoint?: string): Promise<LiveGates> {
  let watcher: Watcher | undefined;
  const passes = (kind: string, moment: Moment): boolean => watcher?.(kind as Step, moment) ?? true;
  const { settings } = lab;
  const s3 = await openGate(portOf(settings['NDR_S3_ENDPOINT']!), s3Step, passes);
  const sqs = await openGate(portOf(settings['NDR_SQS_ENDPOINT']!), sqsStep, passes);
  const dynamoDb = await openGate(portOf(settings['NDR_DYNAMODB_ENDPOINT']!), dynamoDbStep, passes);
  const state = await openGate(portOf(redisUrl), redisStep, passes);
  const events = eventsEndpoint === undefined ? undefined : await openGate(portOf(eventsEndpoint), eventStep, passes);
  const at = ({ port }: Gate): string => `http://127.0.0.1:${port}`;
  return {
    settings: {
      NDR_S3_ENDPOINT: at(s3),
      NDR_SQS_ENDPOINT: at(sqs),
      NDR_DYNAMODB_ENDPOINT: at(dynamoDb),
      NDR_REDIS_STATE_URL: `redis://127.0.0.1:${state.port}`,
      ...(events && { NDR_EVENTBRIDGE_ENDPOINT: at(events), NDR_EVENTS_EVENTBRIDGE_BUS: 'default' }),
    },
    state,
    watch(next) {
      watcher = next;
    },
    async close() {
      for (const gate of [s3, sqs, dynamoDb, state, events]) await gate?.close();
    },
  };
}
