import type { Affected } from '../state/batch-item.ts';
import { listPresent } from '../state/raw-files.ts';
import { type AffectedBatch, findAffected, isRecent } from './affected.ts';
import { signatureOf } from './completeness.ts';
import type { CommittedOutcome } from './outcome.ts';
import { type Stream, type Taken, takeAgain } from './take-mini-batch.ts';

/** Mini-batches whose windows changed behind them, and which are to be published again. */
export interface Reprocessing {
  /** Asks the index; what a killed run left unmarked is found too. `recentMs`: of the newest slices alone. */
  refresh(recentMs?: number): Promise<void>;
  /** Adds those that a commit affected. */
  add(cause: Pick<CommittedOutcome, 'miniBatchId' | 'affects' | 'lateMs'>): void;
  /** How many are known that are to be taken. */
  waiting(): number;
  /** Takes the next one; undefined if there is none. */
  takeNext(): Promise<Taken | undefined>;
}

export interface ReprocessingRules {
  /** The setting order.reprocess_affected. */
  readonly isOn: boolean;
  /** Takes also those that came later than that, or while it is off. */
  readonly isWanted?: (affected: AffectedBatch) => boolean;
  /** Hears, once, of those that stay as they were. */
  readonly onLeft: (miniBatchIds: readonly string[], why: Affected) => void;
}

/** What is to be published again without being asked for: while it is on, where the cause came at most 2 hours late, or where it is wanted. */
export function openReprocessing(
  stream: Stream,
  { isOn, isWanted = () => false, onLeft }: ReprocessingRules,
): Reprocessing {
  const { deps, spec } = stream;
  const queue = new Set<string>();
  const told = new Set<string>();
  /** Those that cannot be published again, and the files for which they cannot: told once, and tried when there are others. */
  const hopeless = new Map<string, string>();

  const filesOf = async (miniBatchId: string): Promise<string> => {
    const slice = await deps.index.settledSlice(spec.project, miniBatchId);
    return slice === undefined ? '' : `${slice.path} ${signatureOf(await listPresent(deps.rawFiles, slice.path))}`;
  };
  const isHopeless = async (miniBatchId: string): Promise<boolean> => {
    const files = hopeless.get(miniBatchId);
    return files !== undefined && files === (await filesOf(miniBatchId));
  };

  const leave = (ids: readonly string[], why: Affected): void => {
    const news = ids.filter((id) => !told.has(id));
    for (const id of news) told.add(id);
    if (news.length > 0) onLeft(news, why);
  };

  return {
    async refresh(recentMs) {
      const left: AffectedBatch[] = [];
      const { project, featureSpecVersion: version } = spec;
      for (const affected of await findAffected(deps.index, deps.lake, { project, version }, recentMs)) {
        const isOurs = isOn && (isRecent(affected) || isWanted(affected));
        if (!isOurs) left.push(affected);
        else if (!(await isHopeless(affected.miniBatchId))) queue.add(affected.miniBatchId);
      }
      for (const ones of Map.groupBy(left, ({ by }) => by).values()) {
        const ids = ones.map(({ miniBatchId }) => miniBatchId);
        leave(ids, ones[0]!);
      }
    },
    add({ miniBatchId, affects, lateMs }) {
      // Whether what was hopeless may be tried once more, a refresh finds out.
      if (isOn && isRecent({ lateMs })) for (const id of affects.filter((one) => !hopeless.has(one))) queue.add(id);
      else leave(affects, { by: miniBatchId, lateMs });
    },
    waiting: () => queue.size,
    async takeNext() {
      const [next] = queue;
      if (next === undefined) return undefined;
      queue.delete(next);
      const files = await filesOf(next).catch(() => undefined);
      const taken = await takeAgain(stream, next);
      if (taken.is === 'poison' && files !== undefined) hopeless.set(next, files);
      else hopeless.delete(next);
      told.delete(next);
      return taken;
    },
  };
}
