import { expect, it } from 'vitest';
import { candidateOf } from '../../src/consumers/take-mini-batch.ts';
import { hasEnded, type LookRules, lookAtFolder, trackFolder, waitAgain } from '../../src/consumers/tracked-folder.ts';
import type { RawFile, RawFiles } from '../../src/state/raw-files.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2026-03-02T12:00:00Z');
const RULES: LookRules = { marker: null, settleMs: MINUTE, maxWaitMs: 10 * MINUTE, recheckMs: 15 * MINUTE };

const path = 'logs/2026/03/02/m';
const fileOf = (name: string, arrivedMs: number): RawFile => ({
  ...{ name, path: `${path}/${name}`, size: 1, modifiedMs: arrivedMs, arrivedMs },
});

it('a folder whose further files come late, one after the other, is taken once more when they are all there', async () => {
  let now = NOON;
  const files = [fileOf('a', NOON - 2 * MINUTE)];
  const rawFiles = { list: async () => files, has: async () => false } as Partial<RawFiles> as RawFiles;
  const tracked = trackFolder('p#v1', candidateOf(path), { eventTime: null, sentTime: null }, now);
  const looks: string[] = [];
  const lookAt = async (): Promise<void> => {
    const { look } = await lookAtFolder(rawFiles, tracked, RULES, () => now);
    looks.push(look);
    if (look === 'arriving' || look === 'resting') return;
    tracked.isWanted = false;
    hasEnded(tracked, now, RULES.recheckMs);
  };
  await lookAt();

  now += 20 * MINUTE;
  for (const name of ['b', 'c', 'd']) {
    files.push(fileOf(name, now));
    // As a message has it.
    tracked.isWanted = true;
    if (tracked.state === 'resting') waitAgain(tracked, now);
    await lookAt();
    now += 5000;
  }
  now += MINUTE;
  await lookAt();
  // A message about what was taken already need not wait.
  tracked.isWanted = true;
  waitAgain(tracked, now);
  await lookAt();
  expect(looks).toEqual(['ready', 'arriving', 'arriving', 'arriving', 'ready', 'ready']);

  // Nobody tells of this one.
  now += 20 * MINUTE;
  files.push(fileOf('e', now));
  await lookAt();
  now += MINUTE;
  await lookAt();
  expect(looks.slice(-2)).toEqual(['arriving', 'ready']);
});
