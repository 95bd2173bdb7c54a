// Runs a program of this project under Node 24, after setting the project up where needed:
//   node scripts/run.mjs [node options] <program, relative to the project> [its arguments]
// Plain JavaScript without dependencies: this file and those it imports must run on any Node from 20 on.
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outcomeOf } from './child-process.mjs';
import { needsOwnNode24, node24, withoutNode24 } from './node-24.mjs';
import { FOR_ALL, FOR_PRODUCT } from './node-flags.mjs';
import { setUp } from './set-up.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What was compiled is kept, below the project. */
const COMPILED = join(root, 'node_modules', '.cache', 'ndr');

async function run(args) {
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  if (at < 0) throw new Error('scripts/run.mjs: which program? usage: node scripts/run.mjs <program> [arguments]');
  if (needsOwnNode24()) throw new Error(withoutNode24());

  const stopped = await setUp(root);
  if (stopped) return stopped;

  const node = node24(root);
  if (!node) throw new Error(withoutNode24());
  const program = resolve(root, args[at]);
  const isProduct = dirname(program) === join(root, 'src');
  const env = isProduct ? { NODE_COMPILE_CACHE: COMPILED, ...process.env } : process.env;
  const call = [...FOR_ALL, ...(isProduct ? FOR_PRODUCT : []), ...args.slice(0, at), program, ...args.slice(at + 1)];
  return outcomeOf(spawn(node, call, { stdio: 'inherit', env }), {
    // A terminal sends Ctrl-C to the whole process group, so the child has it already: passing it on would be a second one.
    sharesTerminal: [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY),
  });
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (fault) {
  process.stderr.write(`${fault.message}\n`);
  process.exitCode = 1;
}
