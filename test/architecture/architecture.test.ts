import { expect, it } from 'vitest';
import { exportOffences } from './export-rules.ts';
import { offences } from './offences.ts';
import { projectFiles, projectText } from './project-files.ts';
import { sourceFile } from './source-file.ts';

it('src keeps the rules of the house', () => {
  const paths = projectFiles('src').filter((path) => path.endsWith('.ts'));
  expect(paths.length).toBeGreaterThan(0);
  expect(offences(Object.fromEntries(paths.map((path) => [path, projectText(path)])))).toEqual([]);
});

it('src exports no value that no program uses', () => {
  const filesOf = (folder: string) =>
    projectFiles(folder)
      .filter((path) => path.endsWith('.ts'))
      .map((path) => sourceFile(path, projectText(path)));
  const programs = [...filesOf('scripts'), ...filesOf('bench')];
  expect(exportOffences(filesOf('src'), programs, filesOf('test'))).toEqual([]);
});

it('src holds TypeScript only', () => {
  expect(projectFiles('src').filter((path) => !path.endsWith('.ts'))).toEqual([]);
});
