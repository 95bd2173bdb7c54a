import type { CommittedOutcome } from '../consumers/outcome.ts';
import type { ErrorOutcome, Taken } from '../consumers/take-mini-batch.ts';
import { formatInstant } from '../operators/time.ts';
import { type CommandContext, isJson } from './command.ts';
import { describeFailure } from './failure.ts';

export const whyOf = ({ error }: ErrorOutcome): string => describeFailure(error).text.replace(/^error: /, '');

/** One line on what became of a mini-batch. */
function describeTaken(taken: Taken): string {
  const { miniBatchId } = taken;
  if (taken.is === 'poison') return `${miniBatchId}: failed: ${taken.why}`;
  if (taken.is === 'error') return `${miniBatchId}: error, may be tried again: ${whyOf(taken)}`;
  const { revision } = taken;
  const slice = `slice ending ${formatInstant(taken.sliceEnd)}`;
  if (taken.is === 'skipped') return `${miniBatchId}: ${slice}: revision ${revision} stands, ${taken.why}`;
  const rows = Object.entries(taken.rows).map(([dataset, count]) => `${dataset} ${count}`);
  const rejected = taken.rejected > 0 ? `, ${taken.rejected} rejected` : '';
  const affects = taken.affects.length > 0 ? `; ${describeAffects(taken)}` : '';
  return `${miniBatchId}: ${slice}: ${taken.is} revision ${revision}, ${taken.lines} lines${rejected}; rows: ${rows.join(', ')}${affects}`;
}

/** `came 1 h 15 min late and affects 5 later mini-batches` */
export function describeAffects({ affects, lateMs }: Pick<CommittedOutcome, 'affects' | 'lateMs'>): string {
  const which = affects.length === 1 ? 'one later mini-batch' : `${affects.length} later mini-batches`;
  const how = lateMs === 0 ? 'came beside or before others of its slice' : `came ${duration(lateMs / 1000)} late`;
  return `${how} and affects ${which}`;
}

/** The same for programs. */
export function takenJson(taken: Taken): string {
  const { is, miniBatchId, ...rest } = taken.is === 'error' ? { ...taken, error: undefined, why: whyOf(taken) } : taken;
  const { sliceEnd, affects, lateMs, volume, health, ...others } = rest as typeof rest & Partial<CommittedOutcome>;
  const slice = sliceEnd === undefined ? {} : { slice_end_ts: formatInstant(sliceEnd) };
  const late = (affects ?? []).length === 0 ? {} : { affects, late_seconds: (lateMs ?? 0) / 1000 };
  return JSON.stringify({ outcome: is, mini_batch_id: miniBatchId, ...slice, ...others, ...late });
}

export function tell(context: Pick<CommandContext, 'terminal' | 'flags'>, taken: Taken): void {
  const { terminal } = context;
  for (const warning of warningsOf(taken)) terminal.note(`warning: ${warning}`);
  terminal.out(resultLine(context, taken));
}

export const warningsOf = (taken: Taken): readonly string[] =>
  taken.is === 'committed' || taken.is === 'unchanged' ? taken.warnings : [];

export const resultLine = (context: Pick<CommandContext, 'flags'>, taken: Taken): string =>
  isJson(context) ? takenJson(taken) : describeTaken(taken);

/** `putting mini-batches in order: 30 of 690, 12/s, 55 s left` */
export function orderingLine(done: number, of: number, elapsedMs: number): string {
  const line = `putting mini-batches in order: ${done} of ${of}`;
  if (done === 0 || elapsedMs === 0) return line;
  const perSecond = (done / elapsedMs) * 1000;
  const rate = perSecond < 10 ? perSecond.toFixed(1) : whole(perSecond);
  return `${line}, ${rate}/s, ${duration((of - done) / perSecond)} left`;
}

export interface Progress {
  readonly done: number;
  readonly of: number;
  /** Of the done ones those that were not there already: only they tell how long the others will take. */
  readonly computed: number;
  readonly computedMs: number;
  readonly lines: number;
}

/** `3 of 690 mini-batches, 45,100 lines/s, 2 min 10 s left` */
export function progressLine({ done, of, computed, computedMs, lines }: Progress): string {
  const line = `${done} of ${of} mini-batches`;
  if (computed === 0 || computedMs === 0) return line;
  const left = (computedMs / computed) * (of - done);
  return `${line}, ${whole((lines / computedMs) * 1000)} lines/s, ${duration(left / 1000)} left`;
}

/** `1 error`, `2 errors` */
export const counted = (count: number, what: string): string => `${whole(count)} ${what}${count === 1 ? '' : 's'}`;

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `12.3 MB` */
export function fileSize(bytes: number): string {
  const power = Math.min(SIZES.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 99.95 ? whole(value) : value.toFixed(1)} ${SIZES[power]}`;
}
