import { runMiniBatch } from '../consumers/mini-batch.ts';
import { type MiniBatchFolder, miniBatchFolderOf } from '../consumers/settle-slice.ts';
import { scope } from '../lifecycle.ts';
import { listRawFiles } from '../state/raw-files.ts';
import { type Command, EXIT, UsageError } from './command.ts';
import { instantFlag } from './flags.ts';
import { inputFolder, LAYOUT } from './folders.ts';
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
      const at = instantFlag(context, 'at') ?? null;
      const folder = await miniBatchFolder(await inputFolder(context, 'the folder of a mini-batch'));
      const { deps, spec, sliceRules } = await openHome(context, onExit);
      const outcome = await runMiniBatch(deps, { spec, folder, sliceRules, at });
      tell(context, outcome);
      return outcome.is === 'poison' ? EXIT.failed : EXIT.done;
    }),
};

/** A folder without data files would count as a mini-batch in which nothing happened. */
async function miniBatchFolder(path: string): Promise<MiniBatchFolder> {
  if ((await listRawFiles(path)).length === 0) {
    throw new UsageError(
      `--input: ${path} holds no data file; ${LAYOUT}; for all mini-batches below a folder: ndr backfill --input ${path}`,
    );
  }
  try {
    return miniBatchFolderOf(path);
  } catch (error) {
    throw new UsageError(`--input: ${(error as Error).message}; rename the folder`);
  }
}
