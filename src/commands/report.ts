import type { MiniBatchOutcome } from '../consumers/outcome.ts';
import { formatInstant } from '../operators/time.ts';
import type { Terminal } from './command.ts';

/** One line on what became of a mini-batch. */
export function describeOutcome(outcome: MiniBatchOutcome): string {
  if (outcome.is === 'poison') return `${outcome.miniBatchId}: failed: ${outcome.why}`;
  const slice = `slice ending ${formatInstant(outcome.sliceEnd)}`;
  if (outcome.is === 'skipped')
    return `${outcome.miniBatchId}: ${slice}: revision ${outcome.revision} stands, ${outcome.why}`;
  const rows = Object.entries(outcome.rows).map(([dataset, count]) => `${dataset} ${count}`);
  const rejected = outcome.rejected > 0 ? `, ${outcome.rejected} rejected` : '';
  return `${outcome.miniBatchId}: ${slice}: ${outcome.is} revision ${outcome.revision}, ${outcome.lines} lines${rejected}; rows: ${rows.join(', ')}`;
}

/** The same for programs. */
export function outcomeJson(outcome: MiniBatchOutcome): string {
  const { is, miniBatchId, ...rest } = outcome;
  const sliceEnd = 'sliceEnd' in outcome ? { slice_end_ts: formatInstant(outcome.sliceEnd) } : {};
  const { sliceEnd: _, ...others } = rest as typeof rest & { sliceEnd?: number };
  return JSON.stringify({ outcome: is, mini_batch_id: miniBatchId, ...sliceEnd, ...others });
}

export function tell(outcome: MiniBatchOutcome, terminal: Terminal, isJson: boolean): void {
  if (outcome.is === 'committed' || outcome.is === 'unchanged') {
    for (const warning of outcome.warnings) terminal.note(`warning: ${warning}`);
  }
  if (isJson) terminal.out(outcomeJson(outcome));
  else terminal.out(describeOutcome(outcome));
}

/** `3 of 690 mini-batches, 45,100 lines/s, 2 min 10 s left` */
export function progressLine(done: number, of: number, lines: number, elapsedMs: number): string {
  const seconds = elapsedMs / 1000;
  const rate = seconds > 0 ? Math.round(lines / seconds).toLocaleString('en-US') : '0';
  const left = done > 0 ? (seconds / done) * (of - done) : 0;
  return `${done} of ${of} mini-batches, ${rate} lines/s, ${duration(left)} left`;
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
