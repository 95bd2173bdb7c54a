/** Workers of the live path that are killed at random moments: their work is done by others, to the same bytes, once. */

import { describe, expect, it } from 'vitest';
import { killLiveWorkers } from '../support/live-kills.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const KILLS = Number(process.env['KILLS'] ?? 12);
const SEED = Number(process.env['KILL_SEED'] ?? 1);
// Fewer than the 96 of npm run prove, for the sake of time.
const miniBatches = officeMiniBatches({ seed: 7, hosts: 3, slices: 22, doubled: [3, 9], thin: 8 });

describe('three workers on one queue', () => {
  it(
    `killed ${KILLS} times at random moments (seed ${SEED}) commit what an undisturbed run commits, each mini-batch once`,
    async () => {
      const { faults, kills, filesRead, redeliveries } = await killLiveWorkers({
        miniBatches,
        kills: KILLS,
        seed: SEED,
      });
      expect(faults).toEqual([]);
      expect(kills).toBe(KILLS);
      // Else the moments were badly chosen, and the trial proves little.
      expect(redeliveries).toBeGreaterThan(KILLS / 5);
      expect(filesRead).toBeGreaterThan(miniBatches.length);
    },
    30 * 60_000,
  );
});
