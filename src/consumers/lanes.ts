import { setTimeout as pause } from 'node:timers/promises';
import { isOfSystem } from '../state/refused.ts';
import { type BackOff, backOffMs } from './backoff.ts';
import { type Breakers, createBreakers } from './breakers.ts';
import { type Lane, openLane } from './lane.ts';
import type { HeldMessage, MessageLedger } from './message-ledger.ts';
import { isTakenInHand, plannedBefore } from './other-workers.ts';
import { Overtaken } from './outcome.ts';
import type { PumpObserver, PumpPorts, PumpState } from './pump-ports.ts';
import { describeGone, goneOf } from './raw-presence.ts';
import { lineOf, oneToTry, turnOf } from './stream-line.ts';
import { type StreamName, streamKey } from './stream-name.ts';
import { type Stream, type Taken, take } from './take-mini-batch.ts';
import { folderKey, hasEnded, hasFailed, type TrackedFolder } from './tracked-folder.ts';

export interface LaneRules {
  readonly pollMs: number;
  readonly recheckMs: number;
  readonly orderWaitMs: number;
  readonly mostBytes: number;
  /** Mini-batches in work at once, whatever they weigh. */
  readonly mostAtOnce: number;
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
export interface Lanes extends Pick<PumpState, 'bytesInWork' | 'affectedWaiting'> {
  know(stream: StreamName): void;
  /** undefined: its specs cannot be read now. */
  streamOf(tracked: TrackedFolder): Stream | undefined;
  /** Starts what may start; does not wait for its end. */
  start(): Promise<void>;
  readonly breakers: Breakers;
  /** How long a folder is left alone after so many failures in a row, ms. */
  backOff(failures: number): number;
  /** Starts nothing any more and waits for what runs, at most so long. False if some of it still does: it is given up, and not told. */
  drain(ms: number): Promise<boolean>;
}

/** So many errors in a row that no dependency caused will not pass by themselves. */
const MOST_ERRORS = 5;
const MOST_BACK_OFF_MS = 60_000;
/** Specs are read again after so long. */
const REOPEN_MS = 60_000;

export function createLanes(ports: PumpPorts, rules: LaneRules, observer: PumpObserver, shared: Shared): Lanes {
  const { clock, random } = ports;
  const lanes = new Map<string, Lane>();
  const breakers = createBreakers(clock, random, { onOpen: observer.heldBack, onRefused: observer.refused });
  /** What ended and is being told. */
  const tellings = new Set<Promise<void>>();
  let isDraining = false;
  let isOver = false;

  const bytesInWork = (): number => [...lanes.values()].reduce((sum, { runningBytes }) => sum + runningBytes, 0);
  const isPlace = (): boolean => [...lanes.values()].filter(({ isComputing }) => isComputing).length < rules.mostAtOnce;
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
      const stream = await breakers.ask('DynamoDB', 'specs', () => ports.open(lane.name));
      lane.openDue = clock() + REOPEN_MS;
      if (stream !== lane.stream) lane.reprocessing = ports.reprocessing(stream);
      lane.stream = stream;
    } catch (error) {
      // By the specs that it had, a stream goes on.
      breakers.met(error);
      lane.openDue = clock() + rules.pollMs;
      const text = `specs cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      if (text !== lane.fault) observer.warn(text, lane.name);
      lane.fault = text;
    }
    return lane.stream;
  };

  const tell = (work: () => Promise<void>): void => {
    const telling = work()
      .catch((error: unknown) => observer.warn(`a message is kept: ${String(error)}`))
      .finally(() => tellings.delete(telling));
    tellings.add(telling);
  };
  const announce = (stream: Stream, taken: Taken, onTold: () => void = () => {}): void =>
    tell(() => ports.announce(stream, taken).finally(onTold));

  const end = (stream: Stream, tracked: TrackedFolder, taken: Taken, messages: readonly HeldMessage[]): void => {
    const lane = lanes.get(tracked.stream)!;
    const { reprocessing } = lane;
    if (taken.is !== 'error') {
      breakers.wentWell(tracked.stream);
      lane.wentWellAt = clock();
      hasEnded(tracked, clock(), rules.recheckMs);
      if (taken.is === 'committed') reprocessing?.add(taken);
      const onTold = (): void => {
        shared.ledger.end(folderKey(tracked), messages, taken.is === 'poison' ? taken.why : null);
        shared.onEnd();
      };
      // Of what stands a message may be left because whoever committed it was killed before it told.
      const isTold = taken.is === 'unchanged' || (taken.is === 'skipped' && messages.length === 0);
      if (isTold) onTold();
      else announce(stream, taken, onTold);
      return;
    }
    // What is refused to it alone, while others of its stream go, is not held against the stream.
    const isAlone = tracked.failingSince !== null && lane.wentWellAt > tracked.failingSince;
    breakers.met(taken.error, isAlone ? undefined : tracked.stream);
    hasFailed(tracked, clock(), clock() + backOff(tracked.failures + 1));
    if (mayPass(taken.error) || tracked.failures < MOST_ERRORS) return;
    const text = taken.error instanceof Error ? taken.error.message : String(taken.error);
    const why = `failed ${tracked.failures} times: ${text}`;
    tell(async () => {
      for (const { message } of messages) await ports.quarantine(message, why);
      shared.ledger.end(folderKey(tracked), messages, why);
      shared.onEnd();
    });
  };

  const run = async (lane: Lane, stream: Stream, tracked: TrackedFolder): Promise<void> => {
    const messages = shared.ledger.waitingFor(folderKey(tracked));
    tracked.isWanted = false;
    const { candidate, announced } = tracked;
    const gone = await goneOf(stream, tracked.path, candidate.miniBatchId);
    if (gone.length > 0) {
      observer.warn(describeGone(gone, tracked.path), lane.name);
      hasEnded(tracked, clock(), rules.recheckMs);
      return shared.ledger.end(folderKey(tracked), messages, null);
    }
    const begun = clock();
    const [first] = messages;
    const taken = await take(stream, candidate, {
      leavesAffected: true,
      ...(announced !== null && { announced }),
      ...(first !== undefined && { notification: first.message.body }),
    });
    if (isOver) return;
    observer.taken(lane.name, taken, { workMs: clock() - begun, sentAt: firstSent(messages), isAgain: false });
    end(stream, tracked, taken, messages);
  };

  /** Runs `work` as the one thing that the lane does. */
  const occupy = (
    lane: Lane,
    { bytes = 0, isComputing }: { readonly bytes?: number; readonly isComputing: boolean },
    work: () => Promise<void>,
  ): void => {
    lane.runningBytes = bytes;
    lane.isComputing = isComputing;
    lane.running = work()
      .catch((error: unknown) => {
        breakers.met(error);
        if (isOver) return;
        observer.warn(error instanceof Error ? error.message : String(error), lane.name);
      })
      .finally(() => {
        lane.running = undefined;
        lane.runningBytes = 0;
        lane.isComputing = false;
        shared.onEnd();
      });
  };

  /** A message that came to somebody before was given up there: by one who was stopped or died. */
  const isHandedOn = (tracked: TrackedFolder): boolean =>
    shared.ledger.waitingFor(folderKey(tracked)).some(({ message }) => message.receiveCount > 1);

  /** What a lane does when no mini-batch is ready: publishes affected ones again, or tidies up. */
  const idle = (lane: Lane, stream: Stream): void => {
    const { reprocessing } = lane;
    if (reprocessing === undefined) return;
    if (clock() >= lane.refreshDue) {
      const recentMs = lane.hasRefreshed ? rules.recentMs : undefined;
      // Should it fail.
      lane.refreshDue = clock() + MOST_BACK_OFF_MS;
      occupy(lane, { isComputing: false }, async () => {
        await breakers.ask('DynamoDB', 'index', () => reprocessing.refresh(recentMs));
        lane.hasRefreshed = true;
        lane.refreshDue = clock() + rules.refreshMs;
      });
      return;
    }
    if (reprocessing.waiting() === 0) {
      if (clock() < lane.sweepDue) return;
      lane.sweepDue = clock() + rules.sweepMs;
      occupy(lane, { isComputing: false }, () => ports.sweep(stream));
      return;
    }
    if (!isPlace()) return;
    occupy(lane, { isComputing: true }, async () => {
      const begun = clock();
      const taken = await reprocessing.takeNext();
      if (taken === undefined || isOver) return;
      if (taken.is === 'error') {
        breakers.met(taken.error, streamKey(lane.name));
        // It is forgotten now, and found again.
        lane.refreshDue = Math.min(lane.refreshDue, clock() + MOST_BACK_OFF_MS);
      }
      if (taken.is === 'committed') announce(stream, taken);
      if (taken.is !== 'skipped')
        observer.taken(lane.name, taken, { workMs: clock() - begun, sentAt: null, isAgain: true });
    });
  };

  /** `no room`: something is ready, and there is too much in work. */
  const startOne = async (lane: Lane): Promise<'no room' | undefined> => {
    const stream = await open(lane);
    if (stream === undefined || lane.running !== undefined || isDraining) return;
    const mine = foldersOf(lane);
    const line = lineOf(mine);
    const isTrial = breakers.ofStream(streamKey(lane.name)) === 'half_open';
    const first = isTrial ? oneToTry(line, clock(), rules.orderWaitMs) : line[0];
    if (first === undefined) {
      idle(lane, stream);
      return;
    }
    const others = mine.filter((other) => other !== first);
    const planned = await plannedBefore(stream, first, clock(), rules.orderWaitMs);
    const turn = turnOf(first, others, planned, clock(), rules.orderWaitMs);
    first.hasWaited ||= turn === 'waits';
    if (turn === 'waits') return;
    if (!isPlace() || (isBusy() && bytesInWork() + first.bytes > rules.mostBytes)) return 'no room';
    // Who looks through a directory is alone.
    const mayBeTaken = ports.queue !== null && !isHandedOn(first);
    if (mayBeTaken && !(await isTakenInHand(stream, first, planned, clock(), rules.orderWaitMs))) return;
    if (isDraining) return;
    if (turn === 'overdue') observer.forced(lane.name, 'out of order', outOfOrder(first, rules));
    first.state = 'running';
    lane.begunAt = clock();
    occupy(lane, { bytes: first.bytes, isComputing: true }, () => run(lane, stream, first));
    return;
  };

  return {
    know(name) {
      const key = streamKey(name);
      if (lanes.has(key)) return;
      lanes.set(key, openLane(name, clock(), rules.sweepMs));
    },
    streamOf: ({ stream }) => lanes.get(stream)?.stream,
    ...{ breakers, backOff, bytesInWork },
    affectedWaiting: () => [...lanes.values()].map(({ name, reprocessing }) => [name, reprocessing?.waiting() ?? 0]),
    async start() {
      // Who began longest ago comes first, and others do not take away the room that it waits for.
      for (const lane of [...lanes.values()].sort((a, b) => a.begunAt - b.begunAt)) {
        const shut = breakers.worst();
        if (isDraining || shut === 'open' || (shut === 'half_open' && isBusy())) return;
        if (breakers.ofStream(streamKey(lane.name)) === 'open') continue;
        try {
          if ((await startOne(lane)) === 'no room') return;
        } catch (error) {
          breakers.met(error);
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
      isOver = true;
      return end !== 'late';
    },
  };
}

/** When the first of some messages was sent. */
const firstSent = (messages: readonly HeldMessage[]): number | null => {
  const sent = messages.flatMap(({ message: { sentAt } }) => (sentAt === null ? [] : [sentAt]));
  return sent.length === 0 ? null : Math.min(...sent);
};

const outOfOrder = ({ candidate, path }: TrackedFolder, { orderWaitMs }: LaneRules): string =>
  `${path}: mini-batch ${candidate.miniBatchId} is taken although an earlier one has not ended after ${orderWaitMs / 1000} s`;

/** Errors that say nothing of the mini-batch itself. */
const mayPass = (error: unknown): boolean => isOfSystem(error) || error instanceof Overtaken;
