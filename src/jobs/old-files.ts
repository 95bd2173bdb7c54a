import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../state/durable-file.ts';
import type { Lake } from '../state/lake.ts';

export interface RemovedFiles {
  readonly files: number;
  readonly bytes: number;
}

/** Removes, or with `isDryRun` only counts, files of a lake below `prefix` that came into being before an instant, ms UTC. */
export async function removeOlderInLake(
  lake: Lake,
  prefix: string,
  beforeMs: number,
  isDryRun: boolean,
): Promise<RemovedFiles> {
  let [files, bytes] = [0, 0];
  for await (const { path, size, modifiedMs } of lake.list(prefix)) {
    if (modifiedMs >= beforeMs) continue;
    if (!isDryRun) await lake.remove(path);
    files++;
    bytes += size;
  }
  return { files, bytes };
}

/** The same for a folder of files that nobody will finish any more. */
export async function removeOlderInFolder(folder: string, beforeMs: number, isDryRun: boolean): Promise<RemovedFiles> {
  let [files, bytes] = [0, 0];
  for (const entry of await entriesBelow(folder)) {
    const found = await lstat(entry).catch(() => undefined);
    if (found === undefined || !found.isFile() || found.mtimeMs >= beforeMs) continue;
    if (!isDryRun) await unlink(entry).catch(ignoreMissing);
    files++;
    bytes += found.size;
  }
  return { files, bytes };
}

async function entriesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
