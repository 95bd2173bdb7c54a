/** A backfill that is killed, or asked to stop, goes on where it was: the result is that of an undisturbed run. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRaw } from '../support/backfill-lab.ts';
import { openReader, readManifests } from '../support/committed-lake.ts';
import { unfinishedIn } from '../support/folder-content.ts';
import { differencesOf, killBackfills, startBackfill } from '../support/killed-backfill.ts';
import { endWithin } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const KILLS = Number(process.env['KILLS'] ?? 10);
const SEED = Number(process.env['KILL_SEED'] ?? 1);
const miniBatches = officeMiniBatches({
  seed: 17,
  hosts: 4,
  slices: 37,
  silent: [9],
  doubled: [3, 4, 20, 30],
  thin: 4,
});

let folder = '';
let raw = '';
let reference = '';
let reader: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-kill-'));
  raw = join(folder, 'raw');
  reference = join(folder, 'reference');
  writeRaw(raw, miniBatches);
  reader = await openReader();
  const { code, stderr } = await startBackfill(reference, raw).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readManifests(reference)).toHaveLength(miniBatches.length);
});
afterAll(() => {
  reader.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

describe('a backfill', () => {
  it(
    `killed ${KILLS} times at random moments (seed ${SEED}) ends as an undisturbed one, and no reader sees a half`,
    async () => {
      const newHome = (round: number): string => join(folder, `killed-${round}`);
      const trial = { raw, reference, miniBatches: miniBatches.length, kills: KILLS, seed: SEED, reader, newHome };
      const { faults, kills, halfWay, filesRead } = await killBackfills(trial);
      expect(faults).toEqual([]);
      expect(kills).toBe(KILLS);
      // Else the moments were badly chosen, and the trial proves little.
      expect(halfWay).toBeGreaterThan(KILLS / 5);
      expect(filesRead).toBeGreaterThan(miniBatches.length);
    },
    30 * 60_000,
  );

  it(
    'beside two others over the same home ends as one alone',
    async () => {
      const home = join(folder, 'crowded');
      const runs = [startBackfill(home, raw), startBackfill(home, raw, 2, 2), startBackfill(home, raw, 3, 1)];
      const ends = await Promise.all(runs.map((run) => endWithin(run, 8 * 60_000)));
      expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(runs.map(() => ({ code: 0, stderr: '' })));
      expect(runs.reduce((sum, { committed }) => sum + committed(), 0)).toBe(miniBatches.length);
      expect(await differencesOf(home, { reference, raw, miniBatches: miniBatches.length })).toEqual([]);
    },
    12 * 60_000,
  );

  it.each([1, 6])('asked to stop after %i mini-batches ends between two of them, and resumes', async (count) => {
    const home = join(folder, `stopped-${count}`);
    const run = startBackfill(home, raw, 2, 2);
    await run.hasCommitted(count);
    run.process.kill('SIGTERM');
    const { code, signal, stdout, stderr } = await run.ended;
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toContain('stopped; run the same command again to go on');
    expect(run.committed()).toBeGreaterThanOrEqual(count);
    expect(run.committed()).toBeLessThan(miniBatches.length);
    expect(JSON.parse(stdout.at(-1)!)).toMatchObject({ summary: { committed: run.committed(), failed: 0 } });
    expect(readManifests(home)).toHaveLength(run.committed());
    expect(unfinishedIn(home)).toEqual([]);

    expect((await startBackfill(home, raw).ended).code).toBe(0);
    expect(await differencesOf(home, { reference, raw, miniBatches: miniBatches.length })).toEqual([]);
  });
});
