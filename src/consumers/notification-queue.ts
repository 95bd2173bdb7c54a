/** A notification as the queue hands it out, for a time, to one taker. */
export interface Message {
  readonly id: string;
  /** Stands for this handing out of the message; the next has another. */
  readonly receipt: string;
  readonly body: string;
  /** When the queue took it, ms UTC. */
  readonly sentAt: number | null;
  /** How often it was handed out, this time included. */
  readonly receiveCount: number;
}

/** So long after its receipt a message comes back, whatever is done: the rule of SQS. */
export const LONGEST_HIDDEN_MS = 43_200_000;

/** What could not be done with one message. */
export interface MessageFault {
  readonly message: Message;
  readonly why: string;
  /** False: it is of no use to try again, as where the message is in other hands by now. */
  readonly mayPass: boolean;
}

export interface ReceiveOptions {
  /** Messages to take at most; a queue may give no more than 10 at a time. */
  readonly most: number;
  /** How long to wait for the first, at most 20. */
  readonly waitSeconds: number;
  /** Ends the wait. What was under way just then comes back by itself, once it is visible again. */
  readonly signal?: AbortSignal;
}

/** Messages, approximately. */
export interface QueueDepth {
  readonly waiting: number;
  /** Handed out, and neither removed nor visible again. */
  readonly inHand: number;
  readonly delayed: number;
}

/** What a queue says of itself, for whoever checks the set-up. */
export interface QueueFacts {
  readonly depth: QueueDepth;
  readonly visibilitySeconds: number;
  /** How long it keeps a message; null: it does not say. */
  readonly retentionSeconds: number | null;
  /** The queue moves a message to its dead letters by itself after so many receipts; null: never. */
  readonly redrive: { readonly maxReceiveCount: number; readonly deadLetterArn: string } | null;
  /** Null: there is no such queue. */
  readonly deadLetters:
    | {
        readonly is: 'reached';
        readonly depth: QueueDepth;
        readonly retentionSeconds: number | null;
        /** Whether the queue's own redrive leads there too. */
        readonly takesRedriven: boolean;
      }
    | { readonly is: 'out of reach'; readonly why: string }
    | null;
}

/**
 * Notifications, each at least once, in any order. Whoever receives a message has it for a time, which `extend` prolongs;
 * when that has passed and it was not removed, it is handed out again. Faults of a single message are returned, whatever
 * their reason; the rest throw, as `Unavailable` where they may pass.
 */
export interface NotificationQueue {
  receive(options: ReceiveOptions): Promise<Message[]>;
  /** Keeps messages from others for so long from now on; beyond LONGEST_HIDDEN_MS after their receipt it is refused. */
  extend(messages: readonly Message[], seconds: number): Promise<readonly MessageFault[]>;
  /** Takes messages off the queue for good. */
  remove(messages: readonly Message[]): Promise<readonly MessageFault[]>;
  /** Lets others have messages after so long, 0: at once. */
  release(messages: readonly Message[], afterSeconds: number): Promise<readonly MessageFault[]>;
  /**
   * Puts a message with its cause among the dead letters, then removes it; without a queue of dead letters it is only
   * removed. Throws where it could not be put there; resolves with why it could not be removed from where it was.
   */
  deadLetter(message: Message, cause: string): Promise<MessageFault | undefined>;
  depth(): Promise<QueueDepth>;
  examine(): Promise<QueueFacts>;
  close(): void;
}
