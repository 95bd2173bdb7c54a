/** Commands run in this process, wired as the program wires them, so that many small runs stay quick. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, CommandContext } from '../../src/commands/command.ts';
import { readSettings } from '../../src/config/read-settings.ts';

export interface CommandRun {
  readonly home: string;
  /** As on the command line, without the dashes; `json` is always set. */
  readonly flags?: Readonly<Record<string, string | boolean>>;
  /** NDR_ variables; one thread unless they say otherwise. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: () => number;
}

export interface CommandEnd {
  readonly code: number;
  /** JSON lines of standard output. */
  readonly results: readonly Readonly<Record<string, unknown>>[];
  readonly notes: readonly string[];
}

export async function runCommand(
  command: Command,
  { home, flags = {}, settings = {}, clock = Date.now }: CommandRun,
): Promise<CommandEnd> {
  const results: Readonly<Record<string, unknown>>[] = [];
  const notes: string[] = [];
  const context: CommandContext = {
    settings: readSettings({ env: { NDR_THREADS: '1', ...settings }, overrides: { home } }),
    flags: { ...flags, json: true },
    terminal: {
      out: (line) => void results.push(JSON.parse(line) as Readonly<Record<string, unknown>>),
      note: (line) => void notes.push(line),
      progress: () => {},
    },
    clock,
    codeVersion: 'test',
    cores: 2,
    worker: new URL('../../src/worker.ts', import.meta.url),
    stop: new AbortController().signal,
  };
  return { code: await command.run(context), results, notes };
}

/** Puts specs into a home, by job. */
export function writeSpecs(home: string, specs: Readonly<Record<string, unknown>>): void {
  const folder = join(home, 'specs');
  mkdirSync(folder, { recursive: true });
  for (const [job, spec] of Object.entries(specs)) {
    writeFileSync(join(folder, `${job}.json`), JSON.stringify({ spec }));
  }
}
