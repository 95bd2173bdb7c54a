import kafkajs from 'kafkajs';
import { afterAll, beforeAll } from 'vitest';
import { openKafkaEvents } from '../../src/consumers/events/kafka.ts';
import { writeEvent } from '../../src/consumers/events.ts';
import { eventsSuite, sinceLast, waitFor } from '../conformance/events-suite.ts';
import { committed } from '../support/stream-events.ts';
import type { RunningServer } from './elasticmq.ts';
import { KAFKA, startKafka } from './kafka.ts';

const TOPIC = 'ndr-events';

let broker: RunningServer;
beforeAll(async () => {
  broker = await startKafka();
});
afterAll(() => broker.stop());

eventsSuite(`Apache Kafka ${KAFKA.version}`, async () => {
  const brokers = [broker.endpoint];
  const events = openKafkaEvents({ brokers, topic: TOPIC });
  const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'listener' });
  // A topic comes into being with the first event, and only what is there can be listened to.
  const first = committed(0);
  if ((await events.publish([first])).length > 0) throw new Error('Kafka does not take the first event');
  const heard: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => void heard.push(message.value?.toString() ?? ''),
  });
  const fresh = sinceLast(() => heard);
  if ((await waitFor(1, fresh))[0] !== writeEvent(first).json) throw new Error('Kafka does not give the first event');
  return { events, hear: (atLeast) => waitFor(atLeast, fresh), close: () => consumer.disconnect() };
});
