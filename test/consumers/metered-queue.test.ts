import { beforeEach, expect, it } from 'vitest';
import { meteredQueue } from '../../src/consumers/metered-queue.ts';
import type { Message, NotificationQueue } from '../../src/consumers/notification-queue.ts';
import { type RecordedMetrics, recordedMetrics } from '../support/recorded-metrics.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const message = (id: string, more: Partial<Message> = {}): Message => ({
  ...{ id, receipt: `r-${id}`, body: '{}', sentAt: NOW - 30_000, receiveCount: 1 },
  ...more,
});
const MESSAGES = [message('a'), message('b', { receiveCount: 3 }), message('c', { sentAt: null })];

let metrics: RecordedMetrics;
const queueOf = (more: Partial<NotificationQueue> = {}): NotificationQueue => {
  const queue = {
    receive: async () => MESSAGES,
    extend: async () => [],
    remove: async () => [],
    release: async () => [],
  };
  return meteredQueue(
    { ...queue, deadLetter: async () => undefined, close() {}, ...more } as NotificationQueue,
    metrics,
    () => NOW,
  );
};
beforeEach(() => {
  metrics = recordedMetrics();
});
const errors = (action: string) => metrics.value('ndr_queue_errors_total', { action });

it('counts what is received, what came before, and how old it is', async () => {
  expect(await queueOf().receive({ most: 10, waitSeconds: 0 })).toBe(MESSAGES);
  expect(metrics.value('ndr_messages_received_total')).toBe(3);
  expect(metrics.value('ndr_messages_redelivered_total')).toBe(1);
  expect(metrics.observed('ndr_message_age_seconds')).toEqual([30, 30]);
});

it('counts what is done with messages, and with how many it failed', async () => {
  const faults = [{ message: MESSAGES[0]!, why: 'gone', mayPass: false }];
  const queue = queueOf({ remove: async () => faults });
  expect(await queue.remove(MESSAGES)).toBe(faults);
  await queue.extend(MESSAGES, 120);
  await queue.release(MESSAGES, 0);
  await queue.deadLetter(MESSAGES[0]!, 'poison');
  expect(metrics.value('ndr_messages_deleted_total')).toBe(2);
  expect(errors('delete')).toBe(1);
  expect(metrics.value('ndr_messages_extended_total')).toBe(3);
  expect(metrics.value('ndr_messages_released_total')).toBe(3);
  expect(metrics.value('ndr_messages_dead_lettered_total')).toBe(1);
});

it('counts a dead letter that could not be removed from where it was', async () => {
  const fault = { message: MESSAGES[0]!, why: 'denied', mayPass: true };
  expect(await queueOf({ deadLetter: async () => fault }).deadLetter(MESSAGES[0]!, 'poison')).toBe(fault);
  expect([metrics.value('ndr_messages_dead_lettered_total'), errors('delete')]).toEqual([1, 1]);
});

it('counts calls that fail, and passes on why', async () => {
  const failing = async (): Promise<never> => Promise.reject(new Error('away'));
  const queue = queueOf({ receive: failing, deadLetter: failing });
  await expect(queue.receive({ most: 1, waitSeconds: 0 })).rejects.toThrow('away');
  await expect(queue.deadLetter(MESSAGES[0]!, 'poison')).rejects.toThrow('away');
  expect([errors('receive'), errors('dead_letter')]).toEqual([1, 1]);
  expect(metrics.value('ndr_messages_dead_lettered_total')).toBeUndefined();
});
