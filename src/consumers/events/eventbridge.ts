import {
  DescribeEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { awsFault, mayPass, nameOf, namePasses } from '../../state/aws/aws-faults.ts';
import { type AwsPlace, clientPlace, pinToEndpoint } from '../../state/aws/pinned-endpoint.ts';
import { type EventFault, type Events, type StreamEvent, writeEvent } from '../events.ts';

export interface EventBridgeOptions extends AwsPlace {
  readonly bus: string;
}

const SOURCE = 'ndr.stream';
const MOST_ENTRIES = 10;
/** Of all entries of a call together: source, type and detail. */
const MOST_BYTES = 256 * 1_024;
const CONNECT_MS = 3_000;
const ANSWER_MS = 5_000;

/** Opens no connection yet. Every call is made once: who publishes tries again. */
export function openEventBridge({ bus, region, endpoint }: EventBridgeOptions): Events {
  const client = clientOf({ region, endpoint });

  const put = async (batch: readonly Outgoing[]): Promise<EventFault[]> => {
    try {
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) }));
      return batch.flatMap(({ event }, n) => {
        const { ErrorCode: code, ErrorMessage: told = '' } = Entries[n] ?? {};
        if (code === undefined) return [];
        const why = `EventBridge: tell bus ${bus} of ${event.event_type}: ${code}: ${told}`;
        return { event, why, mayPass: namePasses(code) || /Internal|Unavailable/.test(code) };
      });
    } catch (error) {
      const advice = { permission: 'events:PutEvents', remedy: 'check events.eventbridge_bus' };
      const fault = awsFault('EventBridge', `tell bus ${bus}`, error, advice);
      return batch.map(({ event }) => ({ event, why: fault.message, mayPass: mayPass(error) }));
    }
  };

  return {
    async publish(events) {
      const faults: EventFault[] = [];
      for (const batch of batchesOf(events.map((event) => outgoing(event, bus)))) faults.push(...(await put(batch)));
      return faults;
    },
    async close() {
      client.destroy();
    },
  };
}

/** Whether a bus is there. Throws where that cannot be told. */
export async function hasEventBus({ bus, region, endpoint }: EventBridgeOptions): Promise<boolean> {
  const client = clientOf({ region, endpoint });
  try {
    await client.send(new DescribeEventBusCommand({ Name: bus }));
    return true;
  } catch (error) {
    if (nameOf(error) === 'ResourceNotFoundException') return false;
    const advice = { permission: 'events:DescribeEventBus', remedy: 'check events.eventbridge_bus' };
    throw awsFault('EventBridge', `ask for bus ${bus}`, error, advice);
  } finally {
    client.destroy();
  }
}

function clientOf({ region, endpoint }: AwsPlace): EventBridgeClient {
  const client = new EventBridgeClient({
    ...clientPlace({ region, endpoint }),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  pinToEndpoint(client.middlewareStack, endpoint);
  return client;
}

interface Outgoing {
  readonly event: StreamEvent;
  readonly entry: PutEventsRequestEntry;
  readonly bytes: number;
}

function outgoing(event: StreamEvent, bus: string): Outgoing {
  const { json } = writeEvent(event);
  const entry = { EventBusName: bus, Source: SOURCE, DetailType: event.event_type, Detail: json };
  return { event, entry, bytes: Buffer.byteLength(SOURCE + event.event_type + json) };
}

function batchesOf(all: readonly Outgoing[]): Outgoing[][] {
  const batches: Outgoing[][] = [];
  let room = 0;
  for (const one of all) {
    const last = batches.at(-1);
    if (last === undefined || last.length === MOST_ENTRIES || one.bytes > room) {
      batches.push([one]);
      room = MOST_BYTES - one.bytes;
    } else {
      last.push(one);
      room -= one.bytes;
    }
  }
  return batches;
}
