/** What the queue gave: a text, and a receipt by which it is spoken of. */
export interface Message {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  /** When the queue took it, ms UTC; null: it does not say. */
  readonly sentAt: number | null;
  /** How often it was given to somebody, this time included. */
  readonly receiveCount: number;
}

export interface NotificationQueue {
  receive(ask: {
    readonly most: number;
    readonly waitSeconds: number;
    readonly signal: AbortSignal;
  }): Promise<Message[]>;
  extend(messages: readonly Message[], seconds: number): Promise<readonly string[]>;
  remove(messages: readonly Message[]): Promise<{ readonly failed: readonly Message[] }>;
  release(messages: readonly Message[], afterSeconds: number): Promise<void>;
  deadLetter(message: Message, cause: string): Promise<void>;
}
