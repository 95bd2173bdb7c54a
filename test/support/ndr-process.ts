/** The command line program as its users run it: a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: readonly string[];
  readonly stderr: string;
}

export interface NdrProcess {
  readonly process: ChildProcess;
  /** Resolves with its exit; never rejects. */
  readonly ended: Promise<Ended>;
}

/**
 * Starts `ndr <args>`.
 *
 * @param settings environment of the program beside the caller's, whose own NDR_ variables are left out
 * @param onLine hears every line of standard output as it comes
 */
export function startNdr(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  onLine: (line: string) => void = () => {},
): NdrProcess {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('NDR_'));
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(own), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: string[] = [];
  let stderr = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout.push(line);
    onLine(line);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, stdout, stderr }));
  return { process: child, ended };
}

/** Runs `ndr <args>` to its end. */
export function runNdr(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return startNdr(args, settings).ended;
}
