/** ndr baselines, killed at random moments and started again until it is through. */

import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededDice } from '../../src/simulation/seeded-dice.ts';
import { openBaselinePublications } from '../../src/state/baseline-publications.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { sha256Hex } from '../../src/state/manifest.ts';
import { writeSpecs } from '../support/command-run.ts';
import { writeFeatureHistory } from '../support/feature-history.ts';
import { contentOf } from '../support/folder-content.ts';
import { startNdr } from '../support/ndr-process.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-03-03T00:08:00Z');
const HOSTS = Array.from({ length: 12 }, (_, n) => `10.1.${n % 4}.${n + 1}`);
const KILLS = 6;

let root = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ndr-kill-'));
  const home = join(root, 'home');
  writeSpecs(home, { fg_b_builder: { support_min: 8, max_missing_ratio: 0.95 } });
  const sliceEnds = Array.from({ length: 7 * 8 }, (_, n) => START + n * 3 * HOUR);
  await writeFeatureHistory(home, { sliceEnds, hosts: HOSTS, seed: 1 });
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const run = (home: string) =>
  startNdr(['baselines', '--home', home, '--horizon', '7d', '--ref', '2026-03-12', '--json'], { NDR_THREADS: '2' });

/** What a reader sees: no publication, or one whose files are all there and whole. */
async function visible(home: string): Promise<number> {
  const lake = await openDirectoryLake(join(home, 'lake'));
  const all = await openBaselinePublications(await openDirectoryItems(join(home, 'state', 'items')), lake).all(
    'default',
    'v1',
  );
  for (const { datasets, metadata } of all)
    for (const { path, sha256 } of [...metadata, ...Object.values(datasets).flat()])
      expect(sha256Hex(await lake.read(path))).toBe(sha256);
  return all.length;
}

it('comes to the same after kill -9 at any moment, and no reader sees half of it', async () => {
  const reference = join(root, 'reference');
  cpSync(join(root, 'home'), reference, { recursive: true });
  const began = performance.now();
  expect(await run(reference).ended).toMatchObject({ code: 0 });
  const wholeMs = performance.now() - began;
  expect(await visible(reference)).toBe(1);

  const home = join(root, 'killed');
  cpSync(join(root, 'home'), home, { recursive: true });
  const dice = seededDice(7);
  let killed = 0;
  for (let round = 0; round < KILLS; round++) {
    const { process: child, ended } = run(home);
    await Promise.race([sleep(wholeMs * (0.2 + 0.7 * dice.fraction())), ended]);
    child.kill('SIGKILL');
    if ((await ended).signal === 'SIGKILL') killed++;
    await visible(home);
  }
  expect(killed).toBeGreaterThan(0);
  expect(await run(home).ended).toMatchObject({ code: 0 });
  expect(await visible(home)).toBe(1);
  const tablesOf = (of: string) => contentOf(join(of, 'lake', 'default', 'fg_b'));
  expect(tablesOf(home)).toEqual(tablesOf(reference));
  expect(readdirSync(join(home, 'state', 'baseline-work'))).toEqual([]);
  const { stdout } = await run(home).ended;
  expect(JSON.parse(stdout[0]!)).toMatchObject({ outcome: 'unchanged', revision: 1 });
}, 300_000);
