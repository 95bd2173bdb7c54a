import { access, constants, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatchSpec } from '../config/batch-spec.ts';
import { resolveBatchSpec, sharedPrefixFaults } from '../config/job-specs.ts';
import { documentsNeeded } from '../config/spec-collection.ts';
import { DEFAULT_VERSION, readSpecItems } from '../config/spec-items.ts';
import { SpecError } from '../config/spec-payload.ts';
import { resolveFeatureSpecVersion } from '../config/spec-version.ts';
import { parseYaml } from '../config/yaml-text.ts';
import { MOST_HELD_BYTES } from '../consumers/held-days.ts';
import type { MiniBatchDeps, MiniBatchRequest, StateDeps } from '../consumers/mini-batch-request.ts';
import { createStages } from '../consumers/stages.ts';
import { inlinePool, threadPool } from '../consumers/work-pool.ts';
import { SLICE_MS, SLICES_PER_DAY } from '../operators/metrics.ts';
import { DAY_MS } from '../operators/past-rows.ts';
import { openBaselinePublications } from '../state/baseline-publications.ts';
import { openBatchIndex } from '../state/batch-index.ts';
import { codeOf, isMissing } from '../state/durable-file.ts';
import { openDirectoryItems } from '../state/items/directory.ts';
import { openDirectoryLake } from '../state/lake/directory.ts';
import { clearScratchFolders, scratchFolderIn } from '../state/scratch-folders.ts';
import { readSpecFiles } from '../state/specs.ts';
import { clearUnfinishedBlocks, openDirectoryBlockStores } from '../state/window-state/directory.ts';
import type { RedisStateOptions } from '../state/window-state/redis-block-stores.ts';
import type { BlockStores } from '../state/window-state.ts';
import { type BackingOptions, openBacking } from './backing.ts';
import { type CommandContext, UsageError } from './command.ts';

/** A local home, open: specs, lake, quarantine, index and window state in folders of one place. */
export interface Home {
  readonly folder: string;
  readonly lakeFolder: string;
  readonly deps: MiniBatchDeps;
  readonly spec: BatchSpec;
  readonly sliceRules: MiniBatchRequest['sliceRules'];
}

const HOUR = 3_600_000;
const MOST_AUTO_THREADS = 4;
/** Days beside the live ones are few: what is asked of them once is seldom asked again. */
const SCRATCH_HELD_BYTES = MOST_HELD_BYTES / 8;

/** Opens the home that the settings name; a folder that is empty or not there yet is one with all defaults. */
export async function openHome(context: CommandContext, onExit: (undo: () => Promise<void>) => void): Promise<Home> {
  const { settings } = context;
  const folder = resolve(settings.home);
  await ensureHome(folder);
  const spec = await readSpec(context, join(folder, 'specs'));
  for (const warning of spec.warnings) context.terminal.note(`warning: ${warning}`);
  const lakeFolder = join(folder, 'lake');
  const stateFolder = join(folder, 'state');
  const lake = await openDirectoryLake(lakeFolder);
  const quarantine = await openDirectoryLake(join(folder, 'quarantine'));
  const items = await openDirectoryItems(join(stateFolder, 'items'));
  const index = openBatchIndex(items);
  await clearUnfinishedBlocks(stateFolder);
  const threads = threadsOf(context);
  const keepMs = SLICES_PER_DAY * SLICE_MS + settings['state.late_hours'] * HOUR;
  const backing: BackingOptions = { state: stateFolder, redis: redisStateOf(settings, keepMs) };
  const { stores, rawFiles, close } = await openBacking(backing);
  onExit(async () => close());
  const withPool = (own: BlockStores, options: BackingOptions, heldBytes: number): StateDeps => {
    const pool =
      threads === 1
        ? inlinePool(createStages(own, rawFiles, heldBytes))
        : threadPool(threads, context.worker, { backing: options, heldBytes });
    return { stores: own, pool };
  };
  const live = withPool(stores, backing, MOST_HELD_BYTES);
  onExit(() => live.pool.close());
  const scratch = await scratchIn(join(stateFolder, 'scratch'), (place) => {
    // What no other process will ask for stays out of Redis.
    const options: BackingOptions = { ...backing, state: place, days: stateFolder, redis: null };
    return withPool(openDirectoryBlockStores(place, stateFolder), options, SCRATCH_HELD_BYTES);
  });
  onExit(scratch.close);
  return {
    folder,
    lakeFolder,
    spec,
    sliceRules: {
      sliceTime: spec.input.sliceTime ?? settings['input.slice_time'],
      idPattern: spec.input.idPattern ?? settings['input.id_pattern'],
      floorMinutes: spec.windowFloorMinutes,
    },
    deps: {
      lake,
      quarantine,
      rawFiles,
      index,
      baselines: openBaselinePublications(items, lake),
      ...live,
      scratch: scratch.open,
      shards: settings.shards,
      parallel: Math.max(2, threads),
      limits: { fileBytes: settings['input.max_file_bytes'], lines: settings['input.max_lines'] },
      keepMs,
      codeVersion: context.codeVersion,
      clock: context.clock,
    },
  };
}

/** Worker threads under the settings. */
export const threadsOf = ({ settings, cores }: Pick<CommandContext, 'settings' | 'cores'>): number =>
  settings.threads === 'auto' ? Math.min(MOST_AUTO_THREADS, cores) : settings.threads;

/** Where window state lies in Redis; null: the home keeps it. */
function redisStateOf(settings: CommandContext['settings'], keepMs: number): RedisStateOptions | null {
  const url = settings['redis.state_url'];
  if (url === null) return null;
  // A day of wall time beyond what is kept of slices: longer than a live path is behind.
  return { url, maxBytes: settings['state.max_bytes'], expiryMs: keepMs + DAY_MS };
}

/** A state beside the live one, opened when it is first asked for and removed at the end. */
async function scratchIn(
  root: string,
  openState: (place: string) => StateDeps,
): Promise<{ open: () => StateDeps; close: () => Promise<void> }> {
  await clearScratchFolders(root);
  const place = scratchFolderIn(root);
  let state: StateDeps | undefined;
  return {
    open() {
      state ??= openState(place);
      return state;
    },
    async close() {
      await state?.pool.close();
      await rm(place, { recursive: true, force: true });
    },
  };
}

/** Makes the home's folder where it is not there; throws a UsageError where it cannot be one. */
async function ensureHome(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`home: ${folder} ${homeFault(codeOf(error))}; choose another with --home or NDR_HOME`, {
      cause: error,
    });
  }
}

function homeFault(code = 'unknown error'): string {
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'is a file, or lies below one';
  if (code === 'EACCES' || code === 'EPERM') return `is not readable and writable for this user (${code})`;
  if (code === 'EROFS') return 'lies on a file system that is read-only';
  return `cannot be made (${code})`;
}

/** mkdir -p that gives up where a folder cannot be made: Node's own tries for ever on file systems such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    (error) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
  if (isFolder || dirname(folder) === folder) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch(async (error) => {
    // Another process may have made it meanwhile.
    if (codeOf(error) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error;
  });
}

/** The project's specs; throws where another project of the home writes under one of its prefixes. */
async function readSpec({ settings }: CommandContext, folder: string): Promise<BatchSpec> {
  const files = await readSpecFiles(folder, parseYaml);
  const stored = files.map(({ attributes, file: _, ...item }) => ({ ...attributes, ...item }));
  const own = await readProjectSpec(stored, folder, settings.project, settings.feature_spec_version);
  const projects = new Set(readSpecItems(stored).items.map(({ project }) => project));
  const others: BatchSpec[] = [];
  for (const project of projects) {
    if (project === settings.project) continue;
    // What is wrong with another project is said when that one is run.
    const other = await readProjectSpec(stored, folder, project, null).catch(() => undefined);
    if (other !== undefined) others.push(other);
  }
  const faults = sharedPrefixFaults([...others, own]);
  if (faults.length > 0) throw new SpecError(faults.map((fault) => `${fault}; give each project a prefix of its own`));
  return own;
}

async function readProjectSpec(
  items: readonly unknown[],
  folder: string,
  project: string,
  explicit: string | null,
): Promise<BatchSpec> {
  const known = readSpecItems(items).items;
  const version = resolveFeatureSpecVersion({ items: known, project, explicit, fallback: DEFAULT_VERSION });
  const documents: Record<string, unknown> = {};
  for (;;) {
    const needed = documentsNeeded({ project, version, items, documents }).filter((at) => !(at in documents));
    if (needed.length === 0) break;
    for (const location of needed) documents[location] = await readDocument(location, folder);
  }
  return resolveBatchSpec({ project, version, items, documents });
}

/** A JSON document that a spec names: file:// or a path, relative to the specs folder; undefined where it is not there. */
async function readDocument(location: string, folder: string): Promise<unknown> {
  const path = location.startsWith('file://')
    ? fileURLToPath(location)
    : isAbsolute(location)
      ? location
      : join(folder, location);
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new SpecError([`${path}: cannot be read as JSON: ${(error as Error).message}; correct it`]);
  }
}
