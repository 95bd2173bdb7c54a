import { createPump, type PumpRules } from '../consumers/pump.ts';
import type { PumpObserver, PumpPorts } from '../consumers/pump-ports.ts';
import type { Stream } from '../consumers/take-mini-batch.ts';
import { scope } from '../lifecycle.ts';
import { sweepSuperseded } from '../state/sweep.ts';
import { type Command, type CommandContext, EXIT } from './command.ts';
import { findMiniBatchFolders, inputFolder } from './folders.ts';
import { type Home, openHome } from './home.ts';
import { tell } from './report.ts';
import { reprocessingOf } from './reprocess.ts';

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
      const pump = createPump(directoryPorts(context, home, root), pumpRules(context, home), observerOf(context));
      const { isDrained } = await pump.run(context.stop);
      context.terminal.note('stopped');
      return isDrained ? EXIT.done : EXIT.failed;
    }),
};

const LEAST_SWEEP_MS = 60_000;
const REFRESH_MS = 900_000;

function pumpRules({ settings }: CommandContext, { deps }: Pick<Home, 'deps'>): PumpRules {
  const pollMs = settings['serve.poll_seconds'] * 1000;
  return {
    pollMs,
    searchMs: pollMs,
    recheckMs: settings['completeness.recheck_seconds'] * 1000,
    marker: settings['completeness.marker'],
    settleMs: settings['completeness.settle_seconds'] * 1000,
    maxWaitMs: settings['completeness.max_wait_seconds'] * 1000,
    orderWaitMs: settings['order.wait_seconds'] * 1000,
    mostBytes: settings['serve.max_bytes_in_flight'],
    refreshMs: REFRESH_MS,
    sweepMs: Math.max(settings['lake.gc_grace_seconds'] * 1000, LEAST_SWEEP_MS),
    recentMs: deps.keepMs,
    drainMs: settings['serve.drain_seconds'] * 1000,
    visibilitySeconds: settings['queue.visibility_seconds'],
  };
}

/** Looks through a directory; everything in it belongs to the one project of the settings. */
function directoryPorts(context: CommandContext, home: Home, root: string): PumpPorts {
  const { clock } = context;
  const { project, featureSpecVersion: version } = home.spec;
  const stream = { project, version };
  return {
    rawFiles: home.deps.rawFiles,
    queue: null,
    route: async () => ({ is: 'disabled' }),
    announce: async () => {},
    quarantine: async () => {},
    async search(isKnown) {
      const { folders, faults } = await findMiniBatchFolders(context, root, (path) => isKnown(stream, path));
      return { folders: folders.map((path) => ({ stream, path })), faults: faults.map((fault) => `error: ${fault}`) };
    },
    open: async () => home,
    reprocessing: (of) => reprocessingOf(context, of),
    sweep: (of) => sweep(context, of),
    clock,
    random: Math.random,
  };
}

/** Removes superseded files. A sweep that fails is told, and made again the next time. */
async function sweep({ settings, clock, terminal }: CommandContext, { deps, spec }: Stream): Promise<void> {
  const graceMs = settings['lake.gc_grace_seconds'] * 1000;
  const { lake, index } = deps;
  const { project, featureSpecVersion: version } = spec;
  const { faults } = await sweepSuperseded({ lake, index, project, version, nowMs: clock(), graceMs });
  for (const fault of faults) terminal.note(`warning: superseded files stay: ${fault}`);
}

function observerOf(context: CommandContext): PumpObserver {
  const { terminal } = context;
  return {
    taken(_stream, taken) {
      // After a restart everything is looked at once more: what stands is no news.
      if (taken.is !== 'skipped') tell(context, taken);
    },
    warn: (text) => terminal.note(text.startsWith('error: ') ? text : `warning: ${text}`),
    arriving: (count) => terminal.progress(count === 0 ? '' : `${count} mini-batches still arriving`),
  };
}
