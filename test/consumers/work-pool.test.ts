import { afterEach, describe, expect, it } from 'vitest';
import { threadPool, type WorkPool } from '../../src/consumers/work-pool.ts';

/** A thread that answers `read` with its file's name, and ends on the file that says so. */
const WORKER = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from 'node:worker_threads';
    parentPort.on('message', ({ id, stage, input }) => {
      if (stage !== 'read') {
        parentPort.postMessage({ id, output: threadId });
        return;
      }
      const { name } = input.file;
      if (name === 'silent') return;
      if (name === 'fatal') process.exit(3);
      if (name === 'faulty') parentPort.postMessage({ id, error: { is: 'other', error: new Error('no such file') } });
      else parentPort.postMessage({ id, output: { is: 'damaged', name, why: '' } });
    });`)}`,
);

describe('a pool of threads', () => {
  let pool: WorkPool;
  afterEach(() => pool.close());
  const read = (name: string) =>
    pool.read({
      file: { name, path: name, size: 0, modifiedMs: 0, arrivedMs: 0 },
      options: {} as never,
      limits: {} as never,
    });

  it('answers every call, in whatever order the threads do', async () => {
    pool = threadPool(3, WORKER, { backing: null });
    const names = Array.from({ length: 50 }, (_, i) => `file-${i}`);
    const answers = await Promise.all(names.map(read));
    expect(answers.map(({ name }) => name)).toEqual(names);
  });

  it('hands errors of a stage on', async () => {
    pool = threadPool(1, WORKER, { backing: null });
    await expect(read('faulty')).rejects.toThrow('no such file');
    await expect(read('next')).resolves.toMatchObject({ name: 'next' });
  });

  it('fails what a dying thread had in hand and goes on with another', async () => {
    pool = threadPool(2, WORKER, { backing: null });
    await expect(read('fatal')).rejects.toThrow('worker thread ended with code 3');
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(read));
    expect(answers.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('gives the work of one shard to one thread, and that of all shards to all', async () => {
    pool = threadPool(3, WORKER, { backing: null });
    const threadsOf = async (shard: number): Promise<unknown[]> => [
      await pool.advance({ batch: {} as never, shard, options: {} as never }),
      await pool.emit({ shard } as never),
      await pool.rollUp({ key: { shard } } as never),
      await pool.mergeDays({ key: { shard } } as never),
      await pool.seal({ key: { shard } } as never),
    ];
    const answers = await Promise.all([0, 1, 2, 3, 4, 5].map(threadsOf));
    for (const [shard, threads] of answers.entries())
      expect(new Set([...threads, ...answers[shard % 3]!]).size).toBe(1);
    expect(new Set(answers.flat()).size).toBe(3);
  });

  it('gives other work to a thread that is free, and fails what is in hand when it is closed', async () => {
    pool = threadPool(2, WORKER, { backing: null });
    const stuck = read('silent').catch((error: unknown) => error);
    for (const name of ['a', 'b', 'c']) await expect(read(name)).resolves.toMatchObject({ name });
    await pool.close();
    expect(await stuck).toBeInstanceOf(Error);
  });
});
