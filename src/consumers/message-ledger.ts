import type { Message } from './notification-queue.ts';

/** A message whose folders have not all ended. */
export interface HeldMessage {
  /** As it was received last: a later receipt replaces an earlier one. */
  message: Message;
  /** Keys of the folders that have not ended. */
  readonly pending: Set<string>;
  /** Why one of its folders can never succeed; null: none so far. */
  cause: string | null;
}

/** What is to be done about messages that have ended, by whoever holds the queue. */
export interface EndedMessages {
  readonly toRemove: readonly Message[];
  readonly toDeadLetter: readonly { readonly message: Message; readonly cause: string }[];
}

/** The messages that this process answers for, and which folders they wait for. */
export interface MessageLedger {
  /** Takes a message in; without folders it has ended. `cause`: something in it can never be understood. */
  hold(message: Message, folders: readonly string[], cause: string | null): void;
  /** A message that is held already was received again. True if it is one. */
  renew(message: Message): boolean;
  /** Those that wait for a folder now; later ones are none of a run that has begun. */
  waitingFor(folder: string): readonly HeldMessage[];
  /** The folder ended for these messages; `cause`: it never can succeed. */
  end(folder: string, messages: readonly HeldMessage[], cause: string | null): void;
  /** Every message that is not gone from the queue yet: they are to stay hidden from others. */
  all(): readonly Message[];
  /** Messages that have ended, until `settled` says that the queue knows. */
  ended(): EndedMessages;
  settled(messages: readonly Message[]): void;
  /** A message is among the dead letters: nothing is left to be done but to remove it. */
  isDeadLetter(message: Message): void;
}

export function createMessageLedger(): MessageLedger {
  const held = new Map<string, HeldMessage>();
  const messagesOf = (ones: Iterable<HeldMessage>): Message[] => [...ones].map(({ message }) => message);
  return {
    hold(message, folders, cause) {
      held.set(message.id, { message, pending: new Set(folders), cause });
    },
    renew(message) {
      const known = held.get(message.id);
      if (known === undefined) return false;
      known.message = message;
      return true;
    },
    waitingFor: (folder) => [...held.values()].filter(({ pending }) => pending.has(folder)),
    end(folder, messages, cause) {
      for (const one of messages) {
        one.pending.delete(folder);
        one.cause ??= cause;
      }
    },
    all: () => messagesOf(held.values()),
    ended() {
      const ended = [...held.values()].filter(({ pending }) => pending.size === 0);
      return {
        toRemove: messagesOf(ended.filter(({ cause }) => cause === null)),
        toDeadLetter: ended.flatMap(({ message, cause }) => (cause === null ? [] : [{ message, cause }])),
      };
    },
    settled(messages) {
      for (const { id } of messages) held.delete(id);
    },
    isDeadLetter({ id }) {
      const one = held.get(id);
      if (one !== undefined) one.cause = null;
    },
  };
}
