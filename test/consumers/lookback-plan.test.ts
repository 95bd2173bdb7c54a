import { expect, it } from 'vitest';
import { planLookback } from '../../src/consumers/lookback-plan.ts';
import type { BatchIndex, CommittedBatch } from '../../src/state/batch-index.ts';

const DAY = 86_400_000;
const T = Date.UTC(2026, 3, 20, 10, 38);
const SPEC = {
  project: 'default',
  featureSpecVersion: 'v1',
  fgA: { lookbackMinDays: 7, rareThresholds: { peer: 1, port: 1, pair: 1 } },
};

const plan = (...committed: readonly (readonly [id: string, ago: number])[]) => {
  const batches = committed
    .map(([miniBatchId, ago]) => ({ miniBatchId, sliceEnd: T - ago, windowContent: `of ${miniBatchId}` }))
    .sort((a, b) => a.sliceEnd - b.sliceEnd);
  const committedBetween = async (_project: string, _version: string, from: number, to: number) =>
    batches.filter(({ sliceEnd }) => sliceEnd > from && sliceEnd <= to) as unknown as CommittedBatch[];
  const index = { committedBetween } as unknown as BatchIndex;
  return planLookback(index, SPEC as never, { miniBatchId: 'm', sliceEnd: T });
};

it('leaves out what comes later in order, of the same slice too', async () => {
  expect(await plan(['n', 0])).toMatchObject({ projectDays: 0, days: [] });
  expect(await plan(['l', 0], ['k', 2 * DAY])).toMatchObject({
    projectDays: 2,
    days: [{ day: Date.UTC(2026, 3, 18) }],
  });
});

it('leaves out the mini-batch itself where it stood in an earlier slice before', async () => {
  expect(await plan(['m', 2 * DAY])).toMatchObject({ projectDays: 0, days: [] });
});

it('names a day by what it holds, whatever the revision', async () => {
  const digests = async (...ids: string[]) =>
    (await plan(...ids.map((id) => [id, DAY] as const))).days.map((day) => day.digest);
  expect(await digests('a', 'b')).toEqual(await digests('a', 'b'));
  expect(await digests('a', 'b')).not.toEqual(await digests('a'));
});
