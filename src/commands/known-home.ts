import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { unknownStream } from '../jobs/other-streams.ts';
import { type CommandContext, UsageError } from './command.ts';
import { type Home, openHome } from './home.ts';

type OnExit = (undo: () => Promise<void>) => void;

/** Opens the home that the settings name, which something was committed into; unlike `openHome` it makes no lake. */
export async function openKnownHome(context: CommandContext, onExit: OnExit): Promise<Home> {
  const { settings } = context;
  // In S3 there are no folders to look for: what is not there has no mini-batch.
  if (settings['lake.location'] === null) await checkLake(settings.home, '--home');
  const home = await openHome(context, onExit);
  await tellUnknown(context, home);
  return home;
}

/** Says which projects there are where nothing is committed of the one that was named: its name may be misspelt. */
export async function tellUnknown({ terminal }: CommandContext, { deps, spec }: Home): Promise<void> {
  const stream = { project: spec.project, version: spec.featureSpecVersion };
  if ((await deps.index.newestCommitted(stream.project, stream.version)) !== undefined) return;
  const unknown = await unknownStream(deps.lake, stream);
  if (unknown !== undefined) terminal.note(`warning: ${unknown}; correct --project or --feature_spec_version`);
}

/** Opens another home, wholly of its folder: what the settings say lies in AWS is the first one's. `flag` named it. */
export async function openOtherHome(
  context: CommandContext,
  onExit: OnExit,
  folder: string,
  flag: string,
): Promise<Home> {
  await checkLake(folder, flag);
  const inFolder = { 'lake.location': null, 'quarantine.location': null, 'tables.store': 'directory' } as const;
  return openHome({ ...context, settings: { ...context.settings, ...inFolder, home: folder } }, onExit);
}

async function checkLake(folder: string, flag: string): Promise<void> {
  if (await isFolder(join(resolve(folder), 'lake'))) return;
  throw new UsageError(
    `${flag}: ${resolve(folder)} is no home yet: it has no lake; give one that ndr backfill or ndr serve filled`,
  );
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
