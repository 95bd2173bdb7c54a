/** The command line program as its users run it: a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { FOR_ALL, FOR_PRODUCT } from '../../scripts/node-flags.mjs';

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
  // The flags that users start it with: with others it takes other amounts of memory, and takes them otherwise.
  const options = [...FOR_ALL, ...FOR_PRODUCT, '--report-on-signal', `--report-directory=${tmpdir()}`];
  const child = spawn(process.execPath, [...options, MAIN, ...args], {
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

/**
 * The end of a process, or an error that tells what it was at when it should have ended long ago: a process that hangs once
 * in a thousand runs must not be a riddle.
 */
export async function endWithin({ process: child, ended }: NdrProcess, ms: number): Promise<Ended> {
  const late = sleep(ms, 'late' as const, { ref: false });
  const end = await Promise.race([ended, late]);
  if (end !== 'late') return end;
  child.kill('SIGUSR2');
  await Promise.race([ended, sleep(10_000)]);
  child.kill('SIGKILL');
  throw new Error(`ndr, process ${child.pid}, still ran after ${ms / 1000} s. It was at:\n${reportOf(child.pid!)}`);
}

/** Stacks and open handles out of the diagnostic report that a process wrote. */
function reportOf(pid: number): string {
  const name = readdirSync(tmpdir()).find((file) => file.startsWith('report.') && file.includes(`.${pid}.`));
  if (name === undefined) return 'it wrote no report';
  const report = JSON.parse(readFileSync(join(tmpdir(), name), 'utf8'));
  rmSync(join(tmpdir(), name));
  const { javascriptStack, libuv, workers } = report;
  const briefly = ({ type, is_active: isActive }: Record<string, unknown>) => `${type}${isActive ? '' : ' (idle)'}`;
  const threads = [{ javascriptStack, libuv }, ...(workers ?? [])];
  return JSON.stringify(
    threads.map((thread) => ({ stack: thread.javascriptStack?.stack, handles: thread.libuv?.map(briefly) })),
    null,
    1,
  );
}

/** Runs `ndr <args>` to its end. */
export function runNdr(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return startNdr(args, settings).ended;
}
