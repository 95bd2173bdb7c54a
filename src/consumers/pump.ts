import { setTimeout as pause } from 'node:timers/promises';
import { DAY_MS } from '../operators/past-rows.ts';
import { Refused } from '../state/refused.ts';
import { createIntake } from './intake.ts';
import { createLanes, type LaneRules } from './lanes.ts';
import { createMessageLedger } from './message-ledger.ts';
import { keepHidden, releaseAll, settleEnded } from './message-upkeep.ts';
import type { PumpObserver, PumpPorts, PumpState } from './pump-ports.ts';
import type { Announced } from './settle-slice.ts';
import { type StreamName, streamKey } from './stream-name.ts';
import { type Candidate, candidateOf, settleCandidate } from './take-mini-batch.ts';
import {
  folderKey,
  type LookRules,
  lookAtFolder,
  type TrackedFolder,
  trackFolder,
  waitAgain,
} from './tracked-folder.ts';

export interface PumpRules extends LookRules, LaneRules {
  readonly pollMs: number;
  readonly searchMs: number;
  readonly drainMs: number;
  readonly visibilitySeconds: number;
}

/** Long enough without a turn to say that the loop hangs: every call in it has a time-out of its own. */
const SILENT_MS = 300_000;
/** A folder that ended so long ago is forgotten; what is still looked for is found again. */
const FORGET_MS = 2 * DAY_MS;
const LOOKS_AT_ONCE = 8;
/** What stands in line is looked at so often. */
const LINE_MS = 60_000;
/** What could not be searched is so after this long at most. */
const SEARCH_AGAIN_MS = 60_000;
/** What the queue is told at the end may take so long. */
const FAREWELL_MS = 5000;

export interface Pump {
  /** Takes mini-batches until `stop`, then drains. Resolves with whether all that ran came to its end. */
  run(stop: AbortSignal): Promise<{ readonly isDrained: boolean }>;
  /** Whether the loop turns; why not. */
  live(): { readonly isAlive: boolean; readonly why: string };
  readonly state: PumpState;
}

/** The machine of docs/live-path.md. */
export function createPump(ports: PumpPorts, rules: PumpRules, observer: PumpObserver): Pump {
  const { clock, queue } = ports;
  const folders = new Map<string, TrackedFolder>();
  const ledger = createMessageLedger();
  const lanes = createLanes(ports, rules, observer, { folders, ledger, onEnd: () => wake() });
  const { breakers } = lanes;
  let wake = (): void => {};
  let turnedAt = clock();
  let searchDue = Number.NEGATIVE_INFINITY;
  let searching: Promise<void> | undefined;
  let isDraining = false;
  let lastSearch: ReturnType<PumpState['source']> = null;
  const said = { faults: new Set<string>() };

  /** A folder that is named, again or for the first time. `announced`: by a message. */
  const know = (
    stream: StreamName,
    path: string,
    announced: Announced | null,
    folder?: Candidate['folder'],
  ): TrackedFolder => {
    const name = streamKey(stream);
    const key = folderKey({ stream: name, path });
    const known = folders.get(key);
    if (known === undefined) {
      const tracked = trackFolder(name, candidateOf(path, undefined, folder), announced, clock());
      folders.set(key, tracked);
      lanes.know(stream);
      return tracked;
    }
    if (announced !== null) {
      known.announced ??= announced;
      known.isWanted = true;
      if (known.state === 'resting') waitAgain(known, clock());
    }
    return known;
  };
  const intake = createIntake(ports, rules, ledger, observer, know, {
    onReceived: () => wake(),
    onFault: (error) => breakers.met(error),
  });

  const searchThrough = async (): Promise<void> => {
    searchDue = clock() + rules.searchMs;
    const isKnown = (stream: StreamName, path: string): boolean => {
      if (isDraining) return true;
      const known = folders.get(folderKey({ stream: streamKey(stream), path }));
      return known !== undefined && (known.state !== 'resting' || known.notBefore > clock());
    };
    const answer = await ports.search(isKnown).catch((error: unknown) => {
      breakers.met(error);
      const text = error instanceof Error ? error.message : String(error);
      return { streams: [], folders: [], faults: [`folders that nothing announced cannot be searched: ${text}`] };
    });
    // What is found or met while the program ends is the next one's.
    if (isDraining) return;
    const { streams, folders: found, faults } = answer;
    observer.searched(answer);
    lastSearch = { ok: faults.length === 0, why: faults[0] ?? 'searched' };
    for (const stream of streams) lanes.know(stream);
    if (faults.length > 0) searchDue = clock() + Math.min(rules.searchMs, SEARCH_AGAIN_MS);
    for (const { stream, path, folder } of found) know(stream, path, null, folder);
    for (const fault of faults) if (!said.faults.has(fault)) observer.warn(`${fault}; it is looked at again`);
    said.faults = new Set(faults);
  };

  /** Days of many routes take long to list: the turn goes on meanwhile, though not before what is near was found. */
  const search = async (): Promise<void> => {
    if (searching === undefined && clock() >= searchDue)
      searching = searchThrough().finally(() => {
        searching = undefined;
      });
    if (searching === undefined) return;
    const over = new AbortController();
    await Promise.race([searching, pause(rules.pollMs, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
  };

  /** Lists what is due, a few folders at a time, and settles the slices of what became ready. */
  const look = async (): Promise<void> => {
    const now = clock();
    const due = [...folders.values()].filter(
      ({ state, notBefore, stream }) =>
        (state === 'waiting' || state === 'ready' || state === 'resting') &&
        notBefore <= now &&
        breakers.ofStream(stream) !== 'open',
    );
    // While it is tried out whether a dependency is back, one look is enough to tell: at what was left alone longest.
    if (breakers.worst() === 'half_open') due.sort((a, b) => a.notBefore - b.notBefore).splice(1);
    for (let start = 0; start < due.length; start += LOOKS_AT_ONCE)
      await Promise.all(due.slice(start, start + LOOKS_AT_ONCE).map(lookAt));
  };
  const lookAt = async (tracked: TrackedFolder): Promise<void> => {
    const isRunningMeanwhile = (): boolean => tracked.state === 'running';
    try {
      const stream = lanes.streamOf(tracked);
      if (isRunningMeanwhile() || stream === undefined) return;
      // A message told when: its place in the order need not wait until it is complete.
      if (tracked.announced !== null && tracked.candidate.sliceEnd === null)
        tracked.candidate = await settleCandidate(stream, tracked.candidate, tracked.announced);
      const { look: found, why } = await lookAtFolder(ports.rawFiles, tracked, rules, clock);
      // Of the others it says nothing.
      breakers.answered('S3');
      tracked.refusedLooks = 0;
      if (found === 'nothing' && tracked.endedAt === null) folders.delete(folderKey(tracked));
      if (found === 'overdue')
        observer.forced(
          { project: stream.spec.project, version: stream.spec.featureSpecVersion },
          'incomplete',
          `${tracked.path}: ${why}`,
        );
      if (tracked.state === 'ready' && tracked.candidate.sliceEnd === null)
        tracked.candidate = await settleCandidate(stream, tracked.candidate, tracked.announced ?? undefined);
      // Its files are listed once more when its turn comes; a long line need not be looked through all the time.
      if (tracked.state === 'ready' && tracked.candidate.sliceEnd !== null) tracked.notBefore = clock() + LINE_MS;
    } catch (error) {
      breakers.met(error, tracked.stream);
      const isRefused = error instanceof Refused;
      tracked.notBefore = clock() + (isRefused ? lanes.backOff(++tracked.refusedLooks) : rules.pollMs);
      const text = `${tracked.path}: ${error instanceof Error ? error.message : String(error)}`;
      if (!said.faults.has(text)) observer.warn(`${text}; it is looked at again`);
      said.faults.add(text);
    }
  };

  const forget = (): void => {
    for (const [key, { state, endedAt, stream }] of folders)
      if (queue !== null && state === 'resting' && endedAt !== null && clock() - endedAt > FORGET_MS && stream !== '')
        folders.delete(key);
  };

  const isShut = (): boolean => breakers.worst() === 'open';
  let settling: Promise<void> | undefined;
  let unsettled = { times: 0, until: Number.NEGATIVE_INFINITY };
  /** One at a time: what a turn is telling the queue is not told once more at the end. */
  const settle = (): Promise<void> => {
    settling ??= settleEnded(queue, ledger, observer)
      .then((isWell) => {
        const times = isWell ? 0 : unsettled.times + 1;
        unsettled = { times, until: isWell ? Number.NEGATIVE_INFINITY : clock() + lanes.backOff(times) };
      })
      .finally(() => {
        settling = undefined;
      });
    return settling;
  };

  const turn = async (stop: AbortSignal): Promise<void> => {
    turnedAt = clock();
    if (!isShut()) await intake.read();
    if (!isShut() && !stop.aborted) await search();
    if (!isShut() && !stop.aborted) await look();
    await lanes.start();
    if (!stop.aborted && clock() >= unsettled.until) await settle();
    forget();
    observer.turned(state);
  };

  const state: PumpState = {
    folders() {
      const counts = { arriving: 0, failing: 0, ready: 0, running: 0 };
      for (const { state: is, failures } of folders.values()) {
        if (is === 'waiting') counts[failures === 0 ? 'arriving' : 'failing']++;
        else if (is !== 'resting') counts[is]++;
      }
      return counts;
    },
    bytesInWork: lanes.bytesInWork,
    affectedWaiting: lanes.affectedWaiting,
    openBreakers: () => breakers.open(),
    isDraining: () => isDraining,
    source: () => (queue === null ? lastSearch : intake.lastReceipt()),
  };

  return {
    state,
    live() {
      const silentMs = clock() - turnedAt;
      const isAlive = silentMs < SILENT_MS;
      return { isAlive, why: isAlive ? 'turning' : `no turn for ${Math.round(silentMs / 1000)} s` };
    },
    async run(stop) {
      const over = new AbortController();
      const receiving = intake.receive(stop, () => !isShut());
      const hiding = keepHidden(queue, () => [...ledger.all(), ...intake.held()], rules, observer, over.signal);
      const told = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
      while (!stop.aborted) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        // What it asks may take long to answer, and is not needed any more.
        await Promise.race([turn(stop), told]);
        const idle = new AbortController();
        const signal = AbortSignal.any([stop, idle.signal]);
        await Promise.race([pause(rules.pollMs, undefined, { signal }).catch(() => {}), woken]);
        idle.abort();
      }
      isDraining = true;
      observer.draining(state);
      const isDrained = await lanes.drain(rules.drainMs);
      const farewell = async (): Promise<void> => {
        await receiving;
        await settle();
        over.abort();
        await hiding;
        await releaseAll(queue, [...ledger.all(), ...intake.held()], observer);
      };
      const late = new AbortController();
      await Promise.race([farewell(), pause(FAREWELL_MS, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
      over.abort();
      return { isDrained };
    },
  };
}
