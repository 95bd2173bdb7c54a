import { basename } from 'node:path';
import { ENTRIES, folderOf, PURE, portOf } from './flow-rules.ts';
import { lineAt, type SourceFile } from './source-file.ts';

const MOST_LINES = 400;

interface Habit {
  readonly in: 'code' | 'comments' | 'words';
  readonly pattern: RegExp;
  readonly says: string;
  readonly appliesTo?: (path: string) => boolean;
}

const outsideEntries = (path: string) => !ENTRIES.has(path);
const insidePure = (path: string) => PURE.has(folderOf(path));

const HABITS: readonly Habit[] = [
  {
    in: 'code',
    pattern:
      /\bprocess\s*(?:\?\.|\.)\s*(?:env|exit|exitCode|abort|on|once|addListener|prependListener)\b|\bprocess\s*\[/g,
    says: 'only main.ts and worker.ts touch process.env, process.exit and signals',
    appliesTo: outsideEntries,
  },
  {
    in: 'code',
    // process.kill(pid, 0) only asks whether a process lives.
    pattern: /\bprocess\.kill\((?![^()]*,\s*0\s*\))/g,
    says: 'only main.ts and worker.ts send signals',
    appliesTo: outsideEntries,
  },
  {
    in: 'code',
    pattern: /\}\s*=\s*process\b(?!\s*\.)/g,
    says: 'only main.ts and worker.ts take the process apart',
    appliesTo: outsideEntries,
  },
  {
    in: 'code',
    pattern:
      /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\b(?:performance|console|crypto|process)\.|\b(?:setTimeout|setInterval|setImmediate|fetch)\(/g,
    says: 'pure folders know no clock, chance, timer, console or process: take it as an argument',
    appliesTo: insidePure,
  },
  { in: 'code', pattern: /\bexport\s+default\b|\bas\s+default\b/g, says: 'no default exports' },
  { in: 'code', pattern: /\bexport\s*(?:type\s*)?\*/g, says: 'no barrels: import a name from the file that has it' },
  { in: 'code', pattern: /(?<![.\w$])any\b(?!\s*[:(])/g, says: 'no any: say the type, or unknown' },
  { in: 'comments', pattern: /@ts-(?:ignore|expect-error|nocheck)\b/g, says: 'no @ts- escapes' },
  { in: 'comments', pattern: /\bissues?\b/gi, says: 'names an issue, which the reader does not have' },
  {
    in: 'words',
    pattern: /\b[Gg]olden\b|\bshared\/|\bCONTRACT\b|\bDESIGN\b|\bSTYLE\.md\b|\bENVIRONMENT\.md\b|§/g,
    says: 'points outside the project',
  },
];

/** Names that say nothing, or that a file is one of several. */
const EMPTY_NAME =
  /^(?:utils?|helpers?|common|base|managers?|services?|misc|shared|index)$|[-_](?:utils?|helpers?|managers?|services?|v\d+)$/;

export function habitOffences(file: SourceFile): string[] {
  const spoken = HABITS.filter(({ appliesTo }) => appliesTo?.(file.path) ?? true).flatMap((habit) =>
    [...file[habit.in].matchAll(habit.pattern)].map(
      ({ 0: found, index }) => `${file.path}:${lineAt(file.text, index)} says "${found.trim()}": ${habit.says}`,
    ),
  );
  const lines = file.text.trimEnd().split('\n').length;
  const named = file.path.split('/').filter((part) => EMPTY_NAME.test(part.replace(/\.ts$/, '')));
  return [
    ...spoken,
    ...(lines > MOST_LINES ? [`${file.path} has ${lines} lines, more than ${MOST_LINES}: is it one thing?`] : []),
    ...named.map((part) => `${file.path} is called ${part.replace(/\.ts$/, '')}, which says nothing`),
  ];
}

/** Basenames are unique, so that a name alone finds its file; adapters of several ports may share one. */
export function nameOffences(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const byName = Map.groupBy(
    [...paths].filter((path) => portOf(path, paths) === undefined),
    (path) => basename(path),
  );
  return [...byName].flatMap(([name, same]) =>
    same.length > 1 ? [`${name} stands twice: ${same.join(' and ')}`] : [],
  );
}
