import { parentPort, workerData } from 'node:worker_threads';
import { type BackingOptions, openBacking } from './commands/backing.ts';
import { collectNews } from './consumers/backing-watch.ts';
import { packError } from './consumers/crossing-errors.ts';
import type { StageAnswer, StageCall } from './consumers/stage-threads.ts';
import { createStages, type Stages } from './consumers/stages.ts';
import type { WorkerOptions } from './consumers/work-pool.ts';
import { BASELINE_STAGES } from './jobs/baseline-stages.ts';

const { backing, heldBytes } = workerData as WorkerOptions<BackingOptions>;
const heard = collectNews();
// Not closed: the thread ends with its connections.
const { stores, rawFiles } = await openBacking(backing, heard.watch);
const stages: Stages & typeof BASELINE_STAGES = {
  ...createStages(stores, rawFiles, heldBytes),
  ...BASELINE_STAGES,
};

parentPort?.on('message', async ({ id, stage, input }: StageCall) => {
  let answer: StageAnswer;
  try {
    answer = { id, output: await stages[stage as keyof typeof stages](input as never) };
  } catch (error) {
    answer = { id, error: packError(error) };
  }
  parentPort?.postMessage({ ...answer, news: heard.take() } satisfies StageAnswer);
});
