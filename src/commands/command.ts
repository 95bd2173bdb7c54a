import type { Settings } from '../config/settings.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly settings: Settings;
  readonly flags: FlagValues;
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
export type Flags = Readonly<Record<string, Flag>>;
export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

export interface Command {
  readonly summary: string;
  readonly usage: string;
  readonly examples: readonly string[];
  readonly flags: Flags;
  /** Returns the exit code. */
  readonly run: (context: CommandContext) => Promise<number>;
}

/** What exit codes mean, for the help. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Raised for a call that cannot be carried out as it was written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const isJson = ({ flags }: Pick<CommandContext, 'flags'>): boolean => flags['json'] === true;
