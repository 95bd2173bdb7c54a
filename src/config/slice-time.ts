import { DAY_MS, daysOf, formatInstant } from '../operators/time.ts';
import type { BatchSpec, SliceTimeRule } from './batch-spec.ts';
import { timeOfName } from './id-pattern.ts';

const SLICE = 900_000;
const MINUTE = 60_000;

/** The last slice end at or before `ts`. Floor minutes are ascending and 15 apart. All in ms UTC. */
export function sliceEndOf(ts: number, floorMinutes: readonly number[]): number {
  const phase = (floorMinutes[0] ?? 0) * MINUTE;
  return Math.floor((ts - phase) / SLICE) * SLICE + phase;
}

/** The first slice end at or after `ts`. */
export function sliceEndCeil(ts: number, floorMinutes: readonly number[]): number {
  const end = sliceEndOf(ts, floorMinutes);
  return end === ts ? end : end + SLICE;
}

export type SliceSource = 'at' | 'event' | 'sent' | 'id_pattern' | 'last_modified' | 'max_event_end';

/** What is known of a mini-batch when its slice is settled. Times in ms UTC; null: there is none. */
export interface SliceEvidence {
  readonly folderName: string;
  /** `YYYY-MM-DD` of the folder's path. */
  readonly pathDate: string | null;
  /** Given by hand; replaces every other source. */
  readonly at?: number | null;
  /** The notification's own time. */
  readonly eventTime?: number | null;
  /** When the queue took the notification. */
  readonly sentTime?: number | null;
  /** Of the newest data file. Undefined: not looked up yet. */
  readonly lastModified?: number | null | undefined;
  /** Greatest event_end within {@link eventEndRange}. Undefined: the files have not been read yet. */
  readonly maxEventEnd?: number | NoEventEnd | undefined;
}

/** Why no event_end settles a slice, and what to do. */
export interface NoEventEnd {
  readonly none: string;
}

/** What --at is: a time is floored to the slice that ended before it, so that of a record itself would be too early. */
export const GIVE_AT = 'give when it was delivered, which is after its last record, with --at';

export interface SliceRules {
  readonly sliceTime: SliceTimeRule;
  readonly idPattern: string | null;
  readonly floorMinutes: readonly number[];
  readonly now: number;
}

/** The rules in force: what a project's delta spec says, else the program's settings. */
export function sliceRulesOf(
  { input, windowFloorMinutes }: Pick<BatchSpec, 'input' | 'windowFloorMinutes'>,
  usual: { readonly 'input.slice_time': SliceTimeRule; readonly 'input.id_pattern': string | null },
): Omit<SliceRules, 'now'> {
  return {
    sliceTime: input.sliceTime ?? usual['input.slice_time'],
    idPattern: input.idPattern ?? usual['input.id_pattern'],
    floorMinutes: windowFloorMinutes,
  };
}

export interface SettledSlice {
  readonly ts: number;
  /** The slice is (sliceStart, sliceEnd]. */
  readonly sliceStart: number;
  readonly sliceEnd: number;
  /** The slice end that `ts` floors to, and `ts` itself: lineage. */
  readonly batchStart: number;
  readonly batchEnd: number;
  readonly source: SliceSource;
}

export type SliceAnswer =
  | { readonly is: 'settled'; readonly slice: SettledSlice }
  | { readonly is: 'needs'; readonly what: 'lastModified' | 'maxEventEnd' }
  | { readonly is: 'fault'; readonly why: string };

/**
 * Settles the slice of a mini-batch seen for the first time. A time given by hand wins, then the notification's own,
 * then the queue's; a folder that nothing announced goes by `sliceTime`. Pure: what it needs and does not have it asks for.
 */
export function settleSlice(evidence: SliceEvidence, rules: SliceRules): SliceAnswer {
  const { at, eventTime, sentTime } = evidence;
  if (at !== undefined && at !== null) return settled(at, 'at', rules);
  if (eventTime !== undefined && eventTime !== null) return settled(eventTime, 'event', rules);
  if (sentTime !== undefined && sentTime !== null) return settled(sentTime, 'sent', rules);
  switch (ruleFor(evidence, rules)) {
    case 'id_pattern':
      return byIdPattern(evidence, rules);
    case 'last_modified':
      return byLastModified(evidence, rules);
    default:
      return byMaxEventEnd(evidence, rules);
  }
}

function ruleFor({ pathDate }: SliceEvidence, { sliceTime, idPattern, now }: SliceRules): SliceTimeRule {
  if (sliceTime !== 'auto') return sliceTime;
  if (idPattern !== null) return 'id_pattern';
  if (pathDate === null) return 'max_event_end';
  const dayEnd = startOf(pathDate) + DAY_MS;
  return dayEnd > now - DAY_MS && dayEnd <= now + 2 * DAY_MS ? 'last_modified' : 'max_event_end';
}

function byIdPattern({ folderName, pathDate }: SliceEvidence, rules: SliceRules): SliceAnswer {
  if (rules.idPattern === null) {
    return fault(
      'input.slice_time is id_pattern, but input.id_pattern is not set; set one such as {yyyy}{mm}{dd}T{HH}{MM}',
    );
  }
  const ts = timeOfName(folderName, rules.idPattern, pathDate);
  return typeof ts === 'string' ? fault(`${ts}; correct the pattern, or ${GIVE_AT}`) : settled(ts, 'id_pattern', rules);
}

function byLastModified({ folderName, pathDate, lastModified }: SliceEvidence, rules: SliceRules): SliceAnswer {
  if (lastModified === undefined) return { is: 'needs', what: 'lastModified' };
  if (lastModified === null)
    return fault(`mini-batch ${folderName} has no data file whose time could settle its slice`);
  if (pathDate !== null && !isNear(lastModified, pathDate)) {
    return fault(
      `mini-batch ${folderName} lies under ${pathDate}, but its newest file is of ${formatInstant(lastModified)}, more than a ` +
        'day apart; set input.slice_time to max_event_end or input.id_pattern, or ' +
        GIVE_AT,
    );
  }
  return settled(lastModified, 'last_modified', rules);
}

function byMaxEventEnd({ folderName, pathDate, maxEventEnd }: SliceEvidence, rules: SliceRules): SliceAnswer {
  if (maxEventEnd === undefined) return { is: 'needs', what: 'maxEventEnd' };
  if (typeof maxEventEnd === 'object') return fault(`mini-batch ${folderName}: ${maxEventEnd.none}`);
  if (pathDate !== null && !isNear(maxEventEnd, pathDate)) {
    return fault(
      `mini-batch ${folderName} lies under ${pathDate}, but its newest event_end is ${formatInstant(maxEventEnd)}, more than a ` +
        `day apart; ${GIVE_AT}`,
    );
  }
  return settled(sliceEndCeil(maxEventEnd, rules.floorMinutes), 'max_event_end', rules);
}

function settled(time: number, source: SliceSource, { floorMinutes }: SliceRules): SliceAnswer {
  const ts = Math.floor(time);
  if (!Number.isSafeInteger(ts) || Math.abs(ts) > 8.64e15) return fault(`the time ${time} (${source}) is no instant`);
  const sliceEnd = sliceEndOf(ts, floorMinutes);
  const slice = { ts, sliceStart: sliceEnd - SLICE, sliceEnd, batchStart: sliceEnd, batchEnd: ts, source };
  return { is: 'settled', slice };
}

const fault = (why: string): SliceAnswer => ({ is: 'fault', why });

function startOf(pathDate: string): number {
  const [year, month, day] = pathDate.split('-').map(Number);
  return daysOf(year ?? 0, month ?? 0, day ?? 0) * DAY_MS;
}

/** On the path's date, the day before or the day after: paths may be written in local dates. */
function isNear(instant: number, pathDate: string): boolean {
  const { from, to } = eventEndRange(pathDate);
  return instant >= from && instant < to;
}

/**
 * [from, to) of the event_end that may settle the slice of a folder under this date: one clock that is years ahead must
 * not date a whole mini-batch.
 */
export function eventEndRange(pathDate: string | null): { readonly from: number; readonly to: number } {
  if (pathDate === null) return { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  const start = startOf(pathDate);
  return { from: start - DAY_MS, to: start + 2 * DAY_MS };
}
