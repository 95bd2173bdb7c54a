import { setTimeout as pause } from 'node:timers/promises';
import { scope } from '../lifecycle.ts';
import { listRawFiles } from '../state/raw-files.ts';
import { sweepSuperseded } from '../state/sweep.ts';
import { type ArrivalWatch, watchArrivals } from './arrivals.ts';
import { type Command, type CommandContext, EXIT } from './command.ts';
import { inputFolder } from './folders.ts';
import { type Home, openHome } from './home.ts';
import { tell } from './report.ts';
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

/**
 * Looks, takes what is complete in order, pauses, and looks again, until told to stop. Nothing that one folder does ends
 * this: what fails is told and left until its files change, what meets an error is tried again, ever later.
 */
async function watch(context: CommandContext, home: Home, root: string): Promise<void> {
  const { settings, stop, terminal } = context;
  const arrivals = watchArrivals(context, root);
  const sweep = sweeper(context, home);
  const say = onceEach(terminal.note);
  while (!stop.aborted) {
    const { ready, arriving, faults } = await arrivals.look();
    say(faults.map((fault) => `error: ${fault}; it is looked at again`));
    const queue = await inSliceOrder(context, home, ready);
    for (const candidate of withoutHeld(queue, arriving, arrivals)) {
      if (stop.aborted) return;
      await takeOne(context, home, candidate, arrivals);
    }
    await sweep();
    terminal.progress(arriving.length === 0 ? '' : `${arriving.length} mini-batches still arriving`);
    await pause(settings['serve.poll_seconds'] * 1000, undefined, { signal: stop }).catch(() => {});
  }
}

async function takeOne(
  context: CommandContext,
  home: Home,
  candidate: Candidate,
  arrivals: ArrivalWatch,
): Promise<void> {
  const gone = await goneFiles(home, candidate);
  if (gone.length > 0) {
    const [first] = gone;
    const others = gone.length > 1 ? ` and ${gone.length - 1} others` : '';
    context.terminal.note(
      `warning: ${candidate.path}: ${first}${others} went away since they were committed; what was committed stands. ` +
        `To commit the mini-batch without: ndr run-batch --input ${candidate.path}`,
    );
    return arrivals.taken(candidate.path);
  }
  const taken = await take(home, candidate);
  if (taken.is === 'error') arrivals.failed(candidate.path);
  else arrivals.taken(candidate.path);
  // After a restart everything is looked at once more: what stands is no news.
  if (taken.is !== 'skipped') tell(context, taken);
}

/** Files that were committed and are not there any more: somebody clears old logs away, which must not empty the lake. */
async function goneFiles({ deps, spec }: Home, { path, miniBatchId }: Candidate): Promise<string[]> {
  try {
    const batch = await deps.index.batch(spec.project, spec.featureSpecVersion, miniBatchId);
    const names = new Set((await listRawFiles(path)).map(({ name }) => name));
    return Object.keys(batch?.inputs ?? {}).filter((name) => !names.has(name));
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

/** Says each line when it first comes up; one that went away may be said again. */
function onceEach(note: (line: string) => void): (lines: readonly string[]) => void {
  let said = new Set<string>();
  return (lines) => {
    for (const line of lines) if (!said.has(line)) note(line);
    said = new Set(lines);
  };
}
