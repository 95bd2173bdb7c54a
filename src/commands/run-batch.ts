import { markLater } from '../consumers/affected.ts';
import { runMiniBatch } from '../consumers/mini-batch.ts';
import type { CommittedOutcome, MiniBatchOutcome, SkippedOutcome } from '../consumers/outcome.ts';
import type { MiniBatchFolder } from '../consumers/settle-slice.ts';
import { scope } from '../lifecycle.ts';
import { formatInstant } from '../operators/time.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { instantFlag } from './flags.ts';
import { inputPlace, LAYOUT } from './folders.ts';
import { type Home, openHome } from './home.ts';
import { tell } from './report.ts';
import { reprocessingOf } from './reprocess.ts';

export const runBatch: Command = {
  summary: 'Compute and commit one mini-batch.',
  usage: 'ndr run-batch --input FOLDER [--at INSTANT]',
  examples: [
    'ndr run-batch --input logs/2026/03/02/20260302T1038',
    'ndr run-batch --input s3://raw/acme/2026/03/02/b17',
    'ndr run-batch --input logs/2026/03/02/b17 --at 2026-03-02T10:40:05Z',
  ],
  flags: {
    input: {
      type: 'string',
      value: 'FOLDER',
      doc: 'Folder of the mini-batch, or its address in S3: its name is the mini-batch id.',
    },
    at: {
      type: 'string',
      value: 'INSTANT',
      doc: 'When the mini-batch was delivered, after its last record; its slice, settled anew, is the last that had ended by then.',
    },
  },
  run: (context) =>
    scope(async (onExit) => {
      const at = instantFlag(context, 'at') ?? null;
      const input = await inputPlace(context, 'the folder of a mini-batch');
      const home = await openHome(context, onExit);
      const { deps, spec, sliceRules } = home;
      const folder = await miniBatchFolder(home, input);
      const run = (): Promise<MiniBatchOutcome> => runMiniBatch(deps, { spec, folder, sliceRules, at });
      const outcome = at === null ? await run() : await runAt(context, home, folder, at, run);
      tell(context, outcome);
      if (outcome.is === 'poison') return EXIT.failed;
      const affects = await affectsOf(home, outcome);
      return (await publishAgain(context, home, affects)) ? EXIT.done : EXIT.failed;
    }),
};

/** A time that was given holds from the commit on: a run that fails keeps none, and the next one settles the slice anew. */
async function runAt(
  context: CommandContext,
  { deps: { index }, spec: { project, featureSpecVersion: version } }: Home,
  { miniBatchId }: MiniBatchFolder,
  at: number,
  run: () => Promise<MiniBatchOutcome>,
): Promise<MiniBatchOutcome> {
  const before = await index.settledSlice(project, miniBatchId);
  let outcome: MiniBatchOutcome | undefined;
  try {
    outcome = await run();
  } finally {
    const isKept = outcome !== undefined && outcome.is !== 'poison';
    const batch = isKept ? undefined : await index.batch(project, version, miniBatchId);
    const isCommitted = before === undefined && (batch?.revision ?? 0) > 0;
    if (!isKept && !isCommitted) await index.withdraw(project, { miniBatchId, ts: at }, before, context.clock());
  }
  if (outcome.is !== 'poison' && !isJson(context))
    context.terminal.note(`its slice goes by --at ${formatInstant(at)}: the last that had ended by then`);
  return outcome;
}

type Cause = Pick<CommittedOutcome, 'miniBatchId' | 'affects' | 'lateMs'>;

/** What stands already may have been committed by a run that was killed before it marked what it changed. */
async function affectsOf({ deps, spec }: Home, outcome: CommittedOutcome | SkippedOutcome): Promise<Cause> {
  if (outcome.is === 'committed') return outcome;
  const stream = { project: spec.project, version: spec.featureSpecVersion };
  const { miniBatchIds, lateMs } = await markLater(deps.index, stream, outcome);
  return { miniBatchId: outcome.miniBatchId, affects: miniBatchIds, lateMs };
}

/** False if one of them failed. */
async function publishAgain(context: CommandContext, home: Home, cause: Cause): Promise<boolean> {
  const reprocessing = reprocessingOf(context, home);
  reprocessing.add(cause);
  let isWell = true;
  while (!context.stop.aborted) {
    const taken = await reprocessing.takeNext();
    if (taken === undefined) break;
    tell(context, taken);
    if (taken.is === 'poison' || taken.is === 'error') isWell = false;
  }
  return isWell;
}

/** A folder without data files would count as a mini-batch in which nothing happened. */
async function miniBatchFolder({ deps, readFolder }: Home, path: string): Promise<MiniBatchFolder> {
  if ((await deps.rawFiles.list(path)).length === 0) {
    throw new UsageError(
      `--input: ${path} holds no data file; ${LAYOUT}; for all mini-batches below a folder: ndr backfill --input ${path}`,
    );
  }
  const folder = readFolder(path);
  if ('fault' in folder) throw new UsageError(`--input: ${folder.fault}; rename the folder`);
  return folder;
}
