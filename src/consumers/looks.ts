import { Refused } from '../state/refused.ts';
import type { Lanes } from './lanes.ts';
import type { PumpObserver, PumpPorts } from './pump-ports.ts';
import { type Stream, settleCandidate } from './take-mini-batch.ts';
import { folderKey, type LookRules, lookAtFolder, type TrackedFolder } from './tracked-folder.ts';

const LOOKS_AT_ONCE = 8;
/** A turn looks no longer than this. */
const MOST_MS = 10_000;
/** What stands in line is looked at so often. */
const LINE_MS = 60_000;

/** What looks share with the pump. */
interface Shared {
  readonly folders: Map<string, TrackedFolder>;
  readonly lanes: Pick<Lanes, 'breakers' | 'backOff' | 'streamOf'>;
  readonly warnOnce: (text: string) => void;
  /** It goes on. */
  readonly onLooked: () => void;
}

/** Settles the slice of a folder that is ready. */
type DateOne = (stream: Stream, tracked: TrackedFolder) => Promise<void>;

/** The looks at folders that wait, stand in line or rest. */
export interface Looks {
  /**
   * Lists what is due, a few folders at a time, and settles the slices of what became ready, until nothing may be asked any
   * more. `late`: some is left to the next turn.
   */
  look(stop: AbortSignal): Promise<'done' | 'late'>;
}

export function createLooks(
  { clock, rawFiles }: Pick<PumpPorts, 'clock' | 'rawFiles'>,
  rules: LookRules & { readonly pollMs: number },
  observer: Pick<PumpObserver, 'forced'>,
  { folders, lanes, warnOnce, onLooked }: Shared,
): Looks {
  const { breakers } = lanes;

  /** One at a time, for it may read all that a folder holds; once it is late, none but the first. */
  const datingUntil = (isLate: () => boolean): DateOne => {
    let before = Promise.resolve();
    let isFirst = true;
    const date: DateOne = async (stream, tracked) => {
      if (!isFirst && isLate()) {
        tracked.state = 'waiting';
        tracked.notBefore = clock();
        return;
      }
      isFirst = false;
      tracked.candidate = await settleCandidate(stream, tracked.candidate, tracked.announced ?? undefined);
      onLooked();
    };
    return (stream, tracked) => {
      const dating = before.then(() => date(stream, tracked));
      before = dating.catch(() => {});
      return dating;
    };
  };

  const lookAt = async (tracked: TrackedFolder, dateOne: DateOne): Promise<void> => {
    const isRunningMeanwhile = (): boolean => tracked.state === 'running';
    const isReady = (): boolean => tracked.state === 'ready';
    try {
      const stream = lanes.streamOf(tracked);
      if (isRunningMeanwhile() || stream === undefined) return;
      // A message told when: its place in the order need not wait until it is complete.
      if (tracked.announced !== null && tracked.candidate.sliceEnd === null)
        tracked.candidate = await settleCandidate(stream, tracked.candidate, tracked.announced);
      const { look: found, why } = await lookAtFolder(rawFiles, tracked, rules, clock);
      // Of the others it says nothing.
      breakers.answered('S3');
      tracked.refusedLooks = 0;
      if (found === 'nothing' && tracked.endedAt === null) folders.delete(folderKey(tracked));
      if (isReady() && tracked.candidate.sliceEnd === null) await dateOne(stream, tracked);
      if (!isReady()) return;
      if (found === 'overdue')
        observer.forced(
          { project: stream.spec.project, version: stream.spec.featureSpecVersion },
          'incomplete',
          `${tracked.path}: ${why}`,
        );
      // Its files are listed once more when its turn comes; a long line need not be looked through all the time.
      if (tracked.candidate.sliceEnd !== null) tracked.notBefore = clock() + LINE_MS;
    } catch (error) {
      breakers.met(error, tracked.stream);
      const isRefused = error instanceof Refused;
      tracked.notBefore = clock() + (isRefused ? lanes.backOff(++tracked.refusedLooks) : rules.pollMs);
      warnOnce(`${tracked.path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  return {
    async look(stop) {
      const now = clock();
      const isLate = (): boolean => clock() - now >= MOST_MS;
      // What was left alone longest comes first.
      const due = [...folders.values()]
        .filter(
          ({ state, notBefore, stream }) =>
            (state === 'waiting' || state === 'ready' || state === 'resting') &&
            notBefore <= now &&
            breakers.ofStream(stream) !== 'open',
        )
        .sort((a, b) => a.notBefore - b.notBefore);
      // While it is tried out whether a dependency is back, one look is enough to tell.
      if (breakers.worst() === 'half_open') due.splice(1);
      const dateOne = datingUntil(() => isLate() || stop.aborted);
      for (let start = 0; start < due.length; start += LOOKS_AT_ONCE) {
        if (breakers.worst() === 'open' || stop.aborted) return 'done';
        if (isLate()) return 'late';
        await Promise.all(due.slice(start, start + LOOKS_AT_ONCE).map((tracked) => lookAt(tracked, dateOne)));
        onLooked();
      }
      return 'done';
    },
  };
}
