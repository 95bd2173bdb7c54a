import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { collect } from '../conformance/collect.ts';

export interface Child {
  readonly process: ChildProcess;
  /** Lines that it printed, as they come. */
  readonly lines: AsyncIterable<string>;
  /** Resolves once it has ended, with its exit code, null if it was killed. */
  readonly ended: Promise<number | null>;
}

/** Runs a script that lies beside this file in a process of its own. What it says on stderr shows in the test's output. */
export function startChild(script: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { process: child, lines: createInterface({ input: child.stdout }), ended };
}

/** Runs it to its end and gives what it printed; throws if it failed. */
export async function runChild(script: string, args: readonly string[]): Promise<string[]> {
  const child = startChild(script, args);
  const lines = await collect(child.lines);
  const code = await child.ended;
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return lines;
}
