/** Workers of the live path that are asked to stop. */

import { describe, expect, it } from 'vitest';
import { stopLiveWorkers } from '../support/live-stops.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const STOPS = Number(process.env['STOPS'] ?? 5);
const SEED = Number(process.env['KILL_SEED'] ?? 1);
const miniBatches = officeMiniBatches({ seed: 7, hosts: 3, slices: 14, thin: 8 });

describe('a worker asked to stop', () => {
  it(
    `${STOPS} times at random moments (seed ${SEED}) ends in time and gives back what it held, to be received once more`,
    async () => {
      const { faults, stops, released } = await stopLiveWorkers(miniBatches, { stops: STOPS, seed: SEED });
      expect(faults).toEqual([]);
      expect(stops).toBe(STOPS);
      // Else it was only ever stopped with nothing in hand.
      expect(released).toBeGreaterThan(0);
    },
    30 * 60_000,
  );
});
