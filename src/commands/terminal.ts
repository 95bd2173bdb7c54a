/** What a command says, and where. */
export interface Terminal {
  /** Results: text for people, or JSON lines under --json. */
  readonly out: (line: string) => void;
  /** Warnings and what is going on. */
  readonly note: (line: string) => void;
  /** Shows one line that the next one replaces, '' none; nothing where no one is watching. */
  readonly progress: (line: string) => void;
}

/** A terminal whose notes somebody may want elsewhere. */
export interface RedirectableTerminal extends Terminal {
  /** Whether somebody watches what is noted. */
  readonly isWatched: boolean;
  /** Gives notes to `note` from now on. Returns what writes, as it is, to where they went until now. */
  readonly redirectNotes: (note: (line: string) => void) => (text: string) => void;
}

/** As much of an output stream as a terminal needs. */
export interface Screen {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const USUAL_COLUMNS = 80;
/** More often than this nobody can read, and the output would cost more than the work. */
const REDRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[K';

/** Results go to `out`, all else to `err`. Progress is shown below whatever is printed, only where `err` is watched. */
export function openTerminal(out: Screen, err: Screen, clock: () => number): RedirectableTerminal {
  const isWatched = err.isTTY === true;
  let shown = '';
  let drawnAt = Number.NEGATIVE_INFINITY;
  const hide = (): void => {
    if (shown !== '') err.write(CLEAR_LINE);
  };
  const print = (screen: Screen, line: string): void => {
    hide();
    screen.write(`${line}\n`);
    if (shown !== '') err.write(shown);
  };
  let note = (line: string): void => print(err, line);
  return {
    isWatched,
    redirectNotes(to) {
      note = to;
      return (text) => err.write(text);
    },
    out: (line) => print(out, line),
    note: (line) => note(line),
    progress(line) {
      if (!isWatched) return;
      const now = clock();
      if (line !== '' && shown !== '' && now - drawnAt < REDRAW_MS) return;
      hide();
      // A line that fills the row would wrap, and the next one could not replace it.
      shown = line.slice(0, (err.columns || USUAL_COLUMNS) - 1);
      if (shown !== '') err.write(shown);
      drawnAt = now;
    },
  };
}
