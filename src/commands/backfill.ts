import { type MiniBatchDeps, runMiniBatch, settle } from '../consumers/mini-batch.ts';
import type { MiniBatchOutcome } from '../consumers/outcome.ts';
import { type MiniBatchFolder, miniBatchFolderOf } from '../consumers/settle-slice.ts';
import { scope } from '../lifecycle.ts';
import { compareKeys } from '../state/key-order.ts';
import { type Command, type CommandContext, EXIT, instantFlag, neededFlag } from './command.ts';
import { findMiniBatchFolders } from './folders.ts';
import { type Home, openHome } from './home.ts';
import { progressLine, tell } from './report.ts';

export const backfill: Command = {
  summary: 'Compute every mini-batch folder below a root, in order; resumes where it was stopped.',
  usage: 'ndr backfill --input ROOT [--from INSTANT] [--to INSTANT]',
  examples: ['ndr backfill --input logs', 'ndr backfill --input logs --from 2026-03-01 --to 2026-04-01'],
  flags: {
    input: { type: 'string', value: 'ROOT', doc: 'Folder below which the mini-batches lie.' },
    from: { type: 'string', value: 'INSTANT', doc: 'Leave out slices that end before.' },
    to: { type: 'string', value: 'INSTANT', doc: 'Leave out slices that end at it or later.' },
  },
  run: (context) =>
    scope(async (onExit) => {
      const root = neededFlag(context, 'input', 'the folder below which the mini-batches lie');
      const from = instantFlag(context, 'from') ?? Number.NEGATIVE_INFINITY;
      const to = instantFlag(context, 'to') ?? Number.POSITIVE_INFINITY;
      const home = await openHome(context, onExit);
      const report = await backfillFolders(context, home, await findMiniBatchFolders(root), from, to);
      const { terminal } = context;
      if (context.flags['json'] === true) terminal.out(JSON.stringify({ summary: report.counts }));
      else {
        const { committed, unchanged, skipped, failed } = report.counts;
        terminal.out(`${committed} committed, ${unchanged} unchanged, ${skipped} as they were, ${failed} failed`);
        terminal.out(`lake: ${home.lakeFolder}`);
      }
      if (report.isStopped) terminal.note('stopped; run the same command again to go on');
      return report.counts.failed > 0 || report.isStopped ? EXIT.failed : EXIT.done;
    }),
};

export interface BackfillReport {
  readonly counts: { committed: number; unchanged: number; skipped: number; failed: number };
  readonly lines: number;
  readonly isStopped: boolean;
}

/** Settles all slices first, since order is by slice, then takes the mini-batches one after the other. */
export async function backfillFolders(
  context: CommandContext,
  home: Home,
  paths: readonly string[],
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): Promise<BackfillReport> {
  const { terminal, clock, stop } = context;
  const counts = { committed: 0, unchanged: 0, skipped: 0, failed: 0 };
  const isJson = context.flags['json'] === true;
  const isQuiet = context.flags['quiet'] === true;
  let lines = 0;
  const count = (outcome: MiniBatchOutcome): void => {
    counts[outcome.is === 'poison' ? 'failed' : outcome.is]++;
    if ('lines' in outcome) lines += outcome.lines;
    if (!isQuiet || outcome.is === 'poison') tell(outcome, terminal, isJson);
  };
  const ordered = await orderFolders(context, home, paths.map(miniBatchFolderOf));
  const wanted = ordered.filter(({ sliceEnd }) => sliceEnd >= from && sliceEnd < to);
  const begun = clock();
  for (const [done, { folder }] of wanted.entries()) {
    if (stop.aborted) return { counts, lines, isStopped: true };
    terminal.progress(progressLine(done, wanted.length, lines, clock() - begun));
    const { spec, sliceRules, deps } = home;
    count(await runMiniBatch(deps, { spec, folder, sliceRules }));
  }
  terminal.progress('');
  return { counts, lines, isStopped: stop.aborted };
}

interface OrderedFolder {
  readonly folder: MiniBatchFolder;
  /** -Infinity: a slice that cannot be settled, which fails when its turn comes. */
  readonly sliceEnd: number;
}

/** Folders by (slice_end, mini_batch_id). */
export async function orderFolders(
  { terminal, stop }: Pick<CommandContext, 'terminal' | 'stop'>,
  { deps, spec, sliceRules }: { deps: MiniBatchDeps } & Pick<Home, 'spec' | 'sliceRules'>,
  folders: readonly MiniBatchFolder[],
): Promise<OrderedFolder[]> {
  const ordered: OrderedFolder[] = [];
  for (const [done, folder] of folders.entries()) {
    if (stop.aborted) break;
    terminal.progress(`putting mini-batches in order, ${done} of ${folders.length}`);
    const slice = await settle(deps, { spec, folder, sliceRules });
    ordered.push({ folder, sliceEnd: 'fault' in slice ? Number.NEGATIVE_INFINITY : slice.sliceEnd });
  }
  terminal.progress('');
  return ordered.sort((a, b) => a.sliceEnd - b.sliceEnd || compareKeys(a.folder.miniBatchId, b.folder.miniBatchId));
}
