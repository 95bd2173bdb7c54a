import type { LabelsOf, Meter } from './meter.ts';
import type { Message, MessageFault, NotificationQueue } from './notification-queue.ts';

type Action = LabelsOf<'ndr_queue_errors_total'>['action'];

/**
 * The same queue, of whose calls the meter hears.
 *
 * @param clock ms UTC
 */
export function meteredQueue(queue: NotificationQueue, meter: Meter, clock: () => number): NotificationQueue {
  const failed = (action: Action, times = 1): void => meter.count('ndr_queue_errors_total', { action }, times);
  const heard = async <T>(action: Action, call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      failed(action);
      throw error;
    }
  };
  const ofEach = async (
    action: Action,
    name: 'ndr_messages_deleted_total' | 'ndr_messages_extended_total' | 'ndr_messages_released_total',
    messages: readonly Message[],
    call: Promise<readonly MessageFault[]>,
  ): Promise<readonly MessageFault[]> => {
    const faults = await heard(action, call);
    meter.count(name, {}, messages.length - faults.length);
    if (faults.length > 0) failed(action, faults.length);
    return faults;
  };
  return {
    async receive(options) {
      const messages = await heard('receive', queue.receive(options));
      meter.count('ndr_messages_received_total', {}, messages.length);
      for (const { receiveCount, sentAt } of messages) {
        if (receiveCount > 1) meter.count('ndr_messages_redelivered_total', {});
        if (sentAt !== null) meter.observe('ndr_message_age_seconds', {}, (clock() - sentAt) / 1000);
      }
      return messages;
    },
    extend: (messages, seconds) =>
      ofEach('extend', 'ndr_messages_extended_total', messages, queue.extend(messages, seconds)),
    remove: (messages) => ofEach('delete', 'ndr_messages_deleted_total', messages, queue.remove(messages)),
    release: (messages, afterSeconds) =>
      ofEach('release', 'ndr_messages_released_total', messages, queue.release(messages, afterSeconds)),
    async deadLetter(message, cause) {
      const fault = await heard('dead_letter', queue.deadLetter(message, cause));
      meter.count('ndr_messages_dead_lettered_total', {});
      if (fault !== undefined) failed('delete');
      return fault;
    },
    depth: () => queue.depth(),
    examine: () => queue.examine(),
    close: () => queue.close(),
  };
}
