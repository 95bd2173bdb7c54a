import { setTimeout as pause } from 'node:timers/promises';
import type { PlannedMiniBatch } from '../state/batch-index.ts';
import { Unavailable } from '../state/unavailable.ts';
import { type BackOff, backOffMs } from './backoff.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import type { HeldMessage, MessageLedger } from './message-ledger.ts';
import { Overtaken } from './outcome.ts';
import { type PumpObserver, type PumpPorts, type StreamName, streamKey } from './pump-ports.ts';
import { describeGone, goneFiles } from './raw-presence.ts';
import type { Reprocessing } from './reprocessing.ts';
import { DAY } from './standing.ts';
import { isHeldBack, lineOf } from './stream-line.ts';
import { type Stream, type Taken, take } from './take-mini-batch.ts';
import { folderKey, hasEnded, hasFailed, type TrackedFolder } from './tracked-folder.ts';

export interface LaneRules {
  readonly pollMs: number;
  readonly recheckMs: number;
  readonly orderWaitMs: number;
  readonly mostBytes: number;
  /** How often affected mini-batches of other runs are looked for, and superseded files. */
  readonly refreshMs: number;
  readonly sweepMs: number;
  /** Slices behind the newest in which affected ones are looked for. */
  readonly recentMs: number;
}

/** What lanes share with the pump. */
interface Shared {
  readonly folders: ReadonlyMap<string, TrackedFolder>;
  readonly ledger: MessageLedger;
  readonly onEnd: () => void;
}

/** The streams, each of which takes one mini-batch at a time. */
export interface Lanes {
  know(stream: StreamName): void;
  /** undefined: its specs cannot be read now. */
  streamOf(tracked: TrackedFolder): Stream | undefined;
  /** Starts what may start; does not wait for its end. */
  start(): Promise<void>;
  /** Whether a dependency is down, so that nothing should be asked for. */
  isShut(): boolean;
  /** Counts a failure that a dependency caused. */
  met(error: unknown): void;
  /** Whether a dependency was down, and one folder may try whether it still is. */
  isTrying(): boolean;
  /** A dependency answers, or all do. */
  wentWell(system?: string): void;
  openBreakers(): readonly string[];
  /** Waits for what runs, at most so long. False if some of it still does. */
  drain(ms: number): Promise<boolean>;
}

interface Lane {
  readonly name: StreamName;
  stream: Stream | undefined;
  reprocessing: Reprocessing | undefined;
  running: Promise<void> | undefined;
  runningBytes: number;
  refreshDue: number;
  sweepDue: number;
  hasRefreshed: boolean;
  openDue: number;
  /** What was told last of specs that cannot be read. */
  fault: string;
}

/** So many errors in a row that no dependency caused will not pass by themselves. */
const MOST_ERRORS = 5;
const MOST_BACK_OFF_MS = 60_000;
/** Specs are read again after so long. */
const REOPEN_MS = 60_000;

export function createLanes(ports: PumpPorts, rules: LaneRules, observer: PumpObserver, shared: Shared): Lanes {
  const { clock, random } = ports;
  const lanes = new Map<string, Lane>();
  const breakers = new Map<string, Breaker>();
  /** What ended and is being told. */
  const tellings = new Set<Promise<void>>();
  let isDraining = false;

  const met = (error: unknown): void => {
    if (!(error instanceof Unavailable)) return;
    const breaker = breakers.get(error.system) ?? createBreaker(random);
    breakers.set(error.system, breaker);
    breaker.failed(clock());
  };
  const wentWell = (one?: string): void => {
    for (const [system, breaker] of breakers) if (one === undefined || one === system) breaker.succeeded();
  };
  const worstBreaker = (): 'closed' | 'open' | 'half_open' => {
    const states = [...breakers.values()].map((breaker) => breaker.state(clock()));
    return states.includes('open') ? 'open' : states.includes('half_open') ? 'half_open' : 'closed';
  };
  const isBusy = (): boolean => [...lanes.values()].some(({ running }) => running !== undefined);
  const backOff = (failures: number): number => {
    const bounds: BackOff = {
      leastMs: 2 * rules.pollMs,
      mostMs: Math.max(rules.pollMs, Math.min(MOST_BACK_OFF_MS, rules.recheckMs)),
    };
    return backOffMs(failures, bounds, random());
  };
  const foldersOf = (lane: Lane): TrackedFolder[] =>
    [...shared.folders.values()].filter(({ stream }) => stream === streamKey(lane.name));

  /** The stream with its specs as they were read at most a minute ago. */
  const open = async (lane: Lane): Promise<Stream | undefined> => {
    if (lane.stream !== undefined && clock() < lane.openDue) return lane.stream;
    try {
      const stream = await ports.open(lane.name);
      lane.openDue = clock() + REOPEN_MS;
      if (stream !== lane.stream) lane.reprocessing = ports.reprocessing(stream);
      lane.stream = stream;
    } catch (error) {
      met(error);
      lane.openDue = clock() + rules.pollMs;
      const text = `specs cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      if (text !== lane.fault) observer.warn(text, lane.name);
      lane.fault = text;
    }
    return lane.stream;
  };

  const end = (
    lane: Lane,
    stream: Stream,
    tracked: TrackedFolder,
    taken: Taken,
    messages: readonly HeldMessage[],
  ): void => {
    const now = clock();
    observer.taken(lane.name, taken);
    if (taken.is !== 'error') {
      wentWell();
      hasEnded(tracked, now, rules.recheckMs);
      if (taken.is === 'committed') lane.reprocessing?.add(taken);
      const isUntold =
        taken.is === 'committed' || taken.is === 'poison' || (taken.is === 'skipped' && messages.length > 0);
      const telling = (isUntold ? ports.announce(stream, taken) : Promise.resolve()).finally(() => {
        tellings.delete(telling);
        shared.ledger.end(folderKey(tracked), messages, taken.is === 'poison' ? taken.why : null);
        shared.onEnd();
      });
      tellings.add(telling);
      return;
    }
    met(taken.error);
    hasFailed(tracked, now + backOff(tracked.failures + 1));
    if (mayPass(taken.error) || tracked.failures < MOST_ERRORS) return;
    const why = taken.error instanceof Error ? taken.error.message : String(taken.error);
    shared.ledger.end(folderKey(tracked), messages, `failed ${tracked.failures} times: ${why}`);
  };

  const run = async (lane: Lane, stream: Stream, tracked: TrackedFolder): Promise<void> => {
    const messages = shared.ledger.waitingFor(folderKey(tracked));
    tracked.isWanted = false;
    const { candidate, announced } = tracked;
    const gone = await goneOf(stream, tracked);
    if (gone.length > 0) {
      observer.warn(describeGone(gone, tracked.path), lane.name);
      hasEnded(tracked, clock(), rules.recheckMs);
      return shared.ledger.end(folderKey(tracked), messages, null);
    }
    const taken = await take(stream, candidate, { leavesAffected: true, ...(announced !== null && { announced }) });
    end(lane, stream, tracked, taken, messages);
  };

  /** Runs `work` as the one thing that the lane does. */
  const occupy = (lane: Lane, bytes: number, work: () => Promise<void>): void => {
    lane.runningBytes = bytes;
    lane.running = work()
      .catch((error: unknown) => {
        met(error);
        observer.warn(error instanceof Error ? error.message : String(error), lane.name);
      })
      .finally(() => {
        lane.running = undefined;
        lane.runningBytes = 0;
        shared.onEnd();
      });
  };

  const elsewhereOf = async ({ deps, spec }: Stream, tracked: TrackedFolder): Promise<readonly PlannedMiniBatch[]> => {
    const { sliceEnd } = tracked.candidate;
    if (sliceEnd === null || clock() - tracked.readySince >= rules.orderWaitMs) return [];
    return deps.index.planned(spec.project, spec.featureSpecVersion, sliceEnd - DAY, sliceEnd);
  };

  /** What a lane does when no mini-batch is ready: publishes affected ones again, or tidies up. */
  const idle = (lane: Lane, stream: Stream): void => {
    const { reprocessing } = lane;
    if (reprocessing === undefined) return;
    if (clock() >= lane.refreshDue) {
      const recentMs = lane.hasRefreshed ? rules.recentMs : undefined;
      // Should it fail.
      lane.refreshDue = clock() + MOST_BACK_OFF_MS;
      occupy(lane, 0, async () => {
        await reprocessing.refresh(recentMs);
        lane.hasRefreshed = true;
        lane.refreshDue = clock() + rules.refreshMs;
      });
      return;
    }
    if (reprocessing.isEmpty()) {
      if (clock() < lane.sweepDue) return;
      lane.sweepDue = clock() + rules.sweepMs;
      occupy(lane, 0, () => ports.sweep(stream));
      return;
    }
    occupy(lane, 0, async () => {
      const taken = await reprocessing.takeNext();
      if (taken === undefined) return;
      if (taken.is === 'error') {
        met(taken.error);
        // It is forgotten now, and found again.
        lane.refreshDue = Math.min(lane.refreshDue, clock() + MOST_BACK_OFF_MS);
      }
      if (taken.is === 'committed') await ports.announce(stream, taken);
      if (taken.is !== 'skipped') observer.taken(lane.name, taken);
    });
  };

  const startOne = async (lane: Lane): Promise<void> => {
    const stream = await open(lane);
    if (stream === undefined || lane.running !== undefined) return;
    const mine = foldersOf(lane);
    const [first] = lineOf(mine);
    if (first === undefined) return idle(lane, stream);
    const others = mine.filter((other) => other !== first);
    const elsewhere = await elsewhereOf(stream, first);
    if (isHeldBack(first, others, elsewhere, clock(), rules.orderWaitMs)) return;
    const bytesInWork = [...lanes.values()].reduce((sum, { runningBytes }) => sum + runningBytes, 0);
    if (isBusy() && bytesInWork + first.bytes > rules.mostBytes) return;
    first.state = 'running';
    occupy(lane, first.bytes, () => run(lane, stream, first));
  };

  return {
    know(name) {
      const key = streamKey(name);
      if (lanes.has(key)) return;
      const now = clock();
      lanes.set(key, {
        name,
        stream: undefined,
        reprocessing: undefined,
        running: undefined,
        runningBytes: 0,
        refreshDue: now,
        sweepDue: now + rules.sweepMs,
        hasRefreshed: false,
        openDue: now,
        fault: '',
      });
    },
    streamOf: ({ stream }) => lanes.get(stream)?.stream,
    isShut: () => worstBreaker() === 'open',
    isTrying: () => worstBreaker() === 'half_open',
    met,
    wentWell,
    openBreakers: () =>
      [...breakers].flatMap(([system, breaker]) => (breaker.state(clock()) === 'closed' ? [] : [system])),
    async start() {
      for (const lane of lanes.values()) {
        const shut = worstBreaker();
        if (isDraining || shut === 'open' || (shut === 'half_open' && isBusy())) return;
        try {
          await startOne(lane);
        } catch (error) {
          met(error);
          observer.warn(error instanceof Error ? error.message : String(error), lane.name);
        }
      }
    },
    async drain(ms) {
      isDraining = true;
      const running = [...lanes.values()].flatMap(({ running }) => (running === undefined ? [] : [running]));
      const over = new AbortController();
      const late = pause(ms, 'late' as const, { signal: over.signal }).catch(() => 'late' as const);
      const end = await Promise.race([Promise.all(running).then(() => Promise.all(tellings)), late]);
      over.abort();
      return end !== 'late';
    },
  };
}

/** Errors that say nothing of the mini-batch itself. */
const mayPass = (error: unknown): boolean => error instanceof Unavailable || error instanceof Overtaken;

/** Files that were committed and are not there any more: somebody clears old logs away, which must not empty the lake. */
async function goneOf({ deps, spec }: Stream, { path, candidate }: TrackedFolder): Promise<string[]> {
  try {
    const batch = await deps.index.batch(spec.project, spec.featureSpecVersion, candidate.miniBatchId);
    return await goneFiles(deps.rawFiles, batch, path);
  } catch {
    // Whatever it was, taking the mini-batch meets it again and tells.
    return [];
  }
}
