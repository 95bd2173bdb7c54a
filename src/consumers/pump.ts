import { DAY_MS } from '../operators/time.ts';
import { createIntake } from './intake.ts';
import { createLanes, type LaneRules } from './lanes.ts';
import { createLooks } from './looks.ts';
import { createMessageLedger } from './message-ledger.ts';
import { keepHidden, releaseAll, settleEnded } from './message-upkeep.ts';
import type { PumpObserver, PumpPorts, PumpState } from './pump-ports.ts';
import type { Announced } from './settle-slice.ts';
import { type StreamName, streamKey } from './stream-name.ts';
import { type Candidate, candidateOf } from './take-mini-batch.ts';
import { folderKey, type LookRules, type TrackedFolder, trackFolder, waitAgain } from './tracked-folder.ts';
import { atMost, createRest, endOf } from './waiting.ts';

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
  const rest = createRest();
  const lanes = createLanes(ports, rules, observer, { folders, ledger, onEnd: () => rest.wake() });
  const { breakers } = lanes;
  let turnedAt = clock();
  let searchDue = Number.NEGATIVE_INFINITY;
  let searching: Promise<void> | undefined;
  let isDraining = false;
  let lastSearch: ReturnType<PumpState['source']> = null;
  const said = { faults: new Set<string>() };
  const warnOnce = (text: string): void => {
    if (!said.faults.has(text)) observer.warn(`${text}; it is looked at again`);
    said.faults.add(text);
  };
  const looks = createLooks(ports, rules, observer, {
    ...{ folders, lanes, warnOnce },
    onLooked() {
      turnedAt = clock();
    },
  });

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
    onReceived: () => rest.wake(),
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
    for (const fault of faults) warnOnce(fault);
    said.faults = new Set(faults);
  };

  /** Days of many routes take long to list: the turn goes on meanwhile, though not before what is near was found. */
  const search = async (): Promise<void> => {
    // What a message is on its way for is dated by it, not by its files.
    if (searching === undefined && clock() >= searchDue && !intake.isBehind())
      searching = searchThrough().finally(() => {
        searching = undefined;
      });
    if (searching !== undefined) await atMost(searching, rules.pollMs);
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
    if (!isShut() && !stop.aborted) await search();
    if (!isShut()) await intake.read();
    // There is more to look at than one turn takes.
    if (!isShut() && !stop.aborted && (await looks.look(stop)) === 'late') rest.wake();
    await lanes.start();
    // What the queue is slow to hear is not waited for.
    if (!stop.aborted && settling === undefined && clock() >= unsettled.until) await atMost(settle(), rules.pollMs);
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
      stop.addEventListener('abort', rest.wake, { once: true });
      while (!stop.aborted) {
        // What it asks may take long to answer, and is not needed any more once it is told to stop.
        await endOf(turn(stop), stop);
        await rest.wait(rules.pollMs);
      }
      isDraining = true;
      observer.draining(state);
      const isDrained = await lanes.drain(rules.drainMs);
      const farewell = async (): Promise<void> => {
        await receiving;
        await settling;
        await settle();
        over.abort();
        await hiding;
        await releaseAll(queue, [...ledger.all(), ...intake.held()], observer);
      };
      await atMost(farewell(), FAREWELL_MS);
      over.abort();
      return { isDrained };
    },
  };
}
