import { join } from 'node:path';
import { SettingsError } from '../config/settings-table.ts';
import { retainBaselines } from '../jobs/baseline-retention.ts';
import { type RemovedFiles, removeOlderInFolder, removeOlderInLake } from '../jobs/old-files.ts';
import { type RetentionReport, retainDatasets } from '../jobs/retention.ts';
import { retentionFaults, retentionsOf } from '../jobs/retention-plan.ts';
import { scope } from '../lifecycle.ts';
import { DAY_MS, formatInstant } from '../operators/time.ts';
import { sweepSuperseded } from '../state/sweep.ts';
import { BASELINE_WORK } from './baselines.ts';
import { type Command, type CommandContext, EXIT, isJson } from './command.ts';
import type { Home } from './home.ts';
import { openKnownHome } from './known-home.ts';
import { fileSize, whole } from './report.ts';

export const retain: Command = {
  summary: 'Remove what is older than retention.* says, and superseded files; raw files and manifests stay.',
  usage: 'ndr retain [--dry-run]',
  examples: ['ndr retain --dry-run', 'ndr retain', 'ndr retain --retention.fg_a_days 400'],
  flags: { 'dry-run': { type: 'boolean', doc: 'Say what would go, and remove nothing.' } },
  run: (context) =>
    scope(async (onExit) => {
      const home = await openKnownHome(context, onExit);
      const retentions = retentionsOf(context.settings, home.spec);
      const faults = retentionFaults(retentions);
      if (faults.length > 0) throw new SettingsError(faults);
      await checkNewest(context, home);
      const isDryRun = context.flags['dry-run'] === true;
      let removed = 0;
      const { lake, index } = home.deps;
      const onRemoved = (dataset: string): void =>
        context.terminal.progress(`${whole(++removed)} files removed, the last of ${dataset}`);
      const datasets = await retainDatasets(
        { lake, index, spec: home.spec, onRemoved, stop: context.stop },
        retentions,
        isDryRun,
      );
      context.terminal.progress('');
      if (!context.stop.aborted) await retainPublications(context, home, isDryRun);
      const others = context.stop.aborted ? [] : await retainOthers(context, home, isDryRun);
      tellAll(context, datasets, others, isDryRun);
      if (!isDryRun && !context.stop.aborted) await sweep(context, home);
      if (!context.stop.aborted) return EXIT.done;
      context.terminal.note('stopped; run the same command again to go on');
      return EXIT.failed;
    }),
};

/** One slice of a wrong year would make all others look old enough to go. */
async function checkNewest({ clock }: CommandContext, { deps, spec }: Home): Promise<void> {
  const newest = await deps.index.newestCommitted(spec.project, spec.featureSpecVersion);
  if (newest === undefined || newest.sliceEnd <= clock() + DAY_MS) return;
  throw new Error(
    `mini-batch ${newest.miniBatchId} is the newest of project ${spec.project}, but its slice ends ` +
      `${formatInstant(newest.sliceEnd)}, after ${formatInstant(clock())}, which it is here: ages that count from it are ` +
      'wrong. Set the clock, or settle its slice anew: ndr run-batch --input FOLDER --at INSTANT',
  );
}

interface OtherReport extends RemovedFiles {
  readonly what: 'quarantine' | 'scratch';
  readonly days: number;
}

/** Folders in which files are made before they get their names; whoever opens a store clears what the dead left behind. */
const SCRATCH = [
  'lake/_tmp',
  'quarantine/_tmp',
  'state/items/_tmp',
  'state/windows/_tmp',
  'state/timings/_tmp',
  'state/baselines/_tmp',
  'state/lookback/days/_tmp',
  'state/lookback/bases/_tmp',
  'state/scratch',
  BASELINE_WORK,
];

async function retainOthers(
  { settings, clock }: CommandContext,
  { folder, deps, spec }: Home,
  isDryRun: boolean,
): Promise<OtherReport[]> {
  const [quarantineDays, scratchDays] = [settings['retention.quarantine_days'], settings['retention.scratch_days']];
  const before = (days: number): number => clock() - days * DAY_MS;
  const quarantined = await removeOlderInLake(deps.quarantine, `${spec.project}/`, before(quarantineDays), isDryRun);
  const scratch = { files: 0, bytes: 0 };
  for (const place of SCRATCH) {
    const { files, bytes } = await removeOlderInFolder(join(folder, place), before(scratchDays), isDryRun);
    scratch.files += files;
    scratch.bytes += bytes;
  }
  return [
    { what: 'quarantine', days: quarantineDays, ...quarantined },
    { what: 'scratch', days: scratchDays, ...scratch },
  ];
}

/** Publications of baselines have an age by their reference instant; the newest of each horizon is always kept. */
async function retainPublications(context: CommandContext, { deps, spec }: Home, isDryRun: boolean): Promise<void> {
  const { settings, clock, terminal } = context;
  const days = settings['retention.baselines_days'];
  const newest = await deps.index.newestCommitted(spec.project, spec.featureSpecVersion);
  if (newest === undefined) return;
  const upTo = newest.sliceEnd - days * DAY_MS;
  const before = clock() - settings['retention.scratch_days'] * DAY_MS;
  const report = await retainBaselines(deps, spec, { upTo, before, isDryRun });
  if (isJson(context)) {
    const { publications, files, bytes } = report;
    const counts = { publications, files, bytes, up_to: formatInstant(upTo), removed: !isDryRun };
    terminal.out(JSON.stringify({ what: 'baselines', days, ...counts }));
    return;
  }
  const did = isDryRun ? 'would go' : 'removed';
  const gone = report.files === 0 ? 'no files' : `${whole(report.files)} files ${did}, ${fileSize(report.bytes)}`;
  terminal.out(`baselines, kept ${days} days: ${whole(report.publications)} publications ${did}, ${gone}`);
}

/** A home that no `ndr serve` looks after is swept here. */
async function sweep(context: CommandContext, { deps: { lake, index }, spec }: Home): Promise<void> {
  const { settings, clock, terminal } = context;
  const { project, featureSpecVersion: version } = spec;
  const graceMs = settings['lake.gc_grace_seconds'] * 1000;
  const { removed, faults } = await sweepSuperseded({ lake, index, project, version, nowMs: clock(), graceMs });
  for (const fault of faults) terminal.note(`warning: superseded files stay: ${fault}`);
  if (isJson(context)) terminal.out(JSON.stringify({ what: 'superseded', files: removed.length, removed: true }));
  else if (removed.length > 0) terminal.out(`superseded revisions: ${whole(removed.length)} files removed`);
}

function tellAll(
  context: CommandContext,
  datasets: readonly RetentionReport[],
  others: readonly OtherReport[],
  isDryRun: boolean,
): void {
  const { terminal } = context;
  if (isJson(context)) {
    for (const { upTo, ...report } of datasets)
      terminal.out(JSON.stringify({ ...report, up_to: formatInstant(upTo), removed: !isDryRun }));
    for (const report of others) terminal.out(JSON.stringify({ ...report, removed: !isDryRun }));
    return;
  }
  if (datasets.length === 0) terminal.out('nothing is committed yet: no dataset has an age');
  const did = isDryRun ? 'would go' : 'removed';
  for (const { dataset, days, upTo, files, bytes } of datasets) {
    const what = `${dataset}, kept ${days} days: slices up to ${formatInstant(upTo)}`;
    terminal.out(`${what}: ${files === 0 ? 'no files' : `${whole(files)} files ${did}, ${fileSize(bytes)}`}`);
  }
  for (const { what, days, files, bytes } of others) {
    const gone = files === 0 ? 'no files' : `${whole(files)} files ${did}, ${fileSize(bytes)}`;
    terminal.out(`${what}, kept ${days} days by the clock: ${gone}`);
  }
}
