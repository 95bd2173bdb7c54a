import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDataFile } from '../config/mini-batch-path.ts';

/** Every folder at or below `root` that holds data files, by path. Folders whose names begin with _ or . are passed over. */
export async function findMiniBatchFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    if (entries.some((entry) => entry.isFile() && isDataFile(entry.name))) found.push(folder);
    for (const entry of entries) {
      if (entry.isDirectory() && !/^[_.]/.test(entry.name)) await visit(join(folder, entry.name));
    }
  };
  await visit(resolve(root));
  return found;
}
