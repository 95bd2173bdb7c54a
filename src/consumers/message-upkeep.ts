import { setTimeout as pause } from 'node:timers/promises';
import { HOUR_MS } from '../operators/time.ts';
import type { MessageLedger } from './message-ledger.ts';
import { LONGEST_HIDDEN_MS, type Message, type NotificationQueue } from './notification-queue.ts';
import type { PumpObserver } from './pump-ports.ts';

/** A message that is held so long is given back: whoever receives it anew may hide it as long again. */
const GIVE_BACK_MS = LONGEST_HIDDEN_MS - HOUR_MS;
/** Often enough for none to come back by itself between two rounds, however long messages stay hidden. */
const LONGEST_ROUND_MS = HOUR_MS / 2;

/**
 * Keeps messages hidden from other processes as long as this one lives: every third of their time, and no longer than the
 * queue would.
 *
 * @param now ms, of a clock that never goes back
 */
export async function keepHidden(
  queue: NotificationQueue | null,
  held: () => readonly Message[],
  { visibilitySeconds }: { readonly visibilitySeconds: number },
  observer: Pick<PumpObserver, 'warn'>,
  over: AbortSignal,
  now: () => number = () => performance.now(),
): Promise<void> {
  if (queue === null) return;
  const roundMs = Math.min((visibilitySeconds * 1000) / 3, LONGEST_ROUND_MS);
  const seen = new Map<string, { readonly at: number; isGivenBack: boolean }>();
  while (!over.aborted) {
    await pause(roundMs, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return;
    const messages = held();
    const receipts = new Set(messages.map(({ receipt }) => receipt));
    for (const receipt of seen.keys()) if (!receipts.has(receipt)) seen.delete(receipt);
    // It was received since the round before.
    for (const receipt of receipts)
      if (!seen.has(receipt)) seen.set(receipt, { at: now() - roundMs, isGivenBack: false });
    const tooLong = messages.filter(({ receipt }) => now() - seen.get(receipt)!.at >= GIVE_BACK_MS);
    await giveBack(
      queue,
      tooLong.filter(({ receipt }) => !seen.get(receipt)!.isGivenBack),
      observer,
    );
    for (const { receipt } of tooLong) seen.get(receipt)!.isGivenBack = true;
    const bySeconds = Map.groupBy(
      messages.filter((message) => !tooLong.includes(message)),
      ({ receipt }) => hideSeconds(visibilitySeconds, now() - seen.get(receipt)!.at),
    );
    for (const [seconds, some] of bySeconds) await extend(queue, some, seconds, held, observer);
  }
}

/** Two clocks tell when a message was received: the queue's, and the one here, which hears of it later. */
const CLOCKS_APART_MS = 60_000;

/** For how long from now on a message is to be hidden that was received `heldMs` ago. */
export const hideSeconds = (visibilitySeconds: number, heldMs: number): number =>
  Math.min(visibilitySeconds, Math.floor((LONGEST_HIDDEN_MS - CLOCKS_APART_MS - heldMs) / 1000));

async function extend(
  queue: NotificationQueue,
  messages: readonly Message[],
  seconds: number,
  held: () => readonly Message[],
  observer: Pick<PumpObserver, 'warn'>,
): Promise<void> {
  try {
    const faults = await queue.extend(messages, seconds);
    // One that was removed in between is nobody's any more.
    const left = new Set(held().map(({ id }) => id));
    for (const { why } of faults.filter(({ message }) => left.has(message.id)))
      observer.warn(`queue: a message may be given to others meanwhile: ${why}`);
  } catch (error) {
    observer.warn(`queue: ${messages.length} messages may be given to others meanwhile: ${String(error)}`);
  }
}

async function giveBack(
  queue: NotificationQueue,
  messages: readonly Message[],
  observer: Pick<PumpObserver, 'warn'>,
): Promise<void> {
  if (messages.length === 0) return;
  observer.warn(
    `queue: ${messages.length} messages have been held for ${GIVE_BACK_MS / HOUR_MS} hours, and the queue hides none for more than ` +
      `${LONGEST_HIDDEN_MS / HOUR_MS}: they are given back and received anew, which counts as a receipt`,
  );
  // What is not released comes back by itself.
  await queue.release(messages, 0).catch(() => []);
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
      const fault = await queue.deadLetter(message, cause);
      if (fault?.mayPass !== true) ledger.settled([message]);
      else {
        // A second time it would be among the dead letters twice.
        ledger.isDeadLetter(message);
        isWell = false;
      }
      if (fault !== undefined)
        observer.warn(
          `queue: a message is among the dead letters and could not be removed: ${fault.why}; ${fault.mayPass ? 'it is tried again' : 'it may come again'}`,
        );
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
