import { join } from 'node:path';
import { type Announcer, openAnnouncer } from '../consumers/announcing.ts';
import { baselinesPublished } from '../consumers/events.ts';
import { NO_METER } from '../consumers/meter.ts';
import { type BaselineOutcome, publishBaselines } from '../jobs/baseline-job.ts';
import { BASELINE_SIZES, threadsWithin } from '../jobs/baseline-memory.ts';
import { NotReady } from '../jobs/baseline-readiness.ts';
import type { BaselineDeps } from '../jobs/baseline-run.ts';
import type { BaselinePeriod } from '../jobs/baseline-schedule.ts';
import { baselineThreads, inlineBaselinePool } from '../jobs/baseline-stages.ts';
import { scope } from '../lifecycle.ts';
import { formatInstant } from '../operators/time.ts';
import { nameOfPublication } from '../state/baseline-publications.ts';
import { type MachineNames, readMachineNames } from '../state/machine-names.ts';
import type { BackingOptions } from './backing.ts';
import { baselineChoiceOf, periodsOf } from './baselines-choice.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { openSinks } from './event-outlets.ts';
import type { Home } from './home.ts';
import { openKnownHome } from './known-home.ts';
import { threadsOf } from './place.ts';
import { whole } from './report.ts';

/** Folder of a home in which baselines are worked out. */
export const BASELINE_WORK = 'state/baseline-work';

export const baselines: Command = {
  summary: 'Learn what is usual for each host, segment and the project from past features, and publish it.',
  usage:
    'ndr baselines [--horizon 7d|30d|both] [--month YYYY-MM | --ref INSTANT | --mode backfill --start INSTANT --end INSTANT]',
  examples: [
    'ndr baselines',
    'ndr baselines --horizon 7d --ref 2026-03-12',
    'ndr baselines --month 2026-03 --json',
    'ndr baselines --mode backfill --start 2026-03-01 --end 2026-03-15',
  ],
  flags: {
    horizon: { type: 'string', value: '7d|30d|both', doc: 'How much history; without it what fg_b_builder says.' },
    month: { type: 'string', value: 'YYYY-MM', doc: 'As at the first instant of the month, UTC.' },
    ref: {
      type: 'string',
      value: 'INSTANT',
      doc: 'As at an instant; without it the newest scheduled one (7d nightly, 30d Mondays, 00:00Z).',
    },
    mode: {
      type: 'string',
      value: 'regular|backfill',
      doc: 'backfill: every scheduled instant from --start on and before --end.',
    },
    start: { type: 'string', value: 'INSTANT', doc: 'First instant of a backfill.' },
    end: { type: 'string', value: 'INSTANT', doc: 'End of a backfill, not included.' },
  },
  run: (context) =>
    scope(async (onExit) => {
      const choice = baselineChoiceOf(context);
      const home = await openKnownHome(context, onExit);
      const { index } = home.deps;
      const { project, featureSpecVersion: version } = home.spec;
      const newest = await index.newestCommitted(project, version);
      if (newest === undefined)
        throw new UsageError(
          `project ${project}, version ${version}: nothing is committed, so nothing can be learned from; run ndr backfill first`,
        );
      const deps = openJob(context, home, onExit);
      const names = await namesOf(context, home);
      const announcer = openAnnouncer(await openSinks(context.settings, onExit), NO_METER, (text) =>
        context.terminal.note(`warning: ${text}`),
      );
      const periods = periodsOf(choice, home.spec, newest.sliceEnd);
      return publishAll(context, home, deps, periods, choice.mode, names, announcer);
    }),
};

function openJob(context: CommandContext, home: Home, onExit: (undo: () => Promise<void>) => void): BaselineDeps {
  const { settings, terminal, worker, codeVersion, stop } = context;
  const { lake, index, baselines: publications } = home.deps;
  const memoryMb = settings['baselines.memory_mb'];
  const threads = threadsWithin(memoryMb, threadsOf(context));
  // Threads of this job read no window state.
  const backing: BackingOptions = { state: join(home.folder, 'state'), redis: null, s3: null };
  const pool = threads === 1 ? inlineBaselinePool() : baselineThreads(threads, worker, { backing });
  onExit(() => pool.close());
  return {
    ...{ lake, index, pool, memoryMb, codeVersion, stop, sizes: BASELINE_SIZES },
    baselines: publications,
    workFolder: join(home.folder, BASELINE_WORK),
    onProgress: (what) => terminal.progress(what),
  };
}

async function namesOf({ terminal }: CommandContext, { deps, spec }: Home): Promise<MachineNames | null> {
  const { inventory } = spec.baselines;
  if (inventory === null) return null;
  const names = await readMachineNames(deps.lake, inventory, `project_parameters#${spec.featureSpecVersion}`);
  if (names.unreadable > 0)
    terminal.note(`warning: inventory of ${names.month}: ${whole(names.unreadable)} rows have no readable address`);
  return names;
}

async function publishAll(
  context: CommandContext,
  { spec }: Home,
  deps: BaselineDeps,
  periods: readonly BaselinePeriod[],
  mode: Parameters<typeof publishBaselines>[3],
  names: MachineNames | null,
  announcer: Announcer,
): Promise<number> {
  const { terminal, stop } = context;
  let [refused, done] = [0, 0];
  for (const period of periods) {
    if (stop.aborted) break;
    try {
      const outcome = await publishBaselines(deps, spec, period, mode, names);
      terminal.progress('');
      if (outcome.is === 'stopped') break;
      terminal.out(isJson(context) ? outcomeJson(outcome) : describeOutcome(outcome));
      await announce(announcer, spec, deps, period);
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      terminal.progress('');
      refused++;
      // Other horizons may have all they need.
      if (isJson(context)) terminal.out(refusedJson(period, error));
      else terminal.note(`refused: ${error.message}`);
    }
    done++;
  }
  if (periods.length === 0) terminal.note('nothing is scheduled in that time');
  if (done < periods.length) {
    terminal.note(`stopped after ${done} of ${periods.length}; run the same command again, it goes on where it was`);
    return EXIT.failed;
  }
  return refused > 0 ? EXIT.failed : EXIT.done;
}

/** Tells of a publication that stands, also where it stood already: whoever made it may have been killed before it told. */
async function announce(
  announcer: Announcer,
  { project, featureSpecVersion: version }: Home['spec'],
  { baselines }: BaselineDeps,
  { horizon, ref }: BaselinePeriod,
): Promise<void> {
  const publication = await baselines.of(project, version, horizon, ref);
  if (publication !== undefined) await announcer.tell([baselinesPublished(project, version, publication)]);
}

type Made = Exclude<BaselineOutcome, { is: 'stopped' }>;

function describeOutcome(made: Made): string {
  const { period, readiness, revision } = made;
  const history = `history ${formatInstant(period.start)} to ${formatInstant(period.end)}`;
  const gaps =
    readiness.missing.length === 0
      ? ''
      : `, ${whole(readiness.missing.length)} of ${whole(readiness.expected)} slices missing`;
  const name = `baselines ${nameOfPublication(period)}`;
  if (made.is === 'unchanged') return `${name}: nothing changed, revision ${revision} stands (${history}${gaps})`;
  return `${name}: published revision ${revision}, ${whole(made.hosts)} hosts, ${whole(made.rowsUsed)} rows (${history}${gaps})`;
}

function outcomeJson(made: Made): string {
  const { is, period, readiness, revision } = made;
  return JSON.stringify({
    outcome: is,
    ...periodJson(period),
    revision,
    expected_slices: readiness.expected,
    missing_slices: readiness.missing.length,
    ...(made.is === 'published' ? { hosts: made.hosts, rows_used: made.rowsUsed } : {}),
  });
}

const refusedJson = (period: BaselinePeriod, { missing, message }: NotReady): string =>
  JSON.stringify({
    outcome: 'refused',
    ...periodJson(period),
    why: message,
    missing_slice_end_ts: missing.map(formatInstant),
  });

const periodJson = ({ horizon, ref, start, end }: BaselinePeriod) => ({
  baseline_horizon: horizon,
  ref: formatInstant(ref),
  baseline_start_ts: formatInstant(start),
  baseline_end_ts: formatInstant(end),
});
