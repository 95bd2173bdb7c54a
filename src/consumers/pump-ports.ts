import type { NotifiedFolder } from '../config/notification.ts';
import type { RawFiles } from '../state/raw-files.ts';
import type { HeldBack } from './breakers.ts';
import type { Message, NotificationQueue } from './notification-queue.ts';
import type { Reprocessing } from './reprocessing.ts';
import type { MiniBatchFolder } from './settle-slice.ts';
import type { StreamName } from './stream-name.ts';
import type { Candidate, Stream, Taken } from './take-mini-batch.ts';

/** Where a folder belongs that a message named, or why it goes nowhere. */
export type Routed =
  | { readonly is: 'routed'; readonly stream: StreamName; readonly folder: MiniBatchFolder }
  | { readonly is: 'disabled' }
  | { readonly is: 'poison'; readonly why: string };

/** Folders that a search came upon. */
export interface FoundFolders {
  /** Every stream that was searched: each is tended from then on, whether it has anything new or not. */
  readonly streams: readonly StreamName[];
  readonly folders: readonly {
    readonly stream: StreamName;
    readonly path: string;
    readonly folder: Candidate['folder'];
  }[];
  /** What could not be searched, each with why. */
  readonly faults: readonly string[];
}

/** What the pump stands on. */
export interface PumpPorts {
  readonly rawFiles: RawFiles;
  /** null: folders are only searched for. */
  readonly queue: NotificationQueue | null;
  /** Where keys lie that a notification gives without a bucket; undefined: that cannot be told. */
  bucketOfKeys?(): Promise<string | undefined>;
  /** Throws where it may go well later. */
  route(folder: NotifiedFolder): Promise<Routed>;
  /** Folders that may hold mini-batches; those for which `isKnown` need not be given. */
  search(isKnown: (stream: StreamName, path: string) => boolean): Promise<FoundFolders>;
  /** The stream with its specs as they stand now; throws where they cannot be read, or are wrong. */
  open(stream: StreamName): Promise<Stream>;
  reprocessing(stream: Stream): Reprocessing;
  /**
   * Tells the world what became of a mini-batch. Never throws, and ends soon: messages are removed only after it, so that
   * what a killed process did not tell is told by the next one.
   */
  announce(stream: Stream, taken: Taken): Promise<void>;
  /** Keeps a message that can never succeed, with why. */
  quarantine(message: Message, why: string): Promise<void>;
  /** Removes superseded files of a stream. */
  sweep(stream: Stream): Promise<void>;
  /** ms UTC. */
  clock(): number;
  /** In [0, 1). */
  random(): number;
}

/** How a mini-batch was taken. */
export interface TakenHow {
  /** From plan to end, waiting left out. */
  readonly workMs: number;
  /** When the first of the messages that asked for it was sent, ms UTC; null: none did, or none said when. */
  readonly sentAt: number | null;
  /** It was published again because its windows changed. */
  readonly isAgain: boolean;
}

/** How things stand, for whoever watches. */
export interface PumpState {
  /** Folders that have not ended; `failing` ones met an error and are tried again. */
  folders(): Readonly<Record<'arriving' | 'failing' | 'ready' | 'running', number>>;
  /** Raw bytes in work. */
  bytesInWork(): number;
  /** Mini-batches of each stream that are to be published again. */
  affectedWaiting(): readonly (readonly [StreamName, number])[];
  /** What nothing is asked of for a while. */
  openBreakers(): readonly HeldBack[];
  isDraining(): boolean;
  /** Whether the queue was received from, or the folders searched, and how that went the last time; null: not yet. */
  source(): { readonly ok: boolean; readonly why: string } | null;
}

/** What the pump says of itself. */
export interface PumpObserver {
  /** The loop turned. */
  turned(state: PumpState): void;
  /** Nothing is begun any more. */
  draining(state: PumpState): void;
  taken(stream: StreamName, taken: Taken, how: TakenHow): void;
  /** A mini-batch is taken although it seems incomplete, or an earlier one has not ended. */
  forced(stream: StreamName, why: 'incomplete' | 'out of order', text: string): void;
  searched(found: FoundFolders): void;
  /** Nothing is asked of a system for a while, or nothing that a stream needs of it. */
  heldBack(held: HeldBack): void;
  /** A system would not do what it was asked, until somebody changes something. */
  refused(system: string): void;
  warn(text: string, stream?: StreamName): void;
}
