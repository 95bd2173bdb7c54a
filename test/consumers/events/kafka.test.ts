import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasKafkaTopic, openKafkaEvents } from '../../../src/consumers/events/kafka.ts';
import { type Events, writeEvent } from '../../../src/consumers/events.ts';
import { eventsSuite, sinceLast } from '../../conformance/events-suite.ts';
import { type KafkaBroker, startKafkaBroker } from '../../fakes/kafka-broker.ts';
import { committed } from '../../support/stream-events.ts';

const TOPIC = 'ndr-events';
const MESSAGE_TOO_LARGE = 10;
const NOT_LEADER = 6;

eventsSuite('Kafka', async () => {
  const broker = await startKafkaBroker();
  const fresh = sinceLast(() => broker.arrived(TOPIC).map(({ value }) => value!));
  return {
    events: openKafkaEvents({ brokers: [broker.address], topic: TOPIC }),
    hear: async () => fresh(),
    close: broker.close,
  };
});

describe('Kafka', () => {
  let broker: KafkaBroker;
  let events: Events;
  beforeEach(async () => {
    broker = await startKafkaBroker();
    events = openKafkaEvents({ brokers: [broker.address], topic: TOPIC });
  });
  afterEach(async () => {
    await events.close();
    await broker.close();
  });

  it('says whether a topic is there, and makes none by that', async () => {
    const asked = { brokers: [broker.address], topic: TOPIC };
    expect(await hasKafkaTopic(asked)).toBe(false);
    expect(await hasKafkaTopic(asked)).toBe(false);
    await events.publish([committed(1)]);
    expect(await hasKafkaTopic(asked)).toBe(true);
    await broker.close();
    await expect(hasKafkaTopic(asked)).rejects.toThrow();
    broker = await startKafkaBroker();
  });

  it('keeps events of one mini-batch in one partition', async () => {
    const all = Array.from({ length: 30 }, (_, n) => committed(n % 10, { revision: 1 + Math.floor(n / 10) }));
    expect(await events.publish(all)).toEqual([]);
    const partitions = broker.read(TOPIC);
    expect(partitions.filter((records) => records.length > 0).length).toBeGreaterThan(1);
    for (let n = 0; n < 10; n++) {
      const holding = partitions.filter((records) => records.some(({ key }) => key === `office|v1|mb-${n}`));
      expect(holding).toHaveLength(1);
    }
  });

  it('heads records with id and type', async () => {
    await events.publish([committed(1)]);
    expect(broker.arrived(TOPIC)).toMatchObject([
      { key: 'office|v1|mb-1', headers: { event_id: writeEvent(committed(1)).id, event_type: 'BatchCommitted' } },
    ]);
  });

  it('says what a broker will never take', async () => {
    broker.refuse(MESSAGE_TOO_LARGE, 1);
    const [fault] = await events.publish([committed(1)]);
    expect(fault).toMatchObject({ mayPass: false });
    expect(fault!.why).toContain('Kafka: tell topic ndr-events of BatchCommitted: ');
    expect(await events.publish([committed(1)])).toEqual([]);
  });

  it('gives again what the broker refuses for a moment', async () => {
    broker.refuse(NOT_LEADER, 1);
    expect(await events.publish([committed(1)])).toEqual([]);
    expect(broker.arrived(TOPIC)).toHaveLength(1);
  });

  it('tells an event twice rather than never, where the answer is lost', async () => {
    broker.hangUp(1);
    expect(await events.publish([committed(1)])).toEqual([]);
    const arrived = broker.arrived(TOPIC);
    expect(arrived.length).toBeGreaterThan(1);
    expect(new Set(arrived.map(({ headers }) => headers['event_id'])).size).toBe(1);
  });

  it('may pass where nobody answers, and does once somebody is there', async () => {
    const port = Number(broker.address.split(':')[1]);
    await broker.close();
    const faults = await events.publish([committed(1), committed(2)]);
    expect(faults.map(({ mayPass }) => mayPass)).toEqual([true, true]);
    broker = await startKafkaBroker(port);
    expect(await events.publish([committed(1)])).toEqual([]);
    expect(broker.arrived(TOPIC)).toHaveLength(1);
  });

  it('is closed without ever having been open', async () => {
    const idle = openKafkaEvents({ brokers: ['127.0.0.1:1'], topic: TOPIC });
    await idle.close();
  });
});
