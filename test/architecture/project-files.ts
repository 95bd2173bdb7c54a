import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folders that git ignores, and git itself. */
const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', '.git', 'ndr-home', 'ndr-demo', 'bench/data']);

/** Paths of the project's own files below a folder, from the project's root, with slashes. */
export function projectFiles(folder = ''): string[] {
  return readdirSync(join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_OURS.has(path) ? [] : projectFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

export const projectText = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');
