/** What may befall the files of a home's state. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../../support/folder-content.ts';
import type { Operation } from './operations.ts';

const stateOf = (home: string): string => join(home, 'state');
const blocksOf = (home: string): string[] =>
  filesBelow(stateOf(home))
    .filter((path) => path.endsWith('.block'))
    .map((path) => join(stateOf(home), path));

/** False if there was nothing to lose. */
export function lose(home: string, { of, which }: Extract<Operation, { is: 'loss' }>): boolean {
  const blocks = blocksOf(home);
  if (of === 'one block' || of === 'every other block') {
    const lost =
      of === 'one block'
        ? blocks.slice(which % (blocks.length || 1)).slice(0, 1)
        : blocks.filter((_, n) => n % 2 === which % 2);
    for (const path of lost) rmSync(path);
    return lost.length > 0;
  }
  const folders = {
    windows: ['windows'],
    days: ['lookback/days'],
    bases: ['lookback/bases'],
    'all state': ['windows', 'timings', 'lookback', 'scratch'],
    scratch: ['scratch'],
  }[of];
  for (const name of folders) rmSync(join(stateOf(home), name), { recursive: true, force: true });
  return blocks.length > 0;
}

/** False if there was nothing to damage. */
export function damage(home: string, { how, which, at }: Extract<Operation, { is: 'damage' }>): boolean {
  const blocks = blocksOf(home);
  if (blocks.length === 0) return false;
  const path = blocks[which % blocks.length]!;
  const bytes = readFileSync(path);
  const place = at % (bytes.length || 1);
  if (how === 'a flipped bit' && bytes.length > 0) bytes[place] = bytes[place]! ^ (1 << (at % 8));
  if (how === 'zeros at its end') bytes.fill(0, place);
  const kept = how === 'cut short' ? bytes.subarray(0, place) : how === 'emptied' ? bytes.subarray(0, 0) : bytes;
  writeFileSync(path, kept);
  return true;
}
