import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';

/** Whatever still keeps a program going whose command has returned, such as a request that nobody waits for, has so long. */
const LINGER_MS = 2000;
/** A supervisor may tell the whole process group, and the launcher passes on what it heard: that is one request. */
const SAME_REQUEST_MS = 500;

const root = join(import.meta.dirname, '..');
// Half of a start is compiling. What was compiled is kept, below the project; only what is imported after this is.
enableCompileCache(join(root, 'node_modules', '.cache', 'ndr'));
const { carryOut } = await import('./commands/call.ts');
const { EXIT } = await import('./commands/command.ts');
const { describeFailure } = await import('./commands/failure.ts');
const { openTerminal } = await import('./commands/terminal.ts');

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const terminal = openTerminal(process.stdout, process.stderr, Date.now);
const stopping = new AbortController();

let askedAt: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const now = performance.now();
    if (askedAt === undefined) {
      askedAt = now;
      terminal.note(`${signal}: stopping, after the mini-batch in hand; a second signal ends at once`);
      stopping.abort();
    } else if (now - askedAt > SAME_REQUEST_MS) {
      terminal.progress('');
      process.exit(EXIT.failed);
    }
  });
}
// A reader that has seen enough (head, less) closes the pipe: that is a wish to stop, too.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stopping.abort();
  });
}

try {
  process.exitCode = await carryOut(process.argv.slice(2), {
    env: process.env,
    surroundings: {
      folder: process.cwd(),
      program: join(root, 'bin', 'ndr'),
      instance: `${hostname()}/${process.pid}`,
      nodeVersion: process.version,
      notes: terminal,
    },
    terminal,
    clock: Date.now,
    codeVersion: version,
    cores: availableParallelism(),
    worker: new URL('worker.ts', import.meta.url),
    stop: stopping.signal,
  });
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  terminal.progress('');
  terminal.note(text);
  process.exitCode = exitCode;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
