import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMessageLedger } from '../../src/consumers/message-ledger.ts';
import { hideSeconds, keepHidden, settleEnded } from '../../src/consumers/message-upkeep.ts';
import type { Message, MessageFault, NotificationQueue } from '../../src/consumers/notification-queue.ts';

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

describe('a message that is held for long', () => {
  const HOUR_MS = 3_600_000;

  it.each([
    { name: 'anew once it was received again', isReceived: true, after: ['anew +0.03', 'anew +0.03'] },
    { name: 'no more until then', isReceived: false, after: [] },
  ])('is given back after eleven hours, once, and hidden $name', async ({ isReceived, after }) => {
    const over = new AbortController();
    const done: string[] = [];
    const warned: string[] = [];
    let held = [message('m')];
    let [now, rounds] = [0, 0];
    const queue: Pick<NotificationQueue, 'extend' | 'release'> = {
      async extend(messages, seconds) {
        done.push(...messages.map(({ receipt }) => `${receipt} +${seconds}`));
        now += 2 * HOUR_MS;
        return [];
      },
      async release(messages, seconds) {
        done.push(...messages.map(({ receipt }) => `${receipt} released, ${seconds}`));
        if (isReceived) held = [{ ...message('m'), receipt: 'anew' }];
        return [];
      },
    };
    await keepHidden(
      queue as NotificationQueue,
      () => {
        // What is held is asked for once more after each extension.
        if (++rounds === 6 * 2 + 5) over.abort();
        return held;
      },
      { visibilitySeconds: 0.03 },
      { warn: (text) => warned.push(text) },
      over.signal,
      () => now,
    );
    expect(done).toEqual([...Array.from({ length: 6 }, () => 'm +0.03'), 'm released, 0', ...after]);
    expect(warned).toEqual([expect.stringContaining('1 messages have been held for 11 hours')]);
  });

  it('is hidden no longer than the queue would', () => {
    expect(hideSeconds(120, 0)).toBe(120);
    expect(hideSeconds(43_200, HOUR_MS / 2)).toBe(43_200 - 1800 - 60);
    expect(hideSeconds(43_200, 11 * HOUR_MS)).toBe(3600 - 60);
  });
});

describe('a message that can never succeed', () => {
  const settling = (mayPass: boolean) => {
    const ledger = createMessageLedger();
    ledger.hold(message('m'), [], 'never');
    const done: string[] = [];
    const warned: string[] = [];
    const fault: MessageFault = { message: message('m'), why: 'denied', mayPass };
    let isRefused = true;
    const queue: Pick<NotificationQueue, 'deadLetter' | 'remove'> = {
      async deadLetter() {
        done.push('sent');
        return fault;
      },
      async remove() {
        done.push('removed');
        return isRefused ? [fault] : [];
      },
    };
    const settle = (): Promise<boolean> =>
      settleEnded(queue as NotificationQueue, ledger, { warn: (text) => warned.push(text) });
    return {
      ...{ ledger, done, warned, settle },
      allow() {
        isRefused = false;
      },
    };
  };

  it('is sent to the dead letters once, and then only removed, until that goes well', async () => {
    const { ledger, done, warned, settle, allow } = settling(true);
    for (let times = 0; times < 3; times++) expect(await settle()).toBe(false);
    expect(ledger.all()).toHaveLength(1);
    allow();
    expect(await settle()).toBe(true);
    expect(done).toEqual(['sent', 'removed', 'removed', 'removed']);
    expect(ledger.all()).toEqual([]);
    expect(warned[0]).toBe(
      'queue: a message is among the dead letters and could not be removed: denied; it is tried again',
    );
  });

  it('has ended where it is in other hands by now', async () => {
    const { ledger, done, warned, settle } = settling(false);
    expect(await settle()).toBe(true);
    expect(await settle()).toBe(true);
    expect([done, ledger.all()]).toEqual([['sent'], []]);
    expect(warned).toEqual([
      'queue: a message is among the dead letters and could not be removed: denied; it may come again',
    ]);
  });
});
