import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BatchSpec } from '../config/batch-spec.ts';
import { SETTINGS } from '../config/settings.ts';
import { SpecError } from '../config/spec-payload.ts';
import { parseYaml } from '../config/yaml-text.ts';
import { type ExaminedPlace, examineBatches, type NamedFiles } from '../jobs/batch-examination.ts';
import { error, type Finding, info, warning } from '../jobs/finding.ts';
import { manifestsOf } from '../jobs/manifest-inventory.ts';
import { findOrphans } from '../jobs/orphan-search.ts';
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
import { retainDatasets } from '../jobs/retention.ts';
import { retentionFaults, retentionsOf } from '../jobs/retention-plan.ts';
import { openBaselinePublications } from '../state/baseline-publications.ts';
import { type BatchIndex, openBatchIndex } from '../state/batch-index.ts';
import { openDirectoryItems } from '../state/items/directory.ts';
import { openDirectoryLake } from '../state/lake/directory.ts';
import type { Lake } from '../state/lake.ts';
import { datasetPrefix } from '../state/publish.ts';
import { openDirectorySpecs } from '../state/specs/directory.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { readProjectSpec } from './project-spec.ts';
import { fileSize, whole } from './report.ts';

export const doctor: Command = {
  summary: 'Check a home: specs, folders, disk, clock, and whether the index and the lake agree; changes nothing.',
  usage: 'ndr doctor [--deep]',
  examples: ['ndr doctor', 'ndr doctor --deep', 'ndr doctor --home ndr-home --json'],
  flags: { deep: { type: 'boolean', doc: 'Read every file and compare its digest, not its size alone.' } },
  async run(context) {
    const counts = { error: 0, warning: 0, info: 0 };
    for await (const finding of examine(context)) {
      counts[finding.severity]++;
      tell(context, finding);
    }
    const { terminal, stop } = context;
    terminal.progress('');
    if (isJson(context)) terminal.out(JSON.stringify({ summary: counts }));
    else terminal.out(`${counts.error} errors, ${counts.warning} warnings`);
    if (stop.aborted) terminal.note('stopped before the end');
    return counts.error > 0 || stop.aborted ? EXIT.failed : EXIT.done;
  },
};

async function* examine(context: CommandContext): AsyncGenerator<Finding> {
  const { settings, clock } = context;
  const folder = resolve(settings.home);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new UsageError(`home: ${folder} is no folder; give the home with --home or NDR_HOME`);
  yield examineRuntime(process.versions.node);
  let isUsable = true;
  for await (const finding of examineFolders(folder)) {
    isUsable = false;
    yield finding;
  }
  // What cannot be listed cannot be looked through.
  if (!isUsable) return;
  const spec = yield* examineSpecs(context, join(folder, 'specs'));
  const lake = await openDirectoryLake(join(folder, 'lake'));
  const items = await openDirectoryItems(join(folder, 'state', 'items'));
  const index = openBatchIndex(items);
  const versions = new Set(spec === undefined ? [] : [spec.featureSpecVersion]);
  for await (const { version } of manifestsOf(lake, settings.project)) versions.add(version);
  for (const version of versions) yield* examineVersion(context, { lake, index, version }, spec);
  if (spec !== undefined) {
    const baselines = openBaselinePublications(items, lake);
    const place = { lake, index, baselines, spec, callOf: (args: string) => callOf(context, args) };
    yield* examinePublications(place, context.flags['deep'] === true);
  }
  const quarantine = await openDirectoryLake(join(folder, 'quarantine'));
  yield* examineQuarantine({
    quarantine,
    index,
    project: settings.project,
    versions: [...versions],
    callOf: (args) => callOf(context, args),
  });
  const newest = spec && (await newestManifest(index, lake, settings.project, spec.featureSpecVersion));
  yield* examineClock(newest, clock());
  yield await examineDisk(folder, newest, (args) => callOf(context, args));
  if (spec !== undefined) yield* examineRetention(context, lake, index, spec);
  yield* examineSizes(context, folder);
}

/** The specs of the project, if they can be read; every fault of them is a finding. */
async function* examineSpecs(
  { settings }: CommandContext,
  folder: string,
): AsyncGenerator<Finding, BatchSpec | undefined> {
  const remedy = `correct the file in ${folder}`;
  try {
    const specs = openDirectorySpecs(folder, parseYaml);
    const spec = await readProjectSpec(specs, settings.project, settings.feature_spec_version);
    for (const fault of spec.warnings) yield warning('specs', fault, remedy);
    yield info('specs', `specs of project ${spec.project}, ${spec.featureSpecVersion}, can be used`);
    return spec;
  } catch (cause) {
    if (!(cause instanceof SpecError)) throw cause;
    for (const fault of cause.faults) yield error('specs', fault, remedy);
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
    locate: (path) => join(resolve(settings.home), 'lake', path),
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
    yield info(
      'retention',
      `${whole(files)} files, ${fileSize(bytes)}, are past their retention`,
      callOf(context, 'retain'),
    );
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
  const quarantine = await sizeOf(join(folder, 'quarantine'));
  if (quarantine.files === 0) return;
  const what = `${whole(quarantine.files)} files, ${fileSize(quarantine.bytes)}, lie in quarantine`;
  yield info(
    'quarantine',
    what,
    `look into ${join(folder, 'quarantine')}: each line has its reason; ${callOf(context, 'retain')} removes old ones`,
  );
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
