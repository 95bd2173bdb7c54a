import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SET_UP_FILES = ['.npmrc', 'bin', 'package-lock.json', 'package.json', 'scripts'];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ndr-fresh-'));
  for (const file of SET_UP_FILES) cpSync(join(PROJECT, file), join(root, file), { recursive: true });
  mkdirSync(join(root, 'src'));
  writeFileSync(
    join(root, 'src/main.ts'),
    'const said: string[] = [process.version, ...process.argv.slice(2)];\nprocess.stdout.write(said.join(" "));\n',
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The user's own shell: nothing of this run's npm, and whichever Node it finds first outside this project. */
function shell(command: string, args: readonly string[]) {
  const ours = join(PROJECT, 'node_modules');
  const PATH = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(ours))
    .join(delimiter);
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && name !== 'NODE_OPTIONS');
  return spawnSync(command, args, {
    cwd: root,
    env: { ...Object.fromEntries(own), PATH, NODE_ENV: 'production' },
    encoding: 'utf8',
  });
}

describe('a fresh folder with nothing but Node and npm', () => {
  it('sets itself up from the lock file and starts under the pinned Node 24', () => {
    const { status, stdout, stderr } = shell('npm', ['start', '--silent', '--', '--once']);
    expect({ status, stdout }, stderr).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^v24\.\d+\.\d+ demo --once$/),
    });
    expect(stderr).toContain('Setting up: installing pinned packages, once …');
  });

  it('leaves the lock file as it was, and has the tools although NODE_ENV says production', () => {
    const lock = (folder: string) => readFileSync(join(folder, 'package-lock.json'), 'utf8');
    expect(lock(root)).toBe(lock(PROJECT));
    expect(shell(join(root, 'node_modules/.bin/tsc'), ['--version']).stdout).toContain('Version 7');
  });

  it('starts without a word about setting up from then on', () => {
    expect(shell(join(root, 'bin/ndr'), ['help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(' help'),
      stderr: '',
    });
  });
});
