import { createPump, type PumpRules } from '../consumers/pump.ts';
import type { PumpObserver, PumpPorts } from '../consumers/pump-ports.ts';
import type { Stream } from '../consumers/take-mini-batch.ts';
import { sweepSuperseded } from '../state/sweep.ts';
import type { CommandContext } from './command.ts';
import { findMiniBatchFolders } from './folders.ts';
import type { Home } from './home.ts';
import type { Place } from './place.ts';
import { tell } from './report.ts';
import { reprocessingOf } from './reprocess.ts';

const LEAST_SWEEP_MS = 60_000;
const REFRESH_MS = 900_000;

/** Where mini-batches come from. */
export type MiniBatchSource = Pick<PumpPorts, 'rawFiles' | 'queue' | 'route' | 'search' | 'open' | 'quarantine'>;

/** Takes mini-batches until the program is told to stop. False if what ran then did not end in time. */
export async function servePump(
  context: CommandContext,
  place: Place,
  source: MiniBatchSource,
  searchMs: number,
  _onExit: (undo: () => Promise<void>) => void,
): Promise<boolean> {
  const ports: PumpPorts = {
    ...source,
    announce: async () => {},
    reprocessing: (stream) => reprocessingOf(context, stream),
    sweep: (stream) => sweep(context, stream),
    clock: context.clock,
    random: Math.random,
  };
  const pump = createPump(ports, rulesOf(context, place, searchMs), observerOf(context));
  const { isDrained } = await pump.run(context.stop);
  return isDrained;
}

/** Looks through a directory; everything in it belongs to the one project of the home. */
export function directoryPorts(context: CommandContext, home: Home, root: string): MiniBatchSource {
  const { project, featureSpecVersion: version } = home.spec;
  const stream = { project, version };
  return {
    rawFiles: home.deps.rawFiles,
    queue: null,
    route: async () => ({ is: 'disabled' }),
    quarantine: async () => {},
    async search(isKnown) {
      const { folders, faults } = await findMiniBatchFolders(context, root, (path) => isKnown(stream, path));
      return {
        streams: [stream],
        folders: folders.map((path) => ({ stream, path })),
        faults: faults.map((fault) => `error: ${fault}`),
      };
    },
    open: async () => home,
  };
}

function rulesOf({ settings }: CommandContext, { deps }: Place, searchMs: number): PumpRules {
  return {
    pollMs: settings['serve.poll_seconds'] * 1000,
    searchMs,
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
