import { parentPort, workerData } from 'node:worker_threads';
import { createStages, type Stages } from './consumers/stages.ts';
import type { StageAnswer, StageCall, WorkerOptions } from './consumers/work-pool.ts';
import { BASELINE_STAGES } from './jobs/baseline-stages.ts';
import { openDirectoryRawFiles } from './state/raw-files/directory.ts';
import { openDirectoryBlockStores } from './state/window-state/directory.ts';

const { state, days, heldBytes } = workerData as WorkerOptions;
const stages: Stages & typeof BASELINE_STAGES = {
  ...createStages(openDirectoryBlockStores(state, days), openDirectoryRawFiles(), heldBytes),
  ...BASELINE_STAGES,
};

parentPort?.on('message', async ({ id, stage, input }: StageCall) => {
  let answer: StageAnswer;
  try {
    answer = { id, output: await stages[stage](input as never) };
  } catch (error) {
    answer = { id, error };
  }
  parentPort?.postMessage(answer);
});
