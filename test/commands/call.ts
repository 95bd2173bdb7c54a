/** `ndr <args>` in this process: all of the program but its streams and signals, so that many small calls stay quick. */

import { carryOut } from '../../src/commands/call.ts';
import { describeFailure } from '../../src/commands/failure.ts';

export interface CallEnd {
  readonly code: number;
  readonly stdout: readonly string[];
  readonly stderr: string;
}

export async function call(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CallEnd> {
  const stdout: string[] = [];
  const notes: string[] = [];
  const end = (code: number): CallEnd => ({ code, stdout, stderr: notes.map((line) => `${line}\n`).join('') });
  try {
    const code = await carryOut(args, {
      env,
      surroundings: {
        folder: '/somewhere',
        program: '/somewhere/bin/ndr',
        instance: 'somewhere/1',
        nodeVersion: process.version,
        notes: { isWatched: true, redirectNotes: () => () => {} },
      },
      terminal: {
        out: (line) => void stdout.push(line),
        note: (line) => void notes.push(line),
        progress: () => {},
      },
      clock: Date.now,
      codeVersion: 'test',
      cores: 1,
      worker: new URL('../../src/worker.ts', import.meta.url),
      stop: new AbortController().signal,
    });
    return end(code);
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    notes.push(text);
    return end(exitCode);
  }
}
