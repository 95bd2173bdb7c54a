import { basename, join, relative } from 'node:path';
import { sliceRulesOf } from '../config/slice-time.ts';
import { scope } from '../lifecycle.ts';
import { CATALOG } from '../operators/catalog.ts';
import { ALL_TIME, type BackfillReport, backfillFolders } from './backfill.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { type Finding, type Findings, lookBack } from './demo-findings.ts';
import { OFFICE, OFFICE_HOURS, officeDay } from './demo-traffic.ts';
import { type Home, openHome } from './home.ts';
import { type Monitoring, openMonitoring } from './monitoring.ts';
import { duration, tell, whole } from './report.ts';
import { plainLog } from './serve-log.ts';
import { directoryPorts, type Serving, servePump } from './serving.ts';
import { ID_PATTERN } from './simulated-folders.ts';
import type { Surroundings } from './surroundings.ts';

/** Where a demo answers unless the settings say otherwise; the port that Prometheus knows exporters by begins there. */
const PORT = 9464;

export function demoIn(surroundings: Surroundings): Command {
  return {
    summary:
      'Play half a day of generated office traffic, with three hidden incidents, through the pipeline; then serve what comes, until stopped.',
    usage: 'ndr demo [--once]',
    examples: ['ndr demo', 'ndr demo --once --home /tmp/try-ndr'],
    flags: { once: { type: 'boolean', doc: 'End when the traffic has been played and the story is told.' } },
    run: (context) => scope((onExit) => playDemo(context, surroundings, onExit)),
  };
}

async function playDemo(
  given: CommandContext,
  surroundings: Surroundings,
  onExit: (undo: () => Promise<void>) => void,
): Promise<number> {
  const { terminal, stop } = given;
  const isOnce = given.flags['once'] === true;
  const settings = { ...given.settings, 'input.id_pattern': ID_PATTERN, 'input.slice_time': 'id_pattern' as const };
  const context: CommandContext = { ...given, settings };
  const monitoring = await openMonitoring(context, surroundings, isOnce ? null : PORT);
  const home = await openHome(context, onExit, monitoring.watch);
  const day = officeDay();
  const inbox = join(home.folder, 'inbox');
  const folders = day.foldersIn(inbox);
  const ids = new Set(folders.map((folder) => basename(folder)));
  await refuseOthers(home, folders);
  await day.writeTo(inbox, stop, (done) => terminal.progress(`making traffic, ${done} of ${OFFICE.slices} slices`));
  terminal.progress('');
  if (stop.aborted) return toldToStop(context);
  const report = await backfillFolders(context, home, folders, ALL_TIME, (taken) => {
    if (taken.is === 'poison' || taken.is === 'error') tell(context, taken);
  });
  if (report.stopped === 'told') return toldToStop(context);
  if (report.counts.failed > 0 || report.stopped !== null) return EXIT.failed;
  const found = await lookBack(home, ids, day.incidents);
  if (isJson(context)) terminal.out(demoJson(home, report, found));
  else for (const line of story(home, report, found, surroundings)) terminal.out(line);
  if (isOnce) return EXIT.done;
  // The names of the demo's folders tell their slices; those of others need not.
  const serving: Home = { ...home, sliceRules: sliceRulesOf(home.spec, given.settings) };
  const isDrained = await serveInbox(given, serving, inbox, monitoring, onExit);
  return isDrained ? EXIT.done : EXIT.failed;
}

function serveInbox(
  context: CommandContext,
  home: Home,
  inbox: string,
  monitoring: Monitoring,
  onExit: (undo: () => Promise<void>) => void,
): Promise<boolean> {
  const { terminal, settings } = context;
  const serving: Serving = {
    place: home,
    source: directoryPorts(context, home, inbox),
    searchMs: settings['serve.poll_seconds'] * 1000,
    monitoring,
    log: plainLog(context),
    onOpen(address) {
      terminal.note(`\nNow serving: mini-batches that come to ${inbox} are taken, as ndr serve does.`);
      if (address !== null) terminal.note(`Look at ${address}/metrics and ${address}/readyz.`);
      terminal.note('Stop with Ctrl-C; ndr demo --once ends by itself.');
    },
  };
  return servePump(context, serving, onExit);
}

function toldToStop({ terminal }: CommandContext): number {
  terminal.note('stopped; run the same command again to go on');
  return EXIT.failed;
}

/**
 * Made-up hosts do not belong beside real ones: in the lake nobody could tell them apart. Where the demo was played before,
 * the real ones came later, for somebody put them into its inbox: they stay.
 */
async function refuseOthers({ folder, deps, spec }: Home, folders: readonly string[]): Promise<void> {
  const { project, featureSpecVersion: version } = spec;
  const all = await deps.index.committedBetween(project, version, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  if (all.length === 0) return;
  for (const own of folders) {
    const slice = await deps.index.settledSlice(project, basename(own));
    // Also where the whole home was moved since.
    if (slice?.path.endsWith(`/${relative(folder, own)}`)) return;
  }
  throw new UsageError(
    `home: ${folder} holds mini-batches of project ${project} that are not the demo's (${all[0]!.miniBatchId}, for one); ` +
      'give the demo a home of its own: ndr demo --home DIR',
  );
}

function demoJson(home: Home, { counts, lines, rejected }: BackfillReport, { findings, rows }: Findings): string {
  return JSON.stringify({
    summary: counts,
    lines,
    rejected,
    feature_rows: rows,
    lake: home.storage.lakePlace,
    findings: findings.map(({ incident: { kind, host, peer }, column, value, rank, others }) => ({
      kind,
      host,
      peer,
      ...(column === null ? { column } : { column, value, rank, others }),
    })),
  });
}

function story(home: Home, report: BackfillReport, { findings, rows }: Findings, at: Surroundings): string[] {
  const { committed, unchanged, skipped } = report.counts;
  const shown = (path: string): string => {
    const near = relative(at.folder, path);
    return near === '' ? '.' : near.startsWith('..') ? path : near;
  };
  const fgA = `${shown(home.storage.lakePlace)}/${home.spec.project}/fg_a`;
  const features = CATALOG.filter(({ dataset }) => dataset === 'fg_a').length;
  const stood = skipped + unchanged > 0 ? `; ${skipped + unchanged} mini-batches stood already` : '';
  const program = shown(at.program);
  const kept =
    report.rejected > 0
      ? ` ${whole(report.rejected)} of them were unusable and are kept in ${shown(join(home.folder, 'quarantine'))}.`
      : '';
  return [
    committed === 0
      ? `All ${skipped + unchanged} mini-batches stood already: the same input changes nothing.`
      : `${OFFICE_HOURS} hours of an office of ${OFFICE.hosts} workstations: ${committed} mini-batches, ` +
        `${whole(report.lines)} log lines, in ${duration(report.elapsedMs / 1000)}${stood}.${kept}`,
    `They gave ${whole(rows)} rows, one per host and 15 minutes, of ${features} features each.`,
    '',
    'Hidden in the traffic, and what the features show of it:',
    ...findings.toSorted((a, b) => Number(a.column === null) - Number(b.column === null)).flatMap(describeFinding),
    '',
    `The features are Parquet files below ${fgA}. To look at some, for instance:`,
    `  duckdb -c "from read_parquet('${fgA}/**/*.parquet', hive_partitioning = true) limit 5"`,
    'Next:',
    `  ${program} catalog | less`,
    '      what every column means',
    `  ${program} backfill --input LOGS --home DIR`,
    '      features of your own logs: LOGS/.../YYYY/MM/DD/<mini-batch>/*.json.gz, into a home of their own',
  ];
}

function describeFinding({ incident, column, counts, value, rank, others }: Finding): string[] {
  const { kind, host, peer } = incident;
  const head = `  ${kind.replace('_', ' ').padEnd(13)} ${host} -> ${peer ?? 'many'}`;
  if (column === null) {
    return [
      head,
      '                in no single column; it takes baselines, which need eight days of history (ndr baselines)',
    ];
  }
  const place =
    rank === 1 ? `no other host more than ${whole(others)}` : `${rank - 1} hosts have more, up to ${whole(others)}`;
  return [head, `                ${whole(value)} ${counts}, ${place} (${column})`];
}
