import { flowOffences } from './flow-rules.ts';
import { habitOffences, nameOffences } from './habit-rules.ts';
import { sourceFile } from './source-file.ts';

/** Everything that breaks the rules of the house, a sentence each. `tree` is path → text of every file in src. */
export function offences(tree: Readonly<Record<string, string>>): string[] {
  const files = Object.entries(tree).map(([path, text]) => sourceFile(path, text));
  const paths = new Set(Object.keys(tree));
  return [...files.flatMap((file) => [...flowOffences(file, paths), ...habitOffences(file)]), ...nameOffences(files)];
}
