import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskFault, onDisk } from './disk-fault.ts';
import { isAlive, ownLife } from './process-life.ts';

/** Name, below the root of a store, of the folder that holds files in the making. */
export const SCRATCH = '_tmp';

/** How often a write starts anew because its folder or its unfinished file was cleared away under it. */
const TRIES = 20;

/**
 * Creates a file that is whole or absent at every instant, also for a process that is killed or a machine that loses
 * power, and that never replaces another: of several writers of one target exactly one hears `created`. The bytes are
 * finished in `scratch` and then given their name by link(2), so `scratch` must be on the target's file system.
 */
export const createWhole = (
  scratch: string,
  target: string,
  bytes: Uint8Array | string,
): Promise<'created' | 'exists'> => onDisk(`cannot create ${target}`, () => create(scratch, target, bytes));

async function create(scratch: string, target: string, bytes: Uint8Array | string): Promise<'created' | 'exists'> {
  const folder = dirname(target);
  if (await isPresent(target)) {
    await flush(folder);
    return 'exists';
  }
  for (let attempt = 1; ; attempt++) {
    const unfinished = join(scratch, `${ownLife()}-${randomUUID()}`);
    try {
      await mkdir(scratch, { recursive: true });
      await writeFile(unfinished, bytes, { flag: 'wx' });
      await flush(unfinished);
      await makeFolder(folder);
      const outcome = await linkNew(unfinished, target);
      await flush(folder);
      return outcome;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || attempt === TRIES) throw refusal(error, target);
    } finally {
      await rm(unfinished, { force: true });
    }
  }
}

/** Removes what processes that no longer run left unfinished. Never touches a file that is being written. */
export async function clearScratch(scratch: string): Promise<void> {
  for (const name of await namesIn(scratch)) {
    const life = /^(\d+-\d+)-/.exec(name)?.[1];
    if (life !== undefined && !(await isAlive(life))) await rm(join(scratch, name), { force: true });
  }
}

/** Names in a folder, in no order; none if it does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskFault(error, `cannot list ${folder}`);
  }
}

/** True for the error of a path that is not there, be it that one of its folders is a file. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What is written to a file, or linked into a folder, before this call survives a power cut. All fsync is here. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network and user-space file systems cannot sync a folder; they keep entries in order by themselves.
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

/** mkdir -p whose new folders survive a power cut. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const top = dirname(first);
  for (let parent = dirname(folder); parent.length >= top.length; parent = dirname(parent)) {
    await flush(parent);
    if (parent === top) return;
  }
}

async function linkNew(unfinished: string, target: string): Promise<'created' | 'exists'> {
  try {
    await link(unfinished, target);
    return 'created';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'exists';
    throw error;
  }
}

async function isPresent(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (!found.isDirectory()) return true;
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'ENAMETOOLONG') return false;
    throw error;
  }
  throw new Error(`cannot create ${path}: a folder of that name is there; choose another name`);
}

function refusal(cause: unknown, target: string): unknown {
  const fault = diskFault(cause, `cannot create ${target}`);
  if (fault !== cause) return fault;
  const advice: Readonly<Record<string, string>> = {
    ENAMETOOLONG: 'a part of the path is longer than the file system allows (255 bytes); shorten the folder name',
    ENOTSUP: 'the file system has no hard links; keep the home on a local disk',
    EEXIST: 'a part of the path is a file; remove it or choose another home',
    ENOTDIR: 'a part of the path is a file; remove it or choose another home',
    ENOENT: 'its folder was removed again and again while it was written; stop what removes it',
  };
  const code = codeOf(cause) ?? 'unknown error';
  return new Error(`cannot create ${target}: ${code}: ${advice[code] ?? String(cause)}`, { cause });
}
