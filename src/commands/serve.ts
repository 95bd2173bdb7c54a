import { setTimeout as pause } from 'node:timers/promises';
import { describeGone, goneFiles } from '../consumers/raw-presence.ts';
import { scope } from '../lifecycle.ts';
import { sweepSuperseded } from '../state/sweep.ts';
import { type ArrivalWatch, watchArrivals } from './arrivals.ts';
import { type Command, type CommandContext, EXIT } from './command.ts';
import { inputFolder } from './folders.ts';
import { type Home, openHome } from './home.ts';
import { tell } from './report.ts';
import { openReprocessing, type Reprocessing } from './reprocess.ts';
import { type Candidate, inSliceOrder, take } from './slice-order.ts';

export const serve: Command = {
  summary: 'Watch a directory and commit every mini-batch as it becomes complete, until stopped.',
  usage: 'ndr serve --input ROOT',
  examples: ['ndr serve --input /var/spool/firewall', 'NDR_COMPLETENESS_MARKER=_SUCCESS ndr serve --input logs'],
  flags: {
    input: {
      type: 'string',
      value: 'ROOT',
      doc: 'Folder below which mini-batches arrive; the settings completeness.* say when one is complete.',
    },
  },
  run: (context) =>
    scope(async (onExit) => {
      const root = await inputFolder(context, 'the folder below which mini-batches arrive');
      const home = await openHome(context, onExit);
      context.terminal.note(`watching ${root}; lake: ${home.lakeFolder}; stop with Ctrl-C`);
      await watch(context, home, root);
      context.terminal.note('stopped');
      return EXIT.done;
    }),
};

/** How long a mini-batch waits for one before it whose files still come: a window should not miss what is nearly there. */
const ORDER_WAIT_MS = 120_000;
const LEAST_SWEEP_MS = 60_000;
const REFRESH_MS = 900_000;

/**
 * Looks, takes what is complete in order, pauses, and looks again, until told to stop. Nothing that one folder does ends
 * this: what fails is told and left until its files change, what meets an error is tried again, ever later.
 */
async function watch(context: CommandContext, home: Home, root: string): Promise<void> {
  const { settings, stop, terminal, clock } = context;
  const pollMs = settings['serve.poll_seconds'] * 1000;
  const arrivals = watchArrivals(context, home.deps.rawFiles, root);
  const sweep = sweeper(context, home);
  const reprocessing = openReprocessing(context, home);
  const refresh = refresher(context, reprocessing, home.deps.keepMs);
  const say = onceEach(terminal.note);
  while (!stop.aborted) {
    const lookedAt = clock();
    const { ready, arriving, faults } = await arrivals.look();
    say(faults.map((fault) => `error: ${fault}; it is looked at again`));
    const queue = await inSliceOrder(context, home, ready);
    for (const candidate of withoutHeld(queue, arriving, arrivals)) {
      if (stop.aborted) return;
      await takeOne(context, home, candidate, arrivals, reprocessing);
    }
    await refresh();
    const isAllAgain = await takeAffected(context, reprocessing, lookedAt + pollMs);
    await sweep();
    terminal.progress(arriving.length === 0 ? '' : `${arriving.length} mini-batches still arriving`);
    if (isAllAgain) await pause(pollMs, undefined, { signal: stop }).catch(() => {});
  }
}

/** Publishes affected mini-batches again until it is time to look for new ones; false if some are left. */
async function takeAffected(context: CommandContext, reprocessing: Reprocessing, until: number): Promise<boolean> {
  while (!context.stop.aborted) {
    const taken = await reprocessing.takeNext();
    if (taken === undefined) return true;
    if (taken.is !== 'skipped') tell(context, taken);
    if (context.clock() >= until) return false;
  }
  return false;
}

async function takeOne(
  context: CommandContext,
  home: Home,
  candidate: Candidate,
  arrivals: ArrivalWatch,
  reprocessing: Pick<Reprocessing, 'add'>,
): Promise<void> {
  const gone = await goneOf(home, candidate);
  if (gone.length > 0) {
    context.terminal.note(`warning: ${describeGone(gone, candidate.path)}`);
    return arrivals.taken(candidate.path);
  }
  const taken = await take(home, candidate, { leavesAffected: true });
  if (taken.is === 'error') arrivals.failed(candidate.path);
  else arrivals.taken(candidate.path);
  // After a restart everything is looked at once more: what stands is no news.
  if (taken.is !== 'skipped') tell(context, taken);
  if (taken.is === 'committed') reprocessing.add(taken);
}

/** Files that were committed and are not there any more: somebody clears old logs away, which must not empty the lake. */
async function goneOf({ deps, spec }: Home, { path, miniBatchId }: Candidate): Promise<string[]> {
  try {
    const batch = await deps.index.batch(spec.project, spec.featureSpecVersion, miniBatchId);
    return await goneFiles(deps.rawFiles, batch, path);
  } catch {
    // Whatever it was, taking the mini-batch meets it again and tells.
    return [];
  }
}

/** The candidates before the first one that has to wait; those behind it wait too, or the order would be lost. */
function withoutHeld(
  queue: readonly Candidate[],
  arriving: readonly string[],
  arrivals: Pick<ArrivalWatch, 'readyFor'>,
): readonly Candidate[] {
  const isHeld = ({ path }: Candidate): boolean =>
    arrivals.readyFor(path) < ORDER_WAIT_MS && arriving.some((other) => dayAndName(other) < dayAndName(path));
  const held = queue.findIndex(isHeld);
  return held < 0 ? queue : queue.slice(0, held);
}

/** `YYYY/MM/DD/<mini-batch>`: the slice of a folder that still fills cannot be known, but days and names tell enough. */
const dayAndName = (path: string): string => path.split('/').slice(-4).join('/');

/** Removes superseded files now and then. A sweep that fails is told, and made again the next time. */
function sweeper({ settings, clock, terminal }: CommandContext, { deps, spec }: Home): () => Promise<void> {
  const graceMs = settings['lake.gc_grace_seconds'] * 1000;
  const { lake, index } = deps;
  const { project, featureSpecVersion: version } = spec;
  let last = clock();
  return async () => {
    if (clock() - last < Math.max(graceMs, LEAST_SWEEP_MS)) return;
    last = clock();
    try {
      const { faults } = await sweepSuperseded({ lake, index, project, version, nowMs: clock(), graceMs });
      for (const fault of faults) terminal.note(`warning: superseded files stay: ${fault}`);
    } catch (error) {
      terminal.note(`warning: superseded files stay: ${String(error)}`);
    }
  };
}

/** Looks for affected mini-batches that a killed run left, at the start, and now and then for those of another run. */
function refresher(
  { clock, terminal }: CommandContext,
  { refresh }: Pick<Reprocessing, 'refresh'>,
  recentMs: number,
): () => Promise<void> {
  let due = Number.NEGATIVE_INFINITY;
  let isFirst = true;
  return async () => {
    if (clock() < due) return;
    due = clock() + REFRESH_MS;
    try {
      await refresh(isFirst ? undefined : recentMs);
      isFirst = false;
    } catch (error) {
      terminal.note(`warning: affected mini-batches could not be looked for: ${String(error)}; it is tried again`);
    }
  };
}

/** Says each line when it first comes up; one that went away may be said again. */
function onceEach(note: (line: string) => void): (lines: readonly string[]) => void {
  let said = new Set<string>();
  return (lines) => {
    for (const line of lines) if (!said.has(line)) note(line);
    said = new Set(lines);
  };
}
