import { type AffectedBatch, findAffected, isRecent } from '../consumers/affected.ts';
import type { CommittedOutcome } from '../consumers/outcome.ts';
import type { Affected } from '../state/batch-item.ts';
import type { CommandContext } from './command.ts';
import type { Home } from './home.ts';
import { duration, type Taken } from './report.ts';
import { takeAgain } from './slice-order.ts';

/** Mini-batches whose windows changed behind them, and which are to be published again. */
export interface Reprocessing {
  /** Asks the index; what a killed run left unmarked is found too. `recentMs`: of the newest slices alone. */
  refresh(recentMs?: number): Promise<void>;
  /** Adds those that a commit affected. */
  add(cause: Pick<CommittedOutcome, 'miniBatchId' | 'affects' | 'lateMs'>): void;
  /** Takes the next one; undefined if there is none. */
  takeNext(): Promise<Taken | undefined>;
}

/**
 * What is to be published again without being asked for: with `order.reprocess_affected`, where the cause came at most
 * 2 hours late, or where `isWanted`. The others are told.
 */
export function openReprocessing(
  context: CommandContext,
  home: Home,
  isWanted: (affected: AffectedBatch) => boolean = () => false,
): Reprocessing {
  const { terminal, settings } = context;
  const { deps, spec } = home;
  const queue = new Set<string>();
  const told = new Set<string>();
  const stream = { project: spec.project, version: spec.featureSpecVersion };
  const isOn = settings['order.reprocess_affected'];

  const leave = (ids: readonly string[], why: Affected): void => {
    const news = ids.filter((id) => !told.has(id));
    for (const id of news) told.add(id);
    if (news.length > 0) terminal.note(affectedLine(news, why));
  };

  return {
    async refresh(recentMs) {
      const left: AffectedBatch[] = [];
      for (const affected of await findAffected(deps.index, deps.lake, stream, recentMs)) {
        if (isOn && (isRecent(affected) || isWanted(affected))) queue.add(affected.miniBatchId);
        else left.push(affected);
      }
      for (const ones of Map.groupBy(left, ({ by }) => by).values()) {
        const ids = ones.map(({ miniBatchId }) => miniBatchId);
        leave(ids, ones[0]!);
      }
    },
    add({ miniBatchId, affects, lateMs }) {
      if (isOn && isRecent({ lateMs })) for (const id of affects) queue.add(id);
      else leave(affects, { by: miniBatchId, lateMs });
    },
    async takeNext() {
      const [next] = queue;
      if (next === undefined) return undefined;
      queue.delete(next);
      const taken = await takeAgain(home, next);
      told.delete(next);
      return taken;
    },
  };
}

/** `warning: 9 mini-batches (b1 to b9) stand as they were before b0, which came 3 h 0 min late; publish them again: …` */
export function affectedLine(ids: readonly string[], { by, lateMs }: Affected): string {
  const which =
    ids.length === 1
      ? `${ids[0]} stands as it was`
      : `${ids.length} mini-batches (${ids[0]} to ${ids.at(-1)}) stand as they were`;
  return `warning: ${which} before ${by}, which came ${duration(lateMs / 1000)} late; publish again: ndr replay --affected`;
}
