import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backfill } from './commands/backfill.ts';
import { catalog } from './commands/catalog.ts';
import { type Command, EXIT, type Terminal, UsageError } from './commands/command.ts';
import { demo } from './commands/demo.ts';
import { renderCommandHelp, renderHelp } from './commands/help.ts';
import { runBatch } from './commands/run-batch.ts';
import { serve } from './commands/serve.ts';
import { readSettings } from './config/settings.ts';
import { SettingsError } from './config/settings-table.ts';
import { SpecError } from './config/spec-payload.ts';

enableCompileCache();

const COMMANDS: Readonly<Record<string, Command>> = { demo, backfill, 'run-batch': runBatch, serve, catalog };
const COMMON = {
  home: { type: 'string', value: 'DIR', doc: 'Folder of specs, lake and state (default ./ndr-home).' },
  project: { type: 'string', value: 'NAME', doc: 'Project to act on (default "default").' },
  json: { type: 'boolean', doc: 'Results as JSON lines on standard output.' },
  help: { type: 'boolean', doc: 'Show this.' },
} as const;

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  version: string;
};

function openTerminal(): Terminal {
  const isWatched = process.stderr.isTTY;
  let shown = false;
  const clearLine = (): void => {
    if (shown) process.stderr.write('\r\u001b[K');
    shown = false;
  };
  return {
    out(line) {
      clearLine();
      process.stdout.write(`${line}\n`);
    },
    note(line) {
      clearLine();
      process.stderr.write(`${line}\n`);
    },
    progress(line) {
      if (!isWatched) return;
      clearLine();
      if (line === '') return;
      process.stderr.write(line.slice(0, process.stderr.columns - 1));
      shown = true;
    },
  };
}

/** Yaml settings of the home, where it has some. */
function settingsFile(home: string): { yamlText: string; yamlName: string } | undefined {
  const yamlName = join(home, 'ndr.yaml');
  try {
    return { yamlText: readFileSync(yamlName, 'utf8'), yamlName };
  } catch {
    return undefined;
  }
}

async function run(args: readonly string[], terminal: Terminal, stop: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    terminal.out(renderHelp(COMMANDS, COMMON));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  if (name === '--version') {
    terminal.out(version);
    return EXIT.done;
  }
  const command = COMMANDS[name];
  if (command === undefined) throw new UsageError(`there is no command "${name}"; see ndr --help`);
  const options = Object.fromEntries(
    Object.entries({ ...command.flags, ...COMMON }).map(([flag, { type }]) => [flag, { type }]),
  );
  const { values } = parseFlags(rest, options, name);
  if (values['help'] === true) {
    terminal.out(renderCommandHelp(command, COMMON));
    return EXIT.done;
  }
  const overrides = Object.fromEntries(
    ['home', 'project'].flatMap((flag) => (typeof values[flag] === 'string' ? [[flag, values[flag]]] : [])),
  );
  const { home } = readSettings({ env: process.env, overrides });
  const settings = readSettings({ env: process.env, overrides, ...settingsFile(home) });
  return command.run({
    settings,
    flags: values,
    terminal,
    clock: Date.now,
    codeVersion: version,
    cores: availableParallelism(),
    worker: new URL('worker.ts', import.meta.url),
    stop,
  });
}

function parseFlags(
  args: string[],
  options: Record<string, { type: 'string' | 'boolean' }>,
  name: string,
): { values: Readonly<Record<string, string | boolean | undefined>> } {
  try {
    const { values } = parseArgs({ args, options, strict: true, allowPositionals: false });
    return { values: values as Record<string, string | boolean | undefined> };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; see ndr ${name} --help`);
  }
}

const terminal = openTerminal();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (!stopping.signal.aborted) terminal.note(`${signal}: finishing the mini-batch in hand`);
    stopping.abort();
  });
}
// A reader that has seen enough (head, less) closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2), terminal, stopping.signal);
} catch (error) {
  if (error instanceof UsageError || error instanceof SettingsError || error instanceof SpecError) {
    terminal.note(error.message);
    process.exitCode = EXIT.usage;
  } else {
    terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = EXIT.failed;
  }
}
