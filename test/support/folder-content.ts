/** Folders as values, so that two of them, or one at two times, can be compared whole. */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Paths of all files below a folder, sorted; none where it does not exist. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Path → sha256 of every file below a folder. */
export function contentOf(folder: string): Record<string, string> {
  const digest = (path: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
  return Object.fromEntries(filesBelow(folder).map((path) => [path, digest(path)]));
}

/** Path → sha256, time of change and inode of every file below a folder: equal only where nothing was written at all. */
export function traceOf(folder: string): Record<string, string> {
  const content = contentOf(folder);
  return Object.fromEntries(
    Object.entries(content).map(([path, digest]) => {
      const { mtimeNs, ino } = statSync(join(folder, path), { bigint: true });
      return [path, `${digest} ${mtimeNs} ${ino}`];
    }),
  );
}

/** Files that only an unfinished write leaves: what lies in scratch folders. */
export function unfinishedIn(home: string): string[] {
  return filesBelow(home).filter((path) => path.split('/').some((part) => part.startsWith('_tmp')));
}
