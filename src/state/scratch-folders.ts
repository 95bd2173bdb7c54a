import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './durable-file.ts';
import { isAlive, ownLife } from './process-life.ts';

/** A path below `root` for what this process alone writes and nobody needs after it. The folder is not made. */
export const scratchFolderIn = (root: string): string => join(root, `${ownLife()}-${randomUUID()}`);

/** Removes the folders that processes left which no longer run. */
export async function clearScratchFolders(root: string): Promise<void> {
  for (const name of await namesIn(root)) {
    const life = /^(\d+-\d+)-/.exec(name)?.[1];
    if (life !== undefined && !(await isAlive(life))) await rm(join(root, name), { recursive: true, force: true });
  }
}
