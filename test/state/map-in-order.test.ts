import { expect, it } from 'vitest';
import { mapInOrder } from '../../src/state/map-in-order.ts';

const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await Promise.resolve();
};

it('keeps the order of the values, and the bound', async () => {
  let underWay = 0;
  let most = 0;
  const results = await mapInOrder([5, 1, 4, 2, 3, 0], 3, async (n) => {
    most = Math.max(most, ++underWay);
    await turns(n * 3);
    underWay--;
    return n * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30, 0]);
  expect(most).toBe(3);
  expect(await mapInOrder([], 3, async () => 1)).toEqual([]);
});

it('begins nothing after an error, and throws once all that began has ended', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const failure = mapInOrder([0, 1, 2, 3, 4], 2, async (n) => {
    begun.push(n);
    if (n === 1) throw new Error('one');
    await turns(20);
    ended.push(n);
  });
  await expect(failure).rejects.toThrow('one');
  expect([begun, ended]).toEqual([[0, 1], [0]]);
});
