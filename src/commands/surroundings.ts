import type { RedirectableTerminal } from './terminal.ts';

/** Where and as what the program runs. */
export interface Surroundings {
  /** Where the user stands; absolute. */
  readonly folder: string;
  /** Absolute path of the program's file, for what people are told to type next. */
  readonly program: string;
  /** `<host name>/<process id>`: tells this process from others whose logs come together. */
  readonly instance: string;
  readonly nodeVersion: string;
  /** Decides what becomes of notes. */
  readonly notes: Pick<RedirectableTerminal, 'isWatched' | 'redirectNotes'>;
}
