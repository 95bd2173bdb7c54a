import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { exitCodeOf, outcomeOf } from './child-process.mjs';
import { withLockFolder } from './lock-folder.mjs';
import { node24 } from './node-24.mjs';

/** Holds the sha256 of the package-lock.json from which node_modules was installed. */
const MARKER = 'node_modules/.ndr-installed-from';
/** npm's own account of what it installed; npm writes it last, so an interrupted installation has none. */
const INSTALLED = 'node_modules/.package-lock.json';

/**
 * Installs the pinned packages unless node_modules already holds exactly them. Of several processes that start
 * together one installs and the others wait. Returns 0, or the exit code to end with after a stop signal.
 */
export async function setUp(root, say = (line) => process.stderr.write(`${line}\n`)) {
  if (isSetUp(root)) return 0;
  const folder = join(root, '.ndr-setup');
  const onWait = (owner) => say(`Waiting for process ${owner}, which is setting this project up …`);
  return withLockFolder(folder, { onWait }, async (shareLock) => {
    if (isSetUp(root)) return 0;
    say('Setting up: installing pinned packages, once …');
    return install(root, say, shareLock);
  });
}

function isSetUp(root) {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const digest = digestOf(lock);
  if (textOf(join(root, MARKER)) !== digest) {
    if (!isInstalledByHand(root, JSON.parse(lock).packages)) return false;
    writeFileSync(join(root, MARKER), digest);
  }
  return node24(root) !== undefined;
}

/** True if somebody's own `npm ci` put there what the lock file says: then there is nothing to do twice. */
function isInstalledByHand(root, locked) {
  const text = textOf(join(root, INSTALLED));
  if (text === undefined) return false;
  const installed = JSON.parse(text).packages;
  return Object.entries(locked).every(([path, { optional, devOptional, integrity }]) => {
    if (path === '') return true;
    if (installed[path] === undefined) return optional === true || devOptional === true;
    return installed[path].integrity === integrity && existsSync(join(root, path));
  });
}

async function install(root, say, shareLock) {
  // npm runs on the user's Node: the one in node_modules is about to be replaced. Dev and optional packages are asked
  // for by name, because NODE_ENV=production or an omit setting would leave out the tools or Node 24 without a word.
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const own = join(root, 'node_modules');
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(own));
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: path.join(delimiter) } };
  const npm = process.env.npm_execpath;
  const child = npm?.includes('npm-cli')
    ? spawn(process.env.npm_node_execpath ?? process.execPath, [npm, ...args], options)
    : spawn('npm', args, { ...options, shell: process.platform === 'win32' });

  if (child.pid !== undefined) shareLock(child.pid);

  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => output.push(bytes));
  let stop;
  const onSignal = (signal) => {
    stop = signal;
  };
  const code = await outcomeOf(child, { onSignal }).catch((fault) => {
    throw new Error(`set-up: npm did not start (${fault.message}); it comes with Node, is it on PATH?`, {
      cause: fault,
    });
  });
  if (stop) return exitCodeOf(stop);
  if (code !== 0) {
    say(Buffer.concat(output).toString());
    throw new Error(
      `set-up: "npm ci" ended with code ${code} in ${root}; npm's own words stand above. Run this again once that is mended.`,
    );
  }
  writeFileSync(join(root, MARKER), digestOf(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return 0;
}

const digestOf = (text) => createHash('sha256').update(text).digest('hex');

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (fault) {
    if (fault.code === 'ENOENT' || fault.code === 'ENOTDIR') return undefined;
    throw fault;
  }
}
