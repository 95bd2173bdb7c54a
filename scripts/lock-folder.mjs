import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
const PATIENCE_MS = 10 * 60 * 1000;

/**
 * Runs `work` while this process alone holds the lock folder. The folder holds a file for each of its owners, named
 * after the process id, and appears together with the first by a rename, which fails while the folder is not empty.
 * `work` may name a child as a second owner, which keeps the lock if this process is killed before the child.
 * Dead owners are removed by deleting their very files, so two processes that find them dead cannot rob each other.
 */
export async function withLockFolder(folder, { onWait }, work) {
  const me = String(process.pid);
  const deadline = performance.now() + PATIENCE_MS;
  let isWaiting = false;
  while (!take(folder, me)) {
    const owners = ownersOf(folder);
    const dead = owners.filter((owner) => owner === me || !isAlive(owner));
    if (dead.length === owners.length) {
      leave(folder, dead);
      continue;
    }
    const [owner] = owners.filter((each) => !dead.includes(each));
    if (performance.now() > deadline)
      throw new Error(
        `set-up: process ${owner} has held ${folder} for ten minutes; stop it, or remove that folder if it is gone, and run this again.`,
      );
    // Said once: those who follow the first only look whether there is anything left to do.
    if (!isWaiting) onWait(owner);
    isWaiting = true;
    await sleep(POLL_MS);
  }
  const mine = [me];
  const share = (pid) => {
    mine.push(String(pid));
    writeFileSync(join(folder, String(pid)), '');
  };
  try {
    return await work(share);
  } finally {
    leave(folder, mine);
  }
}

function take(folder, me) {
  const prepared = `${folder}.${me}.partial`;
  rmSync(prepared, { recursive: true, force: true });
  mkdirSync(prepared);
  writeFileSync(join(prepared, me), '');
  try {
    renameSync(prepared, folder);
    return true;
  } catch (fault) {
    rmSync(prepared, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(fault.code)) return false;
    throw fault;
  }
}

const ownersOf = (folder) => quietly(() => readdirSync(folder)) ?? [];

/** Not every system renames over a folder, even an empty one, so it goes with its last owner. */
function leave(folder, owners) {
  for (const owner of owners) quietly(() => unlinkSync(join(folder, owner)));
  quietly(() => rmdirSync(folder));
}

function isAlive(pid) {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (fault) {
    return fault.code === 'EPERM';
  }
}

/** Another process may have been faster, which is what was wanted. */
function quietly(act) {
  try {
    return act();
  } catch (fault) {
    if (fault.code === 'ENOENT' || fault.code === 'ENOTEMPTY' || fault.code === 'EEXIST') return undefined;
    throw fault;
  }
}
