import { setTimeout as pause } from 'node:timers/promises';
import type { MessageLedger } from './message-ledger.ts';
import type { Message, NotificationQueue } from './notification-queue.ts';
import type { PumpObserver } from './pump-ports.ts';

/** Keeps messages hidden from other processes as long as this one lives: every third of their time. */
export async function keepHidden(
  queue: NotificationQueue | null,
  held: () => readonly Message[],
  { visibilitySeconds }: { readonly visibilitySeconds: number },
  observer: Pick<PumpObserver, 'warn'>,
  over: AbortSignal,
): Promise<void> {
  if (queue === null) return;
  while (!over.aborted) {
    await pause((visibilitySeconds * 1000) / 3, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return;
    const messages = held();
    if (messages.length === 0) continue;
    try {
      const faults = await queue.extend(messages, visibilitySeconds);
      // One that was removed in between is nobody's any more.
      const left = new Set(held().map(({ id }) => id));
      for (const { why } of faults.filter(({ message }) => left.has(message.id)))
        observer.warn(`queue: a message may be given to others meanwhile: ${why}`);
    } catch (error) {
      observer.warn(`queue: ${messages.length} messages may be given to others meanwhile: ${String(error)}`);
    }
  }
}

/** Tells the queue of the messages that have ended. False if something failed that is to be done again. */
export async function settleEnded(
  queue: NotificationQueue | null,
  ledger: MessageLedger,
  observer: Pick<PumpObserver, 'warn'>,
): Promise<boolean> {
  if (queue === null) return true;
  const { toRemove, toDeadLetter } = ledger.ended();
  let isWell = true;
  for (const { message, cause } of toDeadLetter) {
    try {
      await queue.deadLetter(message, cause);
      ledger.settled([message]);
    } catch (error) {
      isWell = false;
      observer.warn(`queue: a message could not be dead-lettered: ${String(error)}; it is tried again`);
    }
  }
  if (toRemove.length === 0) return isWell;
  try {
    const faults = await queue.remove(toRemove);
    // One that is in other hands by now ends there: whoever has it finds that the mini-batch stands.
    const left = new Set(faults.flatMap(({ message, mayPass }) => (mayPass ? [message.id] : [])));
    ledger.settled(toRemove.filter(({ id }) => !left.has(id)));
    for (const { why, mayPass } of faults)
      observer.warn(`queue: a message could not be removed: ${why}${mayPass ? '; it is tried again' : ''}`);
    return isWell && left.size === 0;
  } catch (error) {
    observer.warn(`queue: ${toRemove.length} messages could not be removed: ${String(error)}; it is tried again`);
    return false;
  }
}

/** Lets others have messages at once. */
export async function releaseAll(
  queue: NotificationQueue | null,
  messages: readonly Message[],
  observer: Pick<PumpObserver, 'warn'>,
): Promise<void> {
  if (queue === null || messages.length === 0) return;
  const faults = await queue.release(messages, 0).catch((error: unknown) => [{ why: String(error) }]);
  for (const { why } of faults) observer.warn(`queue: messages stay hidden until their time is over: ${why}`);
}
