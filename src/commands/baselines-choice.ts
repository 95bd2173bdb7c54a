import type { BatchSpec } from '../config/batch-spec.ts';
import type { RunMode } from '../jobs/baseline-job.ts';
import type { BaselinePeriod } from '../jobs/baseline-schedule.ts';
import { newestScheduled, periodOf, refOfMonth, scheduledBetween } from '../jobs/baseline-schedule.ts';
import { HORIZONS, type Horizon } from '../operators/baseline-metrics.ts';
import { type CommandContext, UsageError } from './command.ts';
import { instantFlag, oneOfFlag, textFlag } from './flags.ts';

/** Which baselines a call asks for. */
export interface BaselineChoice {
  readonly mode: RunMode;
  /** null: those of the spec. */
  readonly horizons: readonly Horizon[] | null;
  readonly refs:
    | { readonly by: 'schedule' }
    | { readonly by: 'instant'; readonly ref: number }
    | { readonly by: 'range'; readonly start: number; readonly end: number };
}

/** Reads the flags. Throws a UsageError for a call that says two things, or half of one. */
export function baselineChoiceOf(context: CommandContext): BaselineChoice {
  const horizon = oneOfFlag(context, 'horizon', [...HORIZONS, 'both']);
  const horizons = horizon === undefined ? null : HORIZONS.filter((own) => horizon === 'both' || own === horizon);
  const month = textFlag(context, 'month');
  const ref = instantFlag(context, 'ref');
  const mode = oneOfFlag(context, 'mode', ['regular', 'backfill']);
  const start = instantFlag(context, 'start');
  const end = instantFlag(context, 'end');
  const isBackfill = mode === 'backfill';
  if (!isBackfill && (start !== undefined || end !== undefined))
    throw new UsageError('--start, --end: belong to --mode backfill; add it, or give --ref or --month');
  if ([month !== undefined, ref !== undefined, isBackfill].filter(Boolean).length > 1)
    throw new UsageError('--month, --ref, --mode backfill: stand together; give one way to choose baselines');
  if (isBackfill) {
    if (start === undefined || end === undefined)
      throw new UsageError(
        `--${start === undefined ? 'start' : 'end'}: is missing; a backfill has both, --start and --end`,
      );
    if (start >= end) throw new UsageError('--start, --end: nothing is scheduled at --start or later and before --end');
    return { mode: 'BACKFILL', horizons, refs: { by: 'range', start, end } };
  }
  if (month !== undefined) return { mode: 'MONTHLY', horizons, refs: { by: 'instant', ref: monthFlag(month) } };
  if (ref === undefined) return { mode: 'SCHEDULED', horizons, refs: { by: 'schedule' } };
  if (ref % 1000 !== 0) throw new UsageError('--ref: has a fraction of a second; give whole seconds');
  return { mode: 'SCHEDULED', horizons, refs: { by: 'instant', ref } };
}

function monthFlag(month: string): number {
  try {
    return refOfMonth(month);
  } catch (error) {
    throw new UsageError(`--month: ${(error as Error).message}`);
  }
}

/** The histories to learn from, by reference instant, the shorter horizon first. `newest`: end of the newest committed slice. */
export function periodsOf(
  { horizons, refs }: BaselineChoice,
  { baselines }: Pick<BatchSpec, 'baselines'>,
  newest: number,
): BaselinePeriod[] {
  const instants = (horizon: Horizon): number[] => {
    if (refs.by === 'instant') return [refs.ref];
    return refs.by === 'range' ? scheduledBetween(horizon, refs.start, refs.end) : [newestScheduled(horizon, newest)];
  };
  return (horizons ?? baselines.horizons)
    .flatMap((horizon) => instants(horizon).map((ref) => periodOf(horizon, ref, baselines.headDays)))
    .sort((a, b) => a.ref - b.ref || a.end - a.start - (b.end - b.start));
}
