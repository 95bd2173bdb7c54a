import { type Announcer, openAnnouncer } from '../consumers/announcing.ts';
import type { HeldBack } from '../consumers/breakers.ts';
import { meteredQueue } from '../consumers/metered-queue.ts';
import { createPump, type PumpRules } from '../consumers/pump.ts';
import { type PumpMetrics, pumpMetrics } from '../consumers/pump-metrics.ts';
import type { PumpObserver, PumpPorts } from '../consumers/pump-ports.ts';
import { openReprocessing } from '../consumers/reprocessing.ts';
import { type StreamName, streamKey } from '../consumers/stream-name.ts';
import type { Stream } from '../consumers/take-mini-batch.ts';
import { DAY_MS } from '../operators/time.ts';
import { sweepSuperseded } from '../state/sweep.ts';
import type { CommandContext } from './command.ts';
import { openSinks } from './event-outlets.ts';
import { describeStrays, findMiniBatchFolders, type StrayFiles } from './folders.ts';
import type { Home } from './home.ts';
import type { Monitoring } from './monitoring.ts';
import type { Place } from './place.ts';
import { resultLine } from './report.ts';
import { affectedLine } from './reprocess.ts';
import type { ServeLog } from './serve-log.ts';

const LEAST_SWEEP_MS = 60_000;
/** All mini-batches there ever were are looked through so often, those of which revisions come otherwise each time. */
const WHOLE_SWEEP_MS = DAY_MS;
/** What a killed process was to publish again waits so long for another. */
const REFRESH_MS = 60_000;

/** Where mini-batches come from. */
export type MiniBatchSource = Pick<
  PumpPorts,
  'rawFiles' | 'queue' | 'bucketOfKeys' | 'route' | 'search' | 'open' | 'quarantine'
>;

export interface Serving {
  readonly place: Place;
  readonly source: MiniBatchSource;
  /** How often what comes is searched for. */
  readonly searchMs: number;
  readonly monitoring: Monitoring;
  readonly log: ServeLog;
  /** Tells where health and metrics are answered, before anything is taken; null: nowhere. */
  readonly onOpen?: (address: string | null) => void;
}

/** Takes mini-batches until the program is told to stop. False if what ran then did not end in time. */
export async function servePump(
  context: CommandContext,
  { place, source, searchMs, monitoring, log, onOpen = tellAddress(context) }: Serving,
  onExit: (undo: () => Promise<void>) => void,
): Promise<boolean> {
  const { clock, settings, stop } = context;
  const { meter } = monitoring;
  const { queue } = source;
  const metrics = pumpMetrics(meter, queue !== null, clock);
  const announcer = openAnnouncer(await openSinks(settings, onExit), meter, log.warn);
  const ports: PumpPorts = {
    ...source,
    queue: queue && meteredQueue(queue, meter, clock),
    open: openingOnce(source, metrics),
    announce: (stream, taken) => announce(announcer, stream, taken),
    reprocessing: (stream) =>
      openReprocessing(stream, {
        isOn: settings['order.reprocess_affected'],
        onLeft(ids, why) {
          metrics.left(nameOf(stream), ids.length);
          log.warn(affectedLine(ids, why), nameOf(stream));
        },
      }),
    sweep: sweeping(context, metrics, log),
    clock,
    random: Math.random,
  };
  const pump = createPump(ports, rulesOf(context, place, searchMs), observerOf(context, metrics, log));
  onOpen(await monitoring.open(pump, log.log, onExit));
  const { isDrained } = await pump.run(stop);
  if (!isDrained)
    log.warn(
      `what ran did not end within serve.drain_seconds (${settings['serve.drain_seconds']}); the next process does it again`,
    );
  return isDrained;
}

export const tellAddress =
  ({ terminal }: CommandContext) =>
  (address: string | null): void => {
    if (address !== null) terminal.note(`health and metrics: ${address}/readyz, ${address}/metrics`);
  };

const nameOf = ({ spec }: Pick<Stream, 'spec'>): StreamName => ({
  project: spec.project,
  version: spec.featureSpecVersion,
});

const announce = (announcer: Announcer, stream: Stream, taken: Parameters<PumpPorts['announce']>[1]): Promise<void> =>
  announcer.tellTaken(nameOf(stream), taken, stream.deps);

/** Opens streams; of each one's first opening the metrics hear, with where it stands. */
function openingOnce(source: MiniBatchSource, metrics: PumpMetrics): PumpPorts['open'] {
  const begun = new Set<string>();
  return async (name) => {
    const stream = await source.open(name);
    const key = streamKey(name);
    if (!begun.has(key)) {
      const newest = await stream.deps.index.newestCommitted(name.project, name.version);
      begun.add(key);
      metrics.began(name, newest?.sliceEnd);
    }
    return stream;
  };
}

/** Looks through a directory; everything in it belongs to the one project of the home. */
export function directoryPorts(context: CommandContext, home: Home, root: string): MiniBatchSource {
  const stream = nameOf(home);
  /** What was said of files that nobody reads, by how often it was so: what is gone the next time was on its way. */
  const sightings = new Map<string, number>();
  const tellStray = (stray: StrayFiles): void => {
    const text = describeStrays(stray);
    const before = sightings.get(text) ?? 0;
    sightings.set(text, before + 1);
    if (before === 1) context.terminal.note(`warning: ${text}`);
  };
  return {
    rawFiles: home.deps.rawFiles,
    queue: null,
    route: async () => ({ is: 'disabled' }),
    quarantine: async () => {},
    async search(isKnown) {
      const { folders, faults, strays } = await findMiniBatchFolders(context, root, (path) => isKnown(stream, path));
      for (const stray of strays) tellStray(stray);
      return {
        streams: [stream],
        folders: folders.map((path) => ({ stream, path, folder: home.readFolder(path) })),
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
    mostAtOnce: deps.parallel,
    refreshMs: REFRESH_MS,
    sweepMs: Math.max(settings['lake.gc_grace_seconds'] * 1000, LEAST_SWEEP_MS),
    recentMs: deps.keepMs,
    drainMs: settings['serve.drain_seconds'] * 1000,
    visibilitySeconds: settings['queue.visibility_seconds'],
  };
}

function sweeping({ settings, clock }: CommandContext, metrics: PumpMetrics, log: ServeLog): PumpPorts['sweep'] {
  const graceMs = settings['lake.gc_grace_seconds'] * 1000;
  const wholeAt = new Map<string, number>();
  return async (stream) => {
    const { lake, index, keepMs } = stream.deps;
    const name = nameOf(stream);
    const nowMs = clock();
    const isWhole = nowMs - (wholeAt.get(streamKey(name)) ?? Number.NEGATIVE_INFINITY) >= WHOLE_SWEEP_MS;
    const newest = isWhole ? undefined : await index.newestCommitted(name.project, name.version);
    const range = newest === undefined ? {} : { after: newest.sliceEnd - keepMs };
    const { removed, faults } = await sweepSuperseded({ lake, index, ...name, nowMs, graceMs, ...range });
    if (isWhole) wholeAt.set(streamKey(name), nowMs);
    metrics.swept(name, removed.length, faults.length);
    for (const fault of faults) log.warn(`superseded files stay: ${fault}`, name);
  };
}

/** What is refused waits for somebody who allows it: an error. */
function heldBackLine({ system, stream, why }: HeldBack): string {
  if (why === null) return `${system} does not answer: nothing is received or begun for a while`;
  const what = stream === null ? 'nothing is received or begun' : `nothing of ${stream} is begun`;
  return `error: ${why}; until then ${what} but what tries whether it is so, and no message is given up`;
}

function observerOf(context: CommandContext, metrics: PumpMetrics, log: ServeLog): PumpObserver {
  const { terminal } = context;
  return {
    ...metrics,
    turned(state) {
      metrics.turned(state);
      const { arriving } = state.folders();
      terminal.progress(arriving === 0 ? '' : `${arriving} mini-batches still arriving`);
    },
    taken(stream, taken, how) {
      metrics.taken(stream, taken, how);
      log.taken(stream, taken);
      // After a restart everything is looked at once more: what stands is no news.
      if (taken.is !== 'skipped') terminal.out(resultLine(context, taken));
    },
    forced(stream, why, text) {
      metrics.forced(stream, why, text);
      log.warn(text, stream);
    },
    heldBack(held) {
      metrics.heldBack(held);
      log.warn(heldBackLine(held));
    },
    warn: log.warn,
  };
}
