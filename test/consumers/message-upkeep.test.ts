import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { keepHidden } from '../../src/consumers/message-upkeep.ts';
import type { Message, NotificationQueue } from '../../src/consumers/notification-queue.ts';

const message = (id: string): Message => ({ id, receipt: id, body: '{}', sentAt: null, receiveCount: 1 });

it('warns of a message that others may have meanwhile, not of one that ended while it was to be kept hidden', async () => {
  const held = new Map([message('ends'), message('stays')].map((one) => [one.id, one]));
  const over = new AbortController();
  const warned: string[] = [];
  const extend: NotificationQueue['extend'] = async (messages) => {
    held.delete('ends');
    over.abort();
    return messages.map((one) => ({ message: one, why: `${one.id} is not in flight`, mayPass: false }));
  };
  await Promise.race([
    keepHidden(
      { extend } as NotificationQueue,
      () => [...held.values()],
      { visibilitySeconds: 0.03 },
      { warn: (text) => warned.push(text) },
      over.signal,
    ),
    pause(60_000, undefined, { ref: false }),
  ]);
  expect(warned).toEqual(['queue: a message may be given to others meanwhile: stays is not in flight']);
});
