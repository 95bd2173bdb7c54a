import type { AffectedBatch } from '../consumers/affected.ts';
import { openReprocessing, type Reprocessing } from '../consumers/reprocessing.ts';
import type { Stream } from '../consumers/take-mini-batch.ts';
import type { Affected } from '../state/batch-item.ts';
import type { CommandContext } from './command.ts';
import { duration } from './report.ts';

/** Reprocessing as the settings have it; what stays as it was is told on the terminal. */
export function reprocessingOf(
  { terminal, settings }: Pick<CommandContext, 'terminal' | 'settings'>,
  stream: Stream,
  isWanted: (affected: AffectedBatch) => boolean = () => false,
): Reprocessing {
  const onLeft = (ids: readonly string[], why: Affected): void => terminal.note(`warning: ${affectedLine(ids, why)}`);
  return openReprocessing(stream, { isOn: settings['order.reprocess_affected'], isWanted, onLeft });
}

/** `9 mini-batches (b1 to b9) stand as they were before b0, which came 3 h 0 min late; publish them again: …` */
export function affectedLine(ids: readonly string[], { by, lateMs }: Affected): string {
  const which =
    ids.length === 1
      ? `${ids[0]} stands as it was`
      : `${ids.length} mini-batches (${ids[0]} to ${ids.at(-1)}) stand as they were`;
  return `${which} before ${by}, which came ${duration(lateMs / 1000)} late; publish again: ndr replay --affected`;
}
