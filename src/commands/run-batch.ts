import { resolve } from 'node:path';
import { runMiniBatch } from '../consumers/mini-batch.ts';
import { miniBatchFolderOf } from '../consumers/settle-slice.ts';
import { scope } from '../lifecycle.ts';
import { type Command, EXIT, instantFlag, neededFlag } from './command.ts';
import { openHome } from './home.ts';
import { tell } from './report.ts';

export const runBatch: Command = {
  summary: 'Compute and commit one mini-batch.',
  usage: 'ndr run-batch --input FOLDER [--at INSTANT]',
  examples: [
    'ndr run-batch --input logs/2026/03/02/20260302T1038',
    'ndr run-batch --input logs/2026/03/02/b17 --at 2026-03-02T10:40:05Z',
  ],
  flags: {
    input: { type: 'string', value: 'FOLDER', doc: 'Folder of the mini-batch: its name is the mini-batch id.' },
    at: { type: 'string', value: 'INSTANT', doc: 'When the mini-batch was announced; settles its slice anew.' },
  },
  run: (context) =>
    scope(async (onExit) => {
      const folder = miniBatchFolderOf(resolve(neededFlag(context, 'input', 'the folder of a mini-batch')));
      const at = instantFlag(context, 'at') ?? null;
      const { deps, spec, sliceRules } = await openHome(context, onExit);
      const outcome = await runMiniBatch(deps, { spec, folder, sliceRules, at });
      tell(outcome, context.terminal, context.flags['json'] === true);
      return outcome.is === 'poison' ? EXIT.failed : EXIT.done;
    }),
};
