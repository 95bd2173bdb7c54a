/** What ndr baselines does about files of a publication that were lost: the remedy that ndr doctor and failed mini-batches name. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { baselines } from '../../src/commands/baselines.ts';
import { runCommand, writeSpecs } from '../support/command-run.ts';
import { writeFeatureHistory } from '../support/feature-history.ts';
import { contentOf } from '../support/folder-content.ts';

const START = Date.parse('2026-03-03T00:08:00Z');
const flags = { horizon: '7d', ref: '2026-03-12' };
let home = '';
const root = (): string => join(home, 'lake', 'default', 'fg_b');
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ndr-lost-'));
  writeSpecs(home, { fg_b_builder: { support_min: 8, max_missing_ratio: 0.99 } });
  const sliceEnds = Array.from({ length: 14 }, (_, n) => START + n * 12 * 3_600_000);
  await writeFeatureHistory(home, {
    sliceEnds: [...sliceEnds, START + 9.5 * 86_400_000],
    hosts: ['10.1.1.10', '10.1.1.9'],
    seed: 1,
  });
  await runCommand(baselines, { home, flags });
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const remove = (name: RegExp): void => {
  for (const path of readdirSync(root(), { recursive: true, encoding: 'utf8' }))
    if (name.test(path)) rmSync(join(root(), path));
};

for (const [what, name] of [
  ['a file of hosts', /^host\/.*\.parquet$/],
  ['the manifest', /_publication-.*\.json$/],
] as const)
  it(`is whole again after ndr baselines where ${what} was lost`, async () => {
    const before = contentOf(root());
    remove(name);
    expect(contentOf(root())).not.toEqual(before);
    const { code, notes } = await runCommand(baselines, { home, flags });
    expect({ code, notes }).toEqual({ code: 0, notes: [] });
    expect(contentOf(root())).toEqual(before);
  });
