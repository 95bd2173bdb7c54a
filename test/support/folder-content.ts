/** Folders as values, so that two of them, or one at two times, can be compared whole. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { openDirectoryItems } from '../../src/state/items/directory.ts';

/** Paths of all files below a folder, sorted; none where it does not exist. */
export function filesBelow(folder: string): string[] {
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

/** What differs from one run to the next, however equal they are. */
const OF_THE_RUN = new Set(['committed_at', 'attempt_token']);

/** The items of the batch index, by key, without what is of the run alone. */
export async function indexOf(home: string): Promise<Record<string, unknown>> {
  const items = await openDirectoryItems(join(home, 'state', 'items'));
  const content: Record<string, unknown> = {};
  for await (const { sk, item } of items.query('batch_index', 'default')) {
    content[sk] = Object.fromEntries(Object.entries(item).filter(([name]) => !OF_THE_RUN.has(name)));
  }
  return content;
}

/** Files that only an unfinished write leaves: what lies in scratch folders. */
export function unfinishedIn(home: string): string[] {
  return filesBelow(home).filter((path) => path.split('/').some((part) => part.startsWith('_tmp')));
}
