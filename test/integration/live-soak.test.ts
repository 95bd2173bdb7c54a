/** Days of small mini-batches through one worker: what it keeps in Redis is of the last day. `npm run prove` has the long run. */

import { expect, it } from 'vitest';
import { runLiveSoak } from '../../scripts/prove/live-soak.ts';

it('commits every mini-batch once, and keeps no more in Redis on the fifth day than on the third', async () => {
  // One every two hours: a day of windows is twelve of them.
  const soak = await runLiveSoak(
    {
      miniBatches: 60,
      every: 8,
      sampleEvery: 10,
      seed: 31,
      // Window state of what is older than a day goes at once; a busy machine may be late to keep messages hidden.
      settings: { NDR_STATE_LATE_HOURS: '0', NDR_QUEUE_VISIBILITY_SECONDS: '120' },
    },
    () => {},
  );
  const { committed, revision, messagesLeft, deadLetters, warnings } = soak;
  expect({ committed, revision, messagesLeft, deadLetters, warnings }).toEqual({
    committed: 60,
    revision: 1,
    messagesLeft: 0,
    deadLetters: 0,
    warnings: [],
  });
  const keys = soak.samples.slice(2).map(({ redisKeys }) => redisKeys);
  expect(keys.length).toBe(4);
  expect(Math.max(...keys) - Math.min(...keys)).toBeLessThanOrEqual(2);
}, 900_000);
