import { expect, it } from 'vitest';
import { scope } from '../src/lifecycle.ts';

it('undoes in reverse what was opened, then gives the result', async () => {
  const log: string[] = [];
  const result = await scope(async (onExit) => {
    onExit(() => void log.push('first'));
    onExit(async () => void log.push('second'));
    return 7;
  });
  expect([result, log]).toEqual([7, ['second', 'first']]);
});

it('undoes everything although the body and an undo fail, and throws why the body did', async () => {
  const log: string[] = [];
  const failing = scope(async (onExit) => {
    onExit(() => void log.push('first'));
    onExit(() => Promise.reject(new Error('undo')));
    throw new Error('body');
  });
  await expect(failing).rejects.toThrow('body');
  expect(log).toEqual(['first']);
});

it('throws what an undo did where the body returned', async () => {
  const failing = scope(async (onExit) => {
    onExit(() => {
      throw new Error('undo');
    });
  });
  await expect(failing).rejects.toThrow('undo');
});
