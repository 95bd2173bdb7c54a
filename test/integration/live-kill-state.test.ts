/** Window state that is lost under a worker, and a worker that wakes when others have done its work. */

import { describe, expect, it } from 'vitest';
import { freezeWorkerAt, loseStateUnder } from '../support/live-freezes.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 7, hosts: 3, slices: 8, thin: 8 });
const LIMIT_MS = 10 * 60_000;

describe('the Redis of window state', () => {
  it(
    'may lose everything between and amidst mini-batches, or be away: the bytes are the same',
    async () => expect(await loseStateUnder(miniBatches)).toEqual([]),
    LIMIT_MS,
  );

  it.each([
    // It finds that the mini-batch stands.
    { step: 'raw', moment: 'done', nth: 1, late: ['state'] },
    // The rest of its files, its manifest and its write to the index come too late.
    { step: 'file', moment: 'done', nth: 1, late: ['file', 'manifest', 'index'] },
    // It had committed: its state goes to the promoted replica.
    { step: 'index', moment: 'done', nth: 1, late: ['state'] },
  ] as const)(
    'dies while a worker is frozen (after $step); the worker wakes under a promoted replica and does no harm',
    async ({ late, ...point }) => {
      const { faults, lateSteps } = await freezeWorkerAt(point, miniBatches.slice(0, 4));
      expect(faults).toEqual([]);
      expect(lateSteps).toEqual(expect.arrayContaining([...late]));
    },
    LIMIT_MS,
  );
});
