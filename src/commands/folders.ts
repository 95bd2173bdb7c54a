import type { Dirent } from 'node:fs';
import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isDataFile } from '../config/mini-batch-path.ts';
import { isS3Location, s3Folder } from '../state/aws/s3-location.ts';
import { codeOf, isMissing } from '../state/durable-file.ts';
import { compareKeys } from '../state/key-order.ts';
import type { RawFiles } from '../state/raw-files.ts';
import { type CommandContext, UsageError } from './command.ts';
import { neededFlag } from './flags.ts';

export const LAYOUT =
  'a mini-batch is a folder of *.json.gz, *.jsonl.gz, *.ndjson.gz or *.gz files, or the same uncompressed: ' +
  'ROOT/.../YYYY/MM/DD/<mini-batch>/<file>';

/** Folders of a home that hold what the program itself writes or reads: never raw logs. */
const OWN = ['specs', 'lake', 'quarantine', 'state'];
const ownFolders = ({ settings }: Pick<CommandContext, 'settings'>): string[] =>
  OWN.map((name) => resolve(settings.home, name));

/** The folder that --input names: an absolute path, or an address in S3 without a slash at its end. */
export async function inputPlace(context: CommandContext, what: string): Promise<string> {
  const given = neededFlag(context, 'input', what);
  if (!isS3Location(given)) return inputFolder(context, what);
  try {
    s3Folder(given);
  } catch (error) {
    throw new UsageError(`--input: ${(error as Error).message}`);
  }
  return given.replace(/\/+$/, '');
}

/** The same where it has to be a folder of this machine; throws a UsageError unless it can be listed. */
export async function inputFolder(context: CommandContext, what: string): Promise<string> {
  const given = neededFlag(context, 'input', what);
  if (isS3Location(given))
    throw new UsageError(
      `--input: ${given} lies in S3, which is not looked through all the time; let S3 tell a queue, and name it with ` +
        'queue.url (NDR_QUEUE_URL); for what lies there already: ndr backfill',
    );
  const folder = resolve(given);
  const fault = await folderFault(folder);
  if (fault !== undefined) throw new UsageError(`--input: ${folder} ${fault}; give ${what}`);
  const own = ownFolders(context).find((ours) => `${folder}/`.startsWith(`${ours}/`));
  if (own !== undefined) {
    throw new UsageError(`--input: ${folder} lies in ${own}, which is the home's own; give ${what}`);
  }
  return folder;
}

async function folderFault(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return 'is a file';
    await access(folder, constants.R_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (isMissing(error)) return `does not exist (${await nearestFolder(folder)} does)`;
    return `cannot be read (${codeOf(error)}; may this user list it?)`;
  }
}

/** The deepest folder on the way that is there. */
async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path);
  if (parent === path) return parent;
  const found = await stat(parent).catch(() => undefined);
  return found === undefined ? nearestFolder(parent) : parent;
}

export interface FoundFolders {
  /** Absolute paths of the folders that hold data files, by path. */
  readonly folders: readonly string[];
  /** Folders that could not be listed, each with why. */
  readonly faults: readonly string[];
  /** Files that are none of ours by their names, by folder. */
  readonly strays: readonly StrayFiles[];
}

/** Files of one folder that nobody reads. */
export interface StrayFiles {
  readonly folder: string;
  readonly files: number;
  /** Path of the first, by name. */
  readonly first: string;
}

/** `logs/2026/03/02/b17: 2 files are not read, the first: b.json.zst; ...` */
export const describeStrays = ({ folder, files, first }: StrayFiles): string =>
  `${folder}: ${files === 1 ? 'a file is not read' : `${files} files are not read, the first`}: ${basename(first)}; ` +
  'only *.gz, *.json, *.jsonl and *.ndjson are; rename or convert what holds records, take away what holds none';

/**
 * Every folder at or below `root` that holds data files. Passed over are folders whose names begin with _ or ., those of
 * the home itself, and those that `isKnown` says need no look. Links to folders are followed, but not in circles.
 */
export async function findMiniBatchFolders(
  context: Pick<CommandContext, 'settings'>,
  root: string,
  isKnown: (folder: string) => boolean = () => false,
): Promise<FoundFolders> {
  const folders: string[] = [];
  const faults: string[] = [];
  const strays: StrayFiles[] = [];
  const passedOver = new Set(ownFolders(context));
  const marker = context.settings['completeness.marker'];

  const visit = async (folder: string, above: readonly string[]): Promise<void> => {
    if (passedOver.has(folder) || isKnown(folder)) return;
    const entries = await entriesOf(folder);
    if (typeof entries === 'string') {
      // Somebody may clear old folders away while we look, but not the root.
      if (entries !== 'ENOENT' || folder === root) faults.push(`${folder}: cannot be listed: ${entries}`);
      return;
    }
    const files = entries.filter((entry) => entry.isFile() && !isHidden(entry));
    if (files.some(({ name }) => isDataFile(name))) folders.push(folder);
    const others = files.filter(({ name }) => !isDataFile(name) && name !== marker);
    if (others[0] !== undefined) strays.push({ folder, files: others.length, first: join(folder, others[0].name) });
    const real = entries.some((entry) => entry.isSymbolicLink()) ? await realpath(folder).catch(() => folder) : folder;
    for (const entry of entries) {
      if (isHidden(entry)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await visit(path, [...above, real]);
      else if (entry.isSymbolicLink() && (await leadsDown(path, [...above, real]))) await visit(path, [...above, real]);
    }
  };
  await visit(root, []);
  return { folders, faults, strays };
}

/** The same of an address in S3, where nothing lies that is no file of a mini-batch or is the home's own. */
export async function findMiniBatchFoldersInS3(
  rawFiles: Pick<RawFiles, 'list' | 'folders'>,
  root: string,
): Promise<FoundFolders> {
  const folders: string[] = [];
  const faults: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    try {
      if ((await rawFiles.list(folder)).length > 0) folders.push(folder);
      for (const name of await rawFiles.folders(folder)) if (!isHidden({ name })) await visit(`${folder}/${name}`);
    } catch (error) {
      faults.push(`${folder}: cannot be listed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await visit(root);
  return { folders, faults, strays: [] };
}

const isHidden = ({ name }: Pick<Dirent, 'name'>): boolean => /^[_.]/.test(name);

/** What is in a folder, by name; the code of the error where it cannot be listed. */
async function entriesOf(folder: string): Promise<Dirent[] | string> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => compareKeys(a.name, b.name));
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

/** True for a link to a folder that is none of those above it. */
async function leadsDown(link: string, above: readonly string[]): Promise<boolean> {
  try {
    return (await stat(link)).isDirectory() && !above.includes(await realpath(link));
  } catch {
    return false;
  }
}
