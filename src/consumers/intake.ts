import { setTimeout as pause } from 'node:timers/promises';
import { type NotifiedFolder, readNotification } from '../config/notification.ts';
import { Refused } from '../state/refused.ts';
import { Unavailable } from '../state/unavailable.ts';
import { type BackOff, backOffMs } from './backoff.ts';
import type { MessageLedger } from './message-ledger.ts';
import type { Message } from './notification-queue.ts';
import type { PumpObserver, PumpPorts } from './pump-ports.ts';
import type { Announced, MiniBatchFolder } from './settle-slice.ts';
import type { StreamName } from './stream-name.ts';
import { folderKey, type TrackedFolder } from './tracked-folder.ts';

/** More than these are not taken at once: others may want some, and each has to be kept hidden. */
const MOST_HELD = 1000;
const MOST_RECEIVED = 10;
const WAIT_SECONDS = 20;
/** Long enough that a queue looks everywhere for what it has. */
const LEAST_WAIT_SECONDS = 1;
const BACK_OFF: BackOff = { leastMs: 1000, mostMs: 60_000 };

/** Who hears of what comes, and of what goes wrong. */
interface Ears {
  readonly onReceived: () => void;
  readonly onFault: (error: unknown) => void;
}

type Know = (stream: StreamName, path: string, announced: Announced, folder: MiniBatchFolder) => TrackedFolder;

interface Unread {
  message: Message;
  failures: number;
  notBefore: number;
}

/** Where messages come in. */
export interface Intake {
  /** Receives as long as `isOpen`, until `stop`. */
  receive(stop: AbortSignal, isOpen: () => boolean): Promise<void>;
  /** Reads what was received: each message ends, or is held for its folders, or is read again later. */
  read(): Promise<void>;
  /** How receiving went the last time; null: not yet. */
  lastReceipt(): { readonly ok: boolean; readonly why: string } | null;
  /** Messages that were received and not read yet. */
  held(): readonly Message[];
  /** Whether the queue may hold messages that were sent long ago: what they will announce is no find. */
  isBehind(): boolean;
}

export function createIntake(
  ports: PumpPorts,
  { pollMs, maxWaitMs }: { readonly pollMs: number; readonly maxWaitMs: number },
  ledger: MessageLedger,
  observer: PumpObserver,
  know: Know,
  { onReceived, onFault }: Ears,
): Intake {
  const { clock, random, queue } = ports;
  const inbox = new Map<string, Unread>();
  let last: { readonly ok: boolean; readonly why: string } | null = null;
  let isBehind = queue !== null;
  /** Nothing came though it was waited for, or what came is young. What was received before says nothing: somebody gave it back. */
  const isUpToDate = (messages: readonly Message[], waitSeconds: number): boolean => {
    const fresh = messages.filter(({ sentAt, receiveCount }) => sentAt !== null && receiveCount === 1);
    if (fresh.length === 0) return waitSeconds > 0;
    return fresh.every(({ sentAt }) => clock() - sentAt! < maxWaitMs);
  };

  /** Whatever of a message cannot be understood keeps none of its folders from being taken. */
  const readOne = async ({ message }: Unread): Promise<void> => {
    const notification = readNotification(message.body, await ports.bucketOfKeys?.());
    const causes = notification.is === 'poison' ? [notification.why] : [];
    const routed: { readonly named: NotifiedFolder; readonly stream: StreamName; readonly folder: MiniBatchFolder }[] =
      [];
    if (notification.is === 'folders') {
      causes.push(...notification.faults);
      for (const named of notification.folders) {
        const answer = await ports.route(named);
        if (answer.is === 'poison') causes.push(answer.why);
        if (answer.is === 'routed') routed.push({ named, ...answer });
      }
    }
    const cause = causes.length === 0 ? null : causes.join('; ');
    if (cause !== null) {
      await ports.quarantine(message, cause);
      observer.warn(`queue: a message can never succeed whole: ${cause}`);
    }
    const keys = routed.map(({ named, stream, folder }) => {
      const announced = { eventTime: named.eventTime, sentTime: message.sentAt };
      return folderKey(know(stream, folder.path, announced, folder));
    });
    ledger.hold(message, keys, cause);
  };

  return {
    async receive(stop, isOpen) {
      if (queue === null) return;
      let failures = 0;
      const wait = (ms: number): Promise<void> => pause(ms, undefined, { signal: stop }).catch(() => {});
      while (!stop.aborted) {
        if (!isOpen() || ledger.all().length + inbox.size >= MOST_HELD) {
          isBehind = true;
          await wait(pollMs);
          continue;
        }
        try {
          // The first does not wait: whether the queue can be received from is known at once.
          const waitSeconds = last === null ? 0 : isBehind ? LEAST_WAIT_SECONDS : WAIT_SECONDS;
          const messages = await queue.receive({ most: MOST_RECEIVED, waitSeconds, signal: stop });
          failures = 0;
          isBehind = !isUpToDate(messages, waitSeconds);
          last = { ok: true, why: 'received from' };
          for (const message of messages) {
            const known = inbox.get(message.id);
            if (known !== undefined) known.message = message;
            else if (!ledger.renew(message)) inbox.set(message.id, { message, failures: 0, notBefore: clock() });
          }
          if (messages.length > 0) onReceived();
        } catch (error) {
          if (stop.aborted) return;
          failures++;
          last = { ok: false, why: String(error) };
          observer.warn(`queue: nothing can be received: ${String(error)}`);
          await wait(backOffMs(failures, BACK_OFF, random()));
        }
      }
    },
    async read() {
      for (const [id, unread] of inbox) {
        if (unread.notBefore > clock()) continue;
        try {
          await readOne(unread);
          inbox.delete(id);
        } catch (error) {
          onFault(error);
          unread.failures++;
          unread.notBefore = clock() + backOffMs(unread.failures, BACK_OFF, random());
          observer.warn(`queue: a message cannot be routed now: ${String(error)}; it is read again`);
          // What keeps one from being routed keeps the others, too.
          if (error instanceof Unavailable || (error instanceof Refused && error.isWhole)) return;
        }
      }
    },
    lastReceipt: () => last,
    isBehind: () => isBehind,
    held: () => [...inbox.values()].map(({ message }) => message),
  };
}
