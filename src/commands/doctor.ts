import { join, resolve } from 'node:path';
import type { BatchSpec } from '../config/batch-spec.ts';
import { SETTINGS, type Settings } from '../config/settings.ts';
import { SpecError } from '../config/spec-payload.ts';
import { type ExaminedPlace, examineBatches, type NamedFiles } from '../jobs/batch-examination.ts';
import { error, type Finding, info, warning } from '../jobs/finding.ts';
import { manifestsOf } from '../jobs/manifest-inventory.ts';
import { findOrphans } from '../jobs/orphan-search.ts';
import { unknownStream } from '../jobs/other-streams.ts';
import {
  examineClock,
  examineDisk,
  examineFolders,
  examineRuntime,
  newestManifest,
  sizeOf,
} from '../jobs/place-examination.ts';
import { examinePublications } from '../jobs/publication-examination.ts';
import { examineQuarantine } from '../jobs/quarantine-examination.ts';
import { reachFinding, whileReached } from '../jobs/reach-finding.ts';
import { retainDatasets } from '../jobs/retention.ts';
import { retentionFaults, retentionsOf } from '../jobs/retention-plan.ts';
import { scope } from '../lifecycle.ts';
import { openBaselinePublications } from '../state/baseline-publications.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import { datasetPrefix } from '../state/publish.ts';
import { examineCloud } from './cloud-examination.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { isFolder } from './known-home.ts';
import { readProjectSpec } from './project-spec.ts';
import { counted, fileSize } from './report.ts';
import { type OnExit, openStorage, type Storage } from './storage.ts';

export const doctor: Command = {
  summary:
    'Check what the settings name, in the home and in AWS: specs, routes, reach, clocks, policies, index and lake; changes nothing.',
  usage: 'ndr doctor [--deep] [--write]',
  examples: ['ndr doctor', 'ndr doctor --deep', 'ndr doctor --write', 'ndr doctor --home ndr-home --json'],
  flags: {
    deep: { type: 'boolean', doc: 'Read every file and compare its digest, not its size alone.' },
    write: {
      type: 'boolean',
      doc: 'Try writing to S3 and DynamoDB, too: an object and an item called _doctor are put and removed.',
    },
  },
  run: (context) =>
    scope(async (onExit) => {
      const counts = { error: 0, warning: 0, info: 0 };
      for await (const finding of examine(context, onExit)) {
        counts[finding.severity]++;
        tell(context, finding);
      }
      const { terminal, stop } = context;
      terminal.progress('');
      if (isJson(context)) terminal.out(JSON.stringify({ summary: counts }));
      else terminal.out(`${counted(counts.error, 'error')}, ${counted(counts.warning, 'warning')}`);
      if (stop.aborted) terminal.note('stopped before the end');
      return counts.error > 0 || stop.aborted ? EXIT.failed : EXIT.done;
    }),
};

async function* examine(context: CommandContext, onExit: OnExit): AsyncGenerator<Finding> {
  const { settings } = context;
  const folder = resolve(settings.home);
  const isLocal = isAnythingLocal(settings);
  const hasHome = await isFolder(folder);
  if (isLocal && !hasHome) throw new UsageError(`home: ${folder} is no folder; give the home with --home or NDR_HOME`);
  yield examineRuntime(process.versions.node);
  let isUsable = true;
  for await (const finding of examineFolders(folder)) {
    isUsable = false;
    yield finding;
  }
  // What cannot be listed cannot be looked through.
  if (!isUsable && isLocal) return;
  const storage = await openStorage(settings, folder, onExit);
  const reach = yield* examineCloud(context, storage, onExit);
  const spec = reach.tables ? yield* examineSpecs(context, storage) : undefined;
  if (reach.tables && reach.lake) {
    const findings = examineData(context, storage, spec, reach.quarantine);
    yield* whileReached('lake', findings, `${callOf(context, 'doctor')}, once it can be reached again`);
  } else if (hasHome) yield await examineDisk(folder, undefined, (args) => callOf(context, args));
  if (hasHome) yield* examineSizes(context, folder);
}

/** What was published, and whether index, lake and quarantine agree. */
async function* examineData(
  context: CommandContext,
  { lake, quarantine, items, index }: Storage,
  spec: BatchSpec | undefined,
  hasQuarantine: boolean,
): AsyncGenerator<Finding> {
  const { settings, clock } = context;
  const folder = resolve(settings.home);
  const versions = new Set(spec === undefined ? [] : [spec.featureSpecVersion]);
  for await (const { version } of manifestsOf(lake, settings.project)) versions.add(version);
  for (const version of versions) yield* examineVersion(context, { lake, index, version }, spec);
  if (spec !== undefined) yield* examineNames(lake, index, spec);
  if (spec !== undefined) {
    const baselines = openBaselinePublications(items, lake);
    const place = { lake, index, baselines, spec, callOf: (args: string) => callOf(context, args) };
    yield* examinePublications(place, context.flags['deep'] === true);
  }
  if (hasQuarantine)
    yield* examineQuarantine({
      quarantine,
      index,
      project: settings.project,
      versions: [...versions],
      callOf: (args) => callOf(context, args),
    });
  const newest = spec && (await newestManifest(index, lake, settings.project, spec.featureSpecVersion));
  yield* examineClock(newest, clock());
  const isLakeHere = settings['lake.location'] === null;
  if (await isFolder(folder))
    yield await examineDisk(folder, isLakeHere ? newest : undefined, (args) => callOf(context, args));
  if (spec !== undefined) yield* examineRetention(context, lake, index, spec);
}

/** A misspelt project is a new one, in which all is well. */
async function* examineNames(lake: Lake, index: BatchIndex, spec: BatchSpec): AsyncGenerator<Finding> {
  const stream = { project: spec.project, version: spec.featureSpecVersion };
  if ((await index.newestCommitted(stream.project, stream.version)) !== undefined) return;
  const unknown = await unknownStream(lake, stream);
  if (unknown !== undefined)
    yield warning('project', unknown, 'correct --project or --feature_spec_version, unless it is new');
}

/** The specs of the project, if they can be read; every fault of them is a finding. */
async function* examineSpecs(
  { settings }: CommandContext,
  { specs }: Storage,
): AsyncGenerator<Finding, BatchSpec | undefined> {
  const isHere = settings['tables.store'] === 'directory';
  const remedy = isHere
    ? `correct the file in ${join(resolve(settings.home), 'specs')}`
    : `correct the item in table ${settings['tables.parameters']}`;
  try {
    const spec = await readProjectSpec(specs, settings.project, settings.feature_spec_version);
    for (const fault of spec.warnings) yield warning('specs', fault, remedy);
    yield info('specs', `specs of project ${spec.project}, ${spec.featureSpecVersion}, can be used`);
    return spec;
  } catch (cause) {
    if (cause instanceof SpecError) for (const fault of cause.faults) yield error('specs', fault, remedy);
    else if (isHere) throw cause;
    else yield reachFinding('specs', cause, 'check s3.endpoint and dynamodb.endpoint, the network and the servers');
    return undefined;
  }
}

async function* examineVersion(
  context: CommandContext,
  { lake, index, version }: Pick<ExaminedPlace, 'lake' | 'index' | 'version'>,
  spec: BatchSpec | undefined,
): AsyncGenerator<Finding> {
  const { settings, terminal, stop, clock, flags } = context;
  const { project } = settings;
  const place: ExaminedPlace = {
    lake,
    index,
    project,
    version,
    stop,
    onProgress: (line) => terminal.progress(line),
    removalOf: (paths) => removalOf(settings, paths),
    callOf: (args) => callOf(context, args),
  };
  const named: NamedFiles = { folders: new Set(), digests: new Set(), roots: new Set() };
  yield* examineBatches(place, flags['deep'] === true, named);
  const outputs = Object.entries(spec?.outputs ?? {});
  const roots = outputs.map(([dataset, prefix]) => datasetPrefix(prefix, project, dataset));
  const graceMs = settings['lake.gc_grace_seconds'] * 1000;
  yield* findOrphans(place, named, { nowMs: clock(), graceMs, roots });
}

async function* examineRetention(
  context: CommandContext,
  lake: Lake,
  index: BatchIndex,
  spec: BatchSpec,
): AsyncGenerator<Finding> {
  const { settings, stop } = context;
  const retentions = retentionsOf(settings, spec);
  for (const fault of retentionFaults(retentions))
    yield error('retention', fault, 'correct ndr.yaml or the environment');
  const due = await retainDatasets({ lake, index, spec, stop, onRemoved: () => {} }, retentions, true).catch(() => []);
  const files = due.reduce((sum, report) => sum + report.files, 0);
  const bytes = due.reduce((sum, report) => sum + report.bytes, 0);
  if (files > 0)
    yield info('retention', `${counted(files, 'file')}, ${fileSize(bytes)}, past retention`, callOf(context, 'retain'));
}

async function* examineSizes(context: CommandContext, folder: string): AsyncGenerator<Finding> {
  const state = await sizeOf(join(folder, 'state'));
  const windows = await sizeOf(join(folder, 'state', 'windows'));
  const items = await sizeOf(join(folder, 'state', 'items'));
  const cache = state.bytes - items.bytes;
  yield info(
    'state',
    `window state and lookback take ${fileSize(cache)} (windows ${fileSize(windows.bytes)}), a cache of the lake`,
  );
  if (context.settings['quarantine.location'] !== null) return;
  const quarantine = await sizeOf(join(folder, 'quarantine'));
  if (quarantine.files === 0) return;
  const what = `${counted(quarantine.files, 'file')}, ${fileSize(quarantine.bytes)}, in quarantine`;
  yield info(
    'quarantine',
    what,
    `look into ${join(folder, 'quarantine')}: each line has its reason; ${callOf(context, 'retain')} removes old ones`,
  );
}

const isAnythingLocal = (settings: Settings): boolean =>
  settings['lake.location'] === null ||
  settings['quarantine.location'] === null ||
  settings['tables.store'] === 'directory';

/** A command that removes paths of the lake, to be typed as it stands. */
function removalOf(settings: Settings, paths: readonly string[]): string {
  const root = settings['lake.location'];
  if (root === null) return `rm ${paths.map((path) => `'${join(resolve(settings.home), 'lake', path)}'`).join(' ')}`;
  const address = (path: string): string =>
    path.startsWith('s3:') ? path.replace('s3:', 's3://') : `${root.replace(/\/+$/, '')}/${path}`;
  return paths.map((path) => `aws s3 rm '${address(path)}'`).join('; ');
}

/** A call of the program that can be typed as it stands. */
function callOf({ settings }: Pick<CommandContext, 'settings'>, args: string): string {
  const home = settings.home === SETTINGS.home.default ? '' : ` --home ${settings.home}`;
  const project = settings.project === SETTINGS.project.default ? '' : ` --project ${settings.project}`;
  return `ndr ${args}${home}${project}`;
}

const MARK = { error: 'ERROR', warning: 'warning', info: 'ok' } as const;

function tell(context: CommandContext, finding: Finding): void {
  const { terminal } = context;
  if (isJson(context)) {
    terminal.out(JSON.stringify(finding));
    return;
  }
  const { severity, check, what, remedy } = finding;
  terminal.out(`${MARK[severity].padEnd(7)} ${check}: ${what}`);
  if (remedy !== null) terminal.out(`        ${remedy}`);
}
