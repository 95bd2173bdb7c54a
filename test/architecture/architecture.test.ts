import { expect, it } from 'vitest';
import { offences } from './offences.ts';
import { projectFiles, projectText } from './project-files.ts';

it('src keeps the rules of the house', () => {
  const paths = projectFiles('src').filter((path) => path.endsWith('.ts'));
  expect(paths.length).toBeGreaterThan(0);
  expect(offences(Object.fromEntries(paths.map((path) => [path, projectText(path)])))).toEqual([]);
});

it('src holds TypeScript only', () => {
  expect(projectFiles('src').filter((path) => !path.endsWith('.ts'))).toEqual([]);
});
