import { type Candidate, type Taken, take } from '../consumers/take-mini-batch.ts';
import { scope } from '../lifecycle.ts';
import { DAY_MS } from '../operators/time.ts';
import { isS3Location } from '../state/aws/s3-location.ts';
import { openRawFiles } from './backing.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { instantFlag } from './flags.ts';
import {
  describeStrays,
  type FoundFolders,
  findMiniBatchFolders,
  findMiniBatchFoldersInS3,
  inputPlace,
  LAYOUT,
  type StrayFiles,
} from './folders.ts';
import { type Home, openHome } from './home.ts';
import { duration, progressLine, tell, whole } from './report.ts';
import { reprocessingOf } from './reprocess.ts';
import { inSliceOrder } from './slice-order.ts';
import { s3OptionsOf } from './storage.ts';

export const backfill: Command = {
  summary: 'Compute every mini-batch folder below a root, in order; resumes where it was stopped.',
  usage: 'ndr backfill --input ROOT [--from INSTANT] [--to INSTANT]',
  examples: [
    'ndr backfill --input logs',
    'ndr backfill --input logs --from 2026-03-01 --to 2026-04-01',
    'ndr backfill --input s3://raw-logs/paloalto/acme/hq/2026/03',
  ],
  flags: {
    input: {
      type: 'string',
      value: 'ROOT',
      doc: 'Folder, or address in S3, below which the mini-batches lie: ROOT/.../YYYY/MM/DD/<mini-batch>/<file>.',
    },
    from: { type: 'string', value: 'INSTANT', doc: 'Only slices that end at it or later.' },
    to: { type: 'string', value: 'INSTANT', doc: 'Only slices that end before it.' },
  },
  run: (context) =>
    scope(async (onExit) => {
      const range = rangeOf(context);
      const { folders, faults, strays } = await miniBatchesBelow(context);
      const home = await openHome(context, onExit);
      for (const fault of faults) context.terminal.note(`error: ${fault}; make it readable, then run this again`);
      tellStrays(context, strays);
      const report = await backfillFolders(context, home, folders, range, (taken) => {
        // Of hundreds that stand already, one line each would hide the others.
        if (isJson(context) || taken.is !== 'skipped') tell(context, taken);
      });
      summarize(context, home, report, strays);
      return faults.length > 0 || report.counts.failed > 0 || report.stopped !== null ? EXIT.failed : EXIT.done;
    }),
};

/** [from, to), ms UTC. */
export interface SliceRange {
  readonly from: number;
  readonly to: number;
}

export const ALL_TIME: SliceRange = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

function rangeOf(context: CommandContext): SliceRange {
  const from = instantFlag(context, 'from') ?? ALL_TIME.from;
  const to = instantFlag(context, 'to') ?? ALL_TIME.to;
  if (from >= to) {
    throw new UsageError('--from, --to: no slice ends at --from or later and before --to; give a --to after --from');
  }
  return { from, to };
}

async function miniBatchesBelow(context: CommandContext): Promise<FoundFolders> {
  const root = await inputPlace(context, 'the folder below which the mini-batches lie');
  const found = isS3Location(root) ? await foldersInS3(context, root) : await findMiniBatchFolders(context, root);
  const { folders, faults, strays } = found;
  if (folders.length > 0 || faults.length > 0) return found;
  const others = strays[0] === undefined ? '' : ` (but others, such as ${strays[0].first})`;
  throw new UsageError(`--input: no data file lies below ${root}${others}; ${LAYOUT}`);
}

/** Folders with files that nobody reads that are told one by one. */
const MOST_TOLD = 10;

function tellStrays({ terminal }: CommandContext, strays: readonly StrayFiles[]): void {
  for (const one of strays.slice(0, MOST_TOLD)) terminal.note(`warning: ${describeStrays(one)}`);
  if (strays.length > MOST_TOLD) terminal.note(`warning: so it is in ${strays.length - MOST_TOLD} other folders`);
}

/** Before a home is opened: where nothing lies, none is made. */
async function foldersInS3({ settings }: CommandContext, root: string): Promise<FoundFolders> {
  const { rawFiles, close } = openRawFiles(s3OptionsOf(settings));
  try {
    return await findMiniBatchFoldersInS3(rawFiles, root);
  } finally {
    close();
  }
}

/** A candidate whose slice cannot be settled may lie in the range unless the day of its path says otherwise. */
function isWithin({ from, to }: SliceRange, { sliceEnd, position }: Candidate): boolean {
  if (sliceEnd !== null) return sliceEnd >= from && sliceEnd < to;
  return position === Number.NEGATIVE_INFINITY || (position + 2 * DAY_MS > from && position - DAY_MS < to);
}

export interface BackfillReport {
  readonly counts: {
    readonly committed: number;
    readonly unchanged: number;
    readonly skipped: number;
    readonly failed: number;
  };
  readonly found: number;
  readonly inRange: number;
  /** Of those counted the ones that were published again, because late data had changed their windows. */
  readonly again: number;
  readonly lines: number;
  readonly rejected: number;
  readonly elapsedMs: number;
  /** Why it ended before its end; null: it did not. */
  readonly stopped: 'told' | 'errors' | null;
}

/** So many errors in a row, unlike failures of single mini-batches, mean that the place is at fault: a full disk, say. */
const MOST_ERRORS_IN_A_ROW = 3;

/**
 * Settles all slices first, since order is by slice, then takes the mini-batches one after the other, and at last those of
 * the day behind that late ones among them affected.
 */
export async function backfillFolders(
  context: CommandContext,
  home: Home,
  paths: readonly string[],
  range: SliceRange,
  onTaken: (taken: Taken) => void,
): Promise<BackfillReport> {
  const { terminal, clock, stop } = context;
  const counts = { committed: 0, unchanged: 0, skipped: 0, failed: 0 };
  const sums = { lines: 0, rejected: 0, computed: 0, computedMs: 0 };
  const begun = clock();
  const ordered = await inSliceOrder(context, home, paths);
  const wanted = ordered.filter((candidate) => isWithin(range, candidate));
  let errorsInARow = 0;
  let done = 0;
  const isToEnd = (): boolean => stop.aborted || errorsInARow === MOST_ERRORS_IN_A_ROW;
  const count = (taken: Taken, takenAt: number): void => {
    errorsInARow = taken.is === 'error' ? errorsInARow + 1 : 0;
    counts[taken.is === 'poison' || taken.is === 'error' ? 'failed' : taken.is]++;
    if (taken.is !== 'skipped') {
      sums.computed++;
      sums.computedMs += clock() - takenAt;
    }
    if ('lines' in taken) {
      sums.lines += taken.lines;
      sums.rejected += taken.rejected;
    }
    onTaken(taken);
  };
  for (const candidate of wanted) {
    if (isToEnd()) break;
    terminal.progress(progressLine({ ...sums, done, of: wanted.length }));
    const takenAt = clock();
    const taken = await take(home, candidate);
    done++;
    count(taken, takenAt);
  }
  let again = 0;
  let isRight = false;
  const reprocessing = reprocessingOf(context, home, dayBehind(wanted));
  if (!isToEnd()) await reprocessing.refresh();
  while (!isToEnd()) {
    const takenAt = clock();
    const taken = await reprocessing.takeNext();
    isRight = taken === undefined;
    if (taken === undefined) break;
    terminal.progress(`${++again} published again, since late data changed their windows`);
    count(taken, takenAt);
  }
  terminal.progress('');
  const { lines, rejected } = sums;
  const isCut = ordered.length < paths.length || done < wanted.length || !isRight;
  return {
    counts,
    found: paths.length,
    inRange: wanted.length,
    again,
    lines,
    rejected,
    elapsedMs: clock() - begun,
    stopped: !isCut ? null : stop.aborted ? 'told' : 'errors',
  };
}

/** Whoever is asked for a range makes it right as far as its windows reach, however late it came. */
function dayBehind(wanted: readonly Candidate[]): (affected: { readonly sliceEnd: number }) => boolean {
  const ends = wanted.flatMap(({ sliceEnd }) => (sliceEnd === null ? [] : [sliceEnd]));
  const [first, last] = [ends.at(0) ?? Number.POSITIVE_INFINITY, ends.at(-1) ?? Number.NEGATIVE_INFINITY];
  return ({ sliceEnd }) => sliceEnd >= first && sliceEnd <= last + DAY_MS;
}

function summarize(context: CommandContext, home: Home, report: BackfillReport, strays: readonly StrayFiles[]): void {
  const { terminal } = context;
  const { counts, again, found, inRange, lines, elapsedMs, stopped } = report;
  const notRead = strays.reduce((sum, { files }) => sum + files, 0);
  const left = notRead === 0 ? {} : { files_not_read: notRead };
  if (isJson(context)) terminal.out(JSON.stringify({ summary: { ...counts, ...left } }));
  else {
    const { committed, unchanged, skipped, failed } = counts;
    const same = unchanged > 0 ? `, ${unchanged} computed again without a change` : '';
    const pace = committed > 0 ? `; ${whole(lines)} lines in ${duration(elapsedMs / 1000)}` : '';
    terminal.out(`${committed} committed${same}, ${skipped} stood already, ${failed} failed${pace}`);
    if (again > 0)
      terminal.out(`${again} of these stood already, and were published again: late data changed their windows`);
    if (notRead > 0)
      terminal.out(`${whole(notRead)} files below the root were not read, by their names: see the warnings`);
    terminal.out(`lake: ${home.storage.lakePlace}`);
  }
  if (stopped === 'told') terminal.note('stopped; run the same command again to go on');
  else if (stopped === 'errors') {
    terminal.note(
      `ended after ${MOST_ERRORS_IN_A_ROW} errors in a row; remove their cause, then run the same command again to go on`,
    );
  } else if (inRange < found) terminal.note(`${found - inRange} of ${found} mini-batches lie outside --from, --to`);
}
