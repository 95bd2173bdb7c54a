import type { Settings } from '../config/settings.ts';

/** What a command may do to the world outside its folders. */
export interface Terminal {
  /** Results: text for people, or JSON lines under --json. */
  readonly out: (line: string) => void;
  /** Warnings and what is going on. */
  readonly note: (line: string) => void;
  /** Shows one line that the next one replaces; nothing where no one is watching. */
  readonly progress: (line: string) => void;
}

export interface CommandContext {
  readonly settings: Settings;
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly terminal: Terminal;
  /** ms UTC. */
  readonly clock: () => number;
  readonly codeVersion: string;
  readonly cores: number;
  /** The file that worker threads run. */
  readonly worker: URL;
  /** Aborted when the user or the system asks the program to stop. */
  readonly stop: AbortSignal;
}

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly doc: string;
  /** Shown in the help for the value. */
  readonly value?: string;
}

export interface Command {
  readonly summary: string;
  readonly usage: string;
  readonly examples: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Returns the exit code. */
  readonly run: (context: CommandContext) => Promise<number>;
}

/** What exit codes mean, for the help. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Raised for a call that cannot be carried out as it was written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function textFlag({ flags }: CommandContext, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function neededFlag(context: CommandContext, name: string, what: string): string {
  const value = textFlag(context, name);
  if (value === undefined) throw new UsageError(`--${name} is missing; give ${what}`);
  return value;
}

/** An ISO 8601 instant in a flag, as ms UTC. */
export function instantFlag(context: CommandContext, name: string): number | undefined {
  const text = textFlag(context, name);
  if (text === undefined) return undefined;
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/.test(text) || /^\d{4}-\d{2}-\d{2}$/.test(text);
  const instant = hasZone ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) {
    throw new UsageError(`--${name} is "${text}"; give an instant with its zone, such as 2026-03-02T10:40:05Z`);
  }
  return instant;
}
