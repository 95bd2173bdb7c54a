import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { diskFault, onDisk } from '../disk-fault.ts';
import { clearScratch, codeOf, createWhole, isMissing, SCRATCH } from '../durable-file.ts';
import { compareKeys } from '../key-order.ts';
import { checkPath, checkPrefix, type Lake, type LakeEntry, NotFound } from '../lake.ts';

/**
 * A lake in a folder. Any number of processes may use it at once and be killed at any instant. Opening it clears what
 * killed processes left unfinished; the folder itself comes into being with the first file.
 */
export async function openDirectoryLake(folder: string): Promise<Lake> {
  const root = resolve(folder);
  const scratch = join(root, SCRATCH);
  await clearScratch(scratch);
  const place = (path: string): string => {
    checkPath(path);
    return join(root, path);
  };
  return {
    async read(path) {
      try {
        return await readFile(place(path));
      } catch (error) {
        if (isMissing(error) || codeOf(error) === 'EISDIR') throw new NotFound(root, path);
        throw diskFault(error, `cannot read ${place(path)}`);
      }
    },
    async exists(path) {
      return (await entryAt(place(path), path)) !== undefined;
    },
    list(prefix) {
      checkPrefix(prefix);
      const start = prefix.lastIndexOf('/') + 1;
      return walk(root, prefix.slice(0, start), prefix.slice(start));
    },
    create: (path, bytes) => createWhole(scratch, place(path), bytes),
    async remove(path) {
      const file = place(path);
      try {
        await unlink(file);
      } catch (error) {
        if (!isMissing(error)) throw diskFault(error, `cannot remove ${file}`);
      }
      await onDisk(`cannot remove empty folders above ${file}`, () => prune(dirname(file), root));
    },
  };
}

/** Files below `folder` (a key that ends with a slash, or '') whose next part begins with `start`. */
async function* walk(root: string, folder: string, start: string): AsyncGenerator<LakeEntry> {
  for (const child of await childrenOf(join(root, folder))) {
    const key = `${folder}${child.name}`;
    if (!child.name.startsWith(start) || key === SCRATCH) continue;
    if (child.isDirectory()) yield* walk(root, `${key}/`, '');
    else {
      const entry = await entryAt(join(root, key), key);
      if (entry !== undefined) yield entry;
    }
  }
}

/** A folder sorts as the paths below it do, its slash included: `a-b` comes before `a/b`. */
async function childrenOf(folder: string): Promise<Dirent[]> {
  try {
    const sortKey = (child: Dirent): string => (child.isDirectory() ? `${child.name}/` : child.name);
    const children = await readdir(folder, { withFileTypes: true });
    return children.sort((a, b) => compareKeys(sortKey(a), sortKey(b)));
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskFault(error, `cannot list ${folder}`);
  }
}

async function entryAt(file: string, path: string): Promise<LakeEntry | undefined> {
  try {
    const found = await lstat(file);
    return found.isFile() ? { path, size: found.size, modifiedMs: Math.floor(found.mtimeMs) } : undefined;
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'ENAMETOOLONG') return undefined;
    throw diskFault(error, `cannot look at ${file}`);
  }
}

/** Removes folders that became empty, up to the root. A writer that loses its folder to this makes it anew. */
async function prune(folder: string, root: string): Promise<void> {
  for (let empty = folder; empty.length > root.length && empty !== root; empty = dirname(empty)) {
    try {
      await rmdir(empty);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
      if (!isMissing(error)) throw error;
    }
  }
}
