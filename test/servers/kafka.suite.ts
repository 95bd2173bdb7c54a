/** Events on a broker of Kafka that is not ours: at NDR_SERVER_KAFKA. */
import kafkajs from 'kafkajs';
import { openKafkaEvents } from '../../src/consumers/events/kafka.ts';
import { writeEvent } from '../../src/consumers/events.ts';
import { eventsSuite, sinceLast, waitFor } from '../conformance/events-suite.ts';
import { committed } from '../support/stream-events.ts';

const TOPIC = 'ndr-events';

const broker = process.env['NDR_SERVER_KAFKA'];
if (broker === undefined) throw new Error('NDR_SERVER_KAFKA is not set; give HOST:PORT of a broker of Kafka');

eventsSuite('Kafka', async () => {
  const brokers = [broker];
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
