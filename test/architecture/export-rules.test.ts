import { expect, it } from 'vitest';
import { exportOffences } from './export-rules.ts';
import { sourceFile } from './source-file.ts';

const files = (tree: Readonly<Record<string, string>>) =>
  Object.entries(tree).map(([path, text]) => sourceFile(path, text));
const found = (
  src: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
  tests: Readonly<Record<string, string>>,
) => exportOffences(files(src), files(others), files(tests));

const LAKE = 'src/state/lake.ts';
const usedBy = (path: string) => ({ [path]: `import { open } from '../src/state/lake.ts';\nopen();` });

it('lets a value be exported to a program', () => {
  const src = { [LAKE]: 'export const open = () => 1;' };
  expect(found({ ...src, 'src/jobs/a.ts': `import { open } from '../state/lake.ts';\nopen();` }, {}, {})).toEqual([]);
  expect(found({ ...src, 'src/jobs/a.ts': `const { open } = await import('../state/lake.ts');` }, {}, {})).toEqual([]);
  expect(found(src, usedBy('scripts/a.ts'), {})).toEqual([]);
});

it('finds what only tests use, and what only a comment or a string names', () => {
  const src = { [LAKE]: 'const a = 1;\nexport const open = () => a;' };
  const offence = 'src/state/lake.ts:2 exports open, which no program uses; drop it, or move it to the tests';
  expect(found(src, {}, usedBy('test/a.test.ts'))).toEqual([offence]);
  expect(
    found({ ...src, 'src/jobs/a.ts': `import { shut } from '../state/lake.ts'; // open\nshut('open');` }, {}, {}),
  ).toEqual([offence]);
});

it('lets a part of its file be exported for its test, and to nobody not', () => {
  const src = { [LAKE]: 'export function part() {}\npart();' };
  expect(found(src, {}, { 'test/a.test.ts': `import { part } from '../src/state/lake.ts';\npart();` })).toEqual([]);
  expect(found(src, {}, {})).toEqual(['src/state/lake.ts:1 exports part, which nobody imports; keep it to the file']);
});

it('lets types and entries off', () => {
  expect(
    found({ [LAKE]: 'export interface Lake {}\nexport type A = 1;', 'src/main.ts': 'export const a = 1;' }, {}, {}),
  ).toEqual([]);
});
