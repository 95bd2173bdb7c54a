import { posix } from 'node:path';
import { ENTRIES } from './flow-rules.ts';
import { lineAt, type SourceFile } from './source-file.ts';

const EXPORT = /^export (?:async )?(?:const|let|function\*?|class) (\w+)/gm;

/**
 * Exported values that no program uses: what only tests call is not what runs, and their green says nothing of it; and those that
 * nobody imports. A part of its own file may be exported for its test. `others` are files of programs outside src. Types are let off.
 */
export function exportOffences(
  files: readonly SourceFile[],
  others: readonly SourceFile[],
  tests: readonly SourceFile[],
): string[] {
  const byPrograms = importersOf([...files, ...others]);
  const byTests = importersOf(tests);
  return files
    .filter(({ path }) => !ENTRIES.has(path))
    .flatMap((file) =>
      [...file.code.matchAll(EXPORT)].flatMap((match) => {
        const name = match[1]!;
        const word = new RegExp(`\\b${name}\\b`, 'g');
        const isUsedBy = (importers: ReadonlyMap<string, readonly SourceFile[]>): boolean =>
          importers.get(file.path)?.some(({ code }) => code.search(word) >= 0) === true;
        if (isUsedBy(byPrograms)) return [];
        const where = `${file.path}:${lineAt(file.text, match.index)} exports ${name}, which`;
        const isUsedHere = file.code.match(word)!.length > 1;
        if (!isUsedHere) return [`${where} no program uses; drop it, or move it to the tests`];
        return isUsedBy(byTests) ? [] : [`${where} nobody imports; keep it to the file`];
      }),
    );
}

/** Path of a file → the files that import it. */
function importersOf(files: readonly SourceFile[]): ReadonlyMap<string, readonly SourceFile[]> {
  const importers = new Map<string, SourceFile[]>();
  for (const file of files)
    for (const { specifier } of file.imports) {
      if (!specifier.startsWith('.')) continue;
      const path = posix.join(posix.dirname(file.path), specifier);
      importers.set(path, [...(importers.get(path) ?? []), file]);
    }
  return importers;
}
