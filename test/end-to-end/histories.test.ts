/** Random histories: any order of arrival, repetition, loss and replay ends in the same rows. */

import { expect, it } from 'vitest';
import { searchHistories } from './histories/random-histories.ts';

const whole = (name: string, usual: number): number => Number(process.env[name] ?? usual);

it('whatever happens to a project, its rows end as those of one to which nothing did', {
  timeout: 900_000,
}, async () => {
  const { faults } = await searchHistories({
    runs: whole('HISTORIES', 40),
    seed: whole('HISTORIES_SEED', Date.now() % 0x7fff_ffff),
    path: process.env['HISTORIES_PATH'],
  });
  expect(faults).toEqual([]);
});
