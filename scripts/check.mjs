// Everything that must hold before a commit, besides the tests. Runs every step, then says which failed.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const STEPS = [
  ['format and lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ['types', 'node_modules/typescript/bin/tsc', '-p', '.'],
  ['generated docs', 'scripts/docs.ts', '--check'],
  ['architecture', 'node_modules/vitest/vitest.mjs', 'run', 'test/architecture'],
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const failed = STEPS.filter(([name, ...args]) => {
  process.stdout.write(`\n${name}\n`);
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0;
}).map(([name]) => name);

process.stdout.write(failed.length === 0 ? '\ncheck: all well\n' : `\ncheck: failed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
