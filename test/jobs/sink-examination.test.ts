import { expect, it } from 'vitest';
import { examineSink } from '../../src/jobs/sink-examination.ts';
import { collect } from '../conformance/collect.ts';

const examine = (isThere: () => Promise<boolean>) =>
  collect(examineSink({ check: 'kafka', name: 'topic ndr', setting: 'events.kafka_topic', isThere }));

it('says whether a sink of events is there, and what to do where it is not, or that cannot be told', async () => {
  expect(await examine(async () => true)).toMatchObject([{ severity: 'info', what: 'topic ndr is there' }]);
  expect(await examine(async () => false)).toMatchObject([
    { severity: 'warning', remedy: 'create it, or correct events.kafka_topic' },
  ]);
  const away = async (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'));
  expect(await examine(away)).toMatchObject([
    { severity: 'warning', remedy: 'check events.kafka_topic, the network and the server' },
  ]);
});
