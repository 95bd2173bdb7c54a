import { afterEach, describe, expect, it } from 'vitest';
import { threadPool, type WorkPool } from '../../src/consumers/work-pool.ts';

/** A thread that answers `read` with its file's name, and ends on the file that says so. */
const WORKER = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, input }) => {
      if (input.name === 'fatal') process.exit(3);
      if (input.name === 'faulty') parentPort.postMessage({ id, error: new Error('no such file') });
      else parentPort.postMessage({ id, output: { is: 'damaged', name: input.name, why: '' } });
    });`)}`,
);

describe('a pool of threads', () => {
  let pool: WorkPool;
  afterEach(() => pool.close());
  const read = (name: string) => pool.read({ name, path: name, options: {} as never });

  it('answers every call, in whatever order the threads do', async () => {
    pool = threadPool(3, WORKER, { windows: '' });
    const names = Array.from({ length: 50 }, (_, i) => `file-${i}`);
    const answers = await Promise.all(names.map(read));
    expect(answers.map(({ name }) => name)).toEqual(names);
  });

  it('hands errors of a stage on', async () => {
    pool = threadPool(1, WORKER, { windows: '' });
    await expect(read('faulty')).rejects.toThrow('no such file');
    await expect(read('next')).resolves.toMatchObject({ name: 'next' });
  });

  it('fails what a dying thread had in hand and goes on with another', async () => {
    pool = threadPool(2, WORKER, { windows: '' });
    await expect(read('fatal')).rejects.toThrow('worker thread ended with code 3');
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(read));
    expect(answers.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });
});
